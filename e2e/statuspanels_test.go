package e2e_test

import (
	"strings"
	"testing"
	"time"

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
				if !strings.Contains(q.Expr, `port_operational_status{status="PARTIAL"`) {
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
