package e2e_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Two exporters whose inventories are of different ages disagree on a port: the
// panels that draw its status as a number show the worse one, not their sum.
func TestStatusPanelsShowTheWorst(t *testing.T) {
	t.Parallel()
	s, now := openServer(t), time.Now()
	app := s.db.Appender(t.Context())
	put := func(instance, name string, value float64, more ...string) {
		l := append([]string{model.MetricNameLabel, prefix + name, "instance", instance, "port_uuid", "p-1", "port_name", "one"}, more...)
		if _, err := app.Append(0, labels.FromStrings(l...), now.UnixMilli(), value); err != nil {
			t.Fatal(err)
		}
	}
	for instance, now := range map[string]string{"a": "UP", "b": "PARTIAL"} {
		put(instance, "port_info", 1, "account", "prod", "metro", "SV")
		for _, status := range []string{"UP", "PARTIAL", "DOWN"} {
			value := 0.0
			if status == now {
				value = 1
			}
			put(instance, "port_operational_status", value, "status", status)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, d := range dashboards(t) {
		for _, p := range d.Asking() {
			for _, q := range p.Targets {
				if !strings.Contains(q.Expr, `2 * equinix_fabric_port_operational_status`) || p.Title == "Pair" {
					continue
				}
				asked++
				expr := strings.NewReplacer("$account", "prod", "$metro", "SV", "$port", "p-1").Replace(q.Expr)
				if v := s.query(t, expr, now); len(v) != 1 || v[0].F != 2 {
					t.Errorf("%s: panel %q shows %s, want 2, PARTIAL", d.UID, p.Title, lines(v))
				}
			}
		}
	}
	if asked != 3 {
		t.Errorf("%d panels show the status of a port, want 3", asked)
	}
}

// put stores one sample of a series of the job.
func (s *server) put(t *testing.T, at time.Time, value float64, name string, more ...string) {
	t.Helper()
	app := s.db.Appender(t.Context())
	if _, err := app.Append(0, labels.FromStrings(append([]string{model.MetricNameLabel, name, "job", job}, more...)...), at.UnixMilli(), value); err != nil {
		t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestExporterPanel(t *testing.T) {
	t.Parallel()
	for want, up := range map[string]map[string]float64{ // by instance; the API is that of the account
		"alive": {"a": 1, "b": 1, "api": 1}, "API silent": {"a": 1, "api": 0}, "some down": {"a": 0, "b": 1, "api": 1},
		"down": {"a": 0}, "not scraped": {},
	} {
		s, now := openServer(t), time.Now()
		for instance, value := range up {
			if instance == "api" {
				s.put(t, now, value, prefix+"up", "instance", "a", "account", "prod")
				continue
			}
			s.put(t, now.Add(-time.Hour), 1, prefix+"exporter_build_info", "instance", instance)
			s.put(t, now, value, "up", "instance", instance)
		}
		_, p := panel(t, "equinix-fabric-fleet", "Exporter")
		got := p.FieldConfig.Defaults.NoValue
		if v := s.query(t, strings.ReplaceAll(p.Targets[0].Expr, "$account", ".*"), now); len(v) == 1 {
			got = p.FieldConfig.Defaults.Mappings[0].Options[strconv.Itoa(int(v[0].F))].Text
		}
		if got != want {
			t.Errorf("%v is shown as %q, want %q", up, got, want)
		}
	}
}

func TestDataPanelKnowsTheReason(t *testing.T) {
	t.Parallel()
	const attached, polled, stamp, rate = "port_metrics_attached", "port_poll_success", "port_traffic_last_sample_timestamp_seconds", "port_traffic_last_bytes_per_second"
	const capacity = "port_effective_capacity_bytes_per_second"
	for want, known := range map[string]map[string]float64{
		"fresh": {attached: 0, polled: 1, stamp: 1, rate: 0}, "not attached to a stream": {attached: 0, polled: 1}, "polls fail": {polled: 0, stamp: 1},
		"Equinix is late": {polled: 1, stamp: 1}, "Equinix has no samples": {polled: 1, attached: 1}, "not asked yet": {}, "not scraped": nil,
		"no link is up": {capacity: 0, polled: 1, stamp: 1, rate: 0},
	} {
		s, now := openServer(t), time.Now()
		if known != nil {
			s.put(t, now, 1, prefix+"port_info", "port_uuid", "p-1", "port_name", "one", "account", "prod", "metro", "SV")
		}
		for name, value := range known {
			for _, direction := range []string{"inbound", "outbound"} {
				if !strings.HasPrefix(name, "port_traffic") {
					direction = ""
				}
				s.put(t, now, value, prefix+name, "port_uuid", "p-1", "port_name", "one", "direction", direction)
			}
		}
		_, p := panel(t, "equinix-fabric-port", "Data")
		got := p.FieldConfig.Defaults.NoValue
		expr := strings.NewReplacer("$account", "prod", "$metro", "SV", "$port", "p-1").Replace(p.Targets[0].Expr)
		if v := s.query(t, expr, now); len(v) == 1 {
			got = p.FieldConfig.Defaults.Mappings[0].Options[strconv.Itoa(int(v[0].F))].Text
		}
		if got != want {
			t.Errorf("%v is shown as %q, want %q", known, got, want)
		}
	}
}

// What is wrong is listed with and without rules, and once.
func TestTroubleTable(t *testing.T) {
	t.Parallel()
	s, now := openServer(t), time.Now()
	for _, port := range []string{"p-1", "p-2"} {
		s.put(t, now, 1, prefix+"port_info", "port_uuid", port, "port_name", port, "account", "prod", "metro", "SV")
		s.put(t, now, 1, prefix+"port_operational_status", "port_uuid", port, "port_name", port, "status", "DOWN")
	}
	s.put(t, now.Add(-time.Hour), 1, prefix+"exporter_build_info", "instance", "a")
	s.put(t, now, 0, "up", "instance", "a")
	s.put(t, now, 0, prefix+"up", "account", "prod")
	alert := func(name, severity, state string, more ...string) {
		s.put(t, now, 1, "ALERTS", append([]string{"alertname", name, "alertstate", state, "severity", severity, "account", "prod"}, more...)...)
	}
	alert("FabricPortDown", "critical", "firing", "metro", "SV", "port_uuid", "p-1", "port_name", "p-1")
	alert("FabricPortDown", "critical", "pending", "metro", "SV", "port_uuid", "p-2", "port_name", "p-2")
	alert("FabricPairWouldNotSurvive", "warning", "firing", "metro", "SV", "pair", "p-1 + p-2")
	alert("FabricPortMaintenance", "info", "firing", "metro", "SV", "port_uuid", "p-2", "port_name", "p-2")
	alert("SomethingElse", "critical", "firing")
	_, p := panel(t, "equinix-fabric-fleet", "Down, degraded or firing")
	expr := strings.NewReplacer("$account", ".*", "$metro", ".*", "$port", ".*").Replace(p.Targets[0].Expr)
	got := map[string]float64{}
	for _, x := range s.query(t, expr, now) {
		var words []string
		for _, label := range []string{"alertname", "port_name", "about", "state"} {
			words = append(words, x.Metric.Get(label))
		}
		got[strings.Join(words, ",")] = x.F
	}
	want := map[string]float64{
		"FabricPortDown,p-1,,firing": 3, "FabricPortDown,p-2,,not firing": 3, "FabricExporterDown,,,not firing": 3,
		"FabricPairWouldNotSurvive,,p-1 + p-2,firing": 2, "FabricAccountDown,,,not firing": 2, "FabricPortMaintenance,p-2,,firing": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
