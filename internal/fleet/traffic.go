package fleet

import (
	"slices"
	"time"
)

// Traffic is the latest good answer about one window of one port or connection.
type Traffic struct {
	At                time.Time // when it was answered
	Capacity          *float64  // line rate, bit/s
	Inbound, Outbound Rates

	// Streamed traffic is from the v4 metrics, which have data only of what is
	// attached to a stream.
	Streamed bool

	// Bare traffic is from the state file, which has no intervals: only what was worked
	// out from them.
	Bare bool
}

// Direction is one of the two of a port, seen from it, or of a connection.
type Direction string

// The directions, as metric labels spell them.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Directions lists both.
func Directions() []Direction { return []Direction{Inbound, Outbound} }

// Rates is the traffic of one direction.
func (t *Traffic) Rates(d Direction) *Rates {
	if d == Inbound {
		return &t.Inbound
	}
	return &t.Outbound
}

// Answered is when the answer came that a direction is of.
func (t *Traffic) Answered(d Direction) time.Time {
	if at := t.Rates(d).At; !at.IsZero() {
		return at
	}
	return t.At
}

// Kept is a direction of t that stays, with its own age, because a newer answer has no
// plausible interval of it.
func (t *Traffic) Kept(d Direction) Rates {
	s := *t.Rates(d)
	s.At = t.Answered(d)
	return s
}

// only is t without the directions that are not fresh, nil if neither is.
func (t *Traffic) only(fresh func(at time.Time) bool) *Traffic {
	if t == nil || !fresh(t.At) {
		return nil
	}
	shown := t
	for _, d := range Directions() {
		if at := t.Rates(d).At; !at.IsZero() && !fresh(at) {
			if shown == t {
				shown = new(*t)
			}
			*shown.Rates(d) = Rates{At: at}
		}
	}
	return shown
}

// same reports whether t and o, both from [Traffic.only] of one answer, have the same
// directions.
func (t *Traffic) same(o *Traffic) bool {
	if t == nil || o == nil {
		return t == o
	}
	same := func(a, b *Rates) bool {
		return a.Max == b.Max && a.Mean == b.Mean && a.P95 == b.P95 && a.Last == b.Last && a.Resolution == b.Resolution
	}
	return same(&t.Inbound, &o.Inbound) && same(&t.Outbound, &o.Outbound)
}

// ended reports whether nothing is left of a series that was kept.
func (s *Rates) ended() bool { return !s.At.IsZero() && s.Resolution == 0 }

// last is the last polled rate of a direction, nil without one and once the
// newest sample is too old to be called that. w is the window that t is of.
func (t *Traffic) last(w Window, d Direction, now time.Time) *float64 {
	if t == nil {
		return nil
	}
	s := t.Rates(d)
	w.Resolution = max(w.Resolution, s.Resolution)
	if !w.Current(s.Newest, now) {
		return nil
	}
	return s.Last
}

// newest is the time of the newest sample of a direction, zero without one.
func (t *Traffic) newest(d Direction) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Rates(d).Newest
}

// Delivered reports whether a stream delivers what t is of: it is from the v4 metrics,
// and its newest sample was current when it came. w is the window that t is of.
func (t *Traffic) Delivered(w Window) bool {
	if t == nil || !t.Streamed {
		return false
	}
	return t.last(w, Inbound, t.At) != nil || t.last(w, Outbound, t.At) != nil
}

// attached is what a listing of streams says of the attachment of a port or a
// connection, overruled by data: it may be in a stream that the listing does not show.
func attached(listed *bool, traffic []*Traffic, windows []Window) *bool {
	if listed == nil || *listed || !traffic[0].Delivered(windows[0]) {
		return listed
	}
	return new(true)
}

// Rates is one direction of Traffic. Rates are in bit/s.
type Rates struct {
	Max, Mean, P95, Last *float64
	Newest               time.Time     // stamp of the newest interval; zero if none was ever seen
	Resolution           time.Duration // length of the intervals, as far as it can be told
	At                   time.Time     `json:",omitzero"` // when it was answered, if that was before its Traffic was
	Points               Points        `json:"-"`         // inside the window; not kept over a restart
}

// Points are the times and rates of intervals, ascending, one per time. They are most of what
// the exporter keeps in memory: an interval is one number, or two if times have to be listed.
type Points struct {
	Means       []float64 // rates in bit/s
	First, Step int64     // the first time, and the steps to the others, in Unix nanoseconds
	Times       []int64   // all times in Unix nanoseconds, nil unless the steps differ
}

// NewPoints are the times and means of intervals, which must ascend.
func NewPoints(all []Interval) (p Points) {
	if len(all) == 0 {
		return p
	}
	p.Means, p.First = make([]float64, len(all)), all[0].Time.UnixNano()
	if len(all) > 1 {
		p.Step = all[1].Time.UnixNano() - p.First
	}
	even := true
	for i, one := range all {
		p.Means[i] = one.Mean
		even = even && one.Time.UnixNano() == p.Time(i)
	}
	if !even {
		p.Times = make([]int64, len(all))
		for i, one := range all {
			p.Times[i] = one.Time.UnixNano()
		}
	}
	return p
}

// Len is how many there are.
func (p *Points) Len() int { return len(p.Means) }

// Time is what the API stamps on an interval, in Unix nanoseconds.
func (p *Points) Time(i int) int64 {
	if p.Times != nil {
		return p.Times[i]
	}
	return p.First + int64(i)*p.Step
}

// Percentile95 is the highest mean once the top 5 % of them, rounded down, are dropped: the
// 95th percentile of bandwidth billing. It is nil without means.
func Percentile95(means []float64) *float64 {
	if len(means) == 0 {
		return nil
	}
	return new(nth(slices.Clone(means), len(means)-1-len(means)*5/100))
}

// nth returns the number that would be at index n if all were sorted, and reorders them. To
// sort them would take several times as long, at every answer (this is Hoare's quickselect).
func nth(all []float64, n int) float64 {
	for low, high := 0, len(all)-1; low < high; {
		pivot := all[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for all[i] < pivot {
				i++
			}
			for all[j] > pivot {
				j--
			}
			if i <= j {
				all[i], all[j] = all[j], all[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default: // between them are only numbers that equal pivot
			return pivot
		}
	}
	return all[n]
}
