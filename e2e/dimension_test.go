package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// dimension is what a value is made of. Counts have none; a ratio is a quotient of
// likes. A stamp is a Unix time.
type dimension struct {
	bytes, seconds int
	ratio, stamp   bool
	factor         float64 // 8 where bytes have become bits
	constant       bool    // a figure in a query, which fits to anything
}

var (
	count    = dimension{factor: 1}
	ratio    = dimension{ratio: true, factor: 1}
	stamp    = dimension{stamp: true, factor: 1}
	interval = dimension{seconds: 1, factor: 1}
)

// units are the dimensions that Grafana's units stand for.
var units = map[string]dimension{
	"bps":         {bytes: 1, seconds: -1, factor: 8},
	"bytes":       {bytes: 1, factor: 1},
	"s":           interval,
	"percentunit": ratio,
	"reqps":       {seconds: -1, factor: 1},
	"short":       count,
	"none":        count,
}

// ofFamily is the dimension of a family, which its name says.
func ofFamily(name string) dimension {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_total")
	switch {
	case strings.HasSuffix(name, "_bytes_per_second"):
		return dimension{bytes: 1, seconds: -1, factor: 1}
	case strings.HasSuffix(name, "_bytes_per_second_squared"):
		return dimension{bytes: 1, seconds: -2, factor: 1}
	case strings.HasSuffix(name, "_timestamp_seconds"):
		return stamp
	case strings.HasSuffix(name, "_seconds"):
		return interval
	case strings.HasSuffix(name, "_bytes"):
		return dimension{bytes: 1, factor: 1}
	case strings.HasSuffix(name, "_ratio"):
		return ratio
	}
	return count
}

// dimensionOf is the dimension of an expression.
func dimensionOf(e parser.Expr) (dimension, error) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return dimension{factor: e.Val, constant: true}, nil
	case *parser.VectorSelector:
		return ofFamily(e.Name), nil
	case *parser.MatrixSelector:
		return dimensionOf(e.VectorSelector)
	case *parser.SubqueryExpr:
		return dimensionOf(e.Expr)
	case *parser.ParenExpr:
		return dimensionOf(e.Expr)
	case *parser.StepInvariantExpr:
		return dimensionOf(e.Expr)
	case *parser.UnaryExpr:
		return dimensionOf(e.Expr)
	case *parser.AggregateExpr:
		if e.Op == parser.COUNT || e.Op == parser.GROUP {
			return count, nil
		}
		return dimensionOf(e.Expr)
	case *parser.Call:
		return ofCall(e)
	case *parser.BinaryExpr:
		return ofBinary(e)
	}
	return dimension{}, fmt.Errorf("%T: %s", e, e)
}

func ofCall(c *parser.Call) (dimension, error) {
	switch c.Func.Name {
	case "time":
		return stamp, nil
	case "histogram_quantile":
		// of the rate of a histogram, whose observations have its unit
		d, err := dimensionOf(c.Args[1])
		return dimension{bytes: d.bytes, seconds: d.seconds + 1, factor: d.factor}, err
	case "rate", "deriv":
		d, err := dimensionOf(c.Args[0])
		d.seconds--
		return d.plain(), err
	case "increase", "last_over_time", "avg_over_time", "max_over_time", "sum_over_time", "clamp_min", "clamp_max", "sort_desc", "label_replace", "label_join":
		return dimensionOf(c.Args[0])
	}
	return dimension{}, fmt.Errorf("what is the dimension of %s?", c.Func.Name)
}

// plain is d as a ratio where seconds per second are left.
func (d dimension) plain() dimension {
	if d.seconds == 0 && d.bytes == 0 && d.factor == 1 {
		d.ratio = true
	}
	return d
}

func ofBinary(b *parser.BinaryExpr) (dimension, error) {
	l, err := dimensionOf(b.LHS)
	if err != nil {
		return l, err
	}
	if b.Op == parser.LAND || b.Op == parser.LUNLESS {
		return l, nil
	}
	r, err := dimensionOf(b.RHS)
	if err != nil {
		return r, err
	}
	switch {
	case b.Op == parser.MUL:
		return l.times(r, 1), nil
	case b.Op == parser.DIV && l == r:
		return ratio, nil
	case b.Op == parser.DIV:
		return l.times(r, -1), nil
	case b.Op == parser.SUB && l == stamp && r == stamp:
		return interval, nil
	case l != r && !l.constant && !r.constant:
		return l, fmt.Errorf("%+v %s %+v in %s", l, b.Op, r, b)
	case b.ReturnBool:
		return count, nil
	case l.constant:
		return r, nil
	}
	return l, nil
}

// times is l · r, or l / r where sign is -1. Eight is that of bits; other figures
// change nothing, as a time that is joined with an info stays one.
func (d dimension) times(r dimension, sign int) dimension {
	d.bytes += sign * r.bytes
	d.seconds += sign * r.seconds
	d.stamp = d.stamp || r.stamp
	d.ratio = d.ratio || r.ratio
	if d.bytes != 0 {
		d.ratio = false
	}
	bits := d.factor == 8 || r.factor == 8
	d.constant = d.constant && r.constant
	d.factor = 1
	if bits && d.bytes != 0 {
		d.factor = 8
	}
	return d
}

func TestUnitsOfDashboards(t *testing.T) {
	t.Parallel()
	for _, d := range dashboards(t) {
		for _, p := range d.Asking() {
			for _, q := range p.Targets {
				unit := p.Unit(q)
				if unit == "" {
					continue
				}
				e, err := parser.NewParser(parser.Options{}).ParseExpr(strings.NewReplacer("$__range", "1d", "$__interval", "5m").Replace(q.Expr))
				if err != nil {
					t.Errorf("%s: panel %q: %v", d.UID, p.Title, err)
					continue
				}
				want, known := units[unit]
				if got, err := dimensionOf(e); err != nil || !known || got != want {
					t.Errorf("%s: panel %q shows %+v (%v) as %q:\n%s", d.UID, p.Title, got, err, unit, q.Expr)
				}
			}
		}
	}
}
