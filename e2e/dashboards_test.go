package e2e_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
)

// dashboards are all that are committed.
func dashboards(t *testing.T) []grafana.Dashboard {
	t.Helper()
	all, err := grafana.Load("../dashboards")
	if err != nil || len(all) != 4 {
		t.Fatalf("%d dashboards: %v", len(all), err)
	}
	return all
}

// No panel is empty on the demo, whatever is chosen, and none shows what nobody
// can read.
func TestDashboardsOnDemo(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	full(t, base, 0)
	s := openServer(t)
	s.makeUpHistory(t, scrapeOnce(t, base), time.Now())
	s.scrape(t, strings.TrimPrefix(base, "http://"))
	eventually(t, func() error { // a latency needs calls
		if len(s.query(t, complete(t, `increase(api_requests_total[10m]) > 0`), time.Now())) == 0 {
			return errors.New("no calls since the first scrape")
		}
		return nil
	})
	at := s.scraped(t, scrapes)
	evaluate(t, at, s.ruleGroups(t, "thresholds"), s.ruleGroups(t, "recording"))
	p := grafana.Prometheus{Context: t.Context(), Engine: s.engine, Storage: s.db}
	for _, d := range dashboards(t) {
		t.Run(d.UID, func(t *testing.T) { testDashboard(t, p, d, at) })
	}
	t.Run("alerts", func(t *testing.T) { testStatsAgreeWithAlerts(t, s, p, at) })
	t.Run("facts", func(t *testing.T) { testDemoPorts(t, p, at) })
	t.Run("costs", func(t *testing.T) { testDemoCosts(t, s, p, at) })
	t.Run("outage", func(t *testing.T) { testOutage(t, p, at) })
}

// opened is what a reader has chosen who opens a dashboard, and could choose.
func opened(t *testing.T, p grafana.Prometheus, d grafana.Dashboard, at time.Time) (grafana.Choice, map[string][]grafana.Option) {
	t.Helper()
	first := grafana.Choice{"datasource": {"Prometheus"}}
	options := map[string][]grafana.Option{}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		found, err := p.Options(d, v, first, at)
		if err != nil || len(found) == 0 {
			t.Fatalf("%d options: %v", len(found), err)
		}
		for _, o := range found {
			if o.Text == "" || uuid.MatchString(o.Text) {
				t.Errorf("variable %s: option %q means %q", v.Name, o.Text, o.Value)
			}
		}
		options[v.Name] = found
		if !v.IncludeAll {
			first = first.With(v.Name, found[0].Value)
		}
	}
	return first, options
}

// testDashboard opens a dashboard as a reader would, and makes other choices.
func testDashboard(t *testing.T, p grafana.Prometheus, d grafana.Dashboard, at time.Time) {
	first, options := opened(t, p, d, at)
	filled := map[string]bool{}
	for i, c := range choices(d, first, options) {
		for _, panel := range d.Asking() {
			answers, err := p.Ask(d, panel, c, at)
			if err != nil {
				t.Error(err)
			}
			something := check(t, d, panel, answers)
			if i == 0 && !something && panel.FieldConfig.Defaults.NoValue == "" {
				t.Errorf("panel %q is empty at first sight and does not say why", panel.Title)
			}
			filled[panel.Title] = something || filled[panel.Title]
			checkChosen(t, d, panel, answers, named(c, options))
		}
	}
	for _, panel := range d.Asking() {
		if !filled[panel.Title] {
			t.Errorf("panel %q is empty, whatever is chosen", panel.Title)
		}
	}
}

// choices are the first one, and each option of each variable alone and, where
// the reader may choose several, two of them.
func choices(d grafana.Dashboard, first grafana.Choice, options map[string][]grafana.Option) []grafana.Choice {
	all := []grafana.Choice{first}
	for _, v := range d.Templating.List {
		found := options[v.Name]
		for i, o := range found {
			if !v.Multi || i == 0 {
				all = append(all, first.With(v.Name, o.Value))
			}
		}
		if v.Multi && len(found) > 1 {
			all = append(all, first.With(v.Name, found[0].Value, found[1].Value))
		}
	}
	return all
}

// named are the values that labels may have, by label, and no label of which all
// are chosen.
func named(c grafana.Choice, options map[string][]grafana.Option) map[string][]string {
	allowed := map[string][]string{}
	for name, values := range c {
		for _, o := range options[name] {
			if !slices.Contains(values, o.Value) {
				continue
			}
			switch name {
			case "port", "connection":
				allowed[name+"_uuid"] = append(allowed[name+"_uuid"], o.Value)
				allowed[name+"_name"] = append(allowed[name+"_name"], o.Text)
			case "account", "metro":
				allowed[name] = append(allowed[name], o.Value)
			}
		}
	}
	return allowed
}

// checkChosen fails the test where a panel shows what was not chosen.
func checkChosen(t *testing.T, d grafana.Dashboard, p grafana.Panel, answers []grafana.Answer, allowed map[string][]string) {
	t.Helper()
	for _, a := range answers {
		for _, s := range a.Series {
			for label, values := range allowed {
				if v := s.Labels.Get(label); v != "" && !slices.Contains(values, v) {
					t.Errorf("%s: panel %q shows %v; chosen is %s of %v", d.UID, p.Title, s.Labels, label, values)
				}
			}
		}
	}
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// check looks at what a panel would show and returns whether that is anything.
func check(t *testing.T, d grafana.Dashboard, p grafana.Panel, answers []grafana.Answer) bool {
	t.Helper()
	something := false
	names := map[string]bool{}
	for _, a := range answers {
		something = something || len(a.Series) > 0
		if p.Type == "table" {
			checkColumns(t, p, a)
			continue
		}
		for _, s := range a.Series {
			if strings.TrimSpace(s.Name) == "" || uuid.MatchString(s.Name) || strings.Contains(s.Name, "{{") {
				t.Errorf("%s: panel %q: legend %q of %v", d.UID, p.Title, s.Name, s.Labels)
			}
			if names[s.Name] {
				t.Errorf("%s: panel %q: legend %q is there twice", d.UID, p.Title, s.Name)
			}
			names[s.Name] = true
			checkLinks(t, d, p, s.Labels)
		}
	}
	return something
}

// checkColumns fails the test where a table shows raw identifiers, or has values
// or labels without a column.
func checkColumns(t *testing.T, p grafana.Panel, a grafana.Answer) {
	t.Helper()
	exclude, names := p.Columns()
	for _, s := range a.Series {
		s.Labels.Range(func(l labels.Label) {
			title := names[l.Name]
			if exclude[l.Name] || p.Hidden(title) {
				return
			}
			if title == "" || uuid.MatchString(l.Value) && l.Name != "far" { // the far end of a connection may have no name
				t.Errorf("panel %q: column %q of query %s shows %v", p.Title, title, a.Target.RefID, l)
			}
		})
	}
	if field := p.ValueField(a.Target); !exclude[field] && names[field] == "" {
		t.Errorf("panel %q: the values of query %s have no column", p.Title, a.Target.RefID)
	}
}

var linkLabel = regexp.MustCompile(`\$\{__field\.labels\.(\w+)\}`)

// checkLinks fails the test where a link wants a label that a series lacks.
func checkLinks(t *testing.T, d grafana.Dashboard, p grafana.Panel, l labels.Labels) {
	t.Helper()
	for _, link := range p.FieldConfig.Defaults.Links {
		for _, m := range linkLabel.FindAllStringSubmatch(link.URL, -1) {
			if l.Get(m[1]) == "" {
				t.Errorf("%s: panel %q links to %s, but there is only %v", d.UID, p.Title, link.URL, l)
			}
		}
	}
}
