package web

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// The drawing area of a chart, in the units of its path, as the view box in port.html.
const (
	chartColumns = 720
	chartHeight  = 1000
)

// chart is one direction of a port over the primary window, drawn large. Positions are in
// percent of the drawing, from the left and from the top.
type chart struct {
	ID, Title   string
	Path        string
	Capacity    *mark  // nil if it is unknown, 0, or far above the drawing
	P95         *mark  // nil if it is unknown
	Beside      string // what the drawing cannot show of the capacity
	Rates       []mark // the vertical axis
	Times       []mark // the horizontal axis
	Gaps        []hole
	Description string
}

// mark is a line across a chart with its text.
type mark struct{ At, Text string }

// hole is a time without data.
type hole struct{ From, Width string }

// newCharts draws both directions with one scale, so that they can be compared. There are
// none without intervals to draw.
func newCharts(v *fleet.View, u human.Units) []chart {
	t, w, capacity := v.Traffic[0], v.Windows[0], v.EffectiveCapacity()
	if t == nil || w.Span <= 0 {
		return nil
	}
	peak := 0.0
	for _, d := range fleet.Directions() {
		if means := t.Rates(d).Points.Means; len(means) > 0 {
			peak = max(peak, slices.Max(means))
		}
	}
	// Little traffic would be a line at the bottom of its capacity.
	top, within := max(1, 1.1*peak), false
	if capacity != nil && *capacity > 0 && (peak >= *capacity/4 || peak == 0) {
		top, within = max(*capacity, peak)*1.05, true
	}
	var all []chart
	for _, d := range fleet.Directions() {
		r := t.Rates(d)
		if r.Points.Len() == 0 {
			continue
		}
		end := t.Answered(d)
		c := chart{
			ID: string(d), Title: strings.ToUpper(string(d[:1])) + string(d[1:]) + " traffic of the last " + w.Label(),
			Path: plot(buckets(r, w, end, chartColumns), top, chartHeight), Rates: rateMarks(top, u), Times: timeMarks(w, end),
		}
		level := func(v float64) string { return percent(1 - v/top) }
		var said []string
		if last := v.Last(d); last != nil {
			said = append(said, "now "+u.Rate(*last))
		}
		if r.P95 != nil {
			c.P95 = &mark{level(*r.P95), "p95 " + u.Rate(*r.P95)}
			said = append(said, "95th percentile "+u.Rate(*r.P95))
		}
		if r.Max != nil {
			said = append(said, "highest "+u.Rate(*r.Max))
		}
		if capacity != nil {
			text := "capacity " + u.Rate(*capacity)
			if whole := v.Capacity(); whole != nil && *whole != *capacity {
				text += " of the links that are up"
			}
			said = append(said, text)
			switch {
			case within:
				c.Capacity = &mark{level(*capacity), text}
			case *capacity > 0:
				c.Beside = text + " is far above"
			default:
				c.Beside = "no link is up"
			}
		}
		c.Description = strings.Join(said, ", ") + ". "
		c.addGaps(v, r, end)
		all = append(all, c)
	}
	return all
}

// addGaps marks the times without data, which are longer than the missing of one interval.
func (c *chart) addGaps(v *fleet.View, r *fleet.Rates, end time.Time) {
	const named = 5
	w := v.Windows[0]
	start, longest := end.Add(-w.Span), longestStep(r, w)
	var texts []string
	gap := func(from, to time.Time) {
		left, right := float64(from.Sub(start))/float64(w.Span), float64(to.Sub(start))/float64(w.Span)
		c.Gaps = append(c.Gaps, hole{percent(left), percent(right - left)})
		if len(texts) < named {
			texts = append(texts, timeText(from, w)+" to "+timeText(to, w))
		}
	}
	before := start
	for i := range r.Points.Len() {
		at := time.Unix(0, r.Points.Time(i))
		if at.Sub(before) > longest {
			gap(before, at)
		}
		before = at
	}
	if !w.Current(before, v.Now) { // else the newest intervals are yet to come
		gap(before, end)
	}
	switch {
	case len(texts) == 0:
		c.Description += "No gaps."
	case len(texts) < len(c.Gaps):
		c.Description += "No data: " + strings.Join(texts, "; ") + " UTC, and more gaps."
	default:
		c.Description += "No data: " + strings.Join(texts, "; ") + " UTC."
	}
}

// rateMarks are three to six round rates from 0 to the top.
func rateMarks(top float64, u human.Units) []mark {
	var all []mark
	shown := u.Of(top) // the marks are round in the units that are shown
	step := math.Pow(10, math.Floor(math.Log10(shown/3)))
	for _, factor := range []float64{5, 2.5, 2} {
		if factor*step <= shown/3 {
			step *= factor
			break
		}
	}
	for v := step; v < shown; v += step {
		all = append(all, mark{percent(1 - v/shown), u.Rate(v / shown * top)})
	}
	return all
}

// timeMarks are up to five round times in UTC within the window.
func timeMarks(w fleet.Window, end time.Time) []mark {
	step := 6 * time.Hour
	for w.Span > 5*step {
		step += 6 * time.Hour
		if step > 24*time.Hour {
			step = (step + 18*time.Hour).Truncate(24 * time.Hour) // whole days
		}
	}
	start := end.Add(-w.Span)
	var all []mark
	for at := start.Truncate(step).Add(step); at.Before(end); at = at.Add(step) {
		// A text at the edge would be cut off.
		if share := float64(at.Sub(start)) / float64(w.Span); share > 0.06 && share < 0.94 {
			all = append(all, mark{percent(share), timeText(at, w)})
		}
	}
	return all
}

// timeText is a time in UTC: of a day the hour, of several the date, too.
func timeText(t time.Time, w fleet.Window) string {
	t = t.UTC()
	switch midnight := t.Truncate(24 * time.Hour).Equal(t); {
	case midnight:
		return t.Format("2 Jan")
	case w.Span <= 48*time.Hour:
		return t.Format("15:04")
	default:
		return t.Format("2 Jan 15:04")
	}
}

func percent(share float64) string {
	return strconv.FormatFloat(100*min(max(share, 0), 1), 'f', 2, 64) + "%"
}
