// Command equinix_fabric_exporter exposes the traffic, capacity and connections of
// Equinix Fabric ports to Prometheus. It polls the Equinix API on its own schedule
// and serves the latest values on /metrics.
//
// Commands: run (the default), check (the configuration file), doctor (tests the
// configuration against Equinix, and says what to do), ports (a table of ports with
// their load), backfill (the history of ports and connections, to a file or to the
// receivers of remote write), healthcheck (of a running exporter), demo (a simulated API and an
// exporter for it).
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
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/backfill"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/capture"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/demo"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
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
	config      config.File
	configNamed bool // on the command line
	autoReload  bool
	web         *toolkit.FlagConfig
	routePrefix string
	externalURL string
	prefix      web.Prefix // from routePrefix and externalURL
	reload      bool
	pprof       bool
	log         promslog.Config
	logLevelSet bool // on the command line
	demo        demo.Options
	replay      string
	capture     string            // of doctor
	transport   http.RoundTripper // to Equinix; only set for the demo
	shard       fleet.Shard
	forget      bool // forget how often logins were refused
	ports       portlist.Options
	window      model.Duration // of ports
	timeoutSet  bool           // of ports, on the command line
	backfill    backfill.Options
	remoteWrite bool // of backfill
	doctor      doctor.Options
	healthcheck web.HealthcheckOptions
	syntaxOnly  bool           // of check
	hangups     chan os.Signal // SIGHUP
}

// run executes the command line until it is done or a signal ends it.
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
	check := app.Command("check", "Check the configuration file without a request to Equinix, and exit.")
	check.Flag("syntax-only", "Check the configuration file alone, without the files that it names and the environment, such as on another machine than the exporter's.").BoolVar(&o.syntaxOnly)
	examine := app.Command("doctor", "Check the configuration, the credentials and their rights, the traffic source and the clock, and say what to do about each fault.")
	addDoctorFlags(examine, &o.doctor)
	examine.Flag("capture", "Write the requests to the API and its answers to this .tar.gz file, with names, account numbers and secrets replaced, to send to the developers.").
		PlaceHolder("FILE").StringVar(&o.capture)
	ports := app.Command("ports", "Poll each port that the credentials see once, and print the ports with their load.")
	addPortsFlags(ports, &o)
	fill := app.Command("backfill", "Ask Equinix for the history of all ports and selected connections, and write it to a file for promtool or send it to the receivers of remote_write.")
	addBackfillFlags(fill, &o)
	health := app.Command("healthcheck", "Ask the exporter that runs here whether it is alive, for container health checks.")
	addHealthcheckFlags(health, &o.healthcheck)
	demonstrate := app.Command("demo", "Run with a simulated Equinix API: no credentials, no configuration file.")
	demonstrate.Flag("demo.api-listen-address", "Address of the simulated Equinix API.").Default("127.0.0.1:0").StringVar(&o.demo.Address)
	demonstrate.Flag("demo.dir", "Directory for the demo's configuration (demo.yml), which other commands can use, and for its state, with which the next demo continues. By default they go with the demo.").PlaceHolder("DIR").StringVar(&o.demo.Dir)
	demonstrate.Flag("demo.remote-write", "Also send every interval to this receiver of Prometheus remote write, such as http://localhost:9090/api/v1/write.").PlaceHolder("URL").StringVar(&o.demo.RemoteWrite)
	demonstrate.Flag("replay", "Answer as the API did when doctor --capture wrote this file, instead of simulating.").PlaceHolder("FILE").StringVar(&o.replay)
	command, err := app.Parse(args)
	if err != nil {
		return fmt.Errorf("%w; try --help", err)
	}

	if o.prefix, err = web.NewPrefix(o.routePrefix, o.externalURL); err != nil {
		return fmt.Errorf("%w; try --help", err)
	}
	o.healthcheck.Prefix = o.prefix
	o.log.Writer = stderr
	o.backfill.Terminal = isTerminal(stderr)
	quiet := command == ports.FullCommand() || command == examine.FullCommand() || command == fill.FullCommand() && o.backfill.Terminal
	if quiet && !o.logLevelSet {
		_ = o.log.Level.Set("warn") // cannot fail
	}
	log := promslog.New(&o.log)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C kills the process
	// A second SIGTERM is ignored: supervisors may send it to the process and to its
	// group. They send SIGKILL if the process does not end.
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGTERM)
	defer signal.Stop(again)
	// Early, since a SIGHUP must not kill the process during the start either.
	signal.Notify(o.hangups, syscall.SIGHUP)
	defer signal.Stop(o.hangups)
	o.config.Optional, o.config.Alone, o.config.Env = !o.configNamed && !o.syntaxOnly, o.syntaxOnly, os.LookupEnv
	load := func() (*config.Config, error) { return o.loadConfig(ctx, log) }
	switch command {
	case check.FullCommand():
		_, err := within(ctx, func() (any, error) { return nil, checkConfig(&o, stdout) })
		return err
	case health.FullCommand():
		return web.Healthcheck(ctx, o.web, o.healthcheck)
	case demonstrate.FullCommand():
		if o.replay != "" {
			return runReplay(ctx, &o, log, stdout)
		}
		return runDemo(ctx, &o, log, stdout)
	case examine.FullCommand():
		o.doctor.Load, o.doctor.UserAgent, o.doctor.ForgetRefusals, o.doctor.Log = load, userAgent(), o.forget, log
		return runDoctor(ctx, &o, stdout, stderr)
	case ports.FullCommand():
		return listPorts(ctx, &o, load, log, stdout)
	case fill.FullCommand():
		o.backfill.Stdout, o.backfill.Stderr = stdout, stderr
		return runBackfill(ctx, &o, load, log)
	default:
		return serve(ctx, &o, load, log, func(*web.Listener) {})
	}
}

func addFlags(app *kingpin.Application, o *options) {
	app.Flag("config.file", "Configuration file, see config.example.yml; /dev/stdin for standard input. Without this flag and without the file, the exporter polls all ports that the credentials in the environment see.").
		Default("config.yml").IsSetByUser(&o.configNamed).StringVar(&o.config.Path)
	app.Flag("config.auto-reload", "Check the content of the configuration file every 30 seconds, and reload it when it has changed.").BoolVar(&o.autoReload)
	app.Flag("shard", "Poll only this part of the ports, as INDEX/COUNT, for example 0/3, 1/3 and 2/3 if three exporters share them. Ports of a pair stay together.").
		Default("0/1").PlaceHolder("INDEX/COUNT").SetValue(&o.shard)
	app.Flag("login.forget-refusals", "Count refused logins from 0, whatever the state file says: for one start, after the account was unlocked at Equinix without a new secret.").BoolVar(&o.forget)
	o.web = kingpinflag.AddFlags(app, ":10345")
	app.Flag("web.external-url", "URL of the exporter as browsers see it, for example behind a reverse proxy. Its path is before every path of the exporter, unless --web.route-prefix says otherwise.").
		PlaceHolder("<URL>").StringVar(&o.externalURL)
	app.Flag("web.route-prefix", "Prefix of every path of the exporter, including /metrics and the health checks. Defaults to the path of --web.external-url.").
		PlaceHolder("<path>").StringVar(&o.routePrefix)
	app.Flag("web.enable-reload", "Reload the configuration on POST /-/reload too, not only on SIGHUP.").BoolVar(&o.reload)
	app.Flag("web.enable-pprof", "Serve profiles of the exporter itself under /debug/pprof/.").BoolVar(&o.pprof)
	app.Flag("units", "Units of rates, in the output of ports and on the web pages: bits (bit/s) or bytes (B/s). Metrics are in bytes per second whatever this says.").
		Default(string(human.Bits)).EnumVar((*string)(&o.ports.Units), string(human.Bits), string(human.Bytes))
	promslogflag.AddFlags(app, &o.log)
	app.GetFlag(promslogflag.LevelFlagName).IsSetByUser(&o.logLevelSet)
}

// loadConfig reads the configuration; it gives up when ctx is done.
func (o *options) loadConfig(ctx context.Context, log *slog.Logger) (*config.Config, error) {
	cfg, err := within(ctx, o.config.Load)
	if err == nil && cfg.FromEnvironment {
		log.Info("no configuration file; discovering all ports with the credentials from the environment", "file", o.config.Path)
	}
	return cfg, err
}

// within returns the outcome of read, or an error once ctx is done: a read from standard
// input or a disk may hang, and must not keep the process from ending.
func within[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	go func() {
		v, err := read()
		ended <- outcome{v, err}
	}()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("stopped before the configuration was read: %w", context.Cause(ctx))
	}
}

func addDoctorFlags(c *kingpin.CmdClause, o *doctor.Options) {
	c.Flag("output", "Format: text or json.").Short('o').Default("text").EnumVar(&o.Format, doctor.Formats()...)
	c.Flag("timeout", "Give up after this time.").Default("2m").DurationVar(&o.Timeout)
}

func addPortsFlags(c *kingpin.CmdClause, o *options) {
	c.Flag("output", "Format: table, json, csv, or yaml to paste into the configuration.").Short('o').
		Default("table").EnumVar(&o.ports.Format, portlist.Formats()...)
	c.Flag("bars", "Draw the share of the capacity beside each rate in the table.").Default("true").BoolVar(&o.ports.Bars)
	c.Flag("timeout", "After this time, print what is known. With --window, 1d if the flag is not given.").Default("2m").IsSetByUser(&o.timeoutSet).DurationVar(&o.ports.Timeout)
	c.Flag("window", "Print the exact 95th percentile, the maximum and the time above 80% of the capacity, from the intervals of the past 1d to 90d.").PlaceHolder("30d").SetValue(&o.window)
}

func addBackfillFlags(c *kingpin.CmdClause, o *options) {
	b := &o.backfill
	c.Flag("from", "Begin so long ago, as in 90d, or at a time, as in 2026-11-30 or 2026-11-30T18:00:00Z. Equinix keeps 90 days.").Default("90d").StringVar(&b.From)
	c.Flag("to", "End so long ago, or at a time.").Default("0s").StringVar(&b.To)
	c.Flag("resolution", "Length of the intervals: 5m or 1h.").Default("5m").EnumVar(&b.Resolution, "5m", "1h")
	c.Flag("ports", "Only this port, by its UUID, or the ports whose whole name matches this regular expression, and the connections on them. May be repeated.").StringsVar(&b.Ports)
	c.Flag("output", "Write OpenMetrics text to this file, or to standard output if it is -.").Short('o').PlaceHolder("FILE").StringVar(&b.Output)
	c.Flag("remote-write", "Send to all receivers under remote_write in the configuration.").BoolVar(&o.remoteWrite)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func addHealthcheckFlags(c *kingpin.CmdClause, o *web.HealthcheckOptions) {
	c.Flag("url", "URL to ask; by default /-/healthy at --web.listen-address, below --web.route-prefix.").StringVar(&o.URL)
	c.Flag("username", "User name, if --web.config.file asks for basic auth.").StringVar(&o.Username)
	c.Flag("password-file", "File with the password of the user.").StringVar(&o.PasswordFile)
}

// checkConfig reads the configuration as run does, and prints what it holds.
func checkConfig(o *options, stdout io.Writer) error {
	unseen := ""
	if o.syntaxOnly {
		unseen = "; the files that it names were not looked at"
	}
	cfg, err := o.config.Load()
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
		if err := web.CheckConfig(*o.web.WebConfigFile); err != nil {
			return err
		}
		if err := state.Writable(cfg.State.File); err != nil {
			fmt.Fprintln(stdout, "warning: state.file:", err, "(checked as this user; the exporter's user must be able to write it)")
		}
	}
	if cfg.FromEnvironment {
		fmt.Fprintf(stdout, "no %s: with %s and %s from the environment there is one account, and all its ports are discovered\n", o.config.Path, config.EnvClientID, config.EnvClientSecret)
	} else {
		fmt.Fprintf(stdout, "%s is valid: %s, %s, %s%s\n", o.config.Path, human.Plural(len(cfg.Accounts), "account"),
			human.Plural(ports, "port"), human.Plural(len(cfg.Poll.Windows), "window"), unseen)
	}
	series, _, _ := collector.UsualSeries(len(cfg.Poll.Windows))
	for _, a := range cfg.Accounts {
		fmt.Fprintf(stdout, "account %s: max_series %d is enough for %d ports (%d series each) without single connections\n", a.Name, a.MaxSeries, a.MaxSeries/series, series)
	}
	return nil
}

// runDoctor runs doctor, and writes its calls to the file of --capture, if there is one.
func runDoctor(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	if o.capture == "" {
		return doctor.Run(ctx, o.doctor, stdout)
	}
	cfg, err := o.doctor.Load()
	if err != nil {
		return doctor.Run(ctx, o.doctor, stdout) // it reports the error in its format
	}
	f, err := os.OpenFile(o.capture, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--capture: %w", err)
	}
	var calls capture.Recorder
	o.doctor.Load = func() (*config.Config, error) { return cfg, nil }
	o.doctor.Wrap = calls.Wrap
	found := doctor.Run(ctx, o.doctor, stdout)
	replaced, err := calls.Write(f, version.Version, cfg)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(found, fmt.Errorf("--capture: %w", errors.Join(err, os.Remove(o.capture))))
	}
	fmt.Fprintf(stderr, "%s: written. Replaced, by number of values: %s.\nLook through it before you send it: tar -xOzf %s | less\n", o.capture, replaced, o.capture)
	return found
}

// serve polls and serves until ctx is done.
func serve(ctx context.Context, o *options, load func() (*config.Config, error), log *slog.Logger, listening func(*web.Listener)) error {
	log.Info("starting", "program", name, "version", version.Info(), "build_context", version.BuildContext())
	memlimit.Set(log)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(collector.Namespace+"_exporter"),
	)
	d, err := daemon.New(daemon.Options{Load: load, Registerer: reg, Transport: o.transport, UserAgent: userAgent(), Shard: o.shard, KeepState: true, ForgetRefusals: o.forget, Log: log})
	if err != nil {
		return err
	}
	series := collector.New(d.Snapshot)
	series.LogTo(log.With("component", "collector"))
	w := web.Options{Load: d.Snapshot, Series: series, Gatherer: reg, Registerer: reg, Alive: d.Alive, Pprof: o.pprof, Prefix: o.prefix, Units: o.ports.Units, Log: log}
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
	if o.autoReload {
		changed := func() bool {
			changed, err := within(gctx, func() (bool, error) { return o.config.Changed(), nil })
			return changed && err == nil
		}
		g.Go(func() error { d.AutoReload(gctx, changed); return nil })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	log.Info("stopped", "cause", context.Cause(ctx))
	return nil
}

func userAgent() string { return name + "/" + cmp.Or(version.Version, "unknown") }

// listPorts polls every port once, and prints the ports.
func listPorts(ctx context.Context, o *options, load func() (*config.Config, error), log *slog.Logger, stdout io.Writer) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	for i := range cfg.Accounts { // the counts are enough
		cfg.Accounts[i].Connections = config.Connections{}
	}
	o.ports.Log, o.ports.Concurrency, o.ports.Window = log, cfg.API.Concurrency, time.Duration(o.window)
	if o.window != 0 {
		pollOnce(cfg)
		if !o.timeoutSet {
			o.ports.Timeout = 24 * time.Hour
		}
	}
	d, err := newDaemon(o, log, cfg)
	if err != nil {
		return err
	}
	return portlist.Run(ctx, d, o.ports, stdout)
}

// runBackfill asks for the history of ports and connections.
func runBackfill(ctx context.Context, o *options, load func() (*config.Config, error), log *slog.Logger) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	pollOnce(cfg)
	b := &o.backfill
	b.Concurrency, b.Log = cfg.API.Concurrency, log
	if o.remoteWrite {
		receivers, err := daemon.Receivers(cfg, nil, userAgent())
		if err != nil {
			return err
		}
		if len(receivers) == 0 {
			return fmt.Errorf("--remote-write: %s has no receivers under remote_write", o.config.Path)
		}
		for _, r := range receivers { // else the first samples would be tried again and again
			err := r.Probe(ctx)
			if f, failed := errors.AsType[*history.Failure](err); failed {
				return fmt.Errorf("--remote-write: receiver %s: %w; %s", r.Name, f, f.Remedy())
			} else if err != nil {
				return err
			}
		}
		b.Receivers = history.NewWriter(receivers, nil, history.NewMetrics(prometheus.NewPedanticRegistry()), log)
		b.ProgressDir = cmp.Or(cfg.State.File, name) + ".backfill"
	}
	d, err := newDaemon(o, log, cfg)
	if err != nil {
		return err
	}
	return backfill.Run(ctx, d, *b)
}

// newDaemon is a daemon for a command that shows no metrics.
func newDaemon(o *options, log *slog.Logger, cfg *config.Config) (*daemon.Daemon, error) {
	return daemon.New(daemon.Options{
		Load: func() (*config.Config, error) { return cfg, nil }, Registerer: prometheus.NewPedanticRegistry(), UserAgent: userAgent(), Shard: o.shard, ForgetRefusals: o.forget, Log: log,
	})
}

// pollOnce leaves the request budget to the history: polls after the first come late.
func pollOnce(cfg *config.Config) {
	const seldom = 45 * time.Minute // more makes the poller warn of gaps
	cfg.Poll.ConnectionsInterval, cfg.Poll.InventoryInterval = seldom, seldom
	cfg.Poll.Windows = cfg.Poll.Windows[:1]
	cfg.Poll.Windows[0].Interval = seldom
	for i := range cfg.Accounts {
		cfg.Accounts[i].Prices = config.Prices{}
	}
}

// reloadOnSignal reloads on each SIGHUP until ctx is done. The daemon logs the
// outcome.
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

// runDemo serves a simulated API and an exporter that polls it.
func runDemo(ctx context.Context, o *options, log *slog.Logger, stdout io.Writer) error {
	sim, err := demo.Listen(ctx, o.demo)
	if err != nil {
		return err
	}
	defer func() { _ = sim.Close() }()
	o.transport = sim.Via(fabric.NewTransport(nil))
	return serveBeside(ctx, o, sim, log, stdout)
}

// runReplay serves what doctor --capture recorded, and an exporter that polls it.
func runReplay(ctx context.Context, o *options, log *slog.Logger, stdout io.Writer) error {
	replay, err := capture.Open(ctx, o.replay)
	if err != nil {
		return fmt.Errorf("--replay: %w", err)
	}
	defer func() { _ = replay.Close() }()
	return serveBeside(ctx, o, replay, log, stdout)
}

// serveBeside serves an exporter and the API that it polls, on this machine.
func serveBeside(ctx context.Context, o *options, api interface {
	Run(ctx context.Context) error
	Config() (*config.Config, error)
	Announce(w io.Writer)
}, log *slog.Logger, stdout io.Writer,
) error {
	o.autoReload = false // the configuration is not in a file
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return api.Run(ctx) })
	g.Go(func() error {
		err := serve(ctx, o, api.Config, log, func(l *web.Listener) {
			demo.AnnounceExporter(stdout, l.Scheme(), l.Addrs(), o.prefix.Route)
			api.Announce(stdout)
		})
		return cmp.Or(err, errStopped) // the API ends with the exporter
	})
	if err := g.Wait(); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

var errStopped = errors.New("stopped")
