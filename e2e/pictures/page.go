// Package pictures draws dashboards without Grafana, for the documents: what
// their panels ask, in their places and colours, much as Grafana would.
package pictures

import (
	_ "embed"
	"html/template"
	"io"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Measures of Grafana's grid, in pixels.
const (
	Width = 1440
	cell  = 30
	gap   = 8
)

// Page is a dashboard with the answers to its panels.
type Page struct {
	Title     string
	Variables []Choice
	Panels    []Panel
	Until     time.Time
}

// Choice is a variable and what was chosen.
type Choice struct{ Label, Value string }

// Panel is a panel with its drawing.
type Panel struct {
	Title      string
	Row        bool
	X, Y, W, H int
	Body       template.HTML
}

// Body is the height of the panels and the line beneath in pixels.
func (p Page) Body() int {
	bottom := 0
	for _, x := range p.Panels {
		bottom = max(bottom, x.Y+x.H)
	}
	return bottom*(cell+gap) + 24
}

// Height is that of the page in pixels.
func (p Page) Height() int { return p.Body() + 70 }

// Write writes the page as HTML.
func (p Page) Write(w io.Writer) error { return page.Execute(w, p) }

// Draw asks all panels of a dashboard, at the end of a range, and draws them.
func Draw(d grafana.Dashboard, p grafana.Prometheus, c grafana.Choice, labels []Choice, at time.Time) (Page, error) {
	out := Page{Title: d.Title, Variables: labels, Until: at}
	for _, x := range d.Panels {
		span, err := d.Span(x)
		if err != nil {
			return out, err
		}
		title, err := d.Fill(x.Title, c, span)
		if err != nil {
			return out, err
		}
		panel := Panel{Title: title, Row: x.Type == "row", X: x.GridPos.X, Y: x.GridPos.Y, W: x.GridPos.W, H: x.GridPos.H}
		if !panel.Row {
			answers, err := p.Ask(d, x, c, at)
			if err != nil {
				return out, err
			}
			panel.Body = draw(x, answers, frame{width: x.GridPos.W*Width/24 - 40, height: x.GridPos.H*(cell+gap) - 50, from: at.Add(-span), to: at})
		}
		out.Panels = append(out.Panels, panel)
	}
	return out, nil
}

// frame is what a drawing has room for, in pixels and time.
type frame struct {
	width, height int
	from, to      time.Time
}

func draw(p grafana.Panel, answers []grafana.Answer, f frame) template.HTML {
	var series []grafana.Series
	for _, a := range answers {
		series = append(series, a.Series...)
	}
	if len(series) == 0 {
		text := p.FieldConfig.Defaults.NoValue
		if text == "" {
			text = "No data"
		}
		return `<div class="none">` + template.HTML(template.HTMLEscapeString(text)) + `</div>` //nolint:gosec // escaped
	}
	switch p.Type {
	case "stat":
		return stats(p, series)
	case "table":
		return table(p, answers, f)
	case "bargauge":
		return bars(p, series)
	case "state-timeline":
		return stripes(p, series, f)
	}
	return lines(p, series, f)
}
