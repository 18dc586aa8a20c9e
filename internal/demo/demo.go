// Package demo provides simulated Equinix APIs on loopback, and a configuration for
// them, to run an exporter without credentials.
package demo

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"text/template"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

//go:embed demo.yml.tmpl
var configTemplate string

// Options say where a demo listens, and what it is for.
type Options struct {
	Address     string // of Classic; its port may be 0
	Dir         string // for the configuration and the state; "" for one that goes with the demo
	RemoteWrite string // URL of a receiver of remote write; "" for none
}

// Demo is two listening simulated APIs, which Run serves. Each is an account of the
// configuration.
type Demo struct {
	// Classic has everything but the v4 metrics; no port is attached to a stream.
	Classic *fabrictest.API
	// Metrics has only the v4 metrics: traffic and dropped packets of ports that
	// are attached to a stream.
	Metrics *fabrictest.API

	classic, metrics net.Listener
	config           []byte
	dir              string // with the configuration and the state; "" if it cannot be made, as in a read-only container
	passing          bool   // dir goes with the demo
}

// file is the name of the configuration in the directory of a demo.
const file = "demo.yml"

// Listen makes the simulated APIs, and writes the configuration for them into the directory.
// Metrics listens on a free port of loopback.
func Listen(ctx context.Context, o Options) (*Demo, error) {
	classic, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("simulated API: %w", err)
	}
	metrics, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		_ = classic.Close() // Close would not
		return nil, fmt.Errorf("simulated API: %w", err)
	}
	const requestLog = 1_000 // requests that each API keeps, although the demo does not use them
	attached := fabrictest.DemoMetrics(1)
	d := &Demo{
		Classic: fabrictest.New(fabrictest.Options{RequestLog: requestLog}),
		Metrics: fabrictest.New(fabrictest.Options{
			Fleet: &attached, RequestLog: requestLog,
			Gone: []string{fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4, fabrictest.OpConnectionStatsV4},
		}),
		classic: classic, metrics: metrics, dir: o.Dir,
	}
	if o.Dir == "" {
		if d.dir, err = os.MkdirTemp("", "equinix_fabric_exporter-demo-"); err != nil {
			d.dir = ""
		}
		d.passing = true
	}
	if err := d.writeConfig(o.RemoteWrite); err != nil {
		return nil, errors.Join(fmt.Errorf("demo configuration: %w", err), classic.Close(), metrics.Close(), d.Close())
	}
	return d, nil
}

// Close removes the files of a demo that was given no directory for them.
func (d *Demo) Close() error {
	if d.dir == "" || !d.passing {
		return nil
	}
	return os.RemoveAll(d.dir)
}

// ClassicURL is the root URL of Classic.
func (d *Demo) ClassicURL() string { return "http://" + d.classic.Addr().String() }

// MetricsURL is the root URL of Metrics.
func (d *Demo) MetricsURL() string { return "http://" + d.metrics.Addr().String() }

// Run serves the simulated APIs until ctx is done, and returns nil then.
func (d *Demo) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.Classic.Serve(ctx, d.classic) })
	g.Go(func() error { return d.Metrics.Serve(ctx, d.metrics) })
	return g.Wait()
}

// Via returns a RoundTripper for the exporter that sends requests through next, and
// simulates the faults of the network.
func (d *Demo) Via(next http.RoundTripper) http.RoundTripper {
	return via{d.classic.Addr().String(), d.Classic.Via(next), d.Metrics.Via(next)}
}

type via struct {
	classicHost      string
	classic, metrics http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == v.classicHost {
		return v.classic.RoundTrip(r)
	}
	return v.metrics.RoundTrip(r)
}

// CloseIdleConnections closes the idle connections to both APIs.
func (v via) CloseIdleConnections() {
	for _, t := range []http.RoundTripper{v.classic, v.metrics} {
		if t, ok := t.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
	}
}

// writeConfig makes the configuration, and writes it into the directory if there is one.
func (d *Demo) writeConfig(remoteWrite string) error {
	t, err := template.New(file).Parse(configTemplate)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = t.Execute(&text, map[string]any{
		"Classic": d.ClassicURL(), "Metrics": d.MetricsURL(), "RemoteWrite": remoteWrite,
		"State": d.dir != "", "ID": fabrictest.DemoClientID, "Secret": fabrictest.DemoClientSecret,
		"TwinA": d.port(fabrictest.MetricsTwinA), "TwinB": d.port(fabrictest.MetricsTwinB),
	})
	d.config = text.Bytes()
	if err != nil || d.dir == "" {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, file), d.config, 0o600)
}

// Config is the configuration of an exporter that polls every port of the simulated
// APIs.
func (d *Demo) Config() (*config.Config, error) {
	return config.Parse(file, d.config, cmp.Or(d.dir, "."), nil)
}

// port is the UUID of a port of the metrics account.
func (d *Demo) port(name string) string {
	for _, p := range d.Metrics.Fleet().Ports {
		if p.Name == name {
			return p.UUID
		}
	}
	panic("demo: no port " + name)
}

// AnnounceExporter writes the URLs of an exporter that listens on addrs, with http or
// https, and has prefix before its paths.
func AnnounceExporter(w io.Writer, scheme string, addrs []net.Addr, prefix string) {
	for _, a := range addrs {
		base := scheme + "://" + reachable(a) + prefix
		fmt.Fprintf(w, "exporter:      %s/\nmetrics:       %s/metrics\n", base, base)
	}
}

// Announce writes the URLs of the simulated APIs.
func (d *Demo) Announce(w io.Writer) {
	fmt.Fprintf(w, "simulated API: %s  (v3 and v4; client_id %s, client_secret %s)\n", d.ClassicURL(), fabrictest.DemoClientID, fabrictest.DemoClientSecret)
	fmt.Fprintf(w, "simulated API: %s  (v4 metrics only)\n", d.MetricsURL())
	if d.dir != "" {
		fmt.Fprintf(w, "configuration: %s  (for --config.file of check, doctor, ports and backfill)\n", filepath.Join(d.dir, file))
	}
	fmt.Fprintf(w, "faults:        /control/faults of either, see docs/demo.md\n")
	fmt.Fprintf(w, "Every number is made up; stop with Ctrl-C.\n")
}

// reachable is an address that a browser on this machine can open.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
}
