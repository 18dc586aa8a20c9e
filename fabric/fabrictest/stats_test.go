package fabrictest_test

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const (
	day         = 24 * time.Hour
	fiveMinutes = 5 * time.Minute
)

type pointV3 struct {
	Time      time.Time
	Max, Mean *float64
}

type answerV3 struct {
	Capacity               int64
	InboundMax, InboundAvg *float64
	InboundLastPolled      *float64
	InboundStats           []pointV3
	OutboundMax            *float64
	OutboundStats          []pointV3
	OutboundLastPolled     *float64
}

type pointV4 struct {
	IntervalEndDateTime time.Time
	Max, Mean           *float64
}

type answerV4 struct {
	UUID      string
	Bandwidth int64
	Stats     struct {
		BandwidthUtilization struct {
			Unit, MetricInterval string
			Inbound, Outbound    struct {
				Max, Mean, LastPolled *float64
				Metrics               []pointV4
			}
		}
	}
}

func (a answerV3) inbound() []fabrictest.Sample {
	var out []fabrictest.Sample
	for _, p := range a.InboundStats {
		out = append(out, fabrictest.Sample{End: p.Time, Mean: *p.Mean, Max: *p.Max})
	}
	return out
}

func (a answerV4) outbound() []fabrictest.Sample {
	var out []fabrictest.Sample
	for _, p := range a.Stats.BandwidthUtilization.Outbound.Metrics {
		out = append(out, fabrictest.Sample{End: p.IntervalEndDateTime, Mean: *p.Mean, Max: *p.Max})
	}
	return out
}

func TestPortStatsV3MatchesTheTruth(t *testing.T) {
	for _, tc := range []struct {
		name       string
		span       time.Duration
		resolution time.Duration
	}{
		{"an hour", time.Hour, fiveMinutes},
		{"a day", day, fiveMinutes},
		{"seven days", 7 * day, fiveMinutes},
		{"eight days", 8 * day, time.Hour},
		{"ninety days", 90 * day, time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, c := newClient(t, fabrictest.Options{})
			id, from := uuid(t, api, fabrictest.DemoPrimary), now.Add(-tc.span)
			var got answerV3
			c.decode(&got, "GET", statsV3(id, from, now), "")
			want := api.Truth(id, fabrictest.Inbound, from, now, tc.resolution, now)
			if diff := cmp.Diff(want, got.inbound()); diff != "" {
				t.Fatalf("samples (-want +got)\n%s", diff)
			}
			top, sum := 0.0, 0.0
			for i, s := range want {
				top, sum = max(top, s.Max), sum+s.Mean
				if i > 0 && s.End.Sub(want[i-1].End) != tc.resolution {
					t.Fatalf("gap before %v", s.End)
				}
			}
			if got.Capacity != 10_000_000_000 || *got.InboundMax != top || math.Abs(*got.InboundAvg-sum/float64(len(want))) > 1e-9 {
				t.Errorf("capacity %d, max %v, average %v; want max %v, average %v",
					got.Capacity, *got.InboundMax, *got.InboundAvg, top, sum/float64(len(want)))
			}
			fine := api.Truth(id, fabrictest.Inbound, now.Add(-time.Hour), now, fiveMinutes, now)
			if last := fine[len(fine)-1].Mean; *got.InboundLastPolled != last {
				t.Errorf("last polled %v; want %v", *got.InboundLastPolled, last)
			}
		})
	}
}

func TestPortStatsV4MatchesTheTruth(t *testing.T) {
	for interval, span := range map[string]time.Duration{"PT5M": day, "PT1H": 30 * day} {
		t.Run(interval, func(t *testing.T) {
			api, c := newClient(t, fabrictest.Options{})
			id, from := uuid(t, api, fabrictest.DemoLAG), now.Add(-span)
			var got answerV4
			c.decode(&got, "GET", statsV4(id, from, now), "")
			use := got.Stats.BandwidthUtilization
			if got.UUID != id || got.Bandwidth != 40_000 || use.Unit != "Mbps" || use.MetricInterval != interval {
				t.Errorf("head: %s, bandwidth %d, unit %s, interval %s", got.UUID, got.Bandwidth, use.Unit, use.MetricInterval)
			}
			resolution := map[string]time.Duration{"PT5M": fiveMinutes, "PT1H": time.Hour}[interval]
			want := api.Truth(id, fabrictest.Outbound, from, now, resolution, now)
			if diff := cmp.Diff(want, got.outbound()); diff != "" {
				t.Errorf("samples (-want +got)\n%s", diff)
			}
		})
	}
}

// TestOldIntervalsAreHours: what is older than KeepFiveMinutes has hours alone, for 90 days.
func TestOldIntervalsAreHours(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{KeepFiveMinutes: 21 * day})
	id := uuid(t, api, fabrictest.DemoPrimary)
	for _, tc := range []struct {
		name     string
		from, to time.Duration // before now
		interval string
		first    time.Duration
	}{
		{"recent", 21 * day, 14 * day, "PT5M", 21*day - fiveMinutes},
		{"on the edge", 24 * day, 17 * day, "PT5M", 21*day - fiveMinutes},
		{"old", 28 * day, 22 * day, "PT1H", 28 * day},
		{"oldest", 93 * day, 89 * day, "PT1H", 90*day - time.Hour},
	} {
		var got answerV4
		from, to := now.Add(-tc.from), now.Add(-tc.to)
		c.decode(&got, "GET", statsV4(id, from, to), "")
		if got.Stats.BandwidthUtilization.MetricInterval != tc.interval {
			t.Errorf("%s: %s", tc.name, got.Stats.BandwidthUtilization.MetricInterval)
		}
		resolution := map[string]time.Duration{"PT5M": fiveMinutes, "PT1H": time.Hour}[tc.interval]
		if diff := cmp.Diff(api.Truth(id, fabrictest.Outbound, from, to, resolution, now), got.outbound()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.name, diff)
		}
		if first := got.outbound()[0].End; first.Sub(now.Add(-tc.first)).Abs() >= resolution {
			t.Errorf("%s: the first interval ends at %v", tc.name, first)
		}
	}
}

func TestPortStatsRefusals(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoPrimary)
	v3, v4 := "/ecx/v3/stats/port/"+id, "/fabric/v4/ports/"+id+"/stats"
	for _, tc := range []struct{ name, path, want string }{
		{"v3 without times", v3, `"errorCode":"IC-LAYER2-400"`},
		{"v3 without end", v3 + "?startDate=" + stamp(now.Add(-day)), `"property":"endDate"`},
		{"v3 with an offset", v3 + "?startDate=2026-03-01T00:00:00%2B00:00&endDate=" + stamp(now), "Invalid date"},
		{"v3 with fractions", v3 + "?startDate=2026-03-01T00:00:00.5Z&endDate=" + stamp(now), "Invalid date"},
		{"v3 too long", statsV3(id, now.Add(-90*day-time.Second), now), "90 days"},
		{"v3 backwards", statsV3(id, now, now.Add(-day)), "positive"},
		{"v4 without times", v4, `"property":"startDateTime"`},
		{"v4 too long", statsV4(id, now.Add(-91*day), now), "90 days"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.wantError(http.StatusBadRequest, tc.want, "GET", tc.path, "")
		})
	}
}

func TestProvisioningPortHasNoPoints(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	_, body := c.do("GET", statsV3(uuid(t, api, fabrictest.DemoProvisioning), now.Add(-day), now), "")
	for _, want := range []string{`"inboundMax":null`, `"outboundLastPolled":null`, `"inboundStats":[]`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
}

func TestSamplesAreLate(t *testing.T) {
	ages := func(lateness time.Duration) map[time.Duration]int {
		api, _ := newClient(t, fabrictest.Options{Lateness: lateness})
		ages := map[time.Duration]int{}
		for _, p := range api.Fleet().Ports {
			for minute := range 5 {
				at := now.Add(time.Duration(minute) * time.Minute)
				if s := api.Truth(p.UUID, fabrictest.Inbound, at.Add(-day), at, fiveMinutes, at); len(s) > 0 {
					ages[at.Sub(s[len(s)-1].End)]++
				}
			}
		}
		return ages
	}
	late := ages(0)
	for age := range late {
		if age < 2*time.Minute || age > 17*time.Minute {
			t.Errorf("newest sample is %v old", age)
		}
	}
	if len(late) < 5 {
		t.Errorf("all ports are as late as each other: %v", late)
	}
	for age := range ages(-1) {
		if age >= fiveMinutes {
			t.Errorf("without lateness: newest sample is %v old", age)
		}
	}
}

func TestSamplesArriveAsTimePasses(t *testing.T) {
	at := now
	api, c := newClient(t, fabrictest.Options{Now: func() time.Time { return at }})
	id := uuid(t, api, fabrictest.DemoPrimary)
	newest := func() time.Time {
		var got answerV3
		c.decode(&got, "GET", statsV3(id, at.Add(-day), at), "")
		return got.InboundStats[len(got.InboundStats)-1].Time
	}
	before := newest()
	at = at.Add(fiveMinutes)
	if got := newest(); got.Sub(before) != fiveMinutes {
		t.Errorf("newest sample went from %v to %v in five minutes", before, got)
	}
}

func TestHoursAddUpFiveMinutes(t *testing.T) {
	api, _ := newClient(t, fabrictest.Options{})
	for _, p := range api.Fleet().Ports {
		hours := api.Truth(p.UUID, fabrictest.Outbound, now.Add(-8*day), now, time.Hour, now)
		for _, h := range hours {
			fine := api.Truth(p.UUID, fabrictest.Outbound, h.End.Add(-55*time.Minute), h.End, fiveMinutes, now)
			top, sum := 0.0, 0.0
			for _, s := range fine {
				top, sum = max(top, s.Max), sum+s.Mean
			}
			if len(fine) != 12 || h.Max != top || math.Abs(h.Mean-sum/12) > 1e-6 {
				t.Fatalf("%s at %v: hour %+v; %d intervals with mean %v and max %v", p.Name, h.End, h, len(fine), sum/12, top)
			}
		}
	}
}

func TestSamplesAreWholeBytesWithinCapacity(t *testing.T) {
	whole := func(mbps float64) bool {
		bytes := mbps * 1e6 * 300 / 8
		return math.Abs(bytes-math.Round(bytes)) < 0.01
	}
	fleet := fabrictest.Generate(3, 40, 0)
	api, _ := newClient(t, fabrictest.Options{Fleet: &fleet})
	for _, p := range fleet.Ports {
		for _, d := range []fabrictest.Direction{fabrictest.Inbound, fabrictest.Outbound} {
			for _, s := range api.Truth(p.UUID, d, now.Add(-7*day), now, fiveMinutes, now) {
				if s.Mean < 0 || s.Max < s.Mean || s.Max > float64(p.Capacity()) || !whole(s.Mean) || !whole(s.Max) {
					t.Fatalf("%s: %+v", p.Name, s)
				}
			}
		}
	}
}

func TestOutagesStaySilent(t *testing.T) {
	at := now
	api, _ := newClient(t, fabrictest.Options{Lateness: -1, Now: func() time.Time { return at }})
	id := uuid(t, api, fabrictest.DemoPrimary)
	api.SetOperationalStatus(id, fabrictest.StatusDown)
	at = at.Add(time.Hour)
	api.SetOperationalStatus(id, fabrictest.StatusUp)
	at = at.Add(time.Hour)
	for _, s := range api.Truth(id, fabrictest.Inbound, now.Add(-time.Hour), at, fiveMinutes, at) {
		down := s.End.After(now) && !s.End.After(now.Add(time.Hour))
		if down != (s.Mean == 0) || down != (s.Max == 0) {
			t.Errorf("at %v: %+v; down: %v", s.End, s, down)
		}
	}
}

func BenchmarkPortStatsV3(b *testing.B) {
	for name, span := range map[string]time.Duration{"day": day, "week": 7 * day, "month": 30 * day, "quarter": 90 * day} {
		b.Run(name, func(b *testing.B) {
			api, c := newClient(b, fabrictest.Options{})
			path := statsV3(uuid(b, api, fabrictest.DemoPrimary), now.Add(-span), now)
			b.ReportAllocs()
			for b.Loop() {
				c.do("GET", path, "")
			}
		})
	}
}
