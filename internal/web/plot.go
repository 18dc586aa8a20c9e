package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// The drawing area of a sparkline, in the units of its path: one column for each
// bucket of time, and zero at the bottom. The view box in page.html is the same.
const (
	sparkColumns = 96
	sparkHeight  = 100
)

// spark is the sparkline of one direction of a port over the primary window.
type spark struct {
	Path  string // of an SVG path; "" if there is nothing to draw
	Title string // the same as text
}

// newSpark draws the rates of a window that ends at end. A bucket shows its highest mean,
// so peaks survive, and a line ends when more than one interval is missing. The top is the
// capacity, or the peak if the capacity is unknown or 0.
func newSpark(r *fleet.Rates, w fleet.Window, end time.Time, capacity *float64, d fleet.Direction, u human.Units) spark {
	if r.Points.Len() == 0 || w.Span <= 0 {
		return spark{}
	}
	s := spark{Title: string(d) + ", last " + w.Label()}
	if r.Max != nil {
		s.Title += ", highest " + u.Rate(*r.Max)
	}
	top := slices.Max(r.Points.Means)
	if capacity != nil {
		s.Title += ", capacity " + u.Rate(*capacity)
		if *capacity > 0 {
			top = *capacity
		}
	}
	s.Path = plot(buckets(r, w, end, sparkColumns), top, sparkHeight)
	return s
}

// bucket holds the points of one column.
type bucket struct {
	column int
	high   float64
	joined bool // no interval is missing between the previous bucket and this
}

// buckets are the points of a window that ends at end, in so many columns.
func buckets(s *fleet.Rates, w fleet.Window, end time.Time, columns int) []bucket {
	var all []bucket
	var last int64
	start, longest := end.Add(-w.Span).UnixNano(), int64(longestStep(s, w))
	for i, mean := range s.Points.Means {
		at := s.Points.Time(i)
		column := int(float64(columns) * float64(at-start) / float64(w.Span))
		column = min(max(column, 0), columns-1) // the time of a point is the start or the end of its interval, by source
		if n := len(all); n > 0 && all[n-1].column == column {
			all[n-1].high = max(all[n-1].high, mean)
		} else {
			all = append(all, bucket{column: column, high: mean, joined: n > 0 && at-last <= longest})
		}
		last = at
	}
	return all
}

// longestStep is how far apart two points may be without a gap: one interval may be missing.
func longestStep(s *fleet.Rates, w fleet.Window) time.Duration {
	return 2 * max(s.Resolution, w.Resolution)
}

// plot writes the path in relative steps, which keep the page small. A bucket
// without neighbours becomes a line of length 0, which is drawn as a dot.
func plot(buckets []bucket, top float64, height int) string {
	var path []byte
	var x, y int
	for i, b := range buckets {
		column, row := b.column, rowOf(b.high, top, height)
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

// rowOf is the vertical position of a rate; SVG counts from the top.
func rowOf(v, top float64, height int) int {
	if top <= 0 {
		return height
	}
	return height - int(float64(height)*min(max(v/top, 0), 1)+0.5)
}

func appendPair(path []byte, command byte, a, b int) []byte {
	path = strconv.AppendInt(append(path, command), int64(a), 10)
	if b >= 0 { // a sign separates numbers as well
		path = append(path, ' ')
	}
	return strconv.AppendInt(path, int64(b), 10)
}
