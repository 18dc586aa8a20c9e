package pictures_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"text/template"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

const scrapeInterval = 5 * time.Minute

// Families to store: the others only take time in weeks of which nothing is shown.
var (
	everything   = regexp.MustCompile(``)
	forForecasts = regexp.MustCompile(`_info$|_p95_|_effective_capacity_`)
)

// world is the demo in a bubble of synthetic time: both of its APIs, and an
// exporter with its configuration.
type world struct {
	apis   map[string]*fabrictest.API // by host
	config atomic.Value               // string
	daemon *daemon.Daemon
	reg    *prometheus.Registry
}

// RoundTrip implements http.RoundTripper.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	return w.apis[r.URL.Hostname()].Transport().RoundTrip(r)
}

// configure is the demo's configuration with other intervals.
func (w *world) configure(t *testing.T, interval, rare string) {
	t.Helper()
	text, err := os.ReadFile("../../internal/demo/demo.yml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.NewReplacer("interval: 1m", "interval: "+interval, "interval: 5m", "interval: "+rare).Replace(string(text))
	port := func(name string) string {
		p, _ := w.apis["127.0.0.2"].Fleet().Port(name)
		return p.UUID
	}
	var out bytes.Buffer
	err = template.Must(template.New("").Parse(edited)).Execute(&out, map[string]string{
		"Classic": "http://127.0.0.1", "Metrics": "http://127.0.0.2", "ID": fabrictest.DemoClientID, "Secret": fabrictest.DemoClientSecret,
		"TwinA": port(fabrictest.MetricsTwinA), "TwinB": port(fabrictest.MetricsTwinB),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.config.Store(out.String())
}

// until is when a replay ends: a Wednesday afternoon.
var until = time.Date(2026, time.November, 18, 15, 0, 0, 0, time.UTC)

// replay lets the demo run for weeks, asking once an hour for what forecasts are
// made of, and for another while as usual, and returns what Prometheus and its
// rules made of it, and the end.
func replay(t *testing.T, weeks, usual time.Duration) (grafana.Prometheus, time.Time) {
	t.Helper()
	s := newStore(t)
	var end time.Time
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(until.Add(-weeks - usual)))
		attached := fabrictest.DemoMetrics(1)
		w := &world{reg: prometheus.NewPedanticRegistry(), apis: map[string]*fabrictest.API{
			"127.0.0.1": fabrictest.New(fabrictest.Options{RequestLog: -1}),
			"127.0.0.2": fabrictest.New(fabrictest.Options{
				Fleet: &attached, RequestLog: -1, Gone: []string{fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4, fabrictest.OpConnectionStatsV4},
			}),
		}}
		w.configure(t, "1h", "1d")
		stop := w.start(t)
		defer stop()
		began := time.Now()
		look := func(from, to time.Duration, names *regexp.Regexp) {
			for at := from + scrapeInterval; at <= to; at += scrapeInterval {
				time.Sleep(time.Until(began.Add(at)))
				s.append(t, w.reg, names, time.Now())
			}
		}
		look(0, weeks, forForecasts)
		w.configure(t, "5m", "1h")
		if err := w.daemon.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		look(weeks, weeks+usual, everything)
		end = time.Now()
	})
	return grafana.Prometheus{Context: t.Context(), Engine: s.engine, Storage: s.db}, end
}

// start runs the exporter until stop is called.
func (w *world) start(t *testing.T) (stop func()) {
	t.Helper()
	version.Version = "demo" // that of a test is empty
	d, err := daemon.New(daemon.Options{
		Load: func() (*config.Config, error) {
			text, _ := w.config.Load().(string)
			return config.Parse("demo.yml", []byte(text), t.TempDir(), nil)
		},
		Registerer: w.reg, Transport: w, UserAgent: "pictures", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.daemon = d
	w.reg.MustRegister(collector.New(d.Snapshot), versioncollector.NewCollector(collector.Namespace+"_exporter"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return func() {
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(fmt.Errorf("run: %w", err))
		}
	}
}
