package fabric

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Traffic is what one call says of one port or connection over a window of time.
// All rates are in bit/s, all times UTC.
type Traffic struct {
	Resolution        time.Duration // length of an interval as the source states it; 0 if it does not
	Capacity          *float64      // line rate, bit/s
	Inbound, Outbound Rates
}

// Rates is one direction of Traffic. The summaries are the API's own figures
// over the window; nil if it gives none.
type Rates struct {
	Max         *float64 // highest value of an interval; from the points if the summary is missing
	Mean        *float64
	Last        *float64 // last polled
	Points      []Point  // in the API's order: perhaps unsorted, perhaps with duplicates
	Implausible int      // intervals with a figure below 0 or beyond any line, which is left out

	Dropped, Errored []Count // packets, in the API's order; nil if the source has none
}

// Point is one interval: the time the API stamps on it, not shifted, and the
// mean rate over it in bit/s. Intervals without a mean are left out.
type Point struct {
	Time time.Time
	Mean float64
	Max  float64 // highest rate within it; Mean if the source does not say
}

// Count is one interval of a counter: the time at which it ends, and what
// happened in it, not since ever. Intervals without a count are left out.
type Count struct {
	End time.Time
	N   float64
}

// ConnectionTraffic is what the v4 metrics say of one connection. Its rates have
// neither Dropped nor Errored: packets are dropped at a side.
type ConnectionTraffic struct {
	Traffic
	ASide, ZSide Drops
}

// Drops are the packets that one side of a connection dropped because they
// exceeded its bandwidth; nil if the answer has none.
type Drops struct{ Inbound, Outbound []Count }

// Units of the API, in bit/s.
const (
	bit  = 1
	kbit = 1e3
	mbit = 1e6
	gbit = 1e9
)

// rateUnit is a unit of the v4 API in bit/s. Case matters: MBps would be bytes. An
// unknown unit is an error, since a wrong rate is worse than none.
func rateUnit(unit string) (float64, error) {
	switch unit {
	case "Mbps", "Mbit/s":
		return mbit, nil
	case "bit/s", "bps":
		return bit, nil
	case "Kbps", "kbps", "kbit/s":
		return kbit, nil
	case "Gbps", "Gbit/s":
		return gbit, nil
	}
	return 0, fmt.Errorf("unknown unit %q", oneLine(unit, len(unit)+1))
}

// stampLayout is how the API wants times in queries: UTC, to the second.
const stampLayout = "2006-01-02T15:04:05Z"

// maxInterval is the longest range that the API keeps.
const maxInterval = 90 * 24 * time.Hour

var isoPattern = regexp.MustCompile(`^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$`)

// isoDuration reads an ISO 8601 duration such as PT5M, to the second. It is 0 for
// any other text, for more than maxInterval, and for months and years, whose
// length varies.
func isoDuration(s string) time.Duration {
	m := isoPattern.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // digits only, or nothing, which is 0
		if n > int(maxInterval/unit) {
			return 0
		}
		d += time.Duration(n) * unit
	}
	if d > maxInterval {
		return 0
	}
	return d
}
