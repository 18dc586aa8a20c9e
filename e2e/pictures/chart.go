package pictures

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
)

// line is a series as it is drawn.
type line struct {
	grafana.Series
	field  grafana.Field
	colour string
	base   []float64 // what a stacked line stands on
}

// chart is the room for lines and what its edges mean.
type chart struct {
	frame
	bottom    int
	low, high float64
}

const axis = 72 // pixels for the numbers of the y axis

func (c chart) x(t time.Time) float64 {
	return axis + float64(c.width-axis)*float64(t.Sub(c.from))/float64(c.to.Sub(c.from))
}

func (c chart) y(v float64) float64 {
	return 6 + float64(c.bottom-6)*(c.high-v)/(c.high-c.low)
}

// lines draws series over time with a legend beneath.
func lines(p grafana.Panel, series []grafana.Series, f frame) template.HTML {
	all := dressed(p, series)
	shownInLegend := min(len(all), max(1, (f.height/3-18)/17))
	c := chart{frame: f, bottom: f.height - 18*shownInLegend - 44}
	c.low, c.high = reach(p, all)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%d" height="%d">`, f.width+20, c.bottom+22)
	c.grid(&b, p.FieldConfig.Defaults.Unit)
	for i, l := range all {
		c.area(&b, l, all, i)
	}
	for _, l := range all {
		c.stroke(&b, l)
	}
	c.limits(&b, p)
	b.WriteString("</svg>" + legend(all[:shownInLegend], p.FieldConfig.Defaults.Unit))
	return template.HTML(b.String()) //nolint:gosec // escaped
}

// dressed gives series their colours, directions and, stacked, their bases.
func dressed(p grafana.Panel, series []grafana.Series) []line {
	all := make([]line, len(series))
	floor := map[int64]float64{}
	for i, s := range series {
		l := line{Series: s, field: p.FieldOf(s.Name), colour: palette[i%len(palette)]}
		if l.field.Color.Mode == "fixed" {
			l.colour = named[l.field.Color.FixedColor]
		}
		stacking, _ := l.field.Custom["stacking"].(map[string]any)
		l.Values = slices.Clone(s.Values)
		for j := range l.Values {
			if l.field.Custom["transform"] == "negative-Y" {
				l.Values[j] = -l.Values[j]
			}
			if stacking["mode"] == "normal" {
				at := s.Times[j].UnixMilli()
				l.base = append(l.base, floor[at])
				l.Values[j] += floor[at]
				floor[at] = l.Values[j]
			}
		}
		all[i] = l
	}
	return all
}

// reach is what the y axis shows.
func reach(p grafana.Panel, all []line) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, l := range all {
		low, high = math.Min(low, slices.Min(l.Values)), math.Max(high, slices.Max(l.Values))
	}
	if m := p.FieldConfig.Defaults.Min; m != nil {
		low = *m
	}
	if low == high {
		high++
	}
	room := 0.05 * (high - low)
	if p.FieldConfig.Defaults.Min == nil {
		low -= room
	}
	return low, high + room
}

// grid draws the axes.
func (c chart) grid(b *strings.Builder, unit string) {
	step := nice((c.high - c.low) / 4)
	for v := math.Ceil(c.low/step) * step; v <= c.high; v += step {
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#2a2c33"/>`, axis, c.width, c.y(v), c.y(v))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`, axis-6, c.y(v)+4, escape(format(v, unit)))
	}
	layout, every := "15:04", c.to.Sub(c.from)/6
	if c.to.Sub(c.from) > 48*time.Hour {
		layout = "01/02"
	}
	for t := c.from.Truncate(every).Add(every); t.Before(c.to.Add(-every / 4)); t = t.Add(every) {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, c.x(t), c.bottom+16, t.UTC().Format(layout))
	}
}

// nice is a round number near v: 1, 2 or 5 and zeros.
func nice(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// run is a part of a line without a gap: its points from one up to another.
type run struct{ from, to int }

func (c chart) runs(l line) []run {
	gapAt := 3 * c.to.Sub(c.from) / 288
	all := []run{{0, 1}}
	for i := 1; i < len(l.Times); i++ {
		if l.Times[i].Sub(l.Times[i-1]) > gapAt {
			all = append(all, run{i, i})
		}
		all[len(all)-1].to = i + 1
	}
	return all
}

func (c chart) stroke(b *strings.Builder, l line) {
	width, dash := 1.5, ""
	if w, ok := l.field.Custom["lineWidth"].(float64); ok && w == 0 {
		return
	}
	if l.field.Custom["lineStyle"] != nil {
		width, dash = 1.2, ` stroke-dasharray="7 6"`
	}
	for _, r := range c.runs(l) {
		var points strings.Builder
		for j := r.from; j < r.to; j++ {
			fmt.Fprintf(&points, "%.1f,%.1f ", c.x(l.Times[j]), c.y(l.Values[j]))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="%.1f"%s/>`, points.String(), l.colour, width, dash)
	}
}

// area fills the room under a line, or between it and the one that it says.
func (c chart) area(b *strings.Builder, l line, all []line, i int) {
	opacity, _ := l.field.Custom["fillOpacity"].(float64)
	if opacity == 0 || len(l.Times) < 2 {
		return
	}
	under := l.base
	if to, ok := l.field.Custom["fillBelowTo"].(string); ok {
		for _, other := range all {
			if strings.HasPrefix(other.Name, strings.Fields(to)[0]) && len(other.Values) == len(l.Values) {
				under = other.Values
			}
		}
	}
	if under == nil {
		under = make([]float64, len(l.Values))
	}
	for _, r := range c.runs(l) {
		var points strings.Builder
		for j := r.from; j < r.to; j++ {
			fmt.Fprintf(&points, "%.1f,%.1f ", c.x(l.Times[j]), c.y(l.Values[j]))
		}
		for j := r.to - 1; j >= r.from; j-- {
			fmt.Fprintf(&points, "%.1f,%.1f ", c.x(l.Times[j]), c.y(math.Max(under[j], c.low)))
		}
		fmt.Fprintf(b, `<polygon points="%s" fill="%s" fill-opacity="%.2f"/>`, points.String(), l.colour, opacity/100)
	}
}

// limits draws the thresholds of a panel that wants them.
func (c chart) limits(b *strings.Builder, p grafana.Panel) {
	style, _ := p.FieldConfig.Defaults.Custom["thresholdsStyle"].(map[string]any)
	if style == nil {
		return
	}
	for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value != nil && *s.Value <= c.high {
			fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="%s" stroke-dasharray="7 6"/>`, axis, c.width, c.y(*s.Value), c.y(*s.Value), named[s.Color])
		}
	}
}

func legend(all []line, unit string) string {
	var b strings.Builder
	b.WriteString(`<table class="legend"><tr><th>Name</th><th class="n">Last</th><th class="n">Max</th></tr>`)
	for _, l := range all {
		values := slices.Clone(l.Values)
		for i := range l.base {
			values[i] -= l.base[i]
		}
		top := slices.Max(values)
		if l.field.Custom["transform"] == "negative-Y" {
			top = -slices.Min(values)
			values[len(values)-1] *= -1
		}
		fmt.Fprintf(&b, `<tr><td><q style="background: %s"></q>%s</td><td class="n">%s</td><td class="n">%s</td></tr>`,
			l.colour, escape(l.Name), escape(format(values[len(values)-1], unit)), escape(format(top, unit)))
	}
	return b.String() + "</table>"
}

// stripes draws what was when.
func stripes(p grafana.Panel, series []grafana.Series, f frame) template.HTML {
	var b strings.Builder
	c := chart{frame: f, bottom: f.height - 20}
	fmt.Fprintf(&b, `<svg width="%d" height="%d">`, f.width+20, f.height)
	high := min(34, c.bottom/len(series)-6)
	for i, s := range series {
		field, top := p.FieldOf(s.Name), 8+i*(high+6)
		fmt.Fprintf(&b, `<text x="0" y="%d">%s</text>`, top+high/2+4, escape(s.Name))
		for from := 0; from < len(s.Values); {
			to := from
			for to+1 < len(s.Values) && s.Values[to+1] == s.Values[from] {
				to++
			}
			text, colour := shown(s.Values[from], field)
			x := c.x(s.Times[from]) + 60
			fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" fill-opacity="0.8"/>`, x, top, math.Max(1, c.x(s.Times[to])+60-x-60), high, colour)
			if p.Option("showValue") != "never" {
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" style="fill: #111217">%s</text>`, x+8, top+high/2+4, escape(text))
			}
			from = to + 1
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // escaped
}
