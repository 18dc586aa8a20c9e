// Package replay_test runs the exporter against the simulated API in synthetic
// time, hours in seconds, scrapes it every minute, and evaluates the rule files
// over the samples with Prometheus' own rule engine.
package replay_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

// world is a simulated API and an exporter that watches it, in a bubble.
type world struct {
	*testing.T

	api    *fabrictest.API
	daemon *daemon.Daemon
	reg    *prometheus.Registry
	config atomic.Value // string
	used   map[string]bool
	mend   []func() // takes the faults away
	down   bool     // Prometheus cannot scrape the exporter
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
	events []event
}

// tell lets a story happen and returns what Prometheus would have scraped.
func tell(t *testing.T, s story) (recorded []scrape) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, api: s.api(), reg: prometheus.NewPedanticRegistry(), used: used(t)}
		w.configure(s.config)
		stop := w.start()
		defer stop()
		began := time.Now()
		events := s.events
		every := cmp.Or(s.every, time.Minute)
		for at := every; at <= s.span; at += every {
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
	w.config.Store(fmt.Sprintf("accounts:\n  - name: prod\n    client_id: %s\n    client_secret: %s\n%s",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret, more))
}

// start runs the daemon until stop is called.
func (w *world) start() (stop func()) {
	w.Helper()
	d, err := daemon.New(daemon.Options{
		Load: func() (*config.Config, error) {
			text, _ := w.config.Load().(string)
			return config.Parse("replay.yml", []byte(text), w.TempDir(), nil)
		},
		Registerer: w.reg, Transport: w.api.Transport(), UserAgent: "replay", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.daemon = d
	w.reg.MustRegister(collector.New(d.Snapshot), versioncollector.NewCollector(collector.Namespace+"_exporter"))
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return func() {
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("Run: %v", err)
		}
	}
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
