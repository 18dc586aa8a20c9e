package poll

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
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

// newSieve is for the answer to a request for [from, to], about a line of which
// the rates, in bit/s, are known, or nil.
func newSieve(from, to time.Time, resolution time.Duration, lines ...*float64) sieve {
	s := sieve{first: from.Add(-resolution), latest: to.Add(resolution), interval: resolution}
	for _, line := range lines {
		if line != nil {
			s.rate = max(s.rate, overLine**line)
		}
	}
	s.rate = cmp.Or(s.rate, math.Inf(1))
	return s
}

// traffic leaves out of an answer what cannot be, and returns how many intervals
// that were. Where nothing else is left it is an error.
func (s sieve) traffic(t *fabric.Traffic) (odd int, err error) {
	if t.Resolution > 0 {
		s.interval = t.Resolution
	}
	odd = s.series(&t.Inbound) + s.series(&t.Outbound)
	if odd > 0 && empty(t) {
		return odd, fmt.Errorf("%w (%d intervals, rates up to %.0f bit/s believed)", errImpossible, odd, s.rate)
	}
	return odd, nil
}

// series does it for one direction. The API has made its summaries of all
// intervals, so where one cannot be they are made anew of the others.
func (s sieve) series(r *fabric.Series) (odd int) {
	r.Dropped, r.Errored = s.counts(r.Dropped), s.counts(r.Errored)
	points := make([]fabric.Point, 0, len(r.Points))
	odd = r.Odd
	for _, p := range r.Points {
		if p.Time.After(s.latest) || p.Mean > s.rate {
			odd++
			continue
		}
		if p.Max > s.rate {
			odd++
			p.Max = p.Mean
		}
		points = append(points, p)
	}
	if odd == 0 && s.believes(r.Max) && s.believes(r.Mean) && s.believes(r.Last) {
		return 0
	}
	r.Points, r.Max, r.Mean, r.Last = points, nil, nil, nil
	s.sum(r)
	return max(odd, 1)
}

// sum works the summaries of a series out of its points in the window, one for
// each time; there are none without any. The last polled rate is left open: it
// is that of the newest point.
func (s sieve) sum(r *fabric.Series) {
	byTime := map[int64]fabric.Point{}
	for _, p := range r.Points {
		if !p.Time.Before(s.first) {
			byTime[p.Time.UnixNano()] = p
		}
	}
	if len(byTime) == 0 {
		return
	}
	total, highest := 0.0, 0.0
	for _, p := range byTime {
		total += p.Mean
		highest = max(highest, p.Mean, p.Max)
	}
	r.Mean, r.Max = new(total/float64(len(byTime))), new(highest)
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
