package fleet

import (
	"math"
	"time"
)

// PairTraffic is the traffic of both ports of a pair in one window.
type PairTraffic struct{ Inbound, Outbound PairRates }

// Of is one direction.
func (l *PairTraffic) Of(d Direction) *PairRates {
	if d == Inbound {
		return &l.Inbound
	}
	return &l.Outbound
}

// PairRates is the rates of two ports added up interval by interval. Rates are in bit/s.
type PairRates struct {
	Last, P95  *float64
	Newest     time.Time     // the newest interval that both have, by the earlier of its stamps; zero without one
	Resolution time.Duration // length of the intervals
}

// NewPairTraffic adds up what is known of two ports in window w.
func NewPairTraffic(a, b *Traffic, w Window) PairTraffic {
	if a == nil || b == nil {
		return PairTraffic{}
	}
	return PairTraffic{Inbound: join(&a.Inbound, &b.Inbound, w), Outbound: join(&a.Outbound, &b.Outbound, w)}
}

// A percentile of the intervals that both ports have stands for the window if these are at
// least 9 of 10 of the intervals that either has.
const coveredParts, coveredOf = 9, 10

// join adds up the rates of two ports. The maximum and the percentiles of a sum are not the
// sums of the maxima and percentiles, which come from different times.
func join(a, b *Rates, w Window) PairRates {
	if a.Points.Len() == 0 || b.Points.Len() == 0 || a.Resolution != b.Resolution {
		return PairRates{}
	}
	j := PairRates{Resolution: a.Resolution}
	phase := a.Points.phase(j.Resolution)
	ahead := wrap(b.Points.phase(j.Resolution)-phase, j.Resolution)
	first, second := a.Points.slots(phase, j.Resolution), b.Points.slots(phase+ahead, j.Resolution)
	sums := make([]float64, 0, min(len(first), len(second)))
	var newest int64
	either := 0 // slots that one of them has, or both
	for x, y := 0, 0; x < len(first) || y < len(second); {
		switch {
		case x+1 < len(first) && first[x] == first[x+1]:
			x++ // of several intervals in one slot the last counts
			continue
		case y+1 < len(second) && second[y] == second[y+1]:
			y++
			continue
		case y == len(second) || x < len(first) && first[x] < second[y]:
			x++
		case x == len(first) || first[x] > second[y]:
			y++
		default:
			// The earlier of the two times: one late port must not pass for a fresh pair.
			newest = min(a.Points.Time(x), b.Points.Time(y))
			sums = append(sums, a.Points.Means[x]+b.Points.Means[y])
			x, y = x+1, y+1
		}
		either++
	}
	if len(sums) == 0 {
		return PairRates{}
	}
	j.Last, j.Newest = new(sums[len(sums)-1]), time.Unix(0, newest).UTC()
	if j.Resolution <= w.Resolution && coveredOf*len(sums) >= coveredParts*either {
		j.P95 = Percentile95(sums)
	}
	return j
}

// slots numbers the intervals by a grid of the resolution that is offset by phase. The
// stamps jitter around it, so two may have the same number.
func (p *Points) slots(phase, resolution time.Duration) []int64 {
	all := make([]int64, p.Len())
	for i := range all {
		all[i] = int64(math.Round(float64(p.Time(i)-int64(phase)) / float64(resolution)))
	}
	return all
}

// phase is how far the stamps lie behind the multiples of the resolution, on average: the
// average of directions on a clock face, since an interval that ends a second before noon
// is two seconds from one that ends a second after it.
func (p *Points) phase(resolution time.Duration) time.Duration {
	var x, y, sin, cos float64
	behind := int64(resolution) // no remainder is that large, so the first interval computes its own
	for i := range p.Len() {
		if d := p.Time(i) % int64(resolution); d != behind { // most stamps do not jitter
			behind = d
			sin, cos = math.Sincos(2 * math.Pi * float64(d) / float64(resolution))
		}
		x, y = x+cos, y+sin
	}
	return time.Duration(math.Atan2(y, x) / (2 * math.Pi) * float64(resolution))
}

// wrap is d moved by whole intervals to no more than half of one.
func wrap(d, resolution time.Duration) time.Duration {
	return d - time.Duration(math.Round(float64(d)/float64(resolution)))*resolution
}
