package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// steps is how many points of a range are asked for; Grafana asks for as many as
// a panel has pixels.
const steps = 300

// forecasts are panels that need weeks.
const byRules = "equinix_fabric:"

func TestDashboardsOnDemo(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	s := newServer(t, strings.TrimPrefix(base, "http://")) // before the first calls: a rate needs some
	full(t, base, 0)
	at := s.scraped(t, scrapes)
	for _, d := range dashboards(t) {
		t.Run(d.UID, func(t *testing.T) { testDashboard(t, s, d, at) })
	}
}

// testDashboard opens a dashboard as a reader would, and makes other choices.
func testDashboard(t *testing.T, s *server, d dashboard, at time.Time) {
	span := duration(t, d.Time.From)
	first := choice{"datasource": {"Prometheus"}}
	others := map[string][]option{}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		options := s.options(t, d, v, first, at, span)
		if len(options) == 0 {
			t.Fatalf("variable %s has no options: %s", v.Name, v.expr(t))
		}
		for _, o := range options {
			if o.text == "" || o.value == "" || uuid.MatchString(o.text) {
				t.Errorf("variable %s: option %q means %q", v.Name, o.text, o.value)
			}
		}
		others[v.Name] = options
		if !v.IncludeAll {
			first = first.with(v.Name, options[0].value)
		}
	}
	filled := map[int]bool{}
	for _, c := range choices(d, first, others) {
		for _, p := range d.asks() {
			filled[p.ID] = s.draw(t, d, p, c, at) || filled[p.ID]
		}
	}
	for _, p := range d.asks() {
		if !filled[p.ID] {
			t.Errorf("panel %q is empty, whatever is chosen", p.Title)
		}
	}
}

// choices are the first one, and for each variable each option alone and, where
// the reader may choose several, two.
func choices(d dashboard, first choice, options map[string][]option) []choice {
	all := []choice{first}
	for _, v := range d.Templating.List {
		o := options[v.Name]
		switch {
		case v.Multi && len(o) > 1:
			all = append(all, first.with(v.Name, o[0].value, o[1].value), first.with(v.Name, o[0].value))
		case !v.Multi:
			for _, x := range o {
				all = append(all, first.with(v.Name, x.value))
			}
		}
	}
	return all
}

// duration is the length of a range that ends now.
func duration(t *testing.T, from string) time.Duration {
	t.Helper()
	d, err := model.ParseDuration(strings.TrimPrefix(from, "now-"))
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(d)
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// draw asks all that a panel asks and checks what it would show. It returns
// whether that is anything.
func (s *server) draw(t *testing.T, d dashboard, p panel, c choice, at time.Time) bool {
	t.Helper()
	span := duration(t, d.Time.From)
	if p.TimeFrom != "" {
		span = duration(t, p.TimeFrom)
	}
	something := false
	legends := map[string]bool{}
	for _, q := range p.Targets {
		expr := d.fill(t, q.Expr, c, span)
		found := s.ask(t, q, expr, at, span)
		if len(found) == 0 && p.Type == "table" && strings.Contains(expr, byRules) {
			continue
		}
		something = something || len(found) > 0
		if p.Type == "table" {
			checkColumns(t, p, q, found)
			continue
		}
		for _, l := range found {
			legend := d.fill(t, legendOf(q.LegendFormat, l), c, span)
			if strings.TrimSpace(legend) == "" || uuid.MatchString(legend) || strings.Contains(legend, "{{") || legends[legend] {
				t.Errorf("%s: panel %q: legend %q of %v", d.UID, p.Title, legend, l)
			}
			legends[legend] = true
		}
		checkLinks(t, d, p, found)
	}
	return something
}

// ask runs a query as a panel does and returns the labels of the series that have
// a value.
func (s *server) ask(t *testing.T, q target, expr string, at time.Time, span time.Duration) []labels.Labels {
	t.Helper()
	var found []labels.Labels
	if q.Instant {
		for _, sample := range s.query(t, expr, at) {
			if sample.F == sample.F { // not NaN
				found = append(found, sample.Metric)
			}
		}
		return found
	}
	m, err := s.over(t, expr, at.Add(-span), at)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
	}
	for _, series := range m {
		for _, f := range series.Floats {
			if f.F == f.F {
				found = append(found, series.Metric)
				break
			}
		}
	}
	return found
}

// over evaluates a query over a range.
func (s *server) over(t *testing.T, expr string, from, to time.Time) (promql.Matrix, error) {
	t.Helper()
	q, err := s.engine.NewRangeQuery(t.Context(), s.db, nil, expr, from, to, to.Sub(from)/steps)
	if err != nil {
		return nil, err
	}
	t.Cleanup(q.Close)
	res := q.Exec(t.Context())
	if res.Err != nil {
		return nil, res.Err
	}
	if len(res.Warnings) > 0 {
		return nil, fmt.Errorf("%v", res.Warnings)
	}
	return res.Matrix()
}

var inLegend = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// legendOf is the name of a series in a panel.
func legendOf(format string, l labels.Labels) string {
	return inLegend.ReplaceAllStringFunc(format, func(s string) string {
		return l.Get(inLegend.FindStringSubmatch(s)[1])
	})
}

// checkColumns fails the test where a table shows raw identifiers, or renames
// columns that it does not have.
func checkColumns(t *testing.T, p panel, q target, found []labels.Labels) {
	t.Helper()
	exclude, names := p.organize()
	for _, l := range found {
		l.Range(func(label labels.Label) {
			title := names[label.Name]
			if exclude[label.Name] || p.property(title, "custom.hidden") == "true" {
				return
			}
			if title == "" || uuid.MatchString(label.Value) {
				t.Errorf("panel %q: column %q of query %s shows %s", p.Title, title, q.RefID, label)
			}
		})
	}
	if field := p.field(q); !exclude[field] && names[field] == "" {
		t.Errorf("panel %q: the values of query %s have no column of their own", p.Title, q.RefID)
	}
}

var linkLabel = regexp.MustCompile(`\$\{__field\.labels\.(\w+)\}`)

// checkLinks fails the test where a link wants a label that a series lacks.
func checkLinks(t *testing.T, d dashboard, p panel, found []labels.Labels) {
	t.Helper()
	for _, link := range p.FieldConfig.Defaults.Links {
		for _, m := range linkLabel.FindAllStringSubmatch(link.URL, -1) {
			for _, l := range found {
				if l.Get(m[1]) == "" {
					t.Errorf("%s: panel %q links to %s, but there is only %v", d.UID, p.Title, link.URL, l)
				}
			}
		}
	}
}

func TestUnitsOfDashboards(t *testing.T) {
	t.Parallel()
	for _, d := range dashboards(t) {
		for _, p := range d.asks() {
			for _, q := range p.Targets {
				unit := p.unit(q)
				want, known := units[unit]
				if unit == "" {
					continue // not shown
				}
				expr := strings.NewReplacer("$__range", "1h").Replace(q.Expr)
				e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
				if err != nil {
					t.Errorf("%s: panel %q: %v", d.UID, p.Title, err)
					continue
				}
				got, err := dimensionOf(e)
				if err != nil || !known || got != want {
					t.Errorf("%s: panel %q: unit %q for %+v, %v:\n%s", d.UID, p.Title, unit, got, err, q.Expr)
				}
			}
		}
	}
}
