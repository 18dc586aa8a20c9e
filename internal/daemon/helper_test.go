package daemon_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// exporter is a daemon with its registry, in a bubble.
type exporter struct {
	*daemon.Daemon

	reg   *prometheus.Registry // of its own metrics
	pages http.Handler
	log   bytes.Buffer // read it when the daemon has stopped
}

// start runs a daemon whose configuration is what text holds at the time, until
// the test ends it with stop.
func start(t *testing.T, transport http.RoundTripper, text *atomic.Value, edit ...func(*daemon.Options)) (e *exporter, stop func()) {
	t.Helper()
	return startWith(t, transport, func() (*config.Config, error) {
		yaml, _ := text.Load().(string)
		return config.Parse("test.yml", []byte(yaml), t.TempDir(), nil)
	}, edit...)
}

// startWith is start with another source of the configuration.
func startWith(t *testing.T, transport http.RoundTripper, load func() (*config.Config, error), edit ...func(*daemon.Options)) (e *exporter, stop func()) {
	t.Helper()
	e = &exporter{reg: prometheus.NewPedanticRegistry()}
	o := daemon.Options{
		Load: load, Registerer: e.reg, Transport: transport, UserAgent: "test", KeepState: true,
		Log: slog.New(slog.NewTextHandler(&e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range edit {
		change(&o)
	}
	d, err := daemon.New(o)
	if err != nil {
		t.Fatal(err)
	}
	e.Daemon = d
	e.pages = web.Handler(web.Options{
		Load: d.Snapshot, Series: collector.New(d.Snapshot), Gatherer: e.reg, Registerer: e.reg, Alive: d.Alive,
		Log: slog.New(slog.NewTextHandler(&e.log, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return e, func() {
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// text is a configuration that a test may change under way.
func text(yaml string) *atomic.Value {
	var v atomic.Value
	v.Store(yaml)
	return &v
}

// scrape is the whole of /metrics.
func (e *exporter) scrape(t *testing.T) string {
	t.Helper()
	rec := httptest.NewRecorder()
	e.pages.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// series is a scrape by series, without the common prefix of their names.
func (e *exporter) series(t *testing.T) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for line := range strings.Lines(e.scrape(t)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[strings.TrimPrefix(line[:i], "equinix_fabric_")] = v
	}
	return all
}

// configure watches ports of a simulated API, with whatever else is given.
func configure(ports []fabrictest.Port, more string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "accounts:\n  - name: prod\n    client_id: %s\n    client_secret: %s\n    ports:\n",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret)
	for _, p := range ports {
		fmt.Fprintf(&b, "      - uuid: %s\n", p.UUID)
	}
	return b.String() + more
}

// own are the demo's ports that the credentials may see.
func own(api *fabrictest.API) []fabrictest.Port {
	var ports []fabrictest.Port
	for _, p := range api.Fleet().Ports {
		if !p.Foreign {
			ports = append(ports, p)
		}
	}
	return ports
}
