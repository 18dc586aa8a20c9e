package fabric_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// counts are intervals that end where they are said to.
func counts(n float64, ends ...string) (c []fabric.Count) {
	for _, end := range ends {
		c = append(c, fabric.Count{End: at(end), N: n})
	}
	return c
}

func TestPortMetrics(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.String() != base+"/fabric/v4/metrics/search" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		var want searchBody
		want.Filter.And = []searchCondition{
			{"/subject", "=", []string{"/fabric/v4/ports/" + portA}},
			{"/name", "IN", []string{
				"equinix.fabric.port.bandwidth_rx.usage", "equinix.fabric.port.bandwidth_tx.usage",
				"equinix.fabric.port.packets_dropped_rx.count", "equinix.fabric.port.packets_dropped_tx.count",
				"equinix.fabric.port.packets_erred_rx.count", "equinix.fabric.port.packets_erred_tx.count",
			}},
			{"/dataPoints/endDateTime", "BETWEEN", []string{"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"}},
			{"/interval", "=", []string{"PT5M"}},
		}
		want.Pagination.Limit = 100
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "sort") { // this search has no such thing
			t.Errorf("%s", body)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if diff := cmp.Diff(want, readSearch(t, r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, testdata(t, "metrics_port.json"))
	}}
	zone := time.FixedZone("elsewhere", 3600)
	got, err := newClient(t, a).PortMetrics(t.Context(), " "+strings.ToUpper(portA), from.In(zone), to.In(zone))
	if err != nil || a.count() != 1 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	want := &fabric.Traffic{
		Resolution: 5 * time.Minute,
		Inbound: fabric.Rates{
			Max: new(107.0), Mean: new(102.5),
			Points:  []fabric.Point{{at("2025-05-14T13:57:56Z"), 107, 107, false}, {at("2025-05-14T14:02:48.25Z"), 98, 98, false}},
			Dropped: []fabric.Count{{at("2025-05-14T13:57:56Z"), 7}, {at("2025-05-14T14:02:48Z"), 0}},
			Errored: counts(1, "2025-05-14T13:57:56Z"),
		},
		Outbound: fabric.Rates{
			Max: new(4e3), Mean: new(2.5e3),
			Points: []fabric.Point{{at("2025-05-14T14:02:48Z"), 2e3, 2e3, false}, {at("2025-05-14T13:57:56Z"), 3e3, 3e3, false}},
		},
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMetricsInterval(t *testing.T) {
	const day = 24 * time.Hour
	for span, want := range map[time.Duration]string{
		time.Hour: "PT5M", day: "PT5M", 7 * day: "PT5M", 7*day + 6*time.Hour: "PT5M",
		8*day - time.Second: "PT5M", 8 * day: "PT1H", 90 * day: "PT1H",
	} {
		a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
			if got := readSearch(t, r).Filter.And[3].Values[0]; got != want {
				t.Errorf("%v in %s, want %s", span, got, want)
			}
			return reply(200, `{}`)
		}}
		if _, err := newClient(t, a).PortMetrics(t.Context(), id("p"), to.Add(-span), to); err != nil {
			t.Error(err)
		}
	}
}

const (
	rx      = "equinix.fabric.port.bandwidth_rx.usage"
	tx      = "equinix.fabric.port.bandwidth_tx.usage"
	dropped = "equinix.fabric.port.packets_dropped_rx.count"
)

// portMetric is an element of an answer.
func portMetric(name, rest string) string { return fmt.Sprintf(`{"name":%q,%s}`, name, rest) }

func metricsPage(total int, metrics ...string) string {
	return fmt.Sprintf(`{"pagination":{"total":%d},"data":[%s]}`, total, strings.Join(metrics, ","))
}

func portMetrics(t testing.TB, body string) (*fabric.Traffic, error) {
	return newClient(t, always(200, body)).PortMetrics(t.Context(), id("p"), from, to)
}

func TestMetricsCorners(t *testing.T) {
	in := func(s fabric.Rates) *fabric.Traffic { return &fabric.Traffic{Inbound: s} }
	one := func(name, rest string) string { return metricsPage(1, portMetric(name, rest)) }
	const point = `"datapoints":[{"endDateTime":"2025-05-14T13:57:56Z","value":2}]`
	points := func(mean float64) []fabric.Point {
		return []fabric.Point{{at("2025-05-14T13:57:56Z"), mean, mean, false}}
	}
	for _, tt := range []struct {
		name, body string
		want       *fabric.Traffic
	}{
		{"no data", `{"pagination":{"total":0},"data":[]}`, &fabric.Traffic{}},
		{"nothing", `{}`, &fabric.Traffic{}},
		{"null data", `{"data":null}`, &fabric.Traffic{}},
		{"null metric", `{"data":[null]}`, &fabric.Traffic{}},
		{"null parts", one(rx, `"unit":null,"interval":null,"resource":null,"summary":null,"datapoints":null`), &fabric.Traffic{}},
		{"resolution without points", one(rx, `"interval":"PT1H"`), &fabric.Traffic{Resolution: time.Hour}},
		{"resolution of a counter", one(dropped, `"interval":"PT1H"`), &fabric.Traffic{}},
		{"no unit", one(rx, point), in(fabric.Rates{Max: new(2.0), Points: points(2)})},
		{"Mbps", one(rx, `"unit":"Mbps",`+point), in(fabric.Rates{Max: new(2e6), Points: points(2e6)})},
		{"unit of a counter", one(dropped, `"unit":"{packet}",`+point), in(fabric.Rates{Dropped: counts(2, "2025-05-14T13:57:56Z")})},
		{"unit nobody asked for", one("x", `"unit":"furlong","datapoints":[{"value":1}]`), &fabric.Traffic{}},
		{"summary as any text", one(rx, `"summary":"107 at noon"`), &fabric.Traffic{}},
		{"summary as empty text", one(rx, `"summary":""`), &fabric.Traffic{}},
		{"summary as text of another type", one(rx, `"summary":"[1]"`), &fabric.Traffic{}},
		{"summary as number", one(rx, `"summary":7`), &fabric.Traffic{}},
		{"summary of numbers as text", one(rx, `"summary":{"max":"4","mean":"3"}`), in(fabric.Rates{Max: new(4.0), Mean: new(3.0)})},
		{"summary half readable", one(rx, `"summary":{"mean":3,"max":{}}`), &fabric.Traffic{}},
		{"summary not finite", one(rx, `"summary":{"max":1e999,"mean":-1}`), &fabric.Traffic{}},
		{"values missing", one(rx, `"datapoints":[{},null,{"endDateTime":"x","value":null}]`), in(fabric.Rates{Points: []fabric.Point{}})},
		{"values that cannot be", one(rx, `"datapoints":[{"value":-1},{"value":1e999},{"value":1e15}]`), in(fabric.Rates{Points: []fabric.Point{}, Implausible: 3})},
		{"counts that cannot be", one(dropped, `"datapoints":[{"value":-1}]`), in(fabric.Rates{Dropped: []fabric.Count{}})},
		{"port in another case", one(rx, `"resource":{"uuid":"`+strings.ToUpper(id("p"))+`"},`+point), in(fabric.Rates{Max: new(2.0), Points: points(2)})},
		{"another port", one(rx, `"resource":{"uuid":"`+id("q")+`"},"unit":"furlong",`+point), &fabric.Traffic{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := portMetrics(t, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMetricsDecodeErrors(t *testing.T) {
	for _, tt := range []struct{ body, path, text string }{
		{`[]`, "", "array where object is expected"},
		{`{"data":{}}`, "data", "object where array is expected"},
		{`{"errorCode":"IC-9","errorMessage":"Internal Error"}`, "data", "missing; the answer says: IC-9: Internal Error"},
		{`{"data":null,"errorTitle":"Oops"}`, "data", "missing; the answer says: Oops"},
		{metricsPage(2, `{}`, portMetric(rx, `"unit":"byte/s"`)), "data[1].unit", `unknown unit "byte/s"`},
		{metricsPage(1, portMetric(tx, `"unit":"%"`)), "data[0].unit", `unknown unit "%"`},
		{metricsPage(1, portMetric(rx, `"datapoints":[{"value":[]}]`)), "data.datapoints.value", "array where number is expected"},
		{metricsPage(1, portMetric(rx, `"datapoints":[{},{"value":1}]`)), "data[0].datapoints[1].endDateTime", "missing"},
		{metricsPage(1, portMetric(dropped, `"datapoints":[{"value":1,"endDateTime":"noon"}]`)), "data[0].datapoints[0].endDateTime", `string "noon" is not an RFC 3339 time`},
	} {
		t.Run(tt.body, func(t *testing.T) {
			got, err := portMetrics(t, tt.body)
			e, ok := errors.AsType[*fabric.DecodeError](err)
			if !ok || got != nil {
				t.Fatalf("got %v, %v", got, err)
			}
			if e.Op != fabric.OpSearchMetrics || e.Path != tt.path || !strings.Contains(e.Error(), tt.text) {
				t.Errorf("path %q, %v", e.Path, e)
			}
		})
	}
}

func TestMetricsOnSeveralPages(t *testing.T) {
	point := func(second, value int) string {
		return fmt.Sprintf(`"datapoints":[{"endDateTime":"2025-05-14T13:57:%02dZ","value":%d}]`, second, value)
	}
	offsets := []int{0, 2, 3, 4}
	a := &api{answer: func(n int, r *http.Request) (*http.Response, error) {
		if got := readSearch(t, r).Pagination.Offset; got != offsets[n] {
			t.Errorf("page %d from %d", n, got)
		}
		return reply(200, []string{
			metricsPage(5, portMetric(rx, `"summary":{"max":4,"mean":2},`+point(1, 1)), portMetric(dropped, point(1, 5))),
			metricsPage(5, portMetric(tx, point(1, 9))),
			metricsPage(5, portMetric(rx, `"summary":{"max":3,"mean":3},`+point(2, 3))), // the rest of the first
			metricsPage(5, portMetric(dropped, point(2, 6))),
		}[n])
	}}
	got, err := newClient(t, a).PortMetrics(t.Context(), id("p"), from, to)
	if err != nil || a.count() != 4 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	first, second := at("2025-05-14T13:57:01Z"), at("2025-05-14T13:57:02Z")
	want := &fabric.Traffic{
		Inbound: fabric.Rates{
			Max: new(4.0), Mean: new(2.0), Points: []fabric.Point{{first, 1, 1, false}, {second, 3, 3, false}},
			Dropped: []fabric.Count{{first, 5}, {second, 6}},
		},
		Outbound: fabric.Rates{Max: new(9.0), Points: []fabric.Point{{first, 9, 9, false}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A metric may come in parts, so a later page may hold it again, but not begin with it.
func TestMetricsOfAServerThatIgnoresTheOffset(t *testing.T) {
	_, err := portMetrics(t, metricsPage(9, portMetric(rx, `"datapoints":[]`), portMetric(tx, `"datapoints":[]`)))
	if fabric.Reason(err) != fabric.ReasonDecode || !strings.Contains(err.Error(), "page 2 begins like the page before") {
		t.Error(err)
	}
}

// A server that never ends must not fill the memory: no port has so many intervals.
func TestMetricsOfARunawayServer(t *testing.T) {
	points := strings.TrimSuffix(strings.Repeat(`{"endDateTime":"2025-05-14T13:57:56Z","value":2},`, 20_000), ",")
	a := &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
		name := []string{"equinix.fabric.port.bandwidth_rx.usage", "equinix.fabric.port.packets_dropped_rx.count"}[n%2]
		return reply(200, metricsPage(1<<40, portMetric(name, `"datapoints":[`+points+`]`)))
	}}
	_, err := newClient(t, a).PortMetrics(t.Context(), id("p"), from, to)
	if a.count() != 4 || fabric.Reason(err) != fabric.ReasonDecode || !strings.Contains(err.Error(), "60000 datapoints in all") {
		t.Errorf("%d calls, %v", a.count(), err)
	}
}

func TestMetricsErrors(t *testing.T) {
	c := newClient(t, always(404, `[{"errorCode":"EQ-1","errorMessage":"none"}]`))
	if got, err := c.PortMetrics(t.Context(), id("p"), from, to); !fabric.Gone(err) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	a := always(200, `{}`)
	c = newClient(t, a)
	if _, err := c.PortMetrics(t.Context(), " ", from, to); err == nil || a.count() != 0 {
		t.Errorf("no port: %d calls, %v", a.count(), err)
	}
}
