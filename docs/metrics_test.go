package docs_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

var update = flag.Bool("update", false, "rewrite the generated pages")

const metricsHead = `<!-- Generated from the code by "make golden"; a test holds it against the code. -->

# Metrics

Every metric family of the exporter, with its HELP text. Rates and capacities are
in bytes per second, as Prometheus asks; multiply by 8 for bit/s. Directions are as
the API names them. Only for v4-metrics does the API say what that means: inbound is
what the port receives.

The exporter polls on its own schedule, and a scrape reads what it has. What is
not known has no series: never 0, never NaN. There are no explicit timestamps;
` + "`equinix_fabric_port_traffic_last_sample_timestamp_seconds`" + ` says how old the newest
sample of Equinix is, ` + "`equinix_fabric_port_poll_last_success_timestamp_seconds`" + ` when the
exporter last polled with success.

Besides these there are the usual families of the process (` + "`process_*`, `go_*`" + `) and
of the HTTP handler (` + "`promhttp_*`" + `).
`

// TestMetricsPageIsGenerated holds docs/metrics.md against the tables of the
// collector, and against what an exporter says of its own work.
func TestMetricsPageIsGenerated(t *testing.T) {
	var b strings.Builder
	b.WriteString(metricsHead)
	section := func(title string) {
		fmt.Fprintf(&b, "\n## %s\n\n| family | type | labels | meaning |\n|---|---|---|---|\n", title)
	}
	row := func(name, kind string, labels []string, help string) {
		list := "`" + strings.Join(labels, "`, `") + "`"
		if len(labels) == 0 {
			list = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, kind, list, strings.ReplaceAll(help, "|", `\|`))
	}
	subject := ""
	for _, f := range collector.Families() {
		if f.Subject != subject {
			subject = f.Subject
			section(map[string]string{
				"port": "Ports", "pair": "Pairs of ports", "connection": "Connections, if connections.traffic asks for them",
				"account": "Accounts", "fleet": "Windows and shards",
			}[subject])
		}
		row(f.Name, map[bool]string{false: "gauge", true: "counter"}[f.Counter], f.Labels, f.Help)
	}
	section("The exporter's own work")
	for _, f := range ownFamilies(t) {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		row(f.GetName(), strings.ToLower(f.GetType().String()), labels, f.GetHelp())
	}
	b.WriteString(rulesText())

	if *update {
		if err := os.WriteFile("metrics.md", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile("metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), b.String()); diff != "" {
		t.Errorf("run make golden (-page +code)\n%s", diff)
	}
}

// ownFamilies are the families about its own work that an exporter has after some
// minutes with a state file.
func ownFamilies(t *testing.T) (own []*dto.MetricFamily) {
	t.Helper()
	dir := t.TempDir()
	yaml := fmt.Sprintf("accounts:\n  - {name: prod, client_id: %s, client_secret: %s, discover: {enabled: true}}\nstate: {file: %s}\n",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret, filepath.Join(dir, "state"))
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(versioncollector.NewCollector(collector.Namespace + "_exporter"))
		d, err := daemon.New(daemon.Options{
			Load:       func() (*config.Config, error) { return config.Parse("test.yml", []byte(yaml), dir, nil) },
			Registerer: reg, Transport: fabrictest.New(fabrictest.Options{}).Transport(), KeepState: true, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		if err := d.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if own, err = reg.Gather(); err != nil {
			t.Fatal(err)
		}
	})
	return own
}

// rulesText says how many series there can be, and which connections have traffic.
func rulesText() string {
	port0, pair0, connection0 := collector.MostSeries(0)
	port, pair, connection := collector.MostSeries(1)
	idle := slices.DeleteFunc(fleet.ConnectionStates(), func(state string) bool {
		return state == fleet.Unknown || (&fleet.Connection{State: state}).CarriesTraffic()
	})
	return fmt.Sprintf(`
## How many series there can be

| | at most | more for each window |
|---|---|---|
| a port | %d | %d |
| a pair | %d | %d |
| a connection | %d | %d |

This is what each of them counts for in `+"`max_series`"+`, whatever the API says of it.

## Which connections have traffic

A connection whose state is %s has no
traffic, and the exporter does not ask for it. The same holds for a connection without
a state if its status on Equinix' side means that it is not provisioned yet, or no
longer.
`, port0, port-port0, pair0, pair-pair0, connection0, connection-connection0, strings.Join(idle[:len(idle)-1], ", ")+" or "+idle[len(idle)-1])
}
