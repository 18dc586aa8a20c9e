package poll

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// errImpossible is what an answer says all of whose intervals are impossible.
var errImpossible = errors.New("no interval can be right; is the unit another one?")

// overLine is how many times the line rate a rate may be and still be believed:
// that of a port that has been made ten times smaller within the window.
const overLine = 10

// smallestPacket is what the smallest frame takes up on the wire, in bit.
const smallestPacket = 8 * 64

// sieve knows what the figures of an answer may be.
type sieve struct {
	first, latest time.Time     // stamps of the intervals asked for, with some grace
	rate          float64       // bit/s
	interval      time.Duration // that counts are of
}

// newSieve is for the answer t to a request for [from, to], about a line of which
// the rates, in bit/s, are known, or nil.
func newSieve(t *fabric.Traffic, from, to time.Time, resolution time.Duration, lines ...*float64) sieve {
	grace := max(grace(&t.Inbound, t.Resolution, resolution), grace(&t.Outbound, t.Resolution, resolution))
	s := sieve{first: from.Add(-grace), latest: to.Add(grace), interval: cmp.Or(t.Resolution, resolution)}
	for _, line := range lines {
		if line != nil {
			s.rate = max(s.rate, overLine**line)
		}
	}
	s.rate = cmp.Or(s.rate, math.Inf(1))
	return s
}

// grace is [fleet.Grace] of one direction of an answer.
func grace(r *fabric.Series, stated, asked time.Duration) time.Duration {
	var points []fleet.Point
	if stated == 0 { // else nobody looks at them
		points = newPoints(r.Points)
	}
	return fleet.Grace(points, stated, asked)
}

// traffic leaves out of an answer what cannot be, and returns how many intervals
// that were. Where nothing else is left it is an error.
func (s sieve) traffic(t *fabric.Traffic) (odd int, err error) {
	odd = s.series(&t.Inbound) + s.series(&t.Outbound)
	if odd > 0 && empty(t) {
		return odd, fmt.Errorf("%w (%d intervals, rates up to %.0f bit/s believed)", errImpossible, odd, s.rate)
	}
	return odd, nil
}

// series does it for one direction. The API has made its summaries of all
// intervals, so where one cannot be they are made anew of the others. One that is
// merely to come costs the summaries only that it is in.
func (s sieve) series(r *fabric.Series) (odd int) {
	r.Dropped, r.Errored = s.counts(r.Dropped), s.counts(r.Errored)
	points := make([]fabric.Point, 0, len(r.Points))
	future := 0
	odd = r.Odd
	for _, p := range r.Points {
		if p.Mean > s.rate {
			odd++
			continue
		}
		if p.Max > s.rate {
			odd++
			p.Max = p.Mean
		}
		if p.Time.After(s.latest) {
			future++
			continue
		}
		points = append(points, p)
	}
	all := r.Points
	r.Points = points
	if odd > 0 || !s.believes(r.Max) || !s.believes(r.Mean) || !s.believes(r.Last) {
		own := s.sum(points)
		r.Max, r.Mean, r.Last = own.max, own.mean, nil
		return max(odd+future, 1)
	}
	if future > 0 {
		s.withoutFuture(r, all)
	}
	return future
}

// withoutFuture replaces the summaries that can be told to be of all points, also
// of those to come, which r has no more.
func (s sieve) withoutFuture(r *fabric.Series, all []fabric.Point) {
	own, theirs := s.sum(r.Points), s.sum(all)
	if of(r.Max, theirs.max, own.max) {
		r.Max = own.max
	}
	if of(r.Mean, theirs.mean, own.mean) {
		r.Mean = own.mean
	}
	if of(r.Last, theirs.last, own.last) {
		r.Last = own.last
	}
}

// of reports whether a figure is the one, not the other: nearer to it than half
// of what lies between them.
func of(v, one, other *float64) bool {
	switch {
	case v == nil || one == nil:
		return false
	case other == nil:
		return true
	}
	return math.Abs(*v-*one) < math.Abs(*one-*other)/2
}

// summary is what points come to; nil without any.
type summary struct{ max, mean, last *float64 }

// sum works the summaries out of the points in the window and after it, one for
// each time.
func (s sieve) sum(points []fabric.Point) summary {
	byTime := map[int64]fabric.Point{}
	newest := int64(math.MinInt64)
	for _, p := range points {
		if !p.Time.Before(s.first) {
			byTime[p.Time.UnixNano()] = p
			newest = max(newest, p.Time.UnixNano())
		}
	}
	if len(byTime) == 0 {
		return summary{}
	}
	total, highest := 0.0, 0.0
	for _, p := range byTime {
		total += p.Mean
		highest = max(highest, p.Mean, p.Max)
	}
	return summary{max: &highest, mean: new(total/float64(len(byTime))), last: new(byTime[newest].Mean)}
}

func (s sieve) believes(rate *float64) bool { return rate == nil || *rate <= s.rate }

func (s sieve) drops(d *fabric.Drops) {
	d.Inbound, d.Outbound = s.counts(d.Inbound), s.counts(d.Outbound)
}

// counts leaves out those of more packets than the line carries.
func (s sieve) counts(all []fabric.Count) []fabric.Count {
	most := s.rate / smallestPacket * s.interval.Seconds()
	return slices.DeleteFunc(all, func(c fabric.Count) bool { return c.N > most || c.End.After(s.latest) })
}
