// Package demo is the exporter's surroundings when there are no credentials: a
// simulated Equinix API on loopback and a configuration that watches it.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"strconv"
	"text/template"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

//go:embed demo.yml.tmpl
var configTemplate string

// Demo is a simulated API that listens, and is served by Run.
type Demo struct {
	API *fabrictest.API
	ln  net.Listener
}

// Listen makes a simulated API that listens on address, of which the port may
// be 0.
func Listen(ctx context.Context, address string) (*Demo, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulated API: %w", err)
	}
	return &Demo{API: fabrictest.New(fabrictest.Options{}), ln: ln}, nil
}

// URL is the root of the simulated API.
func (d *Demo) URL() string { return "http://" + d.ln.Addr().String() }

// Run serves the simulated API until ctx is done, and returns nil then.
func (d *Demo) Run(ctx context.Context) error { return d.API.Serve(ctx, d.ln) }

// Config is the configuration of an exporter that watches every port of the
// simulated API.
func (d *Demo) Config() (*config.Config, error) {
	t, err := template.New("demo.yml").Parse(configTemplate)
	if err != nil {
		return nil, fmt.Errorf("demo configuration: %w", err)
	}
	var text bytes.Buffer
	err = t.Execute(&text, map[string]any{
		"URL": d.URL(), "ID": fabrictest.DemoClientID, "Secret": fabrictest.DemoClientSecret,
		"Ports": d.API.Fleet().Ports,
	})
	if err != nil {
		return nil, fmt.Errorf("demo configuration: %w", err)
	}
	return config.Parse("demo.yml", text.Bytes(), ".", nil)
}

// Announce writes where everything is, for an exporter that listens on addrs.
func (d *Demo) Announce(w io.Writer, addrs []net.Addr) {
	for _, a := range addrs {
		base := "http://" + reachable(a)
		fmt.Fprintf(w, "exporter:      %s/\nmetrics:       %s/metrics\n", base, base)
	}
	fmt.Fprintf(w, "simulated API: %s  (client_id %s, client_secret %s)\n", d.URL(), fabrictest.DemoClientID, fabrictest.DemoClientSecret)
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
