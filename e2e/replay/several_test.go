package replay_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// settings are what one Prometheus may scrape instead of one exporter. Two of
// three shards watch connections of the demo between them.
var settings = map[string][]string{"two replicas": {"0/1", "0/1"}, "three shards": {"0/3", "1/3", "2/3"}}

// prometheus asks the storage of the engine.
func (e *engine) prometheus() grafana.Prometheus {
	return grafana.Prometheus{Context: e.Context(), Engine: e.queries, Storage: e.db}
}

// recorded is what rules record, and the alerts that fire, by their labels. What
// is of an exporter is left out, and ages have no value.
func (e *engine) recorded(at time.Time) map[string]float64 {
	e.Helper()
	v, err := e.prometheus().Instant(`{__name__=~"equinix_fabric:.+|ALERTS",instance="",shard="",alertstate!="pending"}`, at)
	if err != nil {
		e.Fatal(err)
	}
	all := map[string]float64{}
	for _, s := range v {
		all[s.Metric.String()] = s.F
		if strings.Contains(s.Metric.Get("__name__"), "_age_") {
			all[s.Metric.String()] = math.NaN()
		}
	}
	return all
}

// same wants two views of an estate to be the same but for the moments at which it
// was polled: counts are exact, rates may be those of the interval before, and of
// what is not a number it is enough to be there.
func same(t *testing.T, want, got map[string]float64) {
	t.Helper()
	for key, w := range want {
		switch g, ok := got[key]; {
		case !ok:
			t.Errorf("there is no %s", key)
		case w == math.Trunc(w) && w < 1000 && g != w || math.Abs(g-w) > 0.4*math.Abs(w):
			t.Errorf("%s: got %v, want %v", key, g, w)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("there is one more, %s", key)
		}
	}
}

// everything is the demo with single connections, some of which two shards see.
var everything = story{
	api:    func() *fabrictest.API { return fabrictest.New(fabrictest.Options{}) },
	config: discover + "    connections: {traffic: true}\n    prices: {enabled: true}\n", span: 75 * time.Minute, all: true,
}

func TestSeveralExportersLookLikeOne(t *testing.T) {
	t.Parallel()
	see := func(t *testing.T, shards []string) (rules, panels map[string]float64) {
		t.Helper()
		s := everything
		s.shards = shards
		recorded, e := record(t, s), newEngine(t, ruleFiles()...)
		e.newTimeline(recorded)
		at := recorded[len(recorded)-1].at
		return e.recorded(at), e.shown(at)
	}
	rules, panels := see(t, nil)
	if len(rules) < 400 || len(panels) < 400 {
		t.Fatalf("only %d series are recorded, and %d shown", len(rules), len(panels))
	}
	for name, shards := range settings {
		t.Run(name, func(t *testing.T) {
			r, p := see(t, shards)
			same(t, rules, r)
			same(t, panels, p)
		})
	}
}

// A replica that cannot reach Equinix shows for five intervals what it read last.
// The other one knows better.
func TestAReplicaThatIsCutOffHoldsNoAlert(t *testing.T) {
	t.Parallel()
	const begin, cut, end = 30 * time.Minute, 60 * time.Minute, 64 * time.Minute
	line := newTimeline(t, record(t, story{
		api: estate(), config: discover, span: 2 * time.Hour, shards: settings["two replicas"], events: []event{
			{begin, overload(single, 0, 1)},
			{cut, func(w *world) { w.exporters[0].cut.Store(true) }},
			{end, overload(single, 0.01, 0.01)},
			{110 * time.Minute, func(w *world) { w.exporters[0].cut.Store(false) }},
		},
	}))
	line.expect(t,
		want{"FabricPortSaturated " + single, after(begin, 15*time.Minute, poll), after(end, 0, poll)},
		// Of a percentile, which is of a day or more, the higher one counts.
		want{"FabricPortNearlyFull " + single, after(begin, 30*time.Minute, poll), after(cut, 20*time.Minute, poll)},
		want{"FabricAccountDown prod", after(cut, noData+15*time.Minute, poll), after(110*time.Minute, 0, poll)},
	)
}

// Without a shard the sum would be that of the others. So its latest values count for
// a while, then there is no sum; and none while a shard that started anew has not asked
// for all of its ports.
func TestNoSumLeavesOutPorts(t *testing.T) {
	t.Parallel()
	const begin, kept, end = 70 * time.Minute, 81 * time.Minute, 100 * time.Minute
	recorded := record(t, story{
		api: estate(), config: discover + "api: {requests_per_second: 0.05, burst: 1}\n", span: 2 * time.Hour, shards: []string{"0/2", "1/2"}, events: []event{
			{begin, func(w *world) { w.exporters[1].down = true; w.exporters[1].stop() }},
			{end, func(w *world) { w.start(1); w.exporters[1].down = false }},
		},
	})
	e := newEngine(t, ruleFiles()...)
	e.newTimeline(recorded)
	before, gone := 0.0, 0
	for i, s := range recorded[10:] {
		v, err := e.prometheus().Instant(`equinix_fabric:account:traffic_bytes_per_second{direction="inbound"}`, s.at)
		at := s.at.Sub(recorded[0].at) + time.Minute
		switch {
		case err != nil:
			t.Fatal(err)
		case len(v) == 0:
			gone++
			if at < begin || at > end+10*time.Minute {
				t.Errorf("no sum at %v", at)
			}
		case kept < at && at < end:
			t.Errorf("the sum at %v is %v, without a shard", at, v[0].F)
		case i > 0 && v[0].F < 0.8*before: // an hour of night
			t.Errorf("the sum at %v is %v, after %v", at, v[0].F, before)
		default:
			before = v[0].F
		}
	}
	if gone < 20 {
		t.Errorf("there is no sum for %d minutes", gone)
	}
}
