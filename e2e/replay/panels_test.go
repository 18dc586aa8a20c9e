package replay_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const panelsDir = "../panels"

// TestPanelsInGrafana takes every panel through the libraries that Grafana publishes
// and is made of, with what Prometheus answers while all is well, after an hour
// without the exporter, and before the first scrape.
func TestPanelsInGrafana(t *testing.T) {
	t.Parallel()
	node := need.Program(t, "nodejs", "node")
	version := strings.TrimSpace(need.Run(t, "", node, "--version"))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 18 { // which cannot read the libraries
		need.Skip(t, "Node.js 18 or later, not "+version)
	}
	e, healthy, outage := demoWithHistory(t)
	boards, err := grafana.Load("../../dashboards")
	if err != nil {
		t.Fatal(err)
	}
	var all []situation
	for _, d := range boards {
		for _, c := range e.choices(d, healthy) {
			all = append(all,
				e.situation("healthy", d, c, healthy), e.situation("outage", d, c, outage), e.situation("nothing", d, c, healthy.AddDate(-1, 0, 0)))
		}
	}
	dir := t.TempDir()
	answers, problems := filepath.Join(dir, "answers.json"), filepath.Join(dir, "problems.json")
	text, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(answers, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	need.Run(t, panelsDir, node, "panels.mjs", need.Modules(t, panelsDir), "../../dashboards", answers, problems)
	var found []struct{ Dashboard, Panel, Situation, Problem string }
	if text, err = os.ReadFile(problems); err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		t.Errorf("%s: panel %q: %s: %s", p.Dashboard, p.Panel, p.Situation, p.Problem)
	}
}

// demoWithHistory is the fleets of the demo in one account. Three ports have weeks of
// history, for forecasts, one of them as points, and all have hours. Then the exporter is unreachable for
// an hour, until outage.
func demoWithHistory(t *testing.T) (e *engine, healthy, outage time.Time) {
	t.Helper()
	const (
		weeks, hours = 13 * day, 3 * time.Hour
		few          = "    traffic_source: v4-metrics\n    discover: {enabled: true, include: [{name: 'SV5-CORE-.*|SG3-TRANSIT-.*'}]}\n" +
			"poll: {interval: 1h, connections_interval: 1d, inventory_interval: 1h, windows: [{resolution: 5m, span: 1d}]}\n"
		full = metrics + "    connections: {traffic: true, exclude: [{name: 'tenant-.*'}]}\n    prices: {enabled: true}\n" +
			"poll: {windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: 30d, interval: 1h}]}\n"
	)
	state := "state: {file: " + filepath.Join(t.TempDir(), "state") + "}\n"
	recorded := record(t, story{
		api: func() *fabrictest.API {
			time.Sleep(time.Until(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))) // later than all connections of the demo
			f, more := fabrictest.Demo(0), fabrictest.DemoMetrics(1)
			f.Attach()
			f.Ports, f.Connections = append(f.Ports, more.Ports...), append(f.Connections, more.Connections...)
			return fabrictest.New(fabrictest.Options{Fleet: &f, RequestLog: -1})
		},
		config: few, span: weeks + hours + time.Hour, every: time.Hour, all: true,
		points: []string{fabrictest.DemoPrimary}, events: []event{
			{weeks - time.Minute, func(w *world) {
				w.every = 5 * time.Minute
				w.configure(full + state)
				if err := w.reload(); err != nil {
					w.Error(err)
				}
			}},
			{weeks + hours, func(w *world) { w.exporters[0].down = true }},
		},
	})
	e = newEngine(t, ruleFiles()...)
	e.newTimeline(recorded)
	end := recorded[len(recorded)-1].at
	return e, end.Add(-time.Hour), end
}

// situation is what Prometheus answers to a dashboard, for panels.mjs.
type situation struct {
	Dashboard string                         `json:"dashboard"`
	Situation string                         `json:"situation"`
	Variables map[string]string              `json:"variables"`
	Panels    map[string]map[string][]series `json:"panels"` // by ID and query
}

type series struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Times  []int64           `json:"times"`
	Values []string          `json:"values"` // JSON has no number for NaN
}

func (e *engine) situation(name string, d grafana.Dashboard, c grafana.Choice, at time.Time) situation {
	e.Helper()
	s := situation{d.UID, name, map[string]string{}, map[string]map[string][]series{}}
	for variable, values := range c {
		s.Variables[variable] = strings.Join(values, ",")
	}
	for _, v := range d.Templating.List { // of which all are chosen
		if _, ok := c[v.Name]; !ok {
			s.Variables[v.Name] = v.AllValue
		}
	}
	p := e.prometheus()
	p.NaN = true
	for _, panel := range d.Asking() {
		answers, err := p.Ask(d, panel, c, at)
		if err != nil {
			e.Error(err)
		}
		queries := map[string][]series{}
		for _, a := range answers {
			for _, x := range a.Series {
				one := series{Name: x.Name, Labels: x.Labels.Map()}
				for i, v := range x.Values {
					one.Times = append(one.Times, x.Times[i].UnixMilli())
					one.Values = append(one.Values, strconv.FormatFloat(v, 'g', -1, 64))
				}
				queries[a.Target.RefID] = append(queries[a.Target.RefID], one)
			}
		}
		s.Panels[strconv.Itoa(panel.ID)] = queries
	}
	return s
}
