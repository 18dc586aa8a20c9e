package replay_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

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
				labels.MetricName, "equinix_fabric_port_interval_"+family, "port_uuid", p.UUID, "port_name", name, "direction", direction, "resolution", "5m")})
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

// TestPercentilesAreExact compares the percentiles of the rules with the ones that the
// exporter computes, around the ends of months.
func TestPercentilesAreExact(t *testing.T) {
	t.Parallel()
	began := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	api := estate()()
	e := newEngine(t, ruleFiles()...)
	e.db.DisableCompactions() // of which one would outlive the test
	i := slices.IndexFunc(e.groups, func(g *rules.Group) bool { return g.Name() == "equinix_fabric.intervals" })
	sent := map[string][]sample{} // means, by port and direction
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
		app := e.db.Appender(t.Context())
		for _, name := range []string{single, first} {
			for _, s := range points(api, name, last.Add(-time.Hour), at) {
				key := name + s.labels.Get("direction")
				if s.labels.Get(labels.MetricName) != "equinix_fabric_port_interval_mean_bytes_per_second" ||
					len(sent[key]) > 0 && !s.at.After(sent[key][len(sent[key])-1].at) ||
					name == first && s.at.Day() == 10 && s.at.Hour() == 5 { // a hole
					continue
				}
				sent[key] = append(sent[key], s)
				if _, err := app.Append(0, s.labels, s.at.UnixMilli(), s.value); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
		last = at
		prom.Evaluate(t, e.groups[i], at)
		month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
		for key, all := range sent {
			port, direction := single, key[len(single):]
			if key[:len(first)] == first {
				port, direction = first, key[len(first):]
			}
			uuid, _ := api.Fleet().Port(port)
			for window, of := range map[string]struct {
				from, to time.Time
				full     float64
			}{
				"7d":    {at.Add(-7*day - 31*time.Minute), at.Add(-31 * time.Minute), 2016},
				"30d":   {at.Add(-30*day - 31*time.Minute), at.Add(-31 * time.Minute), 8640},
				"month": {month, at, month.AddDate(0, 1, 0).Sub(month).Minutes() / 5},
			} {
				var means []float64
				for _, s := range all {
					if s.at.After(of.from) && !s.at.After(of.to) {
						means = append(means, s.value)
					}
				}
				where := `{port_uuid="` + uuid.UUID + `",direction="` + direction + `",window="` + window + `"}`
				p95, err := e.prometheus().Instant("equinix_fabric:port:interval_p95_quarterhourly_bytes_per_second"+where, at)
				coverage, more := e.prometheus().Instant("equinix_fabric:port:interval_coverage_quarterhourly_ratio"+where, at)
				if err != nil || more != nil {
					t.Fatal(err, more)
				}
				if len(means) == 0 {
					if len(p95)+len(coverage) > 0 {
						t.Errorf("%v: %s: %v and %v of no points", at, where, p95, coverage)
					}
					continue
				}
				if len(p95) != 1 || len(coverage) != 1 {
					t.Errorf("%v: %s: %d values of %d points", at, where, len(p95), len(means))
					continue
				}
				if want := float64(len(means)) / of.full; math.Abs(coverage[0].F-want) > 1e-9 {
					t.Errorf("%v: %s: coverage %v, want %v", at, where, coverage[0].F, want)
				}
				// Of the port with the hole, the result may be between two points.
				want := *fleet.Percentile95(means)
				slices.Sort(means)
				k, _ := slices.BinarySearch(means, want)
				low, high := want, want
				if port == first {
					low, high = means[max(k-1, 0)], means[min(k+1, len(means)-1)]
				}
				if v := p95[0].F; v < low*(1-1e-9) || v > high*(1+1e-9) {
					t.Errorf("%v: %s: %v of %d points, want %v to %v", at, where, v, len(means), low, high)
				}
			}
		}
	}
}
