package faults_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

// line is a daemon that polls an API every fraction of a second over TCP and
// TLS, with what a test may do to the way there.
type line struct {
	exporter

	srv *httptest.Server
	// dial connects to the API; way is the transport over it. A fault replaces
	// one of them.
	dial atomic.Pointer[func(ctx context.Context) (net.Conn, error)]
	way  atomic.Pointer[http.Transport]
	read meter
}

// dialOut starts a line whose calls have so long, and waits until all is well.
func dialOut(t *testing.T, timeout time.Duration) *line {
	t.Helper()
	api := newAPI(0, 0, false)
	l := &line{exporter: exporter{apis: []*fabrictest.API{api}, reg: prometheus.NewPedanticRegistry()}}
	l.srv = httptest.NewUnstartedServer(api)
	l.srv.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail, on purpose
	l.srv.StartTLS()
	l.connect(l.tcp(l.srv.Listener.Addr().String()))
	l.way.Store(l.transport(true))
	d, err := daemon.New(daemon.Options{
		Load: func() (*config.Config, error) {
			cfg, err := config.Parse("test.yml", []byte(configure(1, "v3")), t.TempDir(), nil)
			if err != nil {
				return nil, err
			}
			// Shorter than a configuration may say; it represents minutes.
			cfg.Accounts[0].APIURL = "https://api.example.com"
			cfg.Poll.Windows[0].Interval, cfg.Poll.ConnectionsInterval, cfg.Poll.InventoryInterval = often, often, often
			cfg.API.Timeout, cfg.API.MaxRetries, cfg.API.Concurrency = timeout, 0, 4
			return cfg, nil
		},
		Registerer: l.reg, Transport: l, UserAgent: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Daemon = d
	l.reg.MustRegister(collector.New(d.Snapshot))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		l.way.Load().CloseIdleConnections()
		l.srv.CloseClientConnections()
		l.srv.Close()
	})
	l.await(t, "all is well", l.well)
	return l
}

const often = 300 * time.Millisecond

// connect sets what dials from now on, and ends the connections that there are.
func (l *line) connect(dial func(context.Context) (net.Conn, error)) {
	l.dial.Store(&dial)
	l.srv.CloseClientConnections()
}

func (l *line) tcp(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) }
}

// transport is the product's, which knows the certificate of the API if trusted.
func (l *line) transport(trusted bool) *http.Transport {
	t := fabric.NewTransport(nil)
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return (*l.dial.Load())(ctx) }
	if trusted {
		t.TLSClientConfig.RootCAs = l.srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	}
	return t
}

// RoundTrip counts what the exporter reads of an answer.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.way.Load().RoundTrip(r)
	if err == nil {
		resp.Body = &metered{ReadCloser: resp.Body, total: &l.read}
	}
	return resp, err
}

// meter knows the most that was read of one answer.
type meter struct {
	mu   sync.Mutex
	most int64
}

func (m *meter) note(body *metered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.most = max(m.most, body.n)
}

func (m *meter) largest() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.most
}

// metered is a body whose bytes are counted, uncompressed.
type metered struct {
	io.ReadCloser

	total *meter
	n     int64
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b)
	m.n += int64(n)
	m.total.note(m)
	return n, err
}

// well reports whether every port was polled with success just now.
func (l *line) well(now map[string]float64) bool {
	fresh, recent := 0, float64(time.Now().Add(-5*often).UnixMilli())/1000
	for series, v := range now {
		switch f := family(series); {
		case f == "up" && v != 1, f == "port_poll_success" && v != 1:
			return false
		case f == "port_poll_last_success_timestamp_seconds" && v > recent:
			fresh++
		}
	}
	return fresh == len(polledPorts)
}

// await waits for something to be so.
func (l *line) await(t *testing.T, what string, so func(map[string]float64) bool) {
	t.Helper()
	for began := time.Now(); !so(l.series(t)); time.Sleep(10 * time.Millisecond) { // real sockets: no bubble
		if time.Since(began) > time.Minute {
			t.Fatalf("not so after a minute: %s", what)
		}
	}
}

// errorCount is how many errors of a reason there are so far.
func errorCount(now map[string]float64, reason string) (n float64) {
	for series, v := range now {
		if family(series) == "api_errors_total" && strings.Contains(series, fmt.Sprintf("reason=%q", reason)) {
			n += v
		}
	}
	return n
}

// failing waits until every port has failed, for that reason and no other.
func (l *line) failing(t *testing.T, reason string, before map[string]float64) {
	t.Helper()
	l.await(t, "polls fail", func(now map[string]float64) bool {
		for series, v := range now {
			if family(series) == "port_poll_success" && v != 0 {
				return false
			}
		}
		return errorCount(now, reason) > errorCount(before, reason)
	})
	now := l.series(t)
	for _, other := range fabric.Reasons() {
		if n := errorCount(now, other) - errorCount(before, other); other != reason && n > 0 {
			t.Errorf("%v errors of the reason %s", n, other)
		}
	}
	for series := range before {
		if _, ok := now[series]; !ok && family(series) == "port_info" {
			t.Errorf("%s is gone", series)
		}
	}
}
