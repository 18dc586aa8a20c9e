// Command equinix_fabric_exporter shows Prometheus how busy the ports of
// Equinix Fabric are and what connections ride on them. It asks the Equinix
// API on its own schedule and serves what it knows on /metrics.
//
// Commands: run (the default), check (of a configuration), doctor (what is wrong
// with it at Equinix, and what to do), ports (a table of them with their load),
// healthcheck (of a running exporter), demo (a simulated API and an exporter that
// watches it).
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/demo"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/memlimit"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/portlist"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

const name = "equinix_fabric_exporter"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	configFile  string
	web         *toolkit.FlagConfig
	reload      bool
	pprof       bool
	log         promslog.Config
	logLevelSet bool // by the user
	demoAPI     string
	transport   http.RoundTripper // to Equinix; nil but for the demo
	shard       fleet.Shard
	ports       portlist.Options
	doctor      doctor.Options
	healthcheck web.HealthcheckOptions
	syntaxOnly  bool           // of check
	hangups     chan os.Signal // SIGHUP
}

// run does what the command line says until it is done or a signal ends it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if version.Version == "" {
		if info, ok := debug.ReadBuildInfo(); ok {
			version.Version = info.Main.Version
		}
	}
	o := options{hangups: make(chan os.Signal, 1)}
	app := kingpin.New(name, "Prometheus exporter for Equinix Fabric: traffic, capacity and connections of every port.")
	app.Version(version.Print(name))
	app.UsageWriter(stdout)
	app.HelpFlag.Short('h')
	addFlags(app, &o)
	app.Command("run", "Poll the Equinix API and serve /metrics.").Default()
	check := app.Command("check", "Check the configuration file, without asking anybody, and exit.")
	check.Flag("syntax-only", "Do not look at the files that the configuration names, nor for credentials in the environment: to check a file on another machine than the exporter's.").BoolVar(&o.syntaxOnly)
	examine := app.Command("doctor", "Check the configuration, the credentials and their rights, the traffic source and the clock, and say what to do about each fault.")
	addDoctorFlags(examine, &o.doctor)
	ports := app.Command("ports", "Print the ports that the credentials see, with their load, once each has been asked for it.")
	addPortsFlags(ports, &o.ports)
	health := app.Command("healthcheck", "Ask the exporter that runs here whether it is alive, for container health checks.")
	addHealthcheckFlags(health, &o.healthcheck)
	demonstrate := app.Command("demo", "Run with a simulated Equinix API: no credentials, no configuration file.")
	demonstrate.Flag("demo.api-listen-address", "Address of the simulated Equinix API.").Default("127.0.0.1:0").StringVar(&o.demoAPI)
	command, err := app.Parse(args)
	if err != nil {
		return fmt.Errorf("%w; try --help", err)
	}

	o.log.Writer = stderr
	if (command == ports.FullCommand() || command == examine.FullCommand()) && !o.logLevelSet {
		_ = o.log.Level.Set("warn") // a level that there is
	}
	log := promslog.New(&o.log)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C kills the process
	// Supervisors may say it twice, to the process and to its group, and have
	// SIGKILL for what does not end: that must not cut the first one short.
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGTERM)
	defer signal.Stop(again)
	// From here on: a hangup before there is anything to reload must not kill.
	signal.Notify(o.hangups, syscall.SIGHUP)
	defer signal.Stop(o.hangups)
	load := func() (*config.Config, error) { return config.Load(o.configFile, os.LookupEnv) }
	switch command {
	case check.FullCommand():
		return checkConfig(o, stdout)
	case health.FullCommand():
		return web.Healthcheck(ctx, o.web, o.healthcheck)
	case demonstrate.FullCommand():
		return runDemo(ctx, o, log, stdout)
	case examine.FullCommand():
		o.doctor.Load, o.doctor.UserAgent, o.doctor.Log = load, userAgent(), log
		return doctor.Run(ctx, o.doctor, stdout)
	case ports.FullCommand():
		return listPorts(ctx, o, load, log, stdout)
	default:
		return serve(ctx, o, load, log, func(*web.Listener) {})
	}
}

func addFlags(app *kingpin.Application, o *options) {
	app.Flag("config.file", "Configuration file, see config.example.yml.").Default("config.yml").StringVar(&o.configFile)
	app.Flag("shard", "Watch this part of the ports only, as INDEX/COUNT from 0/3 to 2/3, where several exporters share them. Ports that back each other up stay together.").
		Default("0/1").PlaceHolder("INDEX/COUNT").SetValue(&o.shard)
	o.web = kingpinflag.AddFlags(app, ":10345")
	app.Flag("web.enable-reload", "Reload the configuration on POST /-/reload, as SIGHUP does anyway.").BoolVar(&o.reload)
	app.Flag("web.enable-pprof", "Serve profiles of the exporter itself under /debug/pprof/.").BoolVar(&o.pprof)
	promslogflag.AddFlags(app, &o.log)
	app.GetFlag(promslogflag.LevelFlagName).IsSetByUser(&o.logLevelSet)
}

func addDoctorFlags(c *kingpin.CmdClause, o *doctor.Options) {
	c.Flag("output", "Format: text or json.").Short('o').Default("text").EnumVar(&o.Format, doctor.Formats()...)
	c.Flag("timeout", "Give up after that time.").Default("2m").DurationVar(&o.Timeout)
}

func addPortsFlags(c *kingpin.CmdClause, o *portlist.Options) {
	c.Flag("output", "Format: table, json, csv, or yaml to paste into the configuration.").Short('o').
		Default("table").EnumVar(&o.Format, portlist.Formats()...)
	c.Flag("bars", "Draw the share of the capacity beside each rate of the table.").Default("true").BoolVar(&o.Bars)
	c.Flag("timeout", "Print after that time what is known by then.").Default("2m").DurationVar(&o.Timeout)
}

func addHealthcheckFlags(c *kingpin.CmdClause, o *web.HealthcheckOptions) {
	c.Flag("url", "URL to ask; by default /-/healthy at --web.listen-address.").StringVar(&o.URL)
	c.Flag("username", "User name, where --web.config.file asks for basic auth.").StringVar(&o.Username)
	c.Flag("password-file", "File with the password for it.").StringVar(&o.PasswordFile)
}

// checkConfig reads the configuration as run would, and says what it holds.
func checkConfig(o options, stdout io.Writer) error {
	load, unseen := func() (*config.Config, error) { return config.Load(o.configFile, os.LookupEnv) }, ""
	if o.syntaxOnly {
		load, unseen = func() (*config.Config, error) { return config.LoadAlone(o.configFile) }, "; the files that it names were not looked at"
	}
	cfg, err := load()
	if err != nil {
		return err
	}
	ports := 0
	for _, a := range cfg.Accounts {
		ports += len(a.Ports)
	}
	for _, w := range cfg.Warnings {
		fmt.Fprintln(stdout, "warning:", w)
	}
	if !o.syntaxOnly {
		if err := toolkit.Validate(*o.web.WebConfigFile); err != nil {
			return fmt.Errorf("web configuration: %w", err)
		}
		if err := state.Writable(cfg.State.File); err != nil {
			fmt.Fprintln(stdout, "warning: state.file:", err, "(it must be so for the user that the exporter runs as)")
		}
	}
	fmt.Fprintf(stdout, "%s is valid: %s, %s, %s%s\n", o.configFile, human.Plural(len(cfg.Accounts), "account"),
		human.Plural(ports, "port"), human.Plural(len(cfg.Poll.Windows), "window"), unseen)
	return nil
}

// serve polls and serves until ctx is done.
func serve(ctx context.Context, o options, load func() (*config.Config, error), log *slog.Logger, listening func(*web.Listener)) error {
	log.Info("starting", "program", name, "version", version.Info(), "build_context", version.BuildContext())
	memlimit.Set(log)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(collector.Namespace+"_exporter"),
	)
	d, err := daemon.New(daemon.Options{Load: load, Registerer: reg, Transport: o.transport, UserAgent: userAgent(), Shard: o.shard, KeepState: true, Log: log})
	if err != nil {
		return err
	}
	series := collector.New(d.Snapshot)
	series.LogTo(log.With("component", "collector"))
	reg.MustRegister(series)
	w := web.Options{Load: d.Snapshot, Gatherer: reg, Registerer: reg, Alive: d.Alive, Pprof: o.pprof, Log: log}
	if o.reload {
		w.Reload = d.Reload
	}
	listener, err := web.Listen(ctx, o.web)
	if err != nil {
		return err
	}
	listening(listener)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.Run(gctx) })
	g.Go(func() error { return listener.Serve(gctx, web.Handler(w), log) })
	g.Go(func() error { return reloadOnSignal(gctx, d, o.hangups) })
	if err := g.Wait(); err != nil {
		return err
	}
	log.Info("stopped", "cause", context.Cause(ctx))
	return nil
}

func userAgent() string { return name + "/" + cmp.Or(version.Version, "unknown") }

// listPorts polls until every port has been tried, and prints them.
func listPorts(ctx context.Context, o options, load func() (*config.Config, error), log *slog.Logger, stdout io.Writer) error {
	withoutConnections := func() (*config.Config, error) { // their counts are enough
		cfg, err := load()
		if err != nil {
			return nil, err
		}
		for i := range cfg.Accounts {
			cfg.Accounts[i].Connections = config.Connections{}
		}
		return cfg, nil
	}
	d, err := daemon.New(daemon.Options{
		Load: withoutConnections, Registerer: prometheus.NewPedanticRegistry(), UserAgent: userAgent(), Shard: o.shard, Log: log,
	})
	if err != nil {
		return err
	}
	o.ports.Log = log
	return portlist.Run(ctx, d, o.ports, stdout)
}

// reloadOnSignal reloads on each SIGHUP until ctx is done. The daemon logs how
// it went.
func reloadOnSignal(ctx context.Context, d *daemon.Daemon, hangups <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			_ = d.Reload(ctx)
		}
	}
}

// runDemo serves a simulated API and an exporter that watches it.
func runDemo(ctx context.Context, o options, log *slog.Logger, stdout io.Writer) error {
	sim, err := demo.Listen(ctx, o.demoAPI)
	if err != nil {
		return err
	}
	defer func() { _ = sim.Close() }()
	o.transport = sim.Via(fabric.NewTransport(nil))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return sim.Run(ctx) })
	g.Go(func() error {
		err := serve(ctx, o, sim.Config, log, func(l *web.Listener) { sim.Announce(stdout, l.Scheme(), l.Addrs()) })
		return cmp.Or(err, errStopped) // the simulated API ends with the exporter
	})
	if err := g.Wait(); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

var errStopped = errors.New("stopped")
