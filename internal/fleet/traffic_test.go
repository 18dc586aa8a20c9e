package fleet_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	oneDay = fleet.Window{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}
)

// intervals are one every step, the last one at end.
func intervals(end time.Time, step time.Duration, means ...float64) []fleet.Interval {
	all := make([]fleet.Interval, len(means))
	for i, m := range means {
		all[i] = fleet.Interval{Time: end.Add(-time.Duration(len(means)-1-i) * step), Mean: m, Max: m}
	}
	return all
}

// newRates is what an answer to a request for the day before noon makes of one direction.
func newRates(a fleet.AnsweredRates, stated time.Duration, previous fleet.Rates) fleet.Rates {
	whole := fleet.Answer{Resolution: stated, Inbound: a}
	r, _ := fleet.NewRates(&a, fleet.NewLimits(&whole, oneDay, noon.Add(-24*time.Hour), noon), previous, fleet.Rejected{})
	return r
}

// points are one every step, the last one at end.
func points(end time.Time, step time.Duration, means ...float64) fleet.Points {
	return fleet.NewPoints(intervals(end, step, means...))
}

func TestPercentile95DropsTheTopFivePercent(t *testing.T) {
	upTo := backwards // the order must not matter
	for _, tt := range []struct {
		name  string
		means []float64
		want  *float64
	}{
		{"no points", nil, nil},
		{"one point", upTo(1), new(1.0)},
		{"19 points drop none", upTo(19), new(19.0)},
		{"20 points drop one", upTo(20), new(19.0)},
		{"one day drops 14 of 288", upTo(288), new(274.0)},
		{"30 days drop 432 of 8640, as a bill does", upTo(8640), new(8208.0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fleet.Percentile95(tt.means)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPercentile95IsThatOfSortedMeans(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 500 {
		means := make([]float64, n+1)
		for i := range means {
			means[i] = float64(random.IntN(1 + random.IntN(n+1))) // few or many are equal
		}
		before := slices.Clone(means)
		got := fleet.Percentile95(means)
		if !slices.Equal(means, before) {
			t.Fatalf("%v was reordered: %v", before, means)
		}
		slices.Sort(before)
		if want := before[n-len(before)*5/100]; *got != want {
			t.Fatalf("%v, want %v of %v", *got, want, means)
		}
	}
}

// Times are listed only if the steps between them differ, and are exact in either case.
func TestPointsAreTheirIntervals(t *testing.T) {
	after := func(times ...time.Duration) (all []fleet.Interval) {
		for i, d := range times {
			all = append(all, fleet.Interval{Time: noon.Add(d), Mean: float64(i) + 0.1})
		}
		return all
	}
	const second = time.Second
	for _, tt := range []struct {
		name   string
		all    []fleet.Interval
		listed bool
	}{
		{"none", nil, false},
		{"one", after(0), false},
		{"two", after(0, 297*second), false},
		{"even steps", after(0, 300*second, 600*second, 900*second), false},
		{"one is missing", after(0, 300*second, 900*second), true},
		{"a nanosecond late", after(0, 300*second, 600*second+1), true},
		{"as the v4 metrics have them", after(0, 292*second+250*time.Millisecond, 602*second), true},
		{"so far apart that steps overflow", []fleet.Interval{
			{Time: time.Unix(0, 0)}, {Time: time.Unix(0, math.MaxInt64-1)}, {Time: time.Unix(0, math.MaxInt64)},
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := fleet.NewPoints(tt.all)
			if p.Len() != len(tt.all) || (p.Times != nil) != tt.listed {
				t.Errorf("%d points, times listed %v", p.Len(), p.Times != nil)
			}
			for i, want := range tt.all {
				if p.Time(i) != want.Time.UnixNano() || p.Means[i] != want.Mean {
					t.Errorf("point %d: %d %v, want %+v", i, p.Time(i), p.Means[i], want)
				}
			}
		})
	}
}

func TestNewRatesTakesTheNewestPointByItsTime(t *testing.T) {
	a := fleet.AnsweredRates{Intervals: []fleet.Interval{
		{Time: noon.Add(-10 * time.Minute), Mean: 3},
		{Time: noon.Add(-5 * time.Minute), Mean: 7},
		{Time: noon.Add(-20 * time.Minute), Mean: 1},
		{Time: noon.Add(-5 * time.Minute), Mean: 8}, // repeated, and corrected
	}}
	s := newRates(a, 0, fleet.Rates{})
	want := fleet.Rates{
		P95: new(8.0), Last: new(8.0), Newest: noon.Add(-5 * time.Minute), Resolution: 5 * time.Minute,
		Points: fleet.NewPoints([]fleet.Interval{
			{Time: noon.Add(-20 * time.Minute), Mean: 1},
			{Time: noon.Add(-10 * time.Minute), Mean: 3},
			{Time: noon.Add(-5 * time.Minute), Mean: 8},
		}),
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(a.Intervals) != 4 || a.Intervals[0].Mean != 3 {
		t.Error("NewRates changed the answer")
	}
}

func TestNewRatesPrefersTheLastPolledOfTheAPI(t *testing.T) {
	a := fleet.AnsweredRates{Last: new(42.0), Intervals: intervals(noon, 5*time.Minute, 1, 2)}
	s := newRates(a, 0, fleet.Rates{})
	if diff := cmp.Diff(new(42.0), s.Last); diff != "" {
		t.Errorf("last (-want +got)\n%s", diff)
	}
}

func TestNewRatesWithoutPointsKeepsOnlyTheNewestTime(t *testing.T) {
	prev := fleet.Rates{Max: new(9.0), Last: new(5.0), Newest: noon.Add(-time.Hour), Points: points(noon, time.Minute, 1)}
	zeros := fleet.AnsweredRates{Max: new(0.0), Mean: new(0.0), Last: new(0.0)}
	s := newRates(zeros, 0, prev)
	if diff := cmp.Diff(fleet.Rates{Newest: noon.Add(-time.Hour)}, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNewRatesDropsPointsFromTheFuture(t *testing.T) {
	a := fleet.AnsweredRates{Intervals: []fleet.Interval{
		{Time: noon.Add(5 * time.Minute), Mean: 1}, // the interval that the request ends in
		{Time: noon.Add(6 * time.Minute), Mean: 99},
	}}
	s := newRates(a, 0, fleet.Rates{})
	if diff := cmp.Diff(fleet.Rates{
		P95: new(1.0), Last: new(1.0), Newest: noon.Add(5 * time.Minute), Resolution: 5 * time.Minute,
		Points: points(noon.Add(5*time.Minute), 5*time.Minute, 1),
	}, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The grace of a stamp is one interval as it came, be it longer than asked for.
func TestNewRatesKeepsTheHourUnderWay(t *testing.T) {
	hourly := intervals(noon.Add(50*time.Minute), time.Hour, make([]float64, 24)...)
	for _, tt := range []struct {
		name      string
		stated    time.Duration
		intervals []fleet.Interval
		want      int
	}{
		{"stated", time.Hour, hourly[22:], 2},
		{"by the points", 0, hourly, 24},
		{"stated otherwise", 5 * time.Minute, hourly, 23},
		{"a month", 30 * 24 * time.Hour, intervals(noon.Add(20*24*time.Hour), 30*24*time.Hour, 1), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newRates(fleet.AnsweredRates{Intervals: tt.intervals}, tt.stated, fleet.Rates{})
			if s.Points.Len() != tt.want {
				t.Errorf("%d points, want %d", s.Points.Len(), tt.want)
			}
		})
	}
}

func TestNewRatesLeavesPointsBeforeTheWindowOutOfThePercentile(t *testing.T) {
	from := noon.Add(-24 * time.Hour)
	a := fleet.AnsweredRates{Max: new(99.0), Intervals: []fleet.Interval{
		{Time: from.Add(-6 * time.Minute), Mean: 99},
		{Time: from.Add(-5 * time.Minute), Mean: 2}, // an interval stamped by its start
		{Time: from, Mean: 1},
	}}
	s := newRates(a, 0, fleet.Rates{})
	if s.Points.Len() != 2 || *s.P95 != 2 {
		t.Errorf("points %v, p95 %v", s.Points, *s.P95)
	}
	if !s.Newest.Equal(from) {
		t.Errorf("newest %v, want %v", s.Newest, from)
	}
}

func TestNewRatesHasNoPercentileOfCoarserIntervals(t *testing.T) {
	hourly := make([]float64, 24)
	for _, tt := range []struct {
		name      string
		stated    time.Duration
		intervals []fleet.Interval
		want      bool
	}{
		{"stated PT1H for 5m", time.Hour, intervals(noon, time.Hour, 1, 2), false},
		{"hourly points for 5m, not stated", 0, intervals(noon, time.Hour, hourly...), false},
		{"a few points far apart prove nothing", 0, intervals(noon, time.Hour, 1, 2, 3), true},
		{"stated PT5M", 5 * time.Minute, intervals(noon, time.Hour, hourly...), true},
		{"5m points", 0, intervals(noon, 5*time.Minute, hourly...), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newRates(fleet.AnsweredRates{Intervals: tt.intervals}, tt.stated, fleet.Rates{})
			if got := s.P95 != nil; got != tt.want {
				t.Errorf("has a percentile: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWindowCurrentEndsThreeIntervalsAnd45MinutesAfterTheSample(t *testing.T) {
	hourly := fleet.Window{Span: 720 * time.Hour, Resolution: time.Hour}
	for _, tt := range []struct {
		window fleet.Window
		age    time.Duration
		want   bool
	}{
		{oneDay, time.Hour, true},
		{oneDay, time.Hour + time.Second, false},
		{hourly, 3*time.Hour + 45*time.Minute, true},
		{hourly, 3*time.Hour + 46*time.Minute, false},
	} {
		if got := tt.window.Current(noon.Add(-tt.age), noon); got != tt.want {
			t.Errorf("%s sample %v old: current = %v, want %v", tt.window.ResolutionLabel(), tt.age, got, tt.want)
		}
	}
	if oneDay.Gaps(45*time.Minute) || !oneDay.Gaps(45*time.Minute+time.Second) {
		t.Error("a sample of 15 minutes is current for 45 more")
	}
	if oneDay.Current(time.Time{}, noon) {
		t.Error("a sample that never was is current")
	}
}

func TestWindowLabels(t *testing.T) {
	week := fleet.Window{Span: 7 * 24 * time.Hour, Resolution: 5 * time.Minute}
	month := fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour}
	got := []string{week.Label(), week.ResolutionLabel(), month.Label(), month.ResolutionLabel()}
	if diff := cmp.Diff([]string{"7d", "5m", "30d", "1h"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNewRatesWithNoPointInTheWindowHasNoSummaries(t *testing.T) {
	a := fleet.AnsweredRates{Max: new(9.0), Mean: new(9.0), Last: new(9.0), Intervals: intervals(noon.Add(-60*24*time.Hour), 5*time.Minute, 1, 2)}
	s := newRates(a, 0, fleet.Rates{})
	if diff := cmp.Diff(fleet.Rates{Newest: noon.Add(-60 * 24 * time.Hour)}, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
