package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Answer is what one traffic call said of a port or connection, before it is checked.
type Answer struct {
	Streamed   bool          // from the v4 metrics
	Resolution time.Duration // length of the intervals as the source states it, 0 if it does not
	Capacity   *float64      // line rate, bit/s

	Inbound, Outbound AnsweredRates
}

// Rates is one direction of the answer.
func (a *Answer) Rates(d Direction) *AnsweredRates {
	if d == Inbound {
		return &a.Inbound
	}
	return &a.Outbound
}

// Empty reports whether there is not a single interval in the answer.
func (a *Answer) Empty() bool {
	return len(a.Inbound.Intervals)+len(a.Outbound.Intervals)+a.Inbound.Implausible+a.Outbound.Implausible == 0
}

// AnsweredRates is one direction of an Answer. Rates are in bit/s.
type AnsweredRates struct {
	Max, Mean, Last *float64   // the source's own summary; nil if it has none
	Intervals       []Interval // in any order, perhaps repeated
	Implausible     int        // intervals that were left out already, for a rate below 0
}

// Interval is the traffic of one interval: the time that the source stamps on it, its
// mean rate and the highest rate within it, in bit/s.
type Interval struct {
	Time      time.Time
	Mean, Max float64
	KnowsMax  bool // the source said what Max is; else it is Mean
}

// Implausible is why an interval is not plausible: the value of the label kind.
type Implausible string

// The kinds. Intervals are left out except those above the line rate, because the port may
// have been made smaller since.
const (
	FutureInterval  Implausible = "future"
	ImplausibleRate Implausible = "rate"
	TooManyPackets  Implausible = "packets"
	AboveLineRate   Implausible = "above_line"
)

// ImplausibleKinds lists the kinds.
func ImplausibleKinds() []Implausible {
	return []Implausible{FutureInterval, ImplausibleRate, TooManyPackets, AboveLineRate}
}

// Rejected are the implausible intervals of an answer by kind: their times in Unix
// nanoseconds, 0 if the source did not say which interval it is.
type Rejected map[Implausible][]int64

func (r Rejected) add(kind Implausible, times ...int64) {
	if len(times) > 0 {
		r[kind] = append(r[kind], times...)
	}
}

// LeftOut reports whether there are intervals that were left out.
func (r Rejected) LeftOut() bool {
	return len(r[FutureInterval])+len(r[ImplausibleRate])+len(r[TooManyPackets]) > 0
}

// String is how many there are of each kind, e.g. "3 future, 1 rate".
func (r Rejected) String() string {
	var all []string
	for _, kind := range ImplausibleKinds() {
		if n := len(r[kind]); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return strings.Join(all, ", ")
}

// ErrImplausible says that no interval of a direction is plausible.
var ErrImplausible = errors.New("no interval is plausible; has the unit changed?")

const (
	// A rate above believed times the line rate is rejected. A port that was made ten times
	// smaller within the window still has the old rates.
	believed = 10
	// A rate above noticed times the line rate is reported as above it. The ends of intervals
	// jitter, so the rate of a full line may seem slightly higher.
	noticed = 1.1
	// smallestPacket is the size of the smallest Ethernet frame in bit.
	smallestPacket = 8 * 64
	// longestGrace bounds the length of an interval, which a source may state as it likes.
	longestGrace = day
)

// Limits are what can be right in the answer to a request.
type Limits struct {
	window   Window
	stated   time.Duration // resolution as the source states it, 0 if it does not
	from, to time.Time     // asked for
	grace    time.Duration // by which times may miss that range: an interval is stamped with its start or its end
	line     float64       // bit/s, infinite if unknown
}

// NewLimits are the limits of the answer a to a request for [from, to] of window w. The
// line rate in bit/s is the highest of those that are known, in lines or by the answer.
func NewLimits(a *Answer, w Window, from, to time.Time, lines ...*float64) Limits {
	l := Limits{window: w, stated: a.Resolution, from: from, to: to, line: math.Inf(1)}
	length := a.Resolution
	if length == 0 {
		length = max(distance(ascending(a.Inbound.Intervals), w.Resolution), distance(ascending(a.Outbound.Intervals), w.Resolution))
	}
	l.grace = max(w.Resolution, min(length, longestGrace))
	known := 0.0
	for _, rate := range append(lines, a.Capacity) {
		if rate != nil {
			known = max(known, *rate)
		}
	}
	if known > 0 {
		l.line = known
	}
	return l
}

// KnowLine reports whether the line rate is known, without which no count of packets
// can be checked.
func (l *Limits) KnowLine() bool { return !math.IsInf(l.line, 1) }

// Counts returns the counts that are plausible; the others go into rejected.
func (l *Limits) Counts(counts []Count, rejected Rejected) []Count {
	if counts == nil {
		return nil // which says that the source has none
	}
	most := l.line / smallestPacket * cmp.Or(l.stated, l.window.Resolution).Seconds()
	kept := make([]Count, 0, len(counts))
	for _, c := range counts {
		switch {
		case c.End.After(l.to.Add(l.grace)):
			rejected.add(FutureInterval, c.End.UnixNano())
		case c.N > most:
			rejected.add(TooManyPackets, c.End.UnixNano())
		default:
			kept = append(kept, c)
		}
	}
	return kept
}

// NewTraffic merges an answer that came at now into the traffic known before, which may be
// nil. An empty answer changes nothing: the known values keep their age and go stale. If no
// interval of a direction is plausible, that direction keeps its values too, and the error
// wraps [ErrImplausible]. usable is false if then no direction has anything new.
func NewTraffic(a *Answer, l Limits, previous *Traffic, now time.Time, rejected Rejected) (next *Traffic, usable bool, err error) {
	if a.Empty() {
		if previous == nil {
			previous = &Traffic{At: now, Capacity: a.Capacity, Streamed: a.Streamed}
		}
		return previous, true, nil
	}
	if previous == nil {
		previous = &Traffic{}
	}
	next = &Traffic{At: now, Capacity: a.Capacity, Streamed: a.Streamed}
	var refused []Direction
	for _, d := range Directions() {
		answered := a.Rates(d)
		rates, plausible := NewRates(answered, l, *previous.Rates(d), rejected)
		if !plausible {
			refused = append(refused, d)
			rates = previous.Kept(d)
		}
		usable = usable || plausible && len(answered.Intervals) > 0
		*next.Rates(d) = rates
	}
	if in, out := &next.Inbound.Points, &next.Outbound.Points; slices.Equal(in.Times, out.Times) {
		out.Times = in.Times // one list is enough
	}
	if len(refused) == 0 {
		return next, true, nil
	}
	err = fmt.Errorf("%w (%v; rates up to %.0f bit/s are believed)", ErrImplausible, rejected, believed*l.line)
	if len(refused) == 1 {
		err = fmt.Errorf("%s: %w", refused[0], err)
	}
	return next, usable, err
}

// NewRates checks one direction of an answer. Implausible intervals go into rejected;
// if there are intervals and none is plausible, plausible is false. Intervals before the
// window count for nothing but the time of the newest one. A summary without a single
// interval of the window behind it is no evidence: then nothing but the newest time is
// kept, the previous one at worst.
func NewRates(a *AnsweredRates, l Limits, previous Rates, rejected Rejected) (r Rates, plausible bool) {
	all := ascending(a.Intervals)
	future, wrong, above := len(rejected[FutureInterval]), len(rejected[ImplausibleRate]), len(rejected[AboveLineRate])
	rejected.add(ImplausibleRate, make([]int64, a.Implausible)...)
	due := l.plausible(all, rejected)
	hasFuture, hasWrong, hasAbove := len(rejected[FutureInterval]) > future, len(rejected[ImplausibleRate]) > wrong, len(rejected[AboveLineRate]) > above
	if len(due) == 0 {
		return Rates{Newest: previous.Newest}, len(all)+a.Implausible == 0
	}

	r = Rates{Max: a.Max, Mean: a.Mean, Last: a.Last, Newest: due[len(due)-1].Time}
	// The source has made its summary of all intervals, so if one is implausible the
	// summary is made again of the others. An interval that is merely in the future costs
	// only the summaries that have it in them.
	top := highest(a)
	own := l.summary(due)
	switch {
	case hasWrong, top > believed*l.line:
		if !hasWrong {
			rejected.add(ImplausibleRate, 0)
		}
		r.Max, r.Mean, r.Last = own.Max, own.Mean, nil
	case hasFuture:
		theirs := l.summary(all)
		r.Max = nearer(r.Max, own.Max, theirs.Max)
		r.Mean = nearer(r.Mean, own.Mean, theirs.Mean)
		r.Last = nearer(r.Last, own.Last, theirs.Last)
	}
	if !hasWrong && !hasAbove && top > noticed*l.line && top <= believed*l.line {
		rejected.add(AboveLineRate, 0)
	}
	if r.Last == nil {
		r.Last = new(due[len(due)-1].Mean)
	}

	inside := l.inside(due)
	if len(inside) == 0 {
		return Rates{Newest: r.Newest}, true
	}
	r.Points = NewPoints(inside)
	r.Resolution = max(l.length(due), l.length(inside))
	if r.Resolution <= l.window.Resolution {
		r.P95 = Percentile95(r.Points.Means)
	}
	return r, true
}

// plausible are those of ascending intervals that are plausible; the others go into
// rejected. If only the maximum of an interval is implausible, it is unknown.
func (l *Limits) plausible(all []Interval, rejected Rejected) []Interval {
	due := make([]Interval, 0, len(all))
	for _, i := range all {
		at := i.Time.UnixNano()
		if i.Mean > believed*l.line || i.Max > believed*l.line {
			rejected.add(ImplausibleRate, at)
			i.Max, i.KnowsMax = i.Mean, false
		}
		switch {
		case i.Mean > believed*l.line:
			continue
		case i.Time.After(l.to.Add(l.grace)):
			rejected.add(FutureInterval, at)
			continue
		case max(i.Mean, i.Max) > noticed*l.line:
			rejected.add(AboveLineRate, at)
		}
		due = append(due, i)
	}
	return due
}

// length is the length of ascending intervals, as far as it can be told.
func (l *Limits) length(all []Interval) time.Duration {
	return cmp.Or(l.stated, distance(all, l.window.Resolution))
}

func highest(a *AnsweredRates) (top float64) {
	for _, v := range []*float64{a.Max, a.Mean, a.Last} {
		if v != nil {
			top = max(top, *v)
		}
	}
	return top
}

// inside are those of ascending intervals that are in the window or after it.
func (l *Limits) inside(all []Interval) []Interval {
	first := l.from.Add(-l.grace)
	for n, i := range all {
		if !i.Time.Before(first) {
			return all[n:]
		}
	}
	return nil
}

// summary works out of ascending intervals what the source should say of them; nil if
// there are none in the window or after it.
func (l *Limits) summary(all []Interval) (s AnsweredRates) {
	inside := l.inside(all)
	if len(inside) == 0 {
		return s
	}
	total, top := 0.0, 0.0
	for _, i := range inside {
		total, top = total+i.Mean, max(top, i.Mean, i.Max)
	}
	s.Max, s.Mean, s.Last = &top, new(total/float64(len(inside))), new(inside[len(inside)-1].Mean)
	return s
}

// nearer corrects a figure of the source's summary when future intervals were left out.
// theirs is worked out from all intervals, own without the future ones. If the figure is
// clearly closer to theirs it includes the future ones, and own is returned.
func nearer(figure, own, theirs *float64) *float64 {
	switch {
	case figure == nil:
		return nil
	case own == nil, math.Abs(*figure-*theirs) < math.Abs(*theirs-*own)/2:
		return own
	}
	return figure
}

// ascending sorts by time and keeps the last of several intervals of one time: a source
// that repeats an interval corrects it. It leaves what it is given as it is.
func ascending(all []Interval) []Interval {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Interval) int { return a.Time.Compare(b.Time) })
	kept := sorted[:0]
	for n, i := range sorted {
		if n+1 == len(sorted) || !sorted[n+1].Time.Equal(i.Time) {
			kept = append(kept, i)
		}
	}
	return kept
}

// distance is the length of ascending intervals as their times tell it: the smallest
// distance between a dozen or more of them if that is at least twice what was asked for,
// else what was asked for. A source that does not state its resolution may answer with
// hours when 5 minutes were meant, and a percentile of hourly means is not one of
// 5-minute means.
func distance(all []Interval, asked time.Duration) time.Duration {
	const enough = 12
	if len(all) < enough {
		return asked
	}
	smallest := all[1].Time.Sub(all[0].Time)
	for i := 2; i < len(all); i++ {
		smallest = min(smallest, all[i].Time.Sub(all[i-1].Time))
	}
	if smallest < 2*asked {
		return asked
	}
	return smallest
}
