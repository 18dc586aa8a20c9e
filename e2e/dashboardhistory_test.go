package e2e_test

import (
	"slices"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

// history is how much forecasts want: levels of a week, of which the first needs
// most of another one; and a little more.
const history = 13 * 24 * time.Hour

// growing are the ports and the pair of the demo that have a history. More would
// only take longer.
var growing = []string{"SG3-TRANSIT-10G", "SV5-CORE-PRI-10G", "SV5-CORE-PRI-10G + SV5-CORE-SEC-10G"}

// makeUpHistory gives the daily percentiles of the demo, which runs for seconds,
// the weeks that forecasts want: every hour what they are in a scrape, growing by
// a hundredth a day, and as much in the points of intervals. Over that it evaluates the
// rules that users load.
func (s *server) makeUpHistory(t *testing.T, scraped map[string]*dto.MetricFamily, now time.Time) {
	t.Helper()
	recording := slices.DeleteFunc(s.ruleGroups(t, "recording"), func(g *rules.Group) bool {
		return g.Name() != "equinix_fabric.series" && g.Interval() < time.Hour
	})
	thresholds := s.ruleGroups(t, "thresholds")
	hour := now.Truncate(time.Hour)
	for at := hour.Add(-history); at.Before(hour); at = at.Add(time.Hour) {
		app := s.db.Appender(t.Context())
		target := labels.NewBuilder(labels.FromStrings("job", "equinix_fabric", "instance", "history"))
		if _, err := app.Append(0, target.Set(model.MetricNameLabel, "up").Labels(), at.UnixMilli(), 1); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"port_traffic_p95_bytes_per_second", "pair_failover_utilization_p95_ratio"} {
			for _, m := range scraped[prefix+name].GetMetric() {
				if !slices.Contains(growing, label(m, "port_name")+label(m, "pair")) || label(m, "window") != "1d" {
					continue
				}
				l := labels.NewBuilder(target.Set(model.MetricNameLabel, prefix+name).Labels())
				for _, pair := range m.GetLabel() {
					l.Set(pair.GetName(), pair.GetValue())
				}
				level := 1 - 0.01*now.Sub(at).Hours()/24
				if _, err := app.Append(0, l.Labels(), at.UnixMilli(), level*m.GetGauge().GetValue()); err != nil {
					t.Fatal(err)
				}
				if label(m, "port_name") != "" {
					intervals(t, app, m, at, level*m.GetGauge().GetValue())
				}
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
		evaluate(t, at, thresholds, recording)
	}
}

// intervals appends an hour of points of a port, as remote_write would have sent them.
func intervals(t *testing.T, app storage.Appender, m *dto.Metric, at time.Time, mean float64) {
	t.Helper()
	for end := at.Add(-55 * time.Minute); !end.After(at); end = end.Add(5 * time.Minute) {
		for family, v := range map[string]float64{
			"mean_bytes_per_second": mean, "max_bytes_per_second": 1.1 * mean, "packets_dropped": 3, "packets_errored": 0,
		} {
			l := labels.FromStrings(model.MetricNameLabel, prefix+"port_interval_"+family, "resolution", "5m",
				"port_uuid", label(m, "port_uuid"), "port_name", label(m, "port_name"), "direction", label(m, "direction"))
			if _, err := app.Append(0, l, end.UnixMilli(), v); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// ruleGroups are those of a rule file in deploy/prometheus, in its order.
func (s *server) ruleGroups(t *testing.T, name string) []*rules.Group {
	t.Helper()
	file := "../deploy/prometheus/equinix_fabric." + name + ".yml"
	return prom.Groups(t, s.db, s.engine, file)
}

// evaluate evaluates groups at a time, one after the other.
func evaluate(t *testing.T, at time.Time, groups ...[]*rules.Group) {
	t.Helper()
	for _, g := range slices.Concat(groups...) {
		prom.Evaluate(t, g, at)
	}
}
