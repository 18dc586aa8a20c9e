package fleet

import (
	"hash/maphash"
	"maps"
	"math"
	"slices"
	"time"
)

// History is what an answer of the API said of single intervals of one port or connection,
// each with its own time.
type History struct {
	Subject
	Resolution time.Duration // length of the intervals
	// Since is set if the History is complete: it has every interval that the API knew and
	// that ends after Since. Else it has what is new since the History before.
	Since time.Time
	// Settled is the time up to which no late interval is expected: that of the newest
	// interval, or of the one before a hole in the last two hours.
	Settled time.Time
	Tracks  []Track
}

// Subject is what a History is about.
type Subject struct {
	Account    string
	Connection bool // else a port
	UUID, Name string
}

// Track is one quantity of the intervals of a History, ascending, one for each time.
type Track struct {
	Quantity  Quantity
	Direction Direction
	Side      Side // that dropped the packets of a connection; else ""
	Points    []Point
}

// Point is the value of one interval: in bit/s, or packets.
type Point struct {
	End   time.Time // as the API stamps it
	Value float64
}

// Quantity is what the points of a Track count.
type Quantity string

// The quantities.
const (
	MeanRate       Quantity = "mean"
	MaxRate        Quantity = "max" // only if the source knows it
	PacketsDropped Quantity = "dropped"
	PacketsErrored Quantity = "errored"
)

// Newest is the time of the newest point, zero if there is none.
func (h *History) Newest() (newest time.Time) {
	for _, t := range h.Tracks {
		if n := len(t.Points); n > 0 && t.Points[n-1].End.After(newest) {
			newest = t.Points[n-1].End
		}
	}
	return newest
}

// NewHistory are the plausible intervals of an answer that end after the time from which it
// was asked for, and are over now. packets are the plausible counts that it has beside its rates.
func NewHistory(of Subject, a *Answer, l *Limits, packets []CountTrack, now time.Time) History {
	h := History{Subject: of, Since: l.from}
	add := func(q Quantity, d Direction, s Side, points []Point) {
		if len(points) > 0 {
			h.Tracks = append(h.Tracks, Track{q, d, s, points})
		}
	}
	rates := map[Direction][]Interval{}
	for _, d := range Directions() {
		rates[d] = l.plausible(ascending(a.Rates(d).Intervals), Rejected{})
		h.Resolution = max(h.Resolution, l.length(rates[d]))
	}
	if l.stated == 0 && h.Resolution > 5*time.Minute && (finer(rates[Inbound], h.Resolution) || finer(rates[Outbound], h.Resolution)) {
		h.Resolution = 5 * time.Minute
	}
	// An interval under way has no final value, and a receiver would keep the first that it
	// gets. Hours may be stamped with their start.
	over := now
	if h.Resolution > 5*time.Minute {
		over = now.Add(-h.Resolution)
	}
	var times []time.Time
	for _, d := range Directions() {
		var means, tops []Point
		for _, i := range rates[d] {
			if !i.Time.After(l.from) || i.Time.After(over) {
				continue
			}
			means = append(means, Point{i.Time, i.Mean})
			times = append(times, i.Time)
			if i.KnowsMax {
				tops = append(tops, Point{i.Time, i.Max})
			}
		}
		add(MeanRate, d, "", means)
		add(MaxRate, d, "", tops)
	}
	for _, p := range packets {
		add(p.Quantity, p.Direction, p.Side, l.points(p.Counts, over))
	}
	h.Settled = settled(times, h.Resolution)
	return h
}

// finer reports whether most of ascending intervals are clearly closer to each other than step: a
// source that does not state its resolution may answer with 5 minutes when hours were meant.
func finer(all []Interval, step time.Duration) bool {
	n := 0
	for i := 1; i < len(all); i++ {
		if 2*all[i].Time.Sub(all[i-1].Time) < step {
			n++
		}
	}
	return 2*n > len(all)
}

// CountTrack are the counts of packets of one direction of a port, or of one side of a
// connection.
type CountTrack struct {
	Quantity  Quantity
	Direction Direction
	Side      Side
	Counts    []Count // in any order, perhaps repeated
}

// points are the counts after the start of the request, up to over, ascending, the last of
// each time.
func (l *Limits) points(counts []Count, over time.Time) []Point {
	sorted := slices.Clone(counts)
	slices.SortStableFunc(sorted, func(a, b Count) int { return a.End.Compare(b.End) })
	var all []Point
	for i, c := range sorted {
		if c.End.After(l.from) && !c.End.After(over) && (i+1 == len(sorted) || !sorted[i+1].End.Equal(c.End)) {
			all = append(all, Point{c.End, c.N})
		}
	}
	return all
}

// lateness is how long an interval may be missing and still come.
const lateness = 2 * time.Hour

// settled is the newest of the times, or the one before the first hole of the last two hours.
func settled(times []time.Time, step time.Duration) time.Time {
	if len(times) == 0 {
		return time.Time{}
	}
	slices.SortFunc(times, time.Time.Compare)
	newest := times[len(times)-1]
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); 2*gap > 3*step && newest.Sub(times[i]) < lateness {
			return times[i-1]
		}
	}
	return newest
}

// Seen remembers which intervals of a subject were handed on, to find the new and the changed
// ones in the next answer. It keeps 8 bytes of each: when it ends, in Unix seconds, and a
// checksum of its values.
type Seen struct{ ends, sums []uint32 }

var seed = maphash.MakeSeed()

// News returns what of h is new or changed since the call before, and remembers h. It returns
// all of h if there may be a gap between the two.
func (s *Seen) News(h History) History {
	sums := map[uint32]uint32{}
	for _, t := range h.Tracks {
		of := maphash.String(seed, string(t.Quantity)+" "+string(t.Direction)+" "+string(t.Side))
		for _, p := range t.Points {
			sums[seconds(p.End)] ^= uint32(maphash.Comparable(seed, [2]uint64{of, math.Float64bits(p.Value)})) //nolint:gosec // G115: any bits will do
		}
	}
	if len(sums) == 0 {
		return h
	}
	next, known := Seen{slices.Sorted(maps.Keys(sums)), make([]uint32, len(sums))}, map[uint32]bool{}
	for i, end := range next.ends {
		next.sums[i] = sums[end]
		if before, ok := slices.BinarySearch(s.ends, end); ok && s.sums[before] == sums[end] {
			known[end] = true
		}
	}
	gap := len(s.ends) == 0 || s.ends[len(s.ends)-1] < seconds(h.Since)
	*s = next
	if gap {
		return h
	}
	h.Since = time.Time{}
	return h.filter(func(end time.Time) bool { return !known[seconds(end)] })
}

// seconds is a time in Unix seconds, which fit until 2106.
func seconds(t time.Time) uint32 { return uint32(t.Unix()) } //nolint:gosec // G115: see above

// filter is h with the points whose time is wanted.
func (h History) filter(wanted func(end time.Time) bool) History {
	var tracks []Track
	for _, t := range h.Tracks {
		var points []Point
		for _, p := range t.Points {
			if wanted(p.End) {
				points = append(points, p)
			}
		}
		if t.Points = points; len(points) > 0 {
			tracks = append(tracks, t)
		}
	}
	h.Tracks = tracks
	return h
}

// Between is h with the points that end after from and not after to.
func (h History) Between(from, to time.Time) History {
	return h.filter(func(end time.Time) bool { return end.After(from) && !end.After(to) })
}
