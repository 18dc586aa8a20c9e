package fabric

import "time"

// Traffic is what one call says of one port or connection and window. All rates
// are in bit/s, all times UTC.
type Traffic struct {
	Resolution        time.Duration // length of an interval as the source states it; 0 where it does not
	Capacity          *float64      // line rate, bit/s
	Inbound, Outbound Rates
}

// Rates is one direction of Traffic. The summaries are the API's own figures
// over the window; nil where it gives none.
type Rates struct {
	Max         *float64 // highest value of an interval; from the points where the summary is missing
	Mean        *float64
	Last        *float64 // last polled
	Points      []Point  // in the API's order: perhaps unsorted, perhaps with duplicates
	Implausible int      // intervals with a figure that cannot be, below 0 or beyond any line: it is left out

	Dropped, Errored []Count // packets, in the API's order; nil where the source has none
}

// Point is one interval: the time the API stamps on it, not shifted, and the
// mean rate over it in bit/s. Intervals without a mean are left out.
type Point struct {
	Time time.Time
	Mean float64
	Max  float64 // highest rate within it; Mean where the source does not say
}

// Count is one interval of a counter: the time at which it ends, and what
// happened in it, not since ever. Intervals without a count are left out.
type Count struct {
	End time.Time
	N   float64
}
