package docs_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
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
)

var update = flag.Bool("update", false, "rewrite the generated pages")

const metricsHead = `<!-- Generated from the code by "make golden"; a test compares it with the code. -->

# Metrics

All metrics of the exporter, with the text that HELP has on /metrics. After them come the
rules that HELP has no room for.

Rates and capacities are in bytes per second, as Prometheus recommends; multiply by 8 for
bit/s. Directions are named as in the API: inbound is what the port receives. Equinix
documents this for v4-metrics only.

The exporter polls on its own schedule, and a scrape reads what it has. An unknown value has no
series: never 0, never NaN. Samples have no explicit timestamps, so that instant queries and
alerts see them. ` + "`equinix_fabric_port_traffic_last_sample_timestamp_seconds`" + ` is the time of
Equinix' newest sample, ` + "`equinix_fabric_port_poll_last_success_timestamp_seconds`" + ` the time of the
last successful poll.

The usual families of the process (` + "`process_*`" + `, ` + "`go_*`" + `) and of the HTTP handler
(` + "`promhttp_*`" + `) are there too.
`

const metricsTail = `
## Rules

### Names of pairs

The label ` + "`pair`" + ` is the ` + "`name`" + ` of a pair in the configuration. A pair that the API knows has no
name of its own: it is called ` + "`PRIMARY + SECONDARY`" + `, after the names of its two ports. If two
such pairs would have the same name, or one has the name of a configured pair, the UUID of the
primary port is added in parentheses.

### Capacity when a link has no status

The effective capacity is the sum of the links that are up. A link without a speed counts as
an equal share of the port's line rate. If the API lists links but gives one of them no
status, or another one than UP and DOWN, the status of the port decides: UP means the whole
line rate, DOWN means 0, and with PARTIAL or without a status the effective capacity is absent.
So are then the ratios that divide by it.

### Connections that carry traffic

The exporter asks for the traffic of a connection if its state allows traffic. If a connection
has no state, its status on Equinix' side counts instead.

| state, or status on Equinix' side | traffic is polled | bandwidth counts in ` + "`port_connections_bandwidth_bytes_per_second`" + ` |
|---|---|---|
| ACTIVE, PROVISIONED, PROVISIONING, REPROVISIONING | yes | yes |
| DEPROVISIONING, PENDING_DELETE | yes | no |
| AUTO_APPROVAL_FAILED, CANCELLED, DELETED, DEPROVISIONED, DRAFT, FAILED, NOT_PROVISIONED, PENDING, PENDING_APPROVAL, PENDING_AUTO_APPROVAL, PENDING_BGP_PEERING, PENDING_INTERFACE_CONFIGURATION, PENDING_PROVIDER_VLAN, PENDING_PROVIDER_VLAN_ERROR, REJECTED, REJECTED_ACK | no | no |
| any other, or neither | yes | yes |

### Packet counters wait for the line rate

` + "`port_packets_dropped_total`" + `, ` + "`port_packets_errored_total`" + ` and
` + "`connection_packets_dropped_total`" + ` accept a count only up to the packets that the line can
carry. So they are absent until the line rate of the port is known from the inventory or from
the answer itself. Nothing is lost while they wait: when the rate is known, they add what the
first window still contains, from the first answer on.
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
	b.WriteString(metricsTail)
	b.WriteString(seriesText())

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
// minutes with a state file and a receiver of remote write.
func ownFamilies(t *testing.T) (own []*dto.MetricFamily) {
	t.Helper()
	dir := t.TempDir()
	yaml := fmt.Sprintf("accounts:\n  - {name: prod, client_id: %s, client_secret: %s, discover: {enabled: true}}\nstate: {file: %s}\nremote_write: [{url: http://localhost/w}]\n",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret, filepath.Join(dir, "state"))
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(versioncollector.NewCollector(collector.Namespace + "_exporter"))
		d, err := daemon.New(daemon.Options{
			Load:       func() (*config.Config, error) { return config.Parse("test.yml", []byte(yaml), dir, nil) },
			Registerer: reg, Transport: fabrictest.New(fabrictest.Options{}).Transport(), Receivers: accepting{}, KeepState: true, Log: slog.New(slog.DiscardHandler),
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

// accepting is a receiver of remote write that accepts everything.
type accepting struct{}

func (accepting) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

// seriesText says how many series there are.
func seriesText() string {
	port0, pair0, connection0 := collector.UsualSeries(0)
	port, pair, connection := collector.UsualSeries(1)
	return fmt.Sprintf(`
### How many series there are

| | series | more for each window |
|---|---|---|
| a port | %d | %d |
| a pair | %d | %d |
| a connection | %d | %d |

This is how many series each has if the API gives every value. Without packet counters, for
example, there are fewer; with connections in several statuses, or in states that Equinix does
not document, there are more. In `+"`max_series`"+` each counts for the most series that it has had
since the exporter started or its windows changed, and for at least the number above until each of
its polls has succeeded once; a pair always does. So nothing comes and goes with the series of others.
`, port0, port-port0, pair0, pair-pair0, connection0, connection-connection0)
}
