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

const metricsHead = `<!-- Generated from the code by "make golden"; a test holds it against it. -->

# Metrics

Everything that the exporter says about Equinix Fabric, with the meaning that
HELP gives on /metrics. Rates and capacities are in bytes per second, as
Prometheus asks; multiply by 8 for bit/s. Directions are as
the API names them, which says only of v4-metrics from where: inbound is what the
port receives.

The exporter polls on its own schedule and a scrape reads what it has. What is
not known has no series: never 0, never NaN. There are no explicit timestamps;
` + "`equinix_fabric_port_traffic_last_sample_timestamp_seconds`" + ` says how old the newest
sample of Equinix is, ` + "`equinix_fabric_port_poll_last_success_timestamp_seconds`" + ` when the
exporter last asked with success.

Besides these there are the usual families of the process (` + "`process_*`, `go_*`" + `) and
of the handler (` + "`promhttp_*`" + `).
`

// TestMetricsPageIsGeneratedFromTheTables holds docs/metrics.md against the
// tables that /metrics is made from.
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
