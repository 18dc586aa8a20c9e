package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The drawing area of a sparkline, in the units of its path: one column for each
// bucket of time, and zero at the bottom. The view box in landing.html is the same.
const (
	sparkColumns = 96
	sparkHeight  = 100
)

// spark is the sparkline of one direction of a port over the primary window.
type spark struct {
	Path  string // of an SVG path; "" if there is nothing to draw
	Title string // the same as text
}

// newSpark draws the series s of a window that ends at end. A bucket shows its
// highest mean, so peaks survive, and a line ends when more than one interval is
// missing. The top is the capacity, or the peak if the capacity is unknown.
func newSpark(s *fleet.Rates, w fleet.Window, end time.Time, capacity *float64, d fleet.Direction) spark {
	if s.Points.Len() == 0 || w.Span <= 0 {
		return spark{}
	}
	peak := slices.Max(s.Points.Means)
	title := string(d) + ", last " + w.Label() + ": peak " + rateText(&peak)
	top := peak
	if capacity != nil && *capacity > 0 {
		top = *capacity
		title += " of " + rateText(capacity)
	}
	return spark{Path: sparkPath(sparkBuckets(s, w, end), top), Title: title}
}

// bucket holds the points of one column.
type bucket struct {
	column int
	high   float64
	joined bool // no interval is missing between the previous bucket and this
}

func sparkBuckets(s *fleet.Rates, w fleet.Window, end time.Time) []bucket {
	var all []bucket
	var last int64
	start, longest := end.Add(-w.Span).UnixNano(), int64(2*max(s.Resolution, w.Resolution))
	for i, mean := range s.Points.Means {
		at := s.Points.Time(i)
		column := int(float64(sparkColumns) * float64(at-start) / float64(w.Span))
		column = min(max(column, 0), sparkColumns-1) // the time of a point is the start or the end of its interval, by source
		if n := len(all); n > 0 && all[n-1].column == column {
			all[n-1].high = max(all[n-1].high, mean)
		} else {
			all = append(all, bucket{column: column, high: mean, joined: n > 0 && at-last <= longest})
		}
		last = at
	}
	return all
}

// sparkPath writes the path in relative steps, which keep the page small. A bucket
// without neighbours becomes a line of length 0, which is drawn as a dot.
func sparkPath(buckets []bucket, top float64) string {
	var path []byte
	var x, y int
	for i, b := range buckets {
		column, row := b.column, sparkRow(b.high, top)
		switch {
		case b.joined && row == y:
			path = strconv.AppendInt(append(path, 'h'), int64(column-x), 10)
		case b.joined:
			path = appendPair(path, 'l', column-x, row-y)
		default:
			path = appendPair(path, 'M', column, row)
			if i+1 == len(buckets) || !buckets[i+1].joined {
				path = append(path, "h0"...)
			}
		}
		x, y = column, row
	}
	return string(path)
}

// sparkRow is the vertical position of a rate; SVG counts from the top.
func sparkRow(v, top float64) int {
	if top <= 0 {
		return sparkHeight
	}
	return sparkHeight - int(sparkHeight*min(max(v/top, 0), 1)+0.5)
}

func appendPair(path []byte, command byte, a, b int) []byte {
	path = strconv.AppendInt(append(path, command), int64(a), 10)
	if b >= 0 { // a sign separates numbers as well
		path = append(path, ' ')
	}
	return strconv.AppendInt(path, int64(b), 10)
}
