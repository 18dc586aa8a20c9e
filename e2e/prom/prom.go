// Package prom runs storage, query engine and rules of Prometheus inside a test.
package prom

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"
)

// Warnings returns a logger that writes warnings and errors to the output of the test.
func Warnings(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// Open opens an empty storage with a query engine, and closes them at the end of the test.
func Open(t *testing.T, options *tsdb.Options) (*tsdb.DB, *promql.Engine) {
	t.Helper()
	db, err := tsdb.Open(t.TempDir(), Warnings(t), nil, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	queries := promql.NewEngine(promql.EngineOpts{
		Logger: Warnings(t), MaxSamples: 1e7, Timeout: 2 * time.Minute, // also on a busy machine
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
	})
	t.Cleanup(func() { _ = queries.Close() })
	return db, queries
}

// ParseRules reads a rule file.
func ParseRules(t *testing.T, file string) *rulefmt.RuleGroups {
	t.Helper()
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if errs != nil {
		t.Fatal(errs)
	}
	return groups
}

// Groups loads rule files over a storage. The groups are in the order of the files.
func Groups(t *testing.T, db *tsdb.DB, queries *promql.Engine, files ...string) []*rules.Group {
	t.Helper()
	m := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation, Context: t.Context(), Logger: Warnings(t), Parser: parser.NewParser(parser.Options{}),
		Appendable: db, Queryable: db, QueryFunc: rules.EngineQueryFunc(queries, db), NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	loaded, errs := m.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		t.Fatal(errs)
	}
	var ordered []*rules.Group
	for _, file := range files {
		for _, g := range ParseRules(t, file).Groups {
			ordered = append(ordered, loaded[rules.GroupKey(file, g.Name)])
		}
	}
	return ordered
}

// Evaluate evaluates a group at the given time, and fails the test if a rule cannot be evaluated.
func Evaluate(t *testing.T, g *rules.Group, at time.Time) {
	t.Helper()
	g.Eval(t.Context(), at)
	for _, r := range g.Rules() {
		if r.Health() != rules.HealthGood {
			t.Fatalf("%v: %s: %v", at, r.Name(), r.LastError())
		}
	}
}
