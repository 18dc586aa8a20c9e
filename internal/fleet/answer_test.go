package fleet_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// ago is an interval that ended so many minutes before noon.
func ago(minutes int, mean, highest float64) fleet.Interval {
	return fleet.Interval{Time: noon.Add(-time.Duration(minutes) * time.Minute), Mean: mean, Max: highest}
}

// limitsOf are the limits of an answer to a request for the day before noon.
func limitsOf(a *fleet.Answer, lines ...*float64) fleet.Limits {
	return fleet.NewLimits(a, oneDay, noon.Add(-24*time.Hour), noon, lines...)
}

// Up to ten times the line rate a rate is believed. Above 1.1 times it is counted, and
// kept. The summary of the source counts unless an interval in it is not believed.
func TestNewRatesBelievesTenTimesTheLineRate(t *testing.T) {
	const line = 1000
	three := []fleet.Interval{ago(20, 2, 7), ago(15, 4, 4), ago(10, 3, 3)}
	type figures struct{ Max, Mean, Last, P95 float64 }
	theirs, own := figures{9, 77, 88, 4}, figures{7, 3, 3, 4}
	for _, tt := range []struct {
		name     string
		interval *fleet.Interval // beside the three
		summary  figures         // instead of the one above, field by field
		left     int             // out before, for a rate below 0
		want     figures
		rejected string
	}{
		{name: "all is well", want: theirs},
		{name: "mean of 1.1 times", interval: new(ago(5, 1100, 0)), want: figures{9, 77, 88, 1100}},
		{name: "mean above it", interval: new(ago(5, 1101, 0)), want: figures{9, 77, 88, 1101}, rejected: "1 above_line"},
		{name: "maximum of 1.1 times", interval: new(ago(5, 3, 1100)), want: theirs},
		{name: "maximum above it", interval: new(ago(5, 3, 1101)), want: theirs, rejected: "1 above_line"},
		{name: "mean of ten times", interval: new(ago(5, 10_000, 0)), want: figures{9, 77, 88, 10_000}, rejected: "1 above_line"},
		{name: "mean above ten times", interval: new(ago(5, 10_001, 0)), want: own, rejected: "1 rate"},
		{name: "maximum of ten times", interval: new(ago(5, 3, 10_000)), want: theirs, rejected: "1 above_line"},
		{name: "maximum above ten times: the mean stays", interval: new(ago(12, 3, 10_001)), want: own, rejected: "1 rate"},
		{name: "its mean above the line", interval: new(ago(12, 1101, 10_001)), want: figures{1101, 277.5, 3, 1101}, rejected: "1 rate, 1 above_line"},
		{name: "left out before", left: 2, want: own, rejected: "2 rate"},
		{name: "summary of 1.1 times", summary: figures{Max: 1100}, want: figures{1100, 77, 88, 4}},
		{name: "summary above it", summary: figures{Max: 1101}, want: figures{1101, 77, 88, 4}, rejected: "1 above_line"},
		{name: "summary and interval above it count once", interval: new(ago(5, 3, 1101)), summary: figures{Max: 1101}, want: figures{1101, 77, 88, 4}, rejected: "1 above_line"},
		{name: "summary of ten times", summary: figures{Max: 10_000}, want: figures{10_000, 77, 88, 4}, rejected: "1 above_line"},
		{name: "highest above ten times", summary: figures{Max: 10_001}, want: own, rejected: "1 rate"},
		{name: "mean of the summary above ten times", summary: figures{Mean: 10_001}, want: own, rejected: "1 rate"},
		{name: "last above ten times", summary: figures{Last: 10_001}, want: own, rejected: "1 rate"},
		{name: "summary and interval above ten times count once", interval: new(ago(5, 10_001, 0)), summary: figures{Max: 10_001}, want: own, rejected: "1 rate"},
		{name: "summary above the line beside an interval above ten times", interval: new(ago(5, 10_001, 0)), summary: figures{Max: 1101}, want: own, rejected: "1 rate"},
		{name: "in the future", interval: new(ago(-6, 5, 5)), want: theirs, rejected: "1 future"},
		{name: "in the future, mean above ten times", interval: new(ago(-6, 10_001, 5)), want: own, rejected: "1 rate"},
		{name: "in the future, maximum above ten times", interval: new(ago(-6, 5, 10_001)), want: own, rejected: "1 future, 1 rate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			instead := func(other, usual float64) *float64 {
				if other != 0 {
					return &other
				}
				return &usual
			}
			in := fleet.AnsweredRates{
				Max: instead(tt.summary.Max, theirs.Max), Mean: instead(tt.summary.Mean, theirs.Mean), Last: instead(tt.summary.Last, theirs.Last),
				Intervals: three, Implausible: tt.left,
			}
			if tt.interval != nil {
				in.Intervals = append(three[:3:3], *tt.interval)
			}
			rejected := fleet.Rejected{}
			r, plausible := fleet.NewRates(&in, limitsOf(&fleet.Answer{Inbound: in}, new(line/2.0), nil, new(float64(line))), fleet.Rates{}, rejected)
			if diff := cmp.Diff(tt.want, figures{*r.Max, *r.Mean, *r.Last, *r.P95}); diff != "" || !plausible {
				t.Errorf("plausible %v (-want +got)\n%s", plausible, diff)
			}
			if got := rejected.String(); got != tt.rejected {
				t.Errorf("rejected %q, want %q", got, tt.rejected)
			}
		})
	}
}

// An interval in the future costs the summaries that have it in them: those that are
// nearer to a summary with it than halfway from one without.
func TestNewRatesLeavesTheFutureOutOfTheSummary(t *testing.T) {
	// Without the last one: at most 70, 30 on average, 30 at last. With it 600, 147.5, 500.
	intervals := []fleet.Interval{ago(15, 20, 70), ago(10, 40, 40), ago(5, 30, 30), ago(-60, 500, 600)}
	for _, tt := range []struct {
		name            string
		max, mean, last *float64
		want            [3]*float64
	}{
		{"with it", new(600.0), new(147.5), new(500.0), [3]*float64{new(70.0), new(30.0), new(30.0)}},
		{"almost without it", new(71.0), new(31.0), new(33.0), [3]*float64{new(71.0), new(31.0), new(33.0)}},
		{"halfway", new(335.0), new(88.75), new(265.0), [3]*float64{new(335.0), new(88.75), new(265.0)}},
		{"beyond halfway", new(336.0), new(89.0), new(266.0), [3]*float64{new(70.0), new(30.0), new(30.0)}},
		{"no summary", nil, nil, nil, [3]*float64{nil, nil, new(30.0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRates(fleet.AnsweredRates{Max: tt.max, Mean: tt.mean, Last: tt.last, Intervals: intervals}, 0, fleet.Rates{})
			if diff := cmp.Diff(tt.want, [3]*float64{r.Max, r.Mean, r.Last}); diff != "" {
				t.Errorf("maximum, mean, last (-want +got)\n%s", diff)
			}
		})
	}
	old := fleet.AnsweredRates{Max: new(9.0), Intervals: []fleet.Interval{ago(2*24*60, 1, 1), ago(-60, 5, 5)}}
	if diff := cmp.Diff(fleet.Rates{Newest: old.Intervals[0].Time}, newRates(old, 0, fleet.Rates{})); diff != "" {
		t.Errorf("nothing in the window (-want +got)\n%s", diff)
	}
}

// The length of the intervals is known from a dozen of them on, if they are at least
// twice as long as asked for.
func TestNewRatesTellsTheLengthOfIntervals(t *testing.T) {
	for _, tt := range []struct {
		name  string
		step  time.Duration
		count int
		want  time.Duration
	}{
		{"eleven hours", time.Hour, 11, 5 * time.Minute},
		{"twelve hours", time.Hour, 12, time.Hour},
		{"twice as long", 10 * time.Minute, 12, 10 * time.Minute},
		{"hardly twice as long", 10*time.Minute - time.Second, 12, 5 * time.Minute},
		{"shorter", time.Minute, 12, 5 * time.Minute},
	} {
		if got := newRates(fleet.AnsweredRates{Intervals: intervals(noon, tt.step, make([]float64, tt.count)...)}, 0, fleet.Rates{}).Resolution; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	gap := append(intervals(noon.Add(-7*time.Hour), time.Hour, make([]float64, 11)...), intervals(noon, 20*time.Minute, 1, 2)...)
	if got := newRates(fleet.AnsweredRates{Intervals: gap}, 0, fleet.Rates{}).Resolution; got != 20*time.Minute {
		t.Errorf("the shortest distance is the last one: %v", got)
	}
}

// Without a line rate above 0 every rate and every count is believed.
func TestLimitsWithoutALineRate(t *testing.T) {
	for _, capacity := range []*float64{nil, new(0.0), new(-1.0)} {
		a := fleet.Answer{Capacity: capacity, Inbound: fleet.AnsweredRates{Intervals: []fleet.Interval{ago(5, 1e15, 1e15)}}}
		l := limitsOf(&a, nil)
		rejected := fleet.Rejected{}
		r, plausible := fleet.NewRates(&a.Inbound, l, fleet.Rates{}, rejected)
		kept := l.Counts([]fleet.Count{{End: noon, N: 1e15}}, rejected)
		if !plausible || *r.P95 != 1e15 || len(kept) != 1 || len(rejected) != 0 || l.KnowLine() {
			t.Errorf("line rate %v: %+v, %v, rejected %v", capacity, r, kept, rejected)
		}
	}
	l := limitsOf(&fleet.Answer{Capacity: new(1e9)})
	if !l.KnowLine() {
		t.Error("the line rate of the answer is not known")
	}
}

// 512,000 bit/s carry a thousand of the smallest packets in a second.
func TestLimitsCountsNoMorePacketsThanTheLineCarries(t *testing.T) {
	for _, tt := range []struct {
		stated time.Duration
		most   float64
	}{{0, 300_000}, {time.Hour, 3_600_000}} {
		a := fleet.Answer{Resolution: tt.stated, Capacity: new(512_000.0)}
		l := limitsOf(&a)
		grace := max(tt.stated, oneDay.Resolution)
		fitting := []fleet.Count{{End: noon, N: tt.most}, {End: noon.Add(grace), N: 1}}
		rejected := fleet.Rejected{}
		got := l.Counts(append(fitting, fleet.Count{End: noon, N: tt.most + 1}, fleet.Count{End: noon.Add(grace + 1), N: 1}), rejected)
		if diff := cmp.Diff(fitting, got); diff != "" || rejected.String() != "1 future, 1 packets" {
			t.Errorf("intervals of %v: rejected %v (-want +got)\n%s", tt.stated, rejected, diff)
		}
		if l.Counts(nil, rejected) != nil || l.Counts([]fleet.Count{}, rejected) == nil {
			t.Error("no counts at all, and none in this answer, are not told apart")
		}
	}
}

func TestRejectedSaysWhatWasLeftOut(t *testing.T) {
	for _, tt := range []struct {
		rejected fleet.Rejected
		leftOut  bool
		text     string
	}{
		{fleet.Rejected{}, false, ""},
		{fleet.Rejected{fleet.AboveLineRate: {1, 2}}, false, "2 above_line"},
		{fleet.Rejected{fleet.FutureInterval: {1}}, true, "1 future"},
		{fleet.Rejected{fleet.FutureInterval: {1}, fleet.ImplausibleRate: {2}}, true, "1 future, 1 rate"},
		{fleet.Rejected{fleet.FutureInterval: {1}, fleet.TooManyPackets: {2}}, true, "1 future, 1 packets"},
		{fleet.Rejected{fleet.TooManyPackets: {2}}, true, "1 packets"},
	} {
		if tt.rejected.LeftOut() != tt.leftOut || tt.rejected.String() != tt.text {
			t.Errorf("%q: left out %v, want %v, %q", tt.rejected, tt.rejected.LeftOut(), tt.leftOut, tt.text)
		}
	}
}

// direction is the traffic of one direction: so many intervals, and so many that were
// left out already.
func direction(intervals, implausible int) fleet.AnsweredRates {
	r := fleet.AnsweredRates{Implausible: implausible}
	for i := range intervals {
		r.Intervals = append(r.Intervals, ago(5*i, 1, 1))
	}
	return r
}

// A direction of which no interval is plausible keeps its values, at their age.
func TestNewTrafficKeepsWhatAnAnswerDoesNotReplace(t *testing.T) {
	before := noon.Add(-time.Minute)
	previous := &fleet.Traffic{At: before, Inbound: fleet.Rates{Last: new(7.0)}, Outbound: fleet.Rates{Last: new(8.0)}}
	const both = "no interval is plausible; has the unit changed? (2 rate; rates up to 10000 bit/s are believed)"
	for _, tt := range []struct {
		name              string
		inbound, outbound fleet.AnsweredRates
		in, out           float64
		usable            bool
		err               string
	}{
		{"both are new", direction(1, 0), direction(1, 0), 1, 1, true, ""},
		{"one has intervals", direction(1, 0), direction(0, 0), 1, 0, true, ""},
		{"the other has", direction(0, 0), direction(1, 0), 0, 1, true, ""},
		{"some were left out", direction(1, 1), direction(1, 1), 1, 1, true, ""},
		{"one has but what was left out", direction(1, 1), direction(0, 1), 1, 8, true, "outbound: " + both},
		{"the other has", direction(0, 2), direction(1, 0), 7, 1, true, "inbound: " + both},
		{"one too high, one left out", fleet.AnsweredRates{Intervals: []fleet.Interval{ago(5, 10_001, 0)}, Implausible: 1}, direction(1, 0), 7, 1, true, "inbound: " + both},
		{"beside nothing", direction(0, 2), direction(0, 0), 7, 0, false, "inbound: " + both},
		{"both", direction(0, 1), direction(0, 1), 7, 8, false, both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &fleet.Answer{Capacity: new(1000.0), Streamed: true, Inbound: tt.inbound, Outbound: tt.outbound}
			next, usable, err := fleet.NewTraffic(a, limitsOf(a), previous, noon, fleet.Rejected{})
			if usable != tt.usable || (err == nil) != (tt.err == "") || err != nil && (err.Error() != tt.err || !errors.Is(err, fleet.ErrImplausible)) {
				t.Errorf("usable %v, error %v", usable, err)
			}
			if !next.At.Equal(noon) || *next.Capacity != 1000 || !next.Streamed {
				t.Errorf("%+v", next)
			}
			for d, want := range map[fleet.Direction]float64{fleet.Inbound: tt.in, fleet.Outbound: tt.out} {
				var got float64
				if last := next.Rates(d).Last; last != nil {
					got = *last
				}
				at := noon
				if strings.HasPrefix(tt.err, string(d)) || tt.err == both {
					at = before
				}
				if got != want || !next.Answered(d).Equal(at) {
					t.Errorf("%s: %v of %v", d, got, next.Answered(d))
				}
			}
		})
	}
}

func TestNewTrafficOfAnEmptyAnswerIsNoNews(t *testing.T) {
	a := &fleet.Answer{Capacity: new(1000.0), Streamed: true, Inbound: fleet.AnsweredRates{Max: new(0.0)}}
	previous := &fleet.Traffic{At: noon.Add(-time.Hour)}
	if next, usable, err := fleet.NewTraffic(a, limitsOf(a), previous, noon, fleet.Rejected{}); next != previous || !usable || err != nil {
		t.Errorf("%+v, usable %v, error %v", next, usable, err)
	}
	next, usable, err := fleet.NewTraffic(a, limitsOf(a), nil, noon, fleet.Rejected{})
	if diff := cmp.Diff(&fleet.Traffic{At: noon, Capacity: new(1000.0), Streamed: true}, next); diff != "" || !usable || err != nil {
		t.Errorf("the first one: usable %v, error %v (-want +got)\n%s", usable, err, diff)
	}
	a.Outbound.Implausible = 1
	next, usable, err = fleet.NewTraffic(a, limitsOf(a), nil, noon, fleet.Rejected{})
	if usable || !errors.Is(err, fleet.ErrImplausible) || next.Outbound.Last != nil {
		t.Errorf("all of the first one left out: %+v, usable %v, error %v", next, usable, err)
	}
}

// Times that have to be listed are half of what is kept of an answer, so directions with the
// same ones share the list.
func TestNewTrafficKeepsOneListOfTimes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		outbound []fleet.Interval
		shared   bool
	}{
		{"the same times", []fleet.Interval{ago(20, 5, 5), ago(15, 6, 6), ago(5, 7, 7)}, true},
		{"one more", []fleet.Interval{ago(20, 5, 5), ago(15, 6, 6), ago(5, 7, 7), ago(0, 8, 8)}, false},
		{"other times", []fleet.Interval{ago(19, 5, 5), ago(14, 6, 6), ago(4, 7, 7)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := fleet.Answer{
				Inbound:  fleet.AnsweredRates{Intervals: []fleet.Interval{ago(20, 2, 7), ago(15, 4, 4), ago(5, 3, 3)}},
				Outbound: fleet.AnsweredRates{Intervals: tt.outbound},
			}
			got, _, err := fleet.NewTraffic(&a, limitsOf(&a), nil, noon, fleet.Rejected{})
			if err != nil {
				t.Fatal(err)
			}
			if shared := &got.Inbound.Points.Times[0] == &got.Outbound.Points.Times[0]; shared != tt.shared {
				t.Errorf("shared %v, want %v", shared, tt.shared)
			}
			if diff := cmp.Diff(fleet.NewPoints(tt.outbound), got.Outbound.Points); diff != "" {
				t.Errorf("outbound (-want +got)\n%s", diff)
			}
		})
	}
}
