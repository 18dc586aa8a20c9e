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
	if len(a.Points) == 0 || len(b.Points) == 0 || a.Resolution != b.Resolution {
		return PairRates{}
	}
	j := PairRates{Resolution: a.Resolution}
	phase := phaseOf(a.Points, j.Resolution)
	ahead := wrap(phaseOf(b.Points, j.Resolution)-phase, j.Resolution)
	first, second := onGrid(a.Points, phase, j.Resolution), onGrid(b.Points, phase+ahead, j.Resolution)
	sums := make([]Point, 0, min(len(first), len(second)))
	for x, y := 0, 0; x < len(first) && y < len(second); {
		switch p, q := first[x], second[y]; {
		case p.slot < q.slot:
			x++
		case p.slot > q.slot:
			y++
		default:
			at := p.Time // the earlier of the two: one late port must not pass for a fresh pair
			if q.Time.Before(at) {
				at = q.Time
			}
			sums = append(sums, Point{Time: at, Mean: p.Mean + q.Mean})
			x, y = x+1, y+1
		}
	}
	if len(sums) == 0 {
		return PairRates{}
	}
	newest := sums[len(sums)-1]
	j.Last, j.Newest = &newest.Mean, newest.Time
	either := len(first) + len(second) - len(sums)
	if j.Resolution <= w.Resolution && coveredOf*len(sums) >= coveredParts*either {
		j.P95 = Percentile95(sums)
	}
	return j
}

// slotted is an interval with its number on a grid.
type slotted struct {
	Point

	slot int64
}

// onGrid numbers the intervals of a series, which ascend. The stamps jitter
// around a grid of the resolution that is offset by phase; of several in one
// slot the last counts.
func onGrid(points []Point, phase, resolution time.Duration) []slotted {
	slots := make([]slotted, 0, len(points))
	for _, p := range points {
		slot := int64(math.Round(float64(p.Time.UnixNano()-int64(phase)) / float64(resolution)))
		if n := len(slots); n > 0 && slots[n-1].slot == slot {
			slots[n-1].Point = p
			continue
		}
		slots = append(slots, slotted{p, slot})
	}
	return slots
}

// phaseOf is how far the stamps of a series lie behind the multiples of the
// resolution, on average: that of directions on a clock face, since an interval
// that ends a second before noon is two from one that ends a second after it.
func phaseOf(points []Point, resolution time.Duration) time.Duration {
	var x, y float64
	for _, p := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(p.Time.UnixNano()%int64(resolution)) / float64(resolution))
		x, y = x+cos, y+sin
	}
	return time.Duration(math.Atan2(y, x) / (2 * math.Pi) * float64(resolution))
}

// wrap is d moved by whole intervals to no more than half of one.
func wrap(d, resolution time.Duration) time.Duration {
	return d - time.Duration(math.Round(float64(d)/float64(resolution)))*resolution
}
