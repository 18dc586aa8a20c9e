package replay_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// shown is the latest value of each series that dashboards show. What the Exporter
// dashboard shows is of exporters, and asked for only; so is which sample is the
// oldest, which is so for a moment.
func (e *engine) shown(at time.Time) map[string]float64 {
	e.Helper()
	boards, err := grafana.Load("../../dashboards")
	if err != nil || len(boards) == 0 {
		e.Fatalf("%d dashboards: %v", len(boards), err)
	}
	all := map[string]float64{}
	for _, d := range boards {
		for _, c := range e.choices(d, at) {
			for _, panel := range d.Asking() {
				answers, err := e.prometheus().Ask(d, panel, c, at)
				if err != nil {
					e.Error(err)
				}
				if strings.HasSuffix(d.UID, "-exporter") || strings.HasPrefix(panel.Title, "Oldest") {
					continue
				}
				for _, a := range answers {
					for _, s := range a.Series {
						key := strings.Join([]string{d.UID, panel.Title, a.Target.RefID, strings.Join(c["port"], " "), s.Labels.String()}, " | ")
						all[key] = s.Values[len(s.Values)-1]
						if strings.Contains(a.Target.Expr, "time() -") { // an age
							all[key] = math.NaN()
						}
					}
				}
			}
		}
	}
	return all
}

// choices are everything, and the port at the a-side of a connection to another one.
// At that one shards show the connection, too, which one exporter does not. Of what
// can only be chosen singly it is the first.
func (e *engine) choices(d grafana.Dashboard, at time.Time) []grafana.Choice {
	e.Helper()
	first, port := grafana.Choice{"datasource": {"Prometheus"}}, ""
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		options, err := e.prometheus().Options(d, v, first, at)
		if err != nil || len(options) == 0 {
			e.Fatalf("%s: variable %s: %d options, %v", d.UID, v.Name, len(options), err)
		}
		for _, o := range options {
			if v.Name == "port" && o.Text == fabrictest.DemoPrimary {
				port = o.Value
			}
		}
		if !v.IncludeAll {
			first = first.With(v.Name, options[0].Value)
		}
	}
	return []grafana.Choice{first, first.With("port", port)}
}

// The replica that is cut off still says that the port is up.
func TestTheWorstStatusIsShown(t *testing.T) {
	t.Parallel()
	port := ""
	recorded, e := record(t, story{
		api: estate(), config: discover, span: 40 * time.Minute, shards: settings["two replicas"], events: []event{
			{10 * time.Minute, func(w *world) { w.exporters[0].cut.Store(true) }},
			{11 * time.Minute, links(single, fabrictest.StatusDown)},
			{12 * time.Minute, func(w *world) { port = w.port(single) }},
		},
	}), newEngine(t, ruleFiles()...)
	e.newTimeline(recorded)
	at, asked := recorded[len(recorded)-1].at, 0
	boards, err := grafana.Load("../../dashboards")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range boards {
		for _, panel := range d.Asking() {
			for _, q := range panel.Targets {
				if !strings.Contains(q.Expr, "3 * equinix_fabric_port_operational_status") || panel.Title == "Pair" {
					continue
				}
				asked++
				expr, err := d.Fill(q.Expr, grafana.Choice{"port": {port}}, time.Hour, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				if v, err := e.prometheus().Instant(expr, at); err != nil || len(v) != 1 || v[0].F != 3 {
					t.Errorf("%s: %s: %v, %v", d.UID, panel.Title, v, err)
				}
			}
		}
	}
	if asked != 3 {
		t.Errorf("%d panels show the status", asked)
	}
}

// A connection on no port is shown with all ports, and not with one of them.
func TestConnectionsOnNoPortAreShown(t *testing.T) {
	t.Parallel()
	port := ""
	recorded, e := record(t, story{
		api:    estate(func(f *fabrictest.Fleet) { f.Connections = append(f.Connections, fabrictest.OnNoPort(0)...) }),
		config: discover + "    connections: {traffic: true, all: true}\n", span: 20 * time.Minute,
		events: []event{{10 * time.Minute, func(w *world) { port = w.port(single) }}},
	}), newEngine(t, ruleFiles()...)
	e.newTimeline(recorded)
	at := recorded[len(recorded)-1].at
	boards, err := grafana.Load("../../dashboards")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, d := range boards {
		for _, panel := range d.Asking() {
			for _, q := range panel.Targets {
				if panel.Title != "Tracked connections" || !strings.Contains(q.Expr, "connection_state") {
					continue
				}
				asked++
				for want, choice := range map[int]grafana.Choice{5 + 4: {}, 1: {"port": {port}}} {
					expr, err := d.Fill(q.Expr, choice, time.Hour, time.Minute)
					if err != nil {
						t.Fatal(err)
					}
					if v, err := e.prometheus().Instant(expr, at); err != nil || len(v) != want {
						t.Errorf("with %v: %d connections, %v", choice, len(v), err)
					}
				}
			}
		}
	}
	if asked != 1 {
		t.Errorf("%d queries for the states of connections", asked)
	}
}
