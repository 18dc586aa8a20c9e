package fabric_test

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// Neither API says where its numbers come from, and the v3 API not even their
// unit. As Mbit/s each raw sample value is a whole number of bytes in an hour;
// the greatest common divisor rules larger units out.
func TestUnitOfTheSamplesIsMegabit(t *testing.T) {
	for name, values := range map[string][]float64{
		"v3": {
			0.002355751111111111, 0.0006338511111111111, 0.0011289177777777776, 0.00030397999999999997,
			0.0009884177777777778, 0.00014062666666666665, 0.0003326533333333333,
		},
		"v4": {41.99068261111111, 41.43428905111111, 31.38641687333333, 24.197777777777777},
	} {
		t.Run(name, func(t *testing.T) {
			divisor := 0
			for _, v := range values {
				octets := v * 1e6 * 3600 / 8
				if math.Abs(octets-math.Round(octets)) > 1e-9*octets {
					t.Errorf("%v makes %v bytes", v, octets)
				}
				if binary := v * (1 << 20) * 3600 / 8; name == "v3" && math.Abs(binary-math.Round(binary)) < 1e-4 {
					t.Errorf("%v would do as binary megabits too", v)
				}
				divisor = gcd(divisor, int(math.Round(octets)))
			}
			if divisor%1000 == 0 || name == "v3" && divisor != 1 {
				t.Errorf("gcd %d", divisor)
			}
		})
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// near compares rates but for the rounding of a multiplication.
var near = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) })

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestPortStatsV3(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		want := base + "/ecx/v3/stats/port/" + id("p") + "?endDate=2026-03-02T00%3A00%3A00Z&startDate=2026-03-01T00%3A00%3A00Z"
		if r.Method != http.MethodGet || r.URL.String() != want {
			t.Errorf("%s %s\nwant %s", r.Method, r.URL, want)
		}
		return reply(200, testdata(t, "stats_v3.json"))
	}}
	zone := time.FixedZone("elsewhere", 3600)
	got, err := newClient(t, a).PortStatsV3(t.Context(), " "+strings.ToUpper(id("p"))+" ", from.In(zone), to.In(zone))
	if err != nil {
		t.Fatal(err)
	}
	want := &fabric.Traffic{
		Capacity: new(1e9),
		Inbound: fabric.Rates{
			Max: new(2355.751111111111), Mean: new(1050.0154503046038), Last: new(1128.9177777777776),
			Points: []fabric.Point{{at("2019-07-24T05:00:00Z"), 988.4177777777778, 988.4177777777778, true}, {at("2019-07-24T09:00:00Z"), 988.4177777777778, 988.4177777777778, true}},
		},
		Outbound: fabric.Rates{
			Max: new(633.8511111111111), Mean: new(331.5938400648824), Last: new(303.97999999999997),
			Points: []fabric.Point{{at("2019-07-24T05:00:00Z"), 140.62666666666665, 140.62666666666665, true}, {at("2019-07-24T09:00:00Z"), 332.6533333333333, 332.6533333333333, true}},
		},
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPortStatsV4(t *testing.T) {
	for _, tt := range []struct {
		file string
		want *fabric.Traffic
	}{
		{"stats_v4_nested.json", &fabric.Traffic{
			Resolution: 5 * time.Minute, Capacity: new(1e10),
			Inbound: fabric.Rates{
				Max: new(68009056.23111112), Mean: new(48905623.10112), Last: new(41009056.23111112),
				Points: []fabric.Point{{at("2020-05-21T10:30:00Z"), 31386416.87333333, 45562314.5112009, true}},
			},
			Outbound: fabric.Rates{
				Max: new(41990682.61111111), Mean: new(33.7e6), Last: new(41434289.05111111),
				Points: []fabric.Point{{at("2020-05-21T10:30:00Z"), 24197777.777777777, 41990682.61111111, true}},
			},
		}},
		{"stats_v4_flat.json", &fabric.Traffic{
			Resolution: time.Hour, Capacity: new(1e10),
			Inbound: fabric.Rates{
				Max: new(4e6), Mean: new(2e6), // the maximum is that of the points
				Points: []fabric.Point{{at("2020-05-21T10:30:00.25Z"), 2.5e6, 3e6, true}, {at("2020-05-21T08:30:00Z"), 1e6, 4e6, true}},
			},
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
				want := base + "/fabric/v4/ports/" + id("p") + "/stats?endDateTime=2026-03-02T00%3A00%3A00Z&startDateTime=2026-03-01T00%3A00%3A00Z"
				if r.URL.String() != want {
					t.Errorf("%s\nwant %s", r.URL, want)
				}
				return reply(200, testdata(t, tt.file))
			}}
			got, err := newClient(t, a).PortStatsV4(t.Context(), strings.ToUpper(id("p")), from, to)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestStatsCorners(t *testing.T) {
	in := func(s fabric.Rates) *fabric.Traffic { return &fabric.Traffic{Inbound: s} }
	v4 := func(rates string) string { return `{"stats":{"bandwidthUtilization":` + rates + `}}` }
	one := func(unit string) string {
		return v4(`{"unit":` + unit + `,"inbound":{"mean":1}}`)
	}
	for _, tt := range []struct {
		name, op, body string
		want           *fabric.Traffic
	}{
		{"v3 only nulls", "v3", `{"InboundStats":null}`, &fabric.Traffic{}},
		{"v3 only empty", "v3", `{"inboundStats":[],"outboundStats":[]}`, in(fabric.Rates{})},
		{"v3 nulls", "v3", `{"capacity":null,"inboundMax":null,"inboundStats":null,"outboundStats":[null]}`, &fabric.Traffic{Outbound: fabric.Rates{Points: []fabric.Point{}}}},
		{"v3 unknown fields", "v3", `{"unit":[1],"x":{"y":1},"capacity":"1000"}`, &fabric.Traffic{Capacity: new(1e3)}},
		{"v3 negative and zero", "v3", `{"capacity":0,"inboundMax":-1,"inboundAvg":0}`, in(fabric.Rates{Mean: new(0.0)})},
		{"v3 not finite", "v3", `{"capacity":1e999,"inboundMax":1e303,"inboundAvg":"NaN","inboundLastPolled":"-Infinity"}`, &fabric.Traffic{}},
		{"v3 null mean", "v3", `{"inboundStats":[{"time":"x","mean":null},{"mean":-1}]}`, in(fabric.Rates{Points: []fabric.Point{}, Implausible: 1})},
		{"v3 odd", "v3", `{"inboundStats":[{"time":"2020-05-21T10:30:00Z","mean":1,"max":-1},{"mean":1e999},{"mean":1e9},{"mean":"NaN","max":"Infinity"}]}`,
			in(fabric.Rates{Points: []fabric.Point{{at("2020-05-21T10:30:00Z"), 1e6, 1e6, false}}, Implausible: 4})},
		{"v3 maximum of the points", "v3", `{"inboundStats":[{"max":1},{"max":3},{"max":2}]}`, in(fabric.Rates{Max: new(3e6), Points: []fabric.Point{}})},
		{"v3 maximum of points of 0", "v3", `{"inboundStats":[{"max":0}]}`, in(fabric.Rates{Max: new(0.0), Points: []fabric.Point{}})},
		{"v3 no line has more than 100 Tbit/s", "v3", `{"inboundMax":1e8,"inboundAvg":100000001}`, in(fabric.Rates{Max: new(1e14)})},
		{"v3 first and last time", "v3", `{"inboundStats":[{"mean":1,"time":"1970-01-01T00:00:01Z"},{"mean":1,"time":"2200-12-31T23:59:59Z"}]}`,
			in(fabric.Rates{Points: []fabric.Point{{at("1970-01-01T00:00:01Z"), 1e6, 1e6, false}, {at("2200-12-31T23:59:59Z"), 1e6, 1e6, false}}})},
		{"v3 empty string", "v3", `{"inboundMax":""}`, &fabric.Traffic{}},
		{"v4 only empty", "v4", `{"uuid":"` + id("p") + `","stats":{}}`, &fabric.Traffic{}},
		{"v4 nulls", "v4", `{"stats":null,"bandwidthUtilization":null,"bandwidth":null}`, &fabric.Traffic{}},
		{"v4 capacity as utilization", "v4", `{"bandwidthUtilization":100,"stats":{"bandwidthUtilization":{}}}`, &fabric.Traffic{Capacity: new(1e8)}},
		{"v4 Mbps", "v4", one(`"Mbps"`), in(fabric.Rates{Mean: new(1e6)})},
		{"v4 no unit", "v4", one(`null`), in(fabric.Rates{Mean: new(1e6)})},
		{"v4 bit/s", "v4", one(`"bit/s"`), in(fabric.Rates{Mean: new(1.0)})},
		{"v4 Kbps", "v4", one(`"Kbps"`), in(fabric.Rates{Mean: new(1e3)})},
		{"v4 Gbps", "v4", one(`"Gbps"`), in(fabric.Rates{Mean: new(1e9)})},
		{"v4 bps", "v4", one(`"bps"`), in(fabric.Rates{Mean: new(1.0)})},
		{"v4 kbps", "v4", one(`"kbps"`), in(fabric.Rates{Mean: new(1e3)})},
		{"v4 kbit/s", "v4", one(`"kbit/s"`), in(fabric.Rates{Mean: new(1e3)})},
		{"v4 Mbit/s", "v4", one(`"Mbit/s"`), in(fabric.Rates{Mean: new(1e6)})},
		{"v4 Gbit/s", "v4", one(`"Gbit/s"`), in(fabric.Rates{Mean: new(1e9)})},
		{"v4 PT1H30M", "v4", v4(`{"metricInterval":"PT1H30M"}`), &fabric.Traffic{Resolution: 90 * time.Minute}},
		{"v4 P1W", "v4", v4(`{"metricInterval":"P1W"}`), &fabric.Traffic{Resolution: 7 * 24 * time.Hour}},
		{"v4 P1D", "v4", v4(`{"metricInterval":"P1D"}`), &fabric.Traffic{Resolution: 24 * time.Hour}},
		{"v4 90 days", "v4", v4(`{"metricInterval":"P90D"}`), &fabric.Traffic{Resolution: 90 * 24 * time.Hour}},
		{"v4 90 days in parts", "v4", v4(`{"metricInterval":"P12W5DT24H"}`), &fabric.Traffic{Resolution: 90 * 24 * time.Hour}},
		{"v4 more than 90 days", "v4", v4(`{"metricInterval":"P91D"}`), &fabric.Traffic{}},
		{"v4 more than 90 days in parts", "v4", v4(`{"metricInterval":"P12W5DT25H"}`), &fabric.Traffic{}},
		{"v4 more than 90 days in seconds", "v4", v4(`{"metricInterval":"PT7776001S"}`), &fabric.Traffic{}},
		{"v4 PT300.5S", "v4", v4(`{"metricInterval":"PT300.5S"}`), &fabric.Traffic{Resolution: 5 * time.Minute}},
		{"v4 month", "v4", v4(`{"metricInterval":"P1M"}`), &fabric.Traffic{}},
		{"v4 odd interval", "v4", v4(`{"metricInterval":"often"}`), &fabric.Traffic{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := stats(t, tt.op, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func stats(t testing.TB, api, body string) (*fabric.Traffic, error) {
	c := newClient(t, always(200, body))
	if api == "v3" {
		return c.PortStatsV3(t.Context(), id("p"), from, to)
	}
	return c.PortStatsV4(t.Context(), id("p"), from, to)
}

func TestStatsDecodeErrors(t *testing.T) {
	for _, tt := range []struct{ op, body, path, text string }{
		{"v3", `{"capacity":"fast"}`, "capacity", `string "fast" where number is expected`},
		{"v3", `{"capacity":true}`, "capacity", "boolean where number is expected"},
		{"v3", `{"inboundStats":{}}`, "inboundStats", "object where array is expected"},
		{"v3", `{"inboundStats":[{"mean":[]}]}`, "inboundStats.mean", "array where number is expected"},
		{"v3", `{"inboundStats":[{},{"mean":1,"time":"2019-07-24 05:00"}]}`, "inboundStats[1].time", `string "2019-07-24 05:00" is not an RFC 3339 time`},
		{"v3", `{"outboundStats":[{"mean":1}]}`, "outboundStats[0].time", "missing"},
		{"v3", `{"outboundStats":[{"mean":1,"time":7}]}`, "outboundStats[0].time", "number is not an RFC 3339 time"},
		{"v3", `{"outboundStats":[{"mean":1,"time":"9999-01-01T00:00:00Z"}]}`, "outboundStats[0].time", "not an RFC 3339 time between 1970 and 2200"},
		{"v3", `{"outboundStats":[{"mean":1,"time":"1969-12-31T23:59:59Z"}]}`, "outboundStats[0].time", "not an RFC 3339 time between 1970 and 2200"},
		{"v3", `{"outboundStats":[{"mean":1,"time":"2201-01-01T00:00:00Z"}]}`, "outboundStats[0].time", "not an RFC 3339 time between 1970 and 2200"},
		{"v3", `{"capacity":"` + strings.Repeat("x", 38) + `"}`, "capacity", `string "` + strings.Repeat("x", 38) + `" where number is expected`},
		{"v3", `{"capacity":"` + strings.Repeat("x", 39) + `"}`, "capacity", "string where number is expected"},
		{"v3", `{}`, "", "statistics: missing"},
		{"v3", `null`, "", "statistics: missing"},
		{"v3", `{"uuid":"` + id("p") + `"}`, "", "statistics: missing"},
		{"v3", `{"errorCode":"IC-9","errorMessage":"Internal Error"}`, "", "statistics: missing; the answer says: IC-9: Internal Error"},
		{"v4", `{}`, "", "statistics: missing"},
		{"v4", `{"type":"XF_PORT","uuid":"` + id("p") + `"}`, "", "statistics: missing"},
		{"v4", `{"errorTitle":"Oops"}`, "", "statistics: missing; the answer says: Oops"},
		{"v4", `{"stats":{"bandwidthUtilization":{"unit":{}}}}`, "stats.bandwidthUtilization.unit", "object where string is expected"},
		{"v3", `[]`, "", "array where object is expected"},
		{"v4", `"x"`, "", "string where object is expected"},
		{"v4", `{"stats":{"bandwidthUtilization":{"unit":"MBps"}}}`, "stats.bandwidthUtilization.unit", `unknown unit "MBps"`},
		{"v4", `{"bandwidthUtilization":{"unit":"%"}}`, "bandwidthUtilization.unit", `unknown unit "%"`},
		{"v4", `{"bandwidthUtilization":[]}`, "bandwidthUtilization", "array where number is expected"},
		{"v4", `{"stats":{"bandwidthUtilization":{"inbound":{"max":{}}}}}`, "stats.bandwidthUtilization.inbound.max", "object where number is expected"},
		{"v4", `{"stats":{"bandwidthUtilization":{"outbound":{"metrics":[{"mean":1,"intervalEndTimestamp":"x"}]}}}}`,
			"stats.bandwidthUtilization.outbound.metrics[0].intervalEndTimestamp", `string "x" is not an RFC 3339 time`},
	} {
		t.Run(tt.body, func(t *testing.T) {
			_, err := stats(t, tt.op, tt.body)
			e, ok := errors.AsType[*fabric.DecodeError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if e.Path != tt.path || !strings.Contains(e.Error(), tt.text) {
				t.Errorf("path %q, %v", e.Path, e)
			}
		})
	}
}

func TestStatsOfNoPort(t *testing.T) {
	c := newClient(t, always(200, idle))
	if _, err := c.PortStatsV3(t.Context(), " ", from, to); err == nil {
		t.Error("v3 asks for all ports")
	}
	if _, err := c.PortStatsV4(t.Context(), "", from, to); err == nil {
		t.Error("v4 asks for all ports")
	}
}
