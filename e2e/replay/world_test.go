// Package replay_test runs the exporter against the simulated API in synthetic
// time, hours in seconds, scrapes it every minute, and evaluates the rule files
// over the samples with Prometheus' own rule engine.
package replay_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

// world is a simulated API and exporters that watch it, in a bubble.
type world struct {
	*testing.T

	api       *fabrictest.API
	exporters []*exporter
	config    atomic.Value         // string
	every     time.Duration        // time between two scrapes
	all       bool                 // every family is kept
	names     map[string]bool      // or these
	points    []string             // the ports of which the points of intervals are stored, too
	sent      map[uint64]time.Time // the newest point of each of these series
	mend      []func()             // takes the faults away
}

// exporter is a target of Prometheus.
type exporter struct {
	*daemon.Daemon

	instance, shard string
	config          string // instead of that of the world

	reg  *prometheus.Registry
	down bool        // Prometheus cannot scrape it
	cut  atomic.Bool // it cannot reach the API
	api  http.RoundTripper
	stop func()
}

// RoundTrip implements http.RoundTripper.
func (x *exporter) RoundTrip(r *http.Request) (*http.Response, error) {
	if x.cut.Load() {
		return nil, errors.New("no route to host")
	}
	return x.api.RoundTrip(r)
}

// event is something that happens to a world, some time after its beginning.
type event struct {
	at time.Duration
	do func(*world)
}

// story is what happens to an estate.
type story struct {
	api    func() *fabrictest.API
	config string // what comes after the credentials of the only account
	span   time.Duration
	every  time.Duration // time between two scrapes; zero means a minute
	shards []string      // of the exporters; nil means one that watches everything
	all    bool          // every family is kept, not only those that rules name
	points []string      // ports of which Prometheus gets the points of intervals, too
	events []event
}

// record lets a story happen and returns what Prometheus would have scraped.
func record(t *testing.T, s story) (recorded []scrape) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, api: s.api(), every: cmp.Or(s.every, time.Minute), all: s.all, names: used(t), points: s.points, sent: map[uint64]time.Time{}}
		w.configure(s.config)
		if s.shards == nil {
			s.shards = []string{"0/1"}
		}
		for i, shard := range s.shards {
			time.Sleep(time.Duration(i) * 7 * time.Second)
			w.exporters = append(w.exporters, &exporter{instance: fmt.Sprintf("exporter-%d:10345", i), shard: shard})
			w.start(i)
		}
		defer func() {
			for _, x := range w.exporters {
				x.stop()
			}
		}()
		began := time.Now()
		events := s.events
		for at := w.every; at <= s.span; at += w.every {
			for len(events) > 0 && events[0].at < at {
				time.Sleep(time.Until(began.Add(events[0].at)))
				events[0].do(w)
				events = events[1:]
			}
			time.Sleep(time.Until(began.Add(at)))
			recorded = append(recorded, w.scrape())
		}
		if len(events) > 0 {
			t.Errorf("%d events come after the end of the story", len(events))
		}
	})
	return recorded
}

// configure gives the account further settings. They count from the next
// reload on.
func (w *world) configure(more string) {
	w.config.Store(account(more))
}

func account(more string) string {
	return fmt.Sprintf("accounts:\n  - name: prod\n    client_id: %s\n    client_secret: %s\n%s",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret, more)
}

// start runs an exporter until it is stopped. It may have run before, and has
// forgotten everything.
func (w *world) start(i int) {
	w.Helper()
	x := w.exporters[i]
	x.reg, x.api = prometheus.NewPedanticRegistry(), w.api.Transport()
	opts := daemon.Options{
		Load: func() (*config.Config, error) {
			text, _ := w.config.Load().(string)
			return config.Parse("replay.yml", []byte(cmp.Or(x.config, text)), w.TempDir(), nil)
		},
		Registerer: x.reg, Transport: x, UserAgent: "replay", KeepState: true, Log: slog.New(slog.DiscardHandler),
	}
	err := opts.Shard.Set(x.shard)
	if err == nil {
		x.Daemon, err = daemon.New(opts)
	}
	if err != nil {
		w.Fatal(err)
	}
	x.reg.MustRegister(collector.New(x.Snapshot), versioncollector.NewCollector(collector.Namespace+"_exporter"))
	if w.all {
		x.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	} else {
		started := float64(time.Now().Unix()) // in the time of the bubble, of which a process collector knows nothing
		x.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "process_start_time_seconds", Help: "As of a process collector."},
			func() float64 { return started }))
	}
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	x.stop = func() {
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("Run: %v", err)
		}
	}
}

// reload makes all exporters reload the configuration.
func (w *world) reload() error {
	var errs []error
	for _, x := range w.exporters {
		errs = append(errs, x.Reload(w.Context()))
	}
	return errors.Join(errs...)
}

// port is the UUID of a port by its name.
func (w *world) port(name string) string {
	w.Helper()
	p, ok := w.api.Fleet().Port(name)
	if !ok {
		w.Fatalf("there is no port %s", name)
	}
	return p.UUID
}
