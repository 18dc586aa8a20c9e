package grafana

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// points is the number of points of a range query. Grafana uses the width of a panel
// in pixels.
const points = 288

// Prometheus answers queries.
type Prometheus struct {
	Context context.Context //nolint:containedctx // that of a test
	Engine  *promql.Engine
	Storage storage.Queryable
	NaN     bool // results may contain NaN
}

// Instant evaluates at one time. Warnings are errors.
func (p Prometheus) Instant(expr string, at time.Time) (promql.Vector, error) {
	q, err := p.Engine.NewInstantQuery(p.Context, p.Storage, nil, expr, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	defer q.Close()
	res := q.Exec(p.Context)
	v, err := res.Vector()
	if err == nil && len(res.Warnings) > 0 {
		err = fmt.Errorf("%v", res.Warnings)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	return slices.Clone(v), nil // q.Close reuses the original
}

// Series is one series of a result, with its name in the panel. In the result of an instant query it has one value.
type Series struct {
	Name   string
	Labels labels.Labels
	Times  []time.Time
	Values []float64
}

// Answer is the result of a query of a panel.
type Answer struct {
	Target Target
	Series []Series // only series that have a value
}

// Span is the length of the range of a panel.
func (d Dashboard) Span(p Panel) (time.Duration, error) {
	from := p.TimeFrom
	if from == "" {
		from = strings.TrimPrefix(d.Time.From, "now-")
	}
	span, err := model.ParseDuration(from)
	return time.Duration(span), err
}

// Ask evaluates all queries of a panel, for a range that ends at that time.
func (p Prometheus) Ask(d Dashboard, panel Panel, c Choice, at time.Time) ([]Answer, error) {
	span, err := d.Span(panel)
	if err != nil {
		return nil, err
	}
	step := span / points
	if panel.Interval != "" {
		shortest, err := model.ParseDuration(panel.Interval)
		if err != nil {
			return nil, err
		}
		step = max(step, time.Duration(shortest))
	}
	var all []Answer
	for _, q := range panel.Targets {
		expr, err := d.Fill(q.Expr, c, span, step)
		if err != nil {
			return nil, err
		}
		series, err := p.series(q, expr, at, span, step)
		if err != nil {
			return nil, fmt.Errorf("%s: panel %q: %w", d.UID, panel.Title, err)
		}
		for i, s := range series {
			if series[i].Name, err = d.Fill(legend(q.LegendFormat, s.Labels), c, span, step); err != nil {
				return nil, err
			}
		}
		all = append(all, Answer{q, series})
	}
	return all, nil
}

func (p Prometheus) series(q Target, expr string, at time.Time, span, step time.Duration) ([]Series, error) {
	var all []Series
	if q.Instant {
		v, err := p.Instant(expr, at)
		for _, s := range v {
			if p.NaN || !math.IsNaN(s.F) {
				all = append(all, Series{Labels: s.Metric, Times: []time.Time{at}, Values: []float64{s.F}})
			}
		}
		return all, err
	}
	query, err := p.Engine.NewRangeQuery(p.Context, p.Storage, nil, expr, at.Add(-span), at, step)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	defer query.Close()
	res := query.Exec(p.Context)
	m, err := res.Matrix()
	if err == nil && len(res.Warnings) > 0 {
		err = fmt.Errorf("%v", res.Warnings)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	for _, s := range m {
		one := Series{Labels: s.Metric}
		for _, f := range s.Floats {
			if p.NaN || !math.IsNaN(f.F) {
				one.Times, one.Values = append(one.Times, time.UnixMilli(f.T)), append(one.Values, f.F)
			}
		}
		if len(one.Values) > 0 {
			all = append(all, one)
		}
	}
	return all, nil
}

var inLegend = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// legend is the name of a series.
func legend(format string, l labels.Labels) string {
	return inLegend.ReplaceAllStringFunc(format, func(s string) string {
		return l.Get(inLegend.FindStringSubmatch(s)[1])
	})
}
