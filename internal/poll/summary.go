package poll

import (
	"math"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// withoutFuture replaces the summaries that can be told to be of all points, also
// of those to come, which r has no more.
func (s *sieve) withoutFuture(r *fabric.Rates, all []fabric.Point) {
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
func (s *sieve) sum(points []fabric.Point) summary {
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
	return summary{max: &highest, mean: new(total / float64(len(byTime))), last: new(byTime[newest].Mean)}
}
