package replay_test

import (
	"context"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"
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
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1 // nothing outlives the test
	opts.MinBlockDuration = (7 * 24 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, err := tsdb.Open(t.TempDir(), log, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := parser.NewParser(parser.Options{})
	queries := promql.NewEngine(promql.EngineOpts{
		Logger: log, MaxSamples: 1e7, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})
	t.Cleanup(func() { _ = queries.Close() })
	m := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation, Context: t.Context(), Logger: log, Parser: p,
		Appendable: db, Queryable: db, QueryFunc: rules.EngineQueryFunc(queries, db), NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	loaded, errs := m.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		t.Fatal(errs)
	}
	e := &engine{T: t, db: db, queries: queries}
	for _, file := range files { // in the order of the files
		e.groups = append(e.groups, inFile(t, loaded, file)...)
	}
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
	put := func(l labels.Labels, v float64) {
		if _, err := app.Append(0, l, s.at.UnixMilli(), v); err != nil {
			e.Fatalf("%v: %v", l, err)
		}
	}
	for _, sample := range s.samples {
		put(sample.labels, sample.value)
		now = append(now, sample.labels)
		there[sample.labels.Hash()] = true
	}
	for _, l := range e.before {
		if !there[l.Hash()] {
			put(l, math.Float64frombits(value.StaleNaN))
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
		g.Eval(e.Context(), at)
		for _, r := range g.Rules() {
			if r.Health() != rules.HealthGood {
				e.Fatalf("%v: %s: %v", at, r.Name(), r.LastError())
			}
		}
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

// inFile are the loaded groups of a file, in its order.
func inFile(t *testing.T, loaded map[string]*rules.Group, file string) []*rules.Group {
	t.Helper()
	var ordered []*rules.Group
	for _, g := range parse(t, file).Groups {
		ordered = append(ordered, loaded[rules.GroupKey(file, g.Name)])
	}
	return ordered
}
