package docs_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
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

// TestMetricsPageIsGeneratedFromTheTables compares docs/metrics.md with the tables
// that /metrics is made from.
func TestMetricsPageIsGeneratedFromTheTables(t *testing.T) {
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
	section("Ports, traffic, connections and their health")
	for _, f := range collector.Families() {
		row(f.Name, f.TypeName(), f.Labels, f.Help)
	}
	section("The exporter's own calls")
	for _, f := range poll.Families() {
		row(f.Name, f.Type, f.Labels, f.Help)
	}
	section("The exporter itself")
	row(daemon.ReloadSuccessfulName, "gauge", nil, daemon.ReloadSuccessfulHelp)
	row(daemon.ReloadTimestampName, "gauge", nil, daemon.ReloadTimestampHelp)
	row(daemon.StateWriteName, "gauge", nil, daemon.StateWriteHelp)
	row(daemon.StateSizeName, "gauge", nil, daemon.StateSizeHelp)
	row(daemon.StateRestoredName, "gauge", nil, daemon.StateRestoredHelp)
	row(daemon.StateFailuresName, "counter", nil, daemon.StateFailuresHelp)
	row(collector.Namespace+"_exporter_build_info", "gauge",
		[]string{"version", "revision", "branch", "goversion", "goos", "goarch", "tags"}, "Always 1; the labels say what was built, from what, with what.")

	b.WriteString(metricsTail)

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
