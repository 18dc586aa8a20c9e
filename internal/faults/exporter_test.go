// Package faults_test breaks the API, the network and the clock under a running
// daemon, one fault of the simulator's catalogue after the other, and holds what
// /metrics and the API's request log say against what they must say.
package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

// polledPorts are the ports of every exporter in these tests: a pair, and a LAG.
var polledPorts = []string{fabrictest.DemoPrimary, fabrictest.DemoSecondary, fabrictest.DemoLAG}

// exporter is a daemon that asks simulated APIs, one for each of its accounts,
// through the transport of the product over connections in memory.
type exporter struct {
	*daemon.Daemon

	apis []*fabrictest.API
	reg  *prometheus.Registry
	log  bytes.Buffer // read it when the daemon has stopped

	truth map[string][2]figures // by request and port: what the API meant, and what a fault has left of it
}

// start runs an exporter in a bubble until the test ends it with stop.
func start(t *testing.T, yaml string, apis ...*fabrictest.API) (e *exporter, stop func()) {
	t.Helper()
	e = &exporter{apis: apis, reg: prometheus.NewPedanticRegistry(), truth: map[string][2]figures{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, len(apis)+1)
	ways := pipes{}
	for i, api := range apis {
		ln := newPipe()
		ways[fmt.Sprint("127.0.0.1:", firstPort+i)] = ln
		go func() { ended <- api.Serve(ctx, ln) }()
	}
	d, err := daemon.New(daemon.Options{
		Load: func() (*config.Config, error) {
			return config.Parse("test.yml", []byte(yaml), t.TempDir(), nil)
		},
		Registerer: e.reg, Transport: ways.transport(apis), UserAgent: "test",
		Log: slog.New(slog.NewTextHandler(&e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Daemon = d
	e.reg.MustRegister(collector.New(d.Snapshot))
	go func() { ended <- d.Run(ctx) }()
	return e, func() {
		synctest.Wait()
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
		}
	}
}

// firstPort is where the first account's API is; the others follow.
const firstPort = 8000

// configure watches those ports, and perhaps more, of so many accounts, through a
// traffic source.
func configure(accounts int, source string, more ...string) string {
	var b strings.Builder
	b.WriteString("accounts:\n")
	for i := range accounts {
		fmt.Fprintf(&b, "  - name: %s\n    api_url: http://127.0.0.1:%d\n    client_id: %s%d\n    client_secret: %s\n    traffic_source: %s\n",
			account(i), firstPort+i, fabrictest.DemoClientID, i, fabrictest.DemoClientSecret, source)
		fmt.Fprintf(&b, "    discover: {enabled: true, include: [{name: '(%s)(-TWIN)?'}]}\n", strings.Join(slices.Concat(polledPorts, more), "|"))
	}
	// No call waits for the budget, so that the calls that faults cost are seen.
	b.WriteString("api: {requests_per_second: 1000, burst: 10000}\n")
	return b.String()
}

func account(i int) string { return string(rune('a' + i)) }

// series is a scrape by series, without the common prefix of their names.
func (e *exporter) series(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := e.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		name, ours := strings.CutPrefix(f.GetName(), collector.Namespace+"_")
		if !ours || f.GetType() == dto.MetricType_HISTOGRAM {
			continue
		}
		for _, m := range f.GetMetric() {
			all[name+labels(m)] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return all
}

func labels(m *dto.Metric) string {
	var all []string
	for _, l := range m.GetLabel() {
		all = append(all, l.GetName()+"="+strconv.Quote(l.GetValue()))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// pipes lead to APIs by their addresses.
type pipes map[string]*pipe

// transport is the product's, over pipes, with the faults of the network of the
// API that a request is for.
func (p pipes) transport(apis []*fabrictest.API) http.RoundTripper {
	t := fabric.NewTransport(nil)
	t.Proxy = nil
	t.ReadBufferSize = 64 << 10 // a bubble takes its time with every read
	t.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return p[address].dial(ctx) }
	r := routes{}
	for i, api := range apis {
		r[fmt.Sprint("127.0.0.1:", firstPort+i)] = api.Via(t)
	}
	return r
}

// routes are transports by host.
type routes map[string]http.RoundTripper

func (r routes) RoundTrip(req *http.Request) (*http.Response, error) {
	return r[req.URL.Host].RoundTrip(req)
}

func (r routes) CloseIdleConnections() {
	for _, t := range r {
		if t, ok := t.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
	}
}

// pipe is a listener in memory, whose connections a bubble knows.
type pipe struct {
	conns  chan net.Conn
	closed context.Context
	shut   context.CancelFunc
}

func newPipe() *pipe {
	p := &pipe{conns: make(chan net.Conn)}
	p.closed, p.shut = context.WithCancel(context.Background()) // Close ends it
	return p
}

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error   { p.shut(); return nil }
func (p *pipe) Addr() net.Addr { return &net.TCPAddr{} }

// warmUp is how long every exporter runs before its fault: long enough for all
// to be in its place in the interval.
const warmUp = 30 * time.Minute
