package replay_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// points are the intervals of a port that the API has at the time now and that end after
// from, as remote_write sends them. The newest ones are missing, as they come late.
func points(api *fabrictest.API, name string, from, now time.Time) (all []sample) {
	p, _ := api.Fleet().Port(name)
	put := func(family, direction string, at time.Time, v float64) {
		if at.After(from) {
			all = append(all, sample{at: at, value: v, labels: labels.FromStrings(
				model.MetricNameLabel, "equinix_fabric_port_interval_"+family, "port_uuid", p.UUID, "port_name", name, "direction", direction, "resolution", "5m")})
		}
	}
	packets := map[string]string{
		fabrictest.MetricPortDroppedRx: "packets_dropped", fabrictest.MetricPortDroppedTx: "packets_dropped",
		fabrictest.MetricPortErredRx: "packets_errored", fabrictest.MetricPortErredTx: "packets_errored",
	}
	for from, to := from, from; to.Before(now); from = to {
		to = from.Add(6 * day) // longer windows have no intervals of 5 minutes
		if to.After(now) {
			to = now
		}
		for direction, d := range map[string]fabrictest.Direction{"inbound": fabrictest.Inbound, "outbound": fabrictest.Outbound} {
			for _, s := range api.Truth(p.UUID, d, from, to, 5*time.Minute, now) {
				if s.End.After(from) { // not the interval that contains from, which the slice before has
					put("mean_bytes_per_second", direction, s.End, s.Mean*1e6/8)
					put("max_bytes_per_second", direction, s.End, s.Max*1e6/8)
				}
			}
		}
		for metric, family := range packets {
			direction := map[bool]string{true: "inbound", false: "outbound"}[metric == fabrictest.MetricPortDroppedRx || metric == fabrictest.MetricPortErredRx]
			for _, s := range api.MetricTruth(p.UUID, metric, from, to, 5*time.Minute, now) {
				put(family, direction, s.End.Truncate(time.Minute), s.Value)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b sample) int { return a.at.Compare(b.at) })
	return all
}

const intervalMean = "equinix_fabric_port_interval_mean_bytes_per_second"

// TestPercentilesAreExact compares the percentiles of the rules with the one that the
// exporter computes, around the ends of months.
func TestPercentilesAreExact(t *testing.T) {
	t.Parallel()
	api, e := estate()(), newEngine(t, ruleFiles()...)
	e.db.DisableCompactions() // of which one would outlive the test
	i := slices.IndexFunc(e.groups, func(g *rules.Group) bool { return g.Name() == "equinix_fabric.intervals" })
	sent := map[string][]sample{} // means, by the labels that identify a direction of a port
	began := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	last := began
	for _, at := range []time.Time{
		began.Add(50 * time.Minute),
		began.Add(9*day + 7*time.Hour + 1234*time.Millisecond),
		time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC),
		time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 2, 1, 0, 30, 0, 1e6, time.UTC),
		time.Date(2027, 2, 14, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 2, 28, 23, 47, 0, 0, time.UTC),
		time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC),
	} {
		var now scrape
		for _, name := range []string{single, first} {
			for _, s := range points(api, name, last.Add(-time.Hour), at) {
				of := `port_uuid="` + s.labels.Get("port_uuid") + `",direction="` + s.labels.Get("direction") + `"`
				hole := name == first && s.at.Day() == 10 && s.at.Hour() == 5
				known := len(sent[of]) > 0 && !s.at.After(sent[of][len(sent[of])-1].at)
				if s.labels.Get(model.MetricNameLabel) == intervalMean && !hole && !known {
					sent[of] = append(sent[of], s)
					now.samples = append(now.samples, s)
				}
			}
		}
		last = at
		e.append(now)
		prom.Evaluate(t, e.groups[i], at)
		month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
		late := at.Add(-31 * time.Minute)
		whole, _ := api.Fleet().Port(single)
		for of, all := range sent {
			exact := strings.Contains(of, whole.UUID)
			for _, w := range []span{
				{"7d", late.Add(-7 * day), late, 2016}, {"30d", late.Add(-30 * day), late, 8640},
				{"month", month, at, month.AddDate(0, 1, 0).Sub(month).Minutes() / 5},
			} {
				e.checkPercentile(of+`,window="`+w.name+`"`, all, at, w, exact)
			}
		}
	}
}

// span is a window of points that end after from, and not after to.
type span struct {
	name      string
	from, to  time.Time
	intervals float64 // in the whole window
}

// checkPercentile compares what is recorded at a time with the points of one direction of
// a port. The percentile of a port that misses points which others have is not exact: it
// may lie between two points.
func (e *engine) checkPercentile(of string, all []sample, at time.Time, w span, exact bool) {
	e.Helper()
	var means []float64
	for _, s := range all {
		if s.at.After(w.from) && !s.at.After(w.to) {
			means = append(means, s.value)
		}
	}
	recorded := func(name string) []float64 {
		var values []float64
		v, err := e.prometheus().Instant("equinix_fabric:port:interval_"+name+"{"+of+"}", at)
		if err != nil {
			e.Fatal(err)
		}
		for _, s := range v {
			values = append(values, s.F)
		}
		return values
	}
	p95, coverage := recorded("p95_quarterhourly_bytes_per_second"), recorded("coverage_quarterhourly_ratio")
	if len(means) == 0 {
		if len(p95)+len(coverage) > 0 {
			e.Errorf("%v: %s: %v and %v of no points", at, of, p95, coverage)
		}
		return
	}
	if len(p95) != 1 || len(coverage) != 1 || math.Abs(coverage[0]-float64(len(means))/w.intervals) > 1e-9 {
		e.Errorf("%v: %s: %v of %v, there are %d points of %v", at, of, p95, coverage, len(means), w.intervals)
		return
	}
	want := *fleet.Percentile95(means)
	low, high := want, want
	if !exact {
		slices.Sort(means)
		k, _ := slices.BinarySearch(means, want)
		low, high = means[max(k-1, 0)], means[min(k+1, len(means)-1)]
	}
	if p95[0] < low*(1-1e-9) || p95[0] > high*(1+1e-9) {
		e.Errorf("%v: %s: %v of %d points, want %v to %v", at, of, p95[0], len(means), low, high)
	}
}

// The graph has every interval at its end. An hour, where there is nothing better, is drawn
// from its beginning to its end.
func TestPortDrawsEveryInterval(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC)
	api, e := estate()(), newEngine(t)
	sent := scrape{samples: points(api, single, at.Add(-2*day), at)}
	fine, _ := api.Fleet().Port(single)
	coarse, _ := api.Fleet().Port(first)
	for _, direction := range []string{"inbound", "outbound"} {
		for h := range 48 {
			for _, family := range []string{"mean", "max"} {
				sent.samples = append(sent.samples, sample{
					at: at.Add(time.Duration(h-47) * time.Hour), value: float64(h),
					labels: labels.FromStrings(model.MetricNameLabel, "equinix_fabric_port_interval_"+family+"_bytes_per_second",
						"port_uuid", coarse.UUID, "port_name", first, "direction", direction, "resolution", "1h"),
				})
			}
		}
	}
	e.append(sent)
	drawn := func(title, uuid string) (maximum, mean grafana.Series) {
		boards, err := grafana.Load("../../dashboards")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range boards {
			for _, panel := range d.Asking() {
				if panel.Title != title {
					continue
				}
				answers, err := e.prometheus().Ask(d, panel, grafana.Choice{"port": {uuid}}, at)
				if err != nil || len(answers) != 2 || len(answers[0].Series) != 1 || len(answers[1].Series) != 1 {
					t.Fatalf("%s: %v, %v", title, answers, err)
				}
				return answers[0].Series[0], answers[1].Series[0]
			}
		}
		t.Fatalf("there is no panel %s", title)
		return maximum, mean
	}
	for title, direction := range map[string]fabrictest.Direction{
		"Inbound by interval: mean and maximum": fabrictest.Inbound, "Outbound by interval: mean and maximum": fabrictest.Outbound,
	} {
		maximum, mean := drawn(title, fine.UUID)
		truth := api.Truth(fine.UUID, direction, at.Add(-day), at, 5*time.Minute, at)
		if len(truth) < 280 {
			t.Fatalf("only %d intervals", len(truth))
		}
		for _, s := range truth {
			i := slices.IndexFunc(mean.Times, s.End.Equal)
			if i < 0 || math.Abs(mean.Values[i]-s.Mean*1e6) > 1 || math.Abs(maximum.Values[i]-s.Max*1e6) > 1 {
				t.Errorf("%s: %v is not drawn as it was (%d)", title, s, i)
			}
		}
		_, hours := drawn(title, coarse.UUID)
		for i, when := range hours.Times {
			if want := 8 * math.Ceil(when.Sub(at).Hours()+47); hours.Values[i] != want && when.Minute() != 0 {
				t.Errorf("%s: %v at %v, want %v", title, hours.Values[i], when, want)
			}
		}
		if len(hours.Times) < 288 {
			t.Errorf("%s: an hour has gaps: %d steps of 289", title, len(hours.Times))
		}
	}
}
