package e2e_test

import (
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

// panel is the panel of a dashboard with that title.
func panel(t *testing.T, uid, title string) (grafana.Dashboard, grafana.Panel) {
	t.Helper()
	for _, d := range dashboards(t) {
		for _, p := range d.Asking() {
			if d.UID == uid && p.Title == title {
				return d, p
			}
		}
	}
	t.Fatalf("%s has no panel %q", uid, title)
	return grafana.Dashboard{}, grafana.Panel{}
}

// shown is what a panel of a dashboard shows at first sight, or of a port.
func shown(t *testing.T, p grafana.Prometheus, uid, title, port string, at time.Time) []grafana.Answer {
	t.Helper()
	d, asked := panel(t, uid, title)
	choice, options := opened(t, p, d, at)
	for _, o := range options["port"] {
		if o.Text == port {
			choice = choice.With("port", o.Value)
		}
	}
	answers, err := p.Ask(d, asked, choice, at)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// last is the sum of the newest values of answers.
func last(answers []grafana.Answer) float64 {
	sum := 0.0
	for _, a := range answers {
		for _, s := range a.Series {
			sum += s.Values[len(s.Values)-1]
		}
	}
	return sum
}

// A number that counts what alerts fire for is theirs, the time that they wait
// left aside.
func testStatsAgreeWithAlerts(t *testing.T, s *server, p grafana.Prometheus, at time.Time) {
	const file = "../deploy/prometheus/equinix_fabric.alerts.yml"
	exprs := map[string]string{}
	for _, g := range prom.ParseRules(t, file).Groups {
		for _, r := range g.Rules {
			exprs[r.Alert] = r.Expr
		}
	}
	for _, c := range []struct {
		uid, title string
		alerts     []string
		counted    string // label of what is counted, "" where the alert says how many
	}{
		{"equinix-fabric-fleet", "Down, degraded", []string{"FabricPortDown", "FabricLAGLinkLost"}, "port_uuid"},
		{"equinix-fabric-fleet", "Nearly full", []string{"FabricPortNearlyFull"}, "port_uuid"},
		{"equinix-fabric-fleet", "Full soon", []string{"FabricPortFullSoon"}, "port_uuid"},
		{"equinix-fabric-fleet", "Pairs at risk", []string{"FabricPairWouldNotSurvive"}, "primary_name"},
		{"equinix-fabric-connections", "Failed", []string{"FabricConnectionFailed"}, ""},
		{"equinix-fabric-connections", "Pending", []string{"FabricConnectionPending"}, ""},
		{"equinix-fabric-connections", "Down", []string{"FabricConnectionDown"}, "connection_uuid"},
	} {
		things, want := map[string]bool{}, 0.0
		for _, a := range c.alerts {
			for _, x := range s.query(t, exprs[a], at) {
				want += x.F
				things[x.Metric.Get(c.counted)] = true
			}
		}
		if c.counted != "" {
			want = float64(len(things))
		}
		if got := last(shown(t, p, c.uid, c.title, "", at)); got != want {
			t.Errorf("%s: %q is %v, %v have %v", c.uid, c.title, got, c.alerts, want)
		}
	}
}

// What the demo is known to have is where a reader looks for it.
func testDemoPorts(t *testing.T, p grafana.Prometheus, at time.Time) {
	rows := map[string]float64{}
	for _, s := range shown(t, p, "equinix-fabric-fleet", "Down, degraded or firing", "", at)[0].Series {
		rows[s.Labels.Get("alertname")+" "+s.Labels.Get("port_name")] = s.Values[0]
	}
	for _, want := range []string{"FabricPortDown FR5-STANDBY-10G", "FabricLAGLinkLost AM3-BACKBONE-LAG-40G", "FabricPortNearlyFull SG1-CDN-10G"} {
		if rows[want] == 0 {
			t.Errorf("%s is not among what is wrong: %v", want, rows)
		}
	}
	// One of two links is left: it is not the same as a LAG with little traffic.
	lags := map[string]float64{}
	for _, a := range shown(t, p, "equinix-fabric-fleet", "LAGs with one link less", "", at) {
		for _, s := range a.Series {
			lags[a.Target.RefID+s.Labels.Get("port_name")] = s.Values[0]
		}
	}
	for _, query := range []string{"D", "E"} { // now, and at its busiest
		if one, two := lags[query+"NY9-CORE-LAG-20G"], lags[query+"AM3-BACKBONE-LAG-40G"]; one != 1000 || two <= 0 || two > 2 {
			t.Errorf("query %s: LAGs with one and with three links left: %v, %v", query, one, two)
		}
	}
	// The connections of a port and the rest are all of its traffic.
	const port = "SG1-CDN-10G"
	parts := last(shown(t, p, "equinix-fabric-port", "Busiest connections: outbound", port, at))
	whole := last(shown(t, p, "equinix-fabric-port", "Traffic against capacity", port, at)[1:2])
	if parts == 0 || math.Abs(parts-whole) > 1e-6*whole {
		t.Errorf("the connections of %s and the rest carry %v of %v bit/s", port, parts, whole)
	}
}

// An exporter that is gone leaves no numbers, and takes no lines of the past along.
func testOutage(t *testing.T, p grafana.Prometheus, at time.Time) {
	later := at.Add(30 * time.Minute)
	for _, d := range dashboards(t) {
		choice, _ := opened(t, p, d, at)
		for _, asked := range d.Asking() {
			answers := map[time.Time]bool{}
			for _, now := range []time.Time{at, later} {
				all, err := p.Ask(d, asked, choice, now)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range all {
					answers[now] = answers[now] || len(a.Series) > 0
				}
			}
			switch {
			case asked.Type == "timeseries" || asked.Type == "state-timeline":
				// What has a range of its own has steps that miss the seconds of the demo.
				if answers[at] && !answers[later] && asked.TimeFrom == "" {
					t.Errorf("%s: panel %q loses its past", d.UID, asked.Title)
				}
			case answers[later] && !strings.Contains(asked.Targets[0].Expr, "[1h]"): // what happened in the past hour
				t.Errorf("%s: panel %q still shows a number", d.UID, asked.Title)
			}
		}
	}
}

// What the row of costs shows is what the exporter said, added up here.
func testDemoCosts(t *testing.T, s *server, p grafana.Prometheus, at time.Time) {
	sums, accounts := map[string]float64{}, map[string]string{}
	for _, x := range s.query(t, "equinix_fabric_port_info", at) {
		accounts[x.Metric.Get("port_uuid")] = x.Metric.Get("account")
	}
	for _, x := range s.query(t, "equinix_fabric_port_monthly_price", at) {
		sums[accounts[x.Metric.Get("port_uuid")]+" "+x.Metric.Get("currency")] += x.F
	}
	got := map[string]float64{}
	for _, x := range shown(t, p, "equinix-fabric-fleet", "Monthly list price", "", at)[0].Series {
		got[x.Labels.Get("account")+" "+x.Labels.Get("currency")] = x.Values[0]
	}
	if len(sums) < 6 || !maps.EqualFunc(sums, got, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }) {
		t.Errorf("ports cost %v, shown is %v", sums, got)
	}
	first := func(title string, query int, label, name string) float64 {
		for _, x := range shown(t, p, "equinix-fabric-fleet", title, "", at)[query].Series {
			if x.Labels.Get(label) == name {
				return x.Values[0]
			}
		}
		return math.NaN()
	}
	price := func(family, label, name string) float64 {
		for _, x := range s.query(t, "equinix_fabric_"+family+`_monthly_price{`+label+`="`+name+`"}`, at) {
			return x.F
		}
		return math.NaN()
	}
	if got, want := first("Idle, and paid for", 0, "port_name", "SY4-BACKUP-1G"), price("port", "port_name", "SY4-BACKUP-1G"); got != want {
		t.Errorf("the idle port costs %v, shown is %v", want, got)
	}
	// A faster connection beside the full one says what the next step costs.
	now, next := price("connection", "connection_name", "cdn-fill-SG"), price("connection", "connection_name", "azure-er-SG-0020")
	for query, want := range []float64{5e9, now, next, next - now} {
		if got := first("The next step of bandwidth", query, "connection_name", "cdn-fill-SG"); got != want {
			t.Errorf("query %d about the next step of the full connection is %v, want %v", query, got, want)
		}
	}
}
