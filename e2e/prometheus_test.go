package e2e_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

const job = "equinix_fabric"

// scrapeConfig is what a user writes. Classic histograms are kept beside native
// ones, as while moving from the one to the other.
const scrapeConfig = `
global:
  scrape_native_histograms: true
  always_scrape_classic_histograms: true
scrape_configs:
  - job_name: ` + job

// server is Prometheus: its scraper, storage and query engine.
type server struct {
	db      *tsdb.DB
	engine  *promql.Engine
	manager *scrape.Manager
	config  *config.Config
}

// newServer scrapes the exporter at address until the test ends.
func newServer(t *testing.T, address string) *server {
	t.Helper()
	s := openServer(t)
	s.scrape(t, address)
	return s
}

// newServerOf is newServer with a configuration of its own, whose targets do not
// count: it scrapes the exporter at address.
func newServerOf(t *testing.T, cfg *config.Config, address string) *server {
	t.Helper()
	s := openServer(t)
	s.scrapeAs(t, cfg, address)
	return s
}

// openServer is a server that scrapes nothing yet.
func openServer(t *testing.T) *server {
	t.Helper()
	db, engine := prom.Open(t, tsdb.DefaultOptions())
	return &server{db: db, engine: engine}
}

// scrape begins to scrape the exporter at address, until the test ends.
func (s *server) scrape(t *testing.T, address string) {
	t.Helper()
	cfg, err := config.Load(scrapeConfig, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.scrapeAs(t, cfg, address)
}

func (s *server) scrapeAs(t *testing.T, cfg *config.Config, address string) {
	t.Helper()
	m, err := scrape.NewManager(&scrape.Options{DiscoveryReloadOnStartup: true}, prom.Warnings(t), nil, nil, s.db, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	s.manager, s.config = m, cfg
	s.pace(t, 500*time.Millisecond)
	targets := make(chan map[string][]*targetgroup.Group, 1)
	targets <- map[string][]*targetgroup.Group{
		job: {{Source: "e2e", Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(address)}}}},
	}
	ran := make(chan error, 1)
	go func() { ran <- m.Run(targets) }()
	t.Cleanup(func() {
		m.Stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

// pace sets how often it scrapes, which is also how long a scrape may take.
func (s *server) pace(t *testing.T, interval time.Duration) {
	t.Helper()
	c := s.config.ScrapeConfigs[0]
	c.ScrapeInterval, c.ScrapeTimeout = model.Duration(interval), model.Duration(interval)
	if err := s.manager.ApplyConfig(s.config); err != nil {
		t.Fatal(err)
	}
}

// scraped waits for n scrapes that succeed and returns the time of the newest. All
// that is queried at that time is one and the same state of affairs. When scrapes
// fail, as they do for want of time on a busy machine, the others get twice the time.
func (s *server) scraped(t *testing.T, n int) time.Time {
	t.Helper()
	var at time.Time
	failed := 0.
	eventually(t, func() error {
		now := time.Now()
		up, sum, count := s.query(t, `up`, now), s.query(t, `sum_over_time(up[10m])`, now), s.query(t, `count_over_time(up[10m])`, now)
		if len(up) != 1 {
			return errors.New("no scrape yet")
		}
		if f := count[0].F - sum[0].F; f > failed {
			failed = f
			s.pace(t, 2*time.Duration(s.config.ScrapeConfigs[0].ScrapeInterval))
		}
		if up[0].F != 1 || sum[0].F < float64(n) {
			return fmt.Errorf("want %d scrapes, got %v, up is %v", n, sum[0].F, up[0].F)
		}
		at = time.UnixMilli(int64(s.query(t, `timestamp(up)`, now)[0].F * 1000))
		return nil
	})
	return at
}

// query evaluates an instant query.
func (s *server) query(t *testing.T, expr string, at time.Time) promql.Vector {
	t.Helper()
	q, err := s.engine.NewInstantQuery(t.Context(), s.db, nil, expr, at)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	defer q.Close()
	res := q.Exec(t.Context())
	v, err := res.Vector()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	if len(res.Warnings) > 0 {
		t.Errorf("%s: %v", expr, res.Warnings)
	}
	return slices.Clone(v) // q.Close gives the original back
}

// by maps a label of the samples to their values.
func by(t *testing.T, v promql.Vector, label string) map[string]float64 {
	t.Helper()
	m := map[string]float64{}
	for _, s := range v {
		key := s.Metric.Get(label)
		if _, twice := m[key]; twice {
			t.Errorf("%s=%q is there twice", label, key)
		}
		m[key] = s.F
	}
	return m
}

// lines shows a vector.
func lines(v promql.Vector) string {
	var b strings.Builder
	for _, s := range v {
		fmt.Fprintf(&b, "\n\t%v", s)
	}
	return b.String()
}
