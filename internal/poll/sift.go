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

// errImpossible is what an answer says all of whose intervals of one direction, or
// of both, are impossible.
var errImpossible = errors.New("no interval can be right; is the unit another one?")

// overLine is how many times the line rate a rate may be and still be believed:
// that of a port that has been made ten times smaller within the window.
const overLine = 10

// aboveLine is from how many times the line rate on a rate is told of: that of a
// full line may seem higher, since the ends of its intervals jitter.
const aboveLine = 1.1

// smallestPacket is what the smallest frame takes up on the wire, in bit.
const smallestPacket = 8 * 64

// sieve knows what the figures of an answer may be, and what of it was not so.
type sieve struct {
	first, latest time.Time     // stamps of the intervals asked for, with some grace
	line          float64       // bit/s; infinite where it is unknown
	interval      time.Duration // that counts are of

	odd     odd
	refused map[fleet.Direction]bool // directions that are impossible as a whole
}

// newSieve is for the answer t to a request for [from, to], about a line of which
// the rates, in bit/s, are known, or nil.
func newSieve(t *fabric.Traffic, from, to time.Time, resolution time.Duration, lines ...*float64) *sieve {
	grace := max(grace(&t.Inbound, t.Resolution, resolution), grace(&t.Outbound, t.Resolution, resolution))
	s := &sieve{
		first: from.Add(-grace), latest: to.Add(grace), interval: cmp.Or(t.Resolution, resolution),
		odd: odd{}, refused: map[fleet.Direction]bool{},
	}
	for _, line := range lines {
		if line != nil {
			s.line = max(s.line, *line)
		}
	}
	s.line = cmp.Or(s.line, math.Inf(1))
	return s
}

// grace is [fleet.Grace] of one direction of an answer.
func grace(r *fabric.Rates, stated, asked time.Duration) time.Duration {
	var points []fleet.Point
	if stated == 0 { // else nobody looks at them
		points = newPoints(r.Points)
	}
	return fleet.Grace(points, stated, asked)
}

// traffic leaves out of an answer what cannot be. Where that is all there is of a
// direction it is an error; the other one may be taken all the same.
func (s *sieve) traffic(op string, t *fabric.Traffic) error {
	s.direction(fleet.Inbound, &t.Inbound)
	s.direction(fleet.Outbound, &t.Outbound)
	if len(s.refused) == 0 {
		return nil
	}
	at := ""
	for _, d := range fleet.Directions() {
		if s.refused[d] && len(s.refused) == 1 {
			at = string(d)
		}
	}
	return &fabric.DecodeError{Op: op, Path: at, Err: fmt.Errorf("%w (%v; rates up to %.0f bit/s believed)", errImpossible, s.odd, overLine*s.line)}
}

func (s *sieve) direction(d fleet.Direction, r *fabric.Rates) {
	had := len(r.Points)+r.Implausible > 0
	r.Dropped, r.Errored = s.counts(r.Dropped), s.counts(r.Errored)
	s.series(r)
	if had && len(r.Points) == 0 {
		s.refused[d] = true
	}
}

// series does it for one direction. The API has made its summaries of all
// intervals, so where one cannot be they are made anew of the others. One that is
// merely to come costs the summaries only that it is in.
func (s *sieve) series(r *fabric.Rates) {
	all, future, above := r.Points, 0, len(s.odd[oddAbove])
	wrong := r.Implausible
	s.odd.add(oddRate, make([]int64, r.Implausible)...)
	r.Points = make([]fabric.Point, 0, len(all))
	for _, p := range all {
		at := p.Time.UnixNano()
		if p.Mean > overLine*s.line || p.Max > overLine*s.line {
			s.odd.add(oddRate, at)
			wrong++
			p.Max = p.Mean // no more than that is believed of it, if that
		}
		switch {
		case p.Mean > overLine*s.line:
			continue
		case p.Time.After(s.latest):
			s.odd.add(oddFuture, at)
			future++
			continue
		case max(p.Mean, p.Max) > aboveLine*s.line:
			s.odd.add(oddAbove, at)
		}
		r.Points = append(r.Points, p)
	}
	top := highest(r)
	switch {
	case wrong > 0, top > overLine*s.line:
		if wrong == 0 {
			s.odd.add(oddRate, unstamped)
		}
		own := s.sum(r.Points)
		r.Max, r.Mean, r.Last = own.max, own.mean, nil
		return
	case future > 0:
		s.withoutFuture(r, all)
	}
	if top > aboveLine*s.line && len(s.odd[oddAbove]) == above {
		s.odd.add(oddAbove, unstamped)
	}
}

// highest is the highest of the API's summaries.
func highest(r *fabric.Rates) (top float64) {
	for _, v := range []*float64{r.Max, r.Mean, r.Last} {
		if v != nil {
			top = max(top, *v)
		}
	}
	return top
}

func (s *sieve) drops(d *fabric.Drops) {
	d.Inbound, d.Outbound = s.counts(d.Inbound), s.counts(d.Outbound)
}

// knowsLine reports whether the line rate is known, without which no count can be
// judged.
func (s *sieve) knowsLine() bool { return !math.IsInf(s.line, 1) }

// counts leaves out those of more packets than the line carries.
func (s *sieve) counts(all []fabric.Count) []fabric.Count {
	most := s.line / smallestPacket * s.interval.Seconds()
	return slices.DeleteFunc(all, func(c fabric.Count) bool {
		switch {
		case c.End.After(s.latest):
			s.odd.add(oddFuture, c.End.UnixNano())
		case c.N > most:
			s.odd.add(oddPackets, c.End.UnixNano())
		default:
			return false
		}
		return true
	})
}
