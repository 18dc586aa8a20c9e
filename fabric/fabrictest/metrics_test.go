package fabrictest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const metricsSearch = "/fabric/v4/metrics/search"

type metricAnswer struct {
	Type, Name, Unit, Interval string
	Resource                   struct{ UUID, Type, Name string }
	Summary                    json.RawMessage
	Datapoints                 []struct {
		EndDateTime time.Time
		Value       *float64
	}
}

func (m metricAnswer) points() []fabrictest.Datapoint {
	var out []fabrictest.Datapoint
	for _, p := range m.Datapoints {
		out = append(out, fabrictest.Datapoint{End: p.EndDateTime, Value: *p.Value})
	}
	return out
}

type metricPage struct {
	Pagination struct{ Offset, Limit, Total int }
	Data       []metricAnswer
}

var portNames = []string{
	fabrictest.MetricPortRx, fabrictest.MetricPortTx, fabrictest.MetricPortDroppedRx,
	fabrictest.MetricPortDroppedTx, fabrictest.MetricPortErredRx, fabrictest.MetricPortErredTx,
}

// metricsAccount is the account of DemoMetrics.
func metricsAccount(t testing.TB) (*fabrictest.API, *client) {
	t.Helper()
	fleet := fabrictest.DemoMetrics(0)
	return newClient(t, fabrictest.Options{Fleet: &fleet})
}

func condition(property, operator string, values ...string) string {
	b, _ := json.Marshal(map[string]any{"property": property, "operator": operator, "values": values})
	return string(b)
}

func metricsBody(subject string, names []string, from, to time.Time, more ...string) string {
	conditions := append([]string{
		condition("/subject", "=", "/fabric/v4/"+subject), condition("/name", "IN", names...),
		condition("/dataPoints/endDateTime", "BETWEEN", stamp(from), stamp(to)),
	}, more...)
	return `{"filter":{"and":[` + strings.Join(conditions, ",") + `]}}`
}

func TestSearchMetricsMatchesTheTruth(t *testing.T) {
	for _, tc := range []struct {
		name, interval string
		span           time.Duration
		more           []string
	}{
		{"an hour", "PT5M", time.Hour, nil},
		{"seven days", "PT5M", 7 * day, nil},
		{"eight days", "PT1H", 8 * day, nil},
		{"hours of a day", "PT1H", day, []string{condition("/interval", "=", "PT1H")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, c := metricsAccount(t)
			id, from := uuid(t, api, fabrictest.MetricsDropping), now.Add(-tc.span)
			var got metricPage
			c.decode(&got, "POST", metricsSearch, metricsBody("ports/"+id, portNames, from, now, tc.more...))
			if got.Pagination.Total != len(portNames) || len(got.Data) != len(portNames) {
				t.Fatalf("%+v with %d metrics", got.Pagination, len(got.Data))
			}
			resolution := map[string]time.Duration{"PT5M": fiveMinutes, "PT1H": time.Hour}[tc.interval]
			for i, m := range got.Data {
				if m.Name != portNames[i] || m.Interval != tc.interval || m.Resource.UUID != id {
					t.Errorf("metric %d is %s by %s of %s", i, m.Name, m.Interval, m.Resource.UUID)
				}
				want := api.MetricTruth(id, m.Name, from, now, resolution, now)
				if diff := cmp.Diff(want, m.points()); diff != "" {
					t.Errorf("%s (-want +got)\n%s", m.Name, diff)
				}
			}
		})
	}
}

func TestMetricsAreTheTrafficOfTheStatistics(t *testing.T) {
	api, _ := metricsAccount(t)
	for _, p := range api.Fleet().Ports {
		for d, name := range map[fabrictest.Direction]string{
			fabrictest.Inbound: fabrictest.MetricPortRx, fabrictest.Outbound: fabrictest.MetricPortTx,
		} {
			var want, got []fabrictest.Datapoint
			for _, s := range api.Truth(p.UUID, d, now.Add(-day), now, fiveMinutes, now) {
				if !s.End.Before(now.Add(-day)) {
					want = append(want, fabrictest.Datapoint{End: s.End, Value: math.Round(s.Mean * 1e6)})
				}
			}
			last := time.Time{}
			for _, point := range api.MetricTruth(p.UUID, name, now.Add(-day), now, fiveMinutes, now) {
				end := point.End.Truncate(fiveMinutes)
				if late := point.End.Sub(end); late < 0 || late > 5*time.Second || !point.End.After(last) {
					t.Fatalf("%s: a point at %v after %v", p.Name, point.End, last)
				}
				last = point.End
				got = append(got, fabrictest.Datapoint{End: end, Value: math.Round(point.Value)})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-statistics +metrics)\n%s", p.Name, name, diff)
			}
		}
	}
}

func TestMetricSummaryIsTextOnSomePorts(t *testing.T) {
	api, c := metricsAccount(t)
	for name, text := range map[string]bool{fabrictest.MetricsTwinA: false, fabrictest.MetricsTwinB: true} {
		id := uuid(t, api, name)
		var got metricPage
		c.decode(&got, "POST", metricsSearch, metricsBody("ports/"+id, portNames[:1], now.Add(-day), now))
		raw := got.Data[0].Summary
		if text {
			var inner string
			if err := json.Unmarshal(raw, &inner); err != nil {
				t.Fatalf("%s: summary %s: %v", name, raw, err)
			}
			raw = []byte(inner)
		}
		var summary struct{ Mean, Max float64 }
		if err := json.Unmarshal(raw, &summary); err != nil {
			t.Fatalf("%s: summary %s: %v", name, raw, err)
		}
		top := slices.MaxFunc(got.Data[0].points(), func(a, b fabrictest.Datapoint) int { return int(a.Value - b.Value) })
		if summary.Max != top.Value || summary.Mean <= 0 || summary.Mean >= summary.Max {
			t.Errorf("%s: summary %+v; the highest mean is %v", name, summary, top.Value)
		}
	}
}

func TestPacketsAreCountedWhereTheyComeToHarm(t *testing.T) {
	api, _ := metricsAccount(t)
	for _, p := range api.Fleet().Ports {
		for _, name := range portNames[2:] {
			sum := 0.0
			for _, point := range api.MetricTruth(p.UUID, name, now.Add(-7*day), now, fiveMinutes, now) {
				sum += point.Value
			}
			harm := p.Name == fabrictest.MetricsDropping && name == fabrictest.MetricPortDroppedTx ||
				p.Name == fabrictest.MetricsLAG && strings.Contains(name, "erred")
			if harm != (sum > 0) {
				t.Errorf("%s: %s adds up to %v", p.Name, name, sum)
			}
		}
	}
}

func TestMetricsNeedAnAttachment(t *testing.T) {
	api, c := metricsAccount(t)
	count := func(name string) int {
		var got metricPage
		c.decode(&got, "POST", metricsSearch, metricsBody("ports/"+uuid(t, api, name), portNames, now.Add(-day), now))
		return len(got.Data)
	}
	for _, name := range []string{fabrictest.MetricsDisabled, fabrictest.MetricsUnattached} {
		if n := count(name); n != 0 {
			t.Errorf("%s has %d metrics", name, n)
		}
	}
	id := uuid(t, api, fabrictest.MetricsUnattached)
	for status, want := range map[string]int{fabrictest.Attached: 6, fabrictest.Attaching: 0, fabrictest.AttachFailed: 0} {
		if err := api.SetStream(id, fabrictest.Stream{UUID: "s", Status: status, MetricsEnabled: true}); err != nil {
			t.Fatal(err)
		}
		if n := count(fabrictest.MetricsUnattached); n != want {
			t.Errorf("%s: %d metrics; want %d", status, n, want)
		}
	}
}

func TestMetricsPageByMetric(t *testing.T) {
	api, c := metricsAccount(t)
	id := uuid(t, api, fabrictest.MetricsPrimary)
	body := strings.TrimSuffix(metricsBody("ports/"+id, portNames, now.Add(-day), now), "}") + `,"pagination":{"offset":4,"limit":4}}`
	var got metricPage
	c.decode(&got, "POST", metricsSearch, body)
	if got.Pagination.Total != 6 || len(got.Data) != 2 || len(got.Data[0].Datapoints) < 280 {
		t.Errorf("%+v with %d metrics", got.Pagination, len(got.Data))
	}
}

func TestMetricsOfOneAsset(t *testing.T) {
	api, c := metricsAccount(t)
	id := uuid(t, api, fabrictest.MetricsPrimary)
	path := fmt.Sprintf("/fabric/v4/ports/%s/metrics?name=%s&fromDateTime=%s&toDateTime=%s", id, fabrictest.MetricPortTx, stamp(now.Add(-day)), stamp(now))
	var got metricPage
	c.decode(&got, "GET", path, "")
	want := api.MetricTruth(id, fabrictest.MetricPortTx, now.Add(-day), now, fiveMinutes, now)
	if diff := cmp.Diff(want, got.Data[0].points()); diff != "" || got.Data[0].Unit != "bit/s" {
		t.Errorf("in %s (-want +got)\n%s", got.Data[0].Unit, diff)
	}
	c.wantError(http.StatusBadRequest, "EQ-3000035", "GET", path+"&limit=0", "")
	c.wantError(http.StatusNotFound, "EQ-3045811", "GET", "/fabric/v4/ports/nobody/metrics?name="+fabrictest.MetricPortTx, "")
}

func TestSearchMetricsRefusals(t *testing.T) {
	api, c := metricsAccount(t)
	subject := "ports/" + uuid(t, api, fabrictest.MetricsPrimary)
	and := func(conditions ...string) string { return `{"filter":{"and":[` + strings.Join(conditions, ",") + `]}}` }
	is, name := condition("/subject", "=", "/fabric/v4/"+subject), condition("/name", "IN", portNames...)
	for _, tc := range []struct {
		name, body, want string
		status           int
	}{
		{"no subject", and(name), `"/subject"`, 400},
		{"no name", and(is), "/name are required", 400},
		{"two subjects", and(condition("/subject", "=", "a", "b"), name), "Limited to 1 value", 400},
		{"unknown property", and(is, name, condition("/colour", "=", "x")), "/colour", 400},
		{"unknown interval", and(is, name, condition("/interval", "=", "P1D")), "P1D", 400},
		{"half a range", and(is, name, condition("/dataPoints/endDateTime", "BETWEEN", stamp(now))), "2 values", 400},
		{"a range backwards", metricsBody(subject, portNames, now, now.Add(-day)), "positive", 400},
		{"no such port", metricsBody("ports/x", portNames, now.Add(-day), now), "EQ-3045811", 404},
		{"no such kind", metricsBody("routers/x", portNames, now.Add(-day), now), "EQ-3045811", 404},
	} {
		t.Run(tc.name, func(t *testing.T) { c.wantError(tc.status, tc.want, "POST", metricsSearch, tc.body) })
	}
}

func TestFaultsOfMetrics(t *testing.T) {
	api, c := metricsAccount(t)
	id := uuid(t, api, fabrictest.MetricsPrimary)
	read := func(f fabrictest.Fault) (got metricPage) {
		defer api.Inject(f)()
		c.decode(&got, "POST", metricsSearch, metricsBody("ports/"+id, portNames[:1], now.Add(-day), now))
		return got
	}
	if m := read(fabrictest.Fault{EmptyPoints: true}).Data[0]; len(m.Datapoints) != 0 || string(m.Summary) != "null" {
		t.Errorf("empty: %d points, summary %s", len(m.Datapoints), m.Summary)
	}
	in := func(m metricAnswer) bool {
		return slices.IsSortedFunc(m.points(), func(a, b fabrictest.Datapoint) int { return a.End.Compare(b.End) })
	}
	if !in(read(fabrictest.Fault{}).Data[0]) || in(read(fabrictest.Fault{Shuffle: true}).Data[0]) {
		t.Error("points are in disorder without the fault, or in order with it")
	}
}

func TestMetroMetrics(t *testing.T) {
	_, c := metricsAccount(t)
	var got metricPage
	c.decode(&got, "GET", "/fabric/v4/metrics?name=equinix.fabric.metro.*.latency&value=last&limit=5000", "")
	if got.Pagination.Total != 90 || len(got.Data) != 90 || got.Data[0].Unit != "ms" || len(got.Data[0].Datapoints) != 1 || *got.Data[0].Datapoints[0].Value <= 0 {
		t.Errorf("%+v with %+v", got.Pagination, got.Data[0])
	}
}

func TestByteCountsAreTheTrafficOfConnections(t *testing.T) {
	api, _ := metricsAccount(t)
	c := named(t, api, fabrictest.MetricsThrottled)
	for rate, count := range map[string]string{
		fabrictest.MetricConnectionRx: fabrictest.MetricConnectionBytesRx, fabrictest.MetricConnectionTx: fabrictest.MetricConnectionBytesTx,
	} {
		rates := api.MetricTruth(c.UUID, rate, now.Add(-day), now, fiveMinutes, now)
		counts := api.MetricTruth(c.UUID, count, now.Add(-day), now, fiveMinutes, now)
		if len(rates) < 280 || len(counts) != len(rates) {
			t.Fatalf("%d rates, %d byte counts", len(rates), len(counts))
		}
		for i, p := range counts {
			if p.Value*8/fiveMinutes.Seconds() != rates[i].Value || !p.End.Equal(rates[i].End) {
				t.Fatalf("%v bytes until %v; %v bit/s until %v", p.Value, p.End, rates[i].Value, rates[i].End)
			}
		}
	}
}

const assetsSearch = "/fabric/v4/streamAssets/search"

type assetPage struct {
	Pagination struct{ Total int }
	Data       []struct {
		UUID, Type, AttachmentStatus, Href, StreamUUID, ProjectID string
		MetricsEnabled                                            bool
	}
}

func TestSearchStreamAssets(t *testing.T) {
	api, c := metricsAccount(t)
	ports := func() map[string]string {
		var page assetPage
		c.decode(&page, "POST", assetsSearch, `{"filter":{"property":"/type","operator":"=","values":["XF_PORT"]},"pagination":{"limit":100}}`)
		byUUID := map[string]string{}
		for _, asset := range page.Data {
			byUUID[asset.UUID] = fmt.Sprint(asset.AttachmentStatus, " ", asset.MetricsEnabled)
		}
		got := map[string]string{}
		for _, p := range api.Fleet().Ports {
			if s, ok := byUUID[p.UUID]; ok {
				got[p.Name] = s
			}
		}
		return got
	}
	want := map[string]string{
		fabrictest.MetricsPrimary: "ATTACHED true", fabrictest.MetricsSecondary: "ATTACHED true",
		fabrictest.MetricsTwinA: "ATTACHED true", fabrictest.MetricsTwinB: "ATTACHED true",
		fabrictest.MetricsDropping: "ATTACHED true", fabrictest.MetricsLAG: "ATTACHED true",
		fabrictest.MetricsDisabled: "ATTACHED false",
	}
	if diff := cmp.Diff(want, ports()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := api.SetStream(uuid(t, api, fabrictest.MetricsPrimary), fabrictest.Stream{}); err != nil {
		t.Fatal(err)
	}
	delete(want, fabrictest.MetricsPrimary)
	if diff := cmp.Diff(want, ports()); diff != "" {
		t.Errorf("after one was detached (-want +got)\n%s", diff)
	}
	var all assetPage
	c.decode(&all, "POST", assetsSearch, `{}`) // the filter is optional
	if all.Pagination.Total != 6+12 {
		t.Errorf("%d assets, connections included", all.Pagination.Total)
	}
	secondary := uuid(t, api, fabrictest.MetricsSecondary)
	p, _ := api.Fleet().Port(fabrictest.MetricsSecondary)
	c.decode(&all, "POST", assetsSearch, `{"filter":`+condition("/uuid", "=", secondary)+`}`)
	if a := all.Data[0]; !strings.HasSuffix(a.Href, "/fabric/v4/ports/"+secondary) || a.StreamUUID != p.Stream.UUID || a.ProjectID != p.ProjectID {
		t.Errorf("the asset is told as %+v", a)
	}
}

func TestStreamsTakeFiftyAssets(t *testing.T) {
	fleet := fabrictest.Generate(1, 120, 10)
	fleet.Attach()
	api, _ := newClient(t, fabrictest.Options{Fleet: &fleet})
	count := map[string]int{}
	for _, p := range fleet.Ports {
		count[p.Stream.UUID]++
	}
	for _, c := range fleet.Connections {
		count[c.Stream.UUID]++
	}
	if full := fleet.Ports[0].Stream; len(count) != 3 || count[full.UUID] != 50 {
		t.Errorf("assets by stream: %v", count)
	}
	if err := api.SetStream("nobody", fabrictest.Stream{}); err == nil {
		t.Error("an asset that does not exist was attached")
	}
	if err := api.SetStream(fleet.Connections[9].UUID, fabrictest.Stream{UUID: "s"}); err != nil {
		t.Error(err)
	}
}
