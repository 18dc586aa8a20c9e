package e2e_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// scrapes is how many are looked at. The first is the one after everything was
// polled.
const scrapes = 6

func TestPrometheusReadsDemo(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	full(t, base, 0)
	s := newServer(t, strings.TrimPrefix(base, "http://"))
	at := s.scraped(t, scrapes)
	t.Run("families", func(t *testing.T) { testFamilies(t, s, at) })
	t.Run("native histogram", func(t *testing.T) { testNativeHistogram(t, s, at) })
	t.Run("no gaps", func(t *testing.T) { testNoGaps(t, s, at) })
	t.Run("invariants", func(t *testing.T) { testInvariants(t, s, at) })
	t.Run("fleet", func(t *testing.T) { testFleet(t, s, at) })
	t.Run("connections", func(t *testing.T) { testConnections(t, s, at) })
}

// stored are the names under which Prometheus stores a family, with the labels
// of the series.
func stored(f family) map[string][]string {
	if f.kind != "histogram" {
		return map[string][]string{f.name: f.labels}
	}
	return map[string][]string{
		f.name:             f.labels, // native
		f.name + "_count":  f.labels,
		f.name + "_sum":    f.labels,
		f.name + "_bucket": slices.Sorted(slices.Values(append([]string{"le"}, f.labels...))),
	}
}

func testFamilies(t *testing.T, s *server, at time.Time) {
	for _, f := range documented(t) {
		for name, documented := range stored(f) {
			v := s.query(t, name, at)
			if len(v) == 0 {
				t.Errorf("no %s", name)
			}
			for _, sample := range v {
				want, got := slices.Clone(documented), ownLabels(sample.Metric)
				if strings.HasSuffix(f.name, "_info") { // may have empty labels, which Prometheus drops
					want = slices.DeleteFunc(want, func(l string) bool { return !slices.Contains(got, l) })
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("labels of %v (-want +got):\n%s", sample.Metric, diff)
				}
			}
		}
	}
}

// ownLabels are the names of the labels that come from the exporter.
func ownLabels(l labels.Labels) []string {
	names := l.Map()
	for _, added := range []string{model.MetricNameLabel, "instance", "job"} {
		delete(names, added)
	}
	return slices.Sorted(maps.Keys(names))
}

func testNativeHistogram(t *testing.T, s *server, at time.Time) {
	const name = `api_request_duration_seconds`
	for _, sample := range s.query(t, prefix+name, at) {
		if sample.H == nil || sample.H.Count == 0 || sample.H.UsesCustomBuckets() {
			t.Errorf("%v is no native histogram with something in it", sample)
		}
	}
	holds(t, s, at, `histogram_count(`+name+`)`, `== `+prefix+name+`_count`)
	holds(t, s, at, `histogram_quantile(0.95, sum by (operation) (`+name+`))`, `> 0 < 60`)
	holds(t, s, at, `histogram_quantile(0.95, sum by (operation, le) (`+prefix+name+`_bucket))`, `> 0 < 60`)
}

// testNoGaps: whatever was polled once, each scrape that succeeds has it.
func testNoGaps(t *testing.T, s *server, at time.Time) {
	for _, f := range documented(t) {
		if f.name == prefix+"api_requests_total" || f.kind == "histogram" {
			continue // a series of these begins with the first call of its kind
		}
		holds(t, s, at, `count_over_time(`+f.name+`[10m])`, `== scalar(sum_over_time(up[10m]))`)
		holds(t, s, at, `count_over_time(`+f.name+`[10m])`, `and `+f.name)
	}
}

// testInvariants evaluates what is true of any fleet that can be polled.
func testInvariants(t *testing.T, s *server, at time.Time) {
	for _, c := range []struct{ subject, claim string }{
		{`port_traffic_p95_bytes_per_second`, `<= port_traffic_max_bytes_per_second`},
		{`port_traffic_avg_bytes_per_second`, `<= port_traffic_max_bytes_per_second`},
		{`port_traffic_max_bytes_per_second`, `<= on (port_uuid) group_left () port_capacity_bytes_per_second * 1.01`},
		{`port_traffic_last_bytes_per_second`, `<= on (port_uuid) group_left () port_capacity_bytes_per_second * 1.01`},
		{`port_traffic_last_bytes_per_second`, `<= ignoring (window) port_traffic_max_bytes_per_second{window="1d"}`},
		{`port_effective_capacity_bytes_per_second`, `<= port_capacity_bytes_per_second`},
		{`port_capacity_bytes_per_second`, `> 0`},
		{`sum by (port_uuid) (port_operational_status)`, `== 1`},
		{`count by (port_uuid) (port_operational_status)`, `== 3`},
		{`count by (port_uuid) (port_info)`, `== 1`},
		{`count by (port_uuid) (port_lifecycle_state)`, `== 1`},
		{`count by (window) (traffic_window_info)`, `== 1`},
		{`port_traffic_max_bytes_per_second`, `and on (window) traffic_window_info`},
		{`traffic_window_info`, `and on (window) port_traffic_max_bytes_per_second`},
		{
			`sum by (port_uuid, side) (port_connections_status)`,
			`== on (port_uuid) group_left () sum by (port_uuid) (port_connections)`,
		},
		{`port_info`, `and on (port_uuid) port_connections`},
		{`port_connections_bandwidth_bytes_per_second`, `>= 0`},
		{`time() - port_traffic_last_sample_timestamp_seconds`, `>= 0 < 25 * 60`},
		{`time() - port_poll_last_success_timestamp_seconds`, `>= 0 < 120`},
		{`token_expiry_timestamp_seconds`, `> time()`},
		{`port_poll_success`, `== 1`},
		{prefix + `up`, `== 1`},
		{`login_suspended`, `== 0`},
		{`config_last_reload_successful`, `== 1`},
		{`port_conflicts_total`, `== 0`},
		{`duplicates_total`, `== 0`},
		{`records_skipped_total`, `== 0`},
		{`implausible_intervals_total`, `== 0`},
		{`series_dropped`, `== 0`},
		{`api_errors_total{account="classic"}`, `== 0`},
		{`api_errors_total{account="metrics", reason!="not_found"}`, `== 0`}, // but the retired APIs
		{`count by (account, operation) (api_errors_total)`, `== 9`},
		{`port_metrics_attached`, `>= 0 <= 1`},
		{`port_packets_dropped_total`, `>= 0`},
		{`sum by (port_uuid) (port_lag_links)`, `>= 1`},
		{`api_requests_total`, `and on (operation) api_errors_total`},
	} {
		holds(t, s, at, c.subject, c.claim)
	}
	want := []string{"auth", "client", "decode", "forbidden", "not_found", "rate_limited", "server", "timeout", "transport"}
	reasons := s.query(t, complete(t, `count by (reason) (api_errors_total)`), at)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(by(t, reasons, "reason")))); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// testFleet asks what users ask, of a fleet that is known.
func testFleet(t *testing.T, s *server, at time.Time) {
	const lag, down, crowded = "AM3-BACKBONE-LAG-40G", "FR5-STANDBY-10G", "DA11-WHOLESALE-10G"
	const metricsLAG, disabled, unattached = "NY9-CORE-LAG-20G", "FR2-BRANCH-1G", "SY3-BRANCH-1G" // of the other account
	// The newest port has no statistics yet.
	const fresh = "LD8-NEWBUILD-100G"
	for _, q := range []struct {
		name, expr string
		want       map[string]float64 // by port_name
	}{
		{"links down", `port_operational_status{status="PARTIAL"} == 1`, map[string]float64{lag: 1, metricsLAG: 1}},
		{"port down", `port_operational_status{status="DOWN"} == 1`, map[string]float64{down: 1}},
		{
			"capacity lost", `port_effective_capacity_bytes_per_second < port_capacity_bytes_per_second`,
			map[string]float64{lag: 30e9 / 8, metricsLAG: 10e9 / 8, down: 0},
		},
		{"line rate", `port_capacity_bytes_per_second{port_name="` + lag + `"}`, map[string]float64{lag: 40e9 / 8}},
		{"crowded", `sum by (port_name) (port_connections) > 100`, map[string]float64{crowded: 130}},
		{"live", `port_connections{state="ACTIVE"} > 100`, map[string]float64{crowded: 130}},
		{"sold", `port_connections_bandwidth_bytes_per_second{port_name="` + crowded + `"}`, map[string]float64{crowded: 130 * 50e6 / 8}},
		{"unknown state", `port_lifecycle_state{state="RELOCATING"}`, map[string]float64{"NY5-PEERING-10G": 1}},
		{
			"nothing measured", `port_info unless on (port_uuid) port_traffic_last_bytes_per_second`,
			map[string]float64{fresh: 1, disabled: 1, unattached: 1},
		},
		{"not attached", `port_metrics_attached == 0`, map[string]float64{disabled: 0, unattached: 0}},
		{"LAG links", `port_lag_links{status="DOWN"} > 0`, map[string]float64{lag: 1, metricsLAG: 1, down: 1}},
		{"idle", `max by (port_name) (port_traffic_max_bytes_per_second{window="30d"}) == 0`, map[string]float64{down: 0}},
	} {
		if diff := cmp.Diff(q.want, by(t, s.query(t, complete(t, q.expr), at), "port_name")); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", q.name, q.expr, diff)
		}
	}
	testUtilisation(t, s, at)
}

func testUtilisation(t *testing.T, s *server, at time.Time) {
	const utilisation = `port_traffic_last_bytes_per_second / on (port_uuid) group_left () port_capacity_bytes_per_second`
	holds(t, s, at, `port_traffic_last_bytes_per_second`, `and on (port_uuid, direction) (`+utilisation+`)`)
	if v := s.query(t, complete(t, utilisation), at); len(v) != 2*17 {
		t.Errorf("want the utilisation of 17 ports in 2 directions, got%s", lines(v))
	}
	// Could either half of a redundant pair carry the load of both?
	pairs := s.query(t, complete(t, `
		  max by (redundancy_group) (
		    sum by (redundancy_group, direction) (
		      port_traffic_max_bytes_per_second{window="30d"}
		        * on (port_uuid) group_left (redundancy_group) port_info{redundancy_group!=""}))
		/
		  min by (redundancy_group) (
		    port_effective_capacity_bytes_per_second
		      * on (port_uuid) group_left (redundancy_group) port_info{redundancy_group!=""})`), at)
	over := 0
	for _, p := range pairs {
		if p.F > 1 {
			over++
		}
	}
	if len(pairs) != 3 || over != 1 {
		t.Errorf("want two pairs that could and one that could not, got%s", lines(pairs))
	}
}

// holds fails the test where a claim about a subject filters out any of its
// series, or where there are none.
func holds(t *testing.T, s *server, at time.Time, subject, claim string) {
	t.Helper()
	all := s.query(t, complete(t, subject), at)
	good := s.query(t, complete(t, subject+" "+claim), at)
	if len(all) == 0 || len(good) != len(all) {
		t.Errorf("%s %s holds for %d of %d series:%s\nof%s", subject, claim, len(good), len(all), lines(good), lines(all))
	}
}
