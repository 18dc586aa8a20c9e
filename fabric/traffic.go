package fabric

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Traffic is the traffic of one port or connection over a window of time, from one call.
// All rates are in bit/s, all times UTC.
type Traffic struct {
	Resolution        time.Duration // length of an interval as the source states it; 0 if it does not
	Capacity          *float64      // line rate, bit/s
	Inbound, Outbound Rates
}

// Rates is one direction of Traffic. Max, Mean and Last are the API's own values for
// the window; nil if it gives none.
type Rates struct {
	Max         *float64 // highest value of an interval; from Points if the API gives none
	Mean        *float64
	Last        *float64 // last polled
	Points      []Point  // in the API's order: perhaps unsorted, perhaps with duplicates
	Implausible int      // intervals with a value below 0 or above any line rate, which is left out

	Dropped, Errored []Count // packets, in the API's order; nil if the source has none
}

// Point is one interval: its time as the API gives it, and the mean rate in bit/s.
// Intervals without a mean are left out.
type Point struct {
	Time time.Time
	Mean float64
	Max  float64 // highest rate in the interval; Mean if the source does not say

	KnowsMax bool // the source said what Max is
}

// Count is one interval of a counter: the time at which it ends, and how many packets
// it counts, not a running total. Intervals without a count are left out.
type Count struct {
	End time.Time
	N   float64
}

// ConnectionTraffic is the traffic of a connection from the v4 metrics. Its rates
// have no Dropped and Errored, since packets are dropped at a side.
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
// unknown unit is an error: no rate is better than a wrong rate.
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

// stampLayout is the format of times in queries: UTC, to the second.
const stampLayout = "2006-01-02T15:04:05Z"

// maxInterval is how long the API keeps data.
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
		n, _ := strconv.Atoi(m[i+1]) // only digits, or "", which is 0
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
