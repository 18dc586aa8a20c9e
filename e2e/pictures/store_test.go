package pictures_test

import (
	"log/slog"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// store is Prometheus' storage, query and rule engine.
type store struct {
	db     *tsdb.DB
	engine *promql.Engine
	groups []*rules.Group
	before map[uint64]labels.Labels // of the latest scrape
}

func newStore(t *testing.T) *store {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1 // nothing outlives the test
	opts.MinBlockDuration = (60 * 24 * time.Hour).Milliseconds()
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
	s := &store{db: db, engine: promql.NewEngine(promql.EngineOpts{
		Logger: log, MaxSamples: 5e7, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})}
	t.Cleanup(func() { _ = s.engine.Close() })
	m := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation, Context: t.Context(), Logger: log, Parser: p,
		Appendable: db, Queryable: db, QueryFunc: rules.EngineQueryFunc(s.engine, db),
	})
	for _, name := range []string{"thresholds", "recording"} {
		file := filepath.Join("../../deploy/prometheus", "equinix_fabric."+name+".yml")
		loaded, errs := m.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, file)
		parsed, more := rulefmt.ParseFile(file, false, model.UTF8Validation, p, log)
		if errs != nil || more != nil {
			t.Fatal(errs, more)
		}
		for _, g := range parsed.Groups {
			s.groups = append(s.groups, loaded[rules.GroupKey(file, g.Name)])
		}
	}
	return s
}

// append stores the families of those names of a scrape as Prometheus would, with
// stale markers for series that are gone, and evaluates the rules on the hour.
func (s *store) append(t *testing.T, reg prometheus.Gatherer, names *regexp.Regexp, at time.Time) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	app, there := s.db.Appender(t.Context()), map[uint64]labels.Labels{}
	put := func(v float64, pairs ...string) {
		l := labels.FromStrings(append(pairs, "job", "equinix_fabric", "instance", "localhost:10345")...)
		there[l.Hash()] = l
		s.put(t, app, l, at, v)
	}
	put(1, model.MetricNameLabel, "up")
	for _, f := range families {
		if !names.MatchString(f.GetName()) {
			continue
		}
		for _, m := range f.GetMetric() {
			samples(f.GetName(), m, put)
		}
	}
	for hash, l := range s.before {
		if _, ok := there[hash]; !ok {
			s.put(t, app, l, at, math.Float64frombits(value.StaleNaN))
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	s.before = there
	if at.Equal(at.Truncate(time.Hour)) {
		s.evaluate(t, at)
	}
}

func (s *store) put(t *testing.T, app storage.Appender, l labels.Labels, at time.Time, v float64) {
	t.Helper()
	if _, err := app.Append(0, l, at.UnixMilli(), v); err != nil {
		t.Fatalf("%v: %v", l, err)
	}
}

// samples are those of a metric; a histogram has classic buckets.
func samples(name string, m *dto.Metric, put func(v float64, pairs ...string)) {
	var pairs []string
	for _, l := range m.GetLabel() {
		if l.GetValue() != "" {
			pairs = append(pairs, l.GetName(), l.GetValue())
		}
	}
	with := func(name string, more ...string) []string {
		return append(append([]string{model.MetricNameLabel, name}, pairs...), more...)
	}
	switch {
	case m.Gauge != nil:
		put(m.GetGauge().GetValue(), with(name)...)
	case m.Counter != nil:
		put(m.GetCounter().GetValue(), with(name)...)
	case m.Histogram != nil:
		h := m.GetHistogram()
		for _, b := range h.GetBucket() {
			put(float64(b.GetCumulativeCount()), with(name+"_bucket", "le", strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64))...)
		}
		put(float64(h.GetSampleCount()), with(name+"_bucket", "le", "+Inf")...)
		put(float64(h.GetSampleCount()), with(name+"_count")...)
	}
}

// evaluate evaluates all groups, one after the other.
func (s *store) evaluate(t *testing.T, at time.Time) {
	t.Helper()
	for _, g := range s.groups {
		g.Eval(t.Context(), at)
		for _, r := range g.Rules() {
			if r.Health() != rules.HealthGood {
				t.Fatalf("%v: %s: %v", at, r.Name(), r.LastError())
			}
		}
	}
}
