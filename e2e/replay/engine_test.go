package replay_test

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

// engine is Prometheus' storage and rule engine.
type engine struct {
	*testing.T

	db      *tsdb.DB
	queries *promql.Engine
	groups  []*rules.Group
	before  []labels.Labels // of the latest scrape
}

func newEngine(t *testing.T, files ...string) *engine {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1 // nothing outlives the test
	opts.MinBlockDuration = (7 * 24 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, queries := prom.Open(t, opts)
	e := &engine{T: t, db: db, queries: queries, groups: prom.Groups(t, db, queries, files...)}
	for _, g := range e.groups {
		for _, r := range g.AlertingRules() {
			r.SetRestored(true) // or else ALERTS is not stored
		}
	}
	return e
}

// append stores a scrape as Prometheus would, with stale markers for series
// that are gone.
func (e *engine) append(s scrape) {
	e.Helper()
	app := e.db.Appender(e.Context())
	now := make([]labels.Labels, 0, len(s.samples))
	there := make(map[uint64]bool, len(s.samples))
	put := func(l labels.Labels, at time.Time, v float64) {
		if _, err := app.Append(0, l, at.UnixMilli(), v); err != nil {
			e.Fatalf("%v: %v", l, err)
		}
	}
	for _, sample := range s.samples {
		if !sample.at.IsZero() {
			put(sample.labels, sample.at, sample.value)
			continue
		}
		put(sample.labels, s.at, sample.value)
		now = append(now, sample.labels)
		there[sample.labels.Hash()] = true
	}
	for _, l := range e.before {
		if !there[l.Hash()] {
			put(l, s.at, math.Float64frombits(value.StaleNaN))
		}
	}
	if err := app.Commit(); err != nil {
		e.Fatal(err)
	}
	e.before = now
}

// evaluate evaluates the groups that are due at that time.
func (e *engine) evaluate(at time.Time) {
	e.Helper()
	for _, g := range e.groups {
		if at.Truncate(g.Interval()) != at.Truncate(time.Minute) {
			continue
		}
		prom.Evaluate(e.T, g, at)
	}
}

// active are the alerts that are pending or firing.
func (e *engine) active() map[string]rules.AlertState {
	active := map[string]rules.AlertState{}
	for _, g := range e.groups {
		for _, r := range g.AlertingRules() {
			for _, a := range r.ActiveAlerts() {
				key := subject(a.Labels)
				active[key] = max(active[key], a.State)
			}
		}
	}
	return active
}

// subject is an alert with what it is about.
func subject(l labels.Labels) string {
	for _, about := range []string{"connection_name", "pair", "port_name", "account"} {
		if name := l.Get(about); name != "" {
			return l.Get(labels.AlertName) + " " + name
		}
	}
	return l.Get(labels.AlertName)
}
