package board

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// The severities of alerts, as numbers to sort by.
var severities = []meaning{{"3", "critical", "red"}, {"2", "warning", "orange"}, {"1", "info", "blue"}}

// troubleTable lists what needs attention: firing alerts, and what meets the
// condition of one of the most important alerts without firing. So the table needs
// no rules, and shows what has not lasted long enough for an alert.
func troubleTable(l Limits) *table.PanelBuilder {
	named := func(alert string, severity int, what string) string {
		return fmt.Sprintf(`label_replace(%d * %s, "alertname", "%s", "", "")`, severity, what, alert)
	}
	port := func(alert string, severity int, ports string) string {
		return named(alert, severity, "group by (port_uuid) ("+ports+")")
	}
	firing := func(severity string) string {
		return `ALERTS{alertname=~"Fabric.+",alertstate="firing",severity="` + severity + `",account=~"$account",metro=~"$metro",port_uuid=~"$port"}`
	}
	ports := located(strings.Join([]string{
		port("FabricPortDown", 3, l.portDown()),
		port("FabricPortSaturated", 3, utilization(lastRate)+" > "+l.number("port_utilization_ratio")),
		port("FabricLAGLinkLost", 2, l.linksLost()),
		port("FabricPortNearlyFull", 2, utilization(everyP95)+" > "+l.number("port_utilization_p95_ratio")),
	}, " or "), "alertname")
	conditions := strings.Join([]string{
		group(ports),
		named("FabricExporterDown", 3, "group(max("+targets+") == 0)"),
		named("FabricLoginRefused", 3, "group by (account) ("+ofAccount("login_suspended")+" == 1)"),
		named("FabricAccountDown", 2, "group by (account) ("+ofAccount("up")+" == 0 unless on (account, instance, job) "+ofAccount("login_suspended")+" == 1)"),
	}, " or ")
	// One column for the pair or connection that an alert may be about.
	alerts := "3 * " + firing("critical") + " or 2 * " + firing("warning") + " or " + firing("info")
	alerts = `label_replace(label_replace(` + alerts + `, "about", "$1", "pair", "(.+)"), "about", "$1", "connection_name", "(.+)")`
	alerts = "max by (alertname, account, metro, port_uuid, port_name, direction, about) (" + alerts + ")"
	return rows(spec{
		title: "Down, degraded or firing", w: 24, h: 8, unit: "none", empty: "nothing is known to be wrong",
		about: "What needs attention, the worst first: alerts that fire, and ports that are down, have lost links, are full now, or are full by the 95th percentile of the worst window. Such a port is listed even if no alert fires, " +
			"because the fault has not lasted long enough or the rules of deploy/prometheus are not loaded. Click an alert to open its runbook, or a port to open the Port dashboard.",
		links: runbooks("FabricPortDown", "FabricPortSaturated", "FabricExporterDown"),
	}, []string{"Severity"},
		column{title: "port_uuid", label: "port_uuid", hidden: true},
		column{title: "Severity", meanings: severities, width: 100,
			expr: `label_replace(` + alerts + `, "state", "firing", "", "") or on (alertname, account, port_uuid) label_replace(` + conditions + `, "state", "not firing", "", "")`},
		column{title: "Alert", label: "alertname", drill: repository + "docs/runbooks/${__data.fields.Alert}.md", width: 260},
		column{title: "State", label: "state", width: 110},
		column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid"), width: 230},
		column{title: "Direction", label: "direction", width: 110},
		column{title: "Metro", label: "metro", width: 80},
		column{title: "Account", label: "account", width: 120},
		column{title: "Pair or connection", label: "about"},
	)
}

// exporterAlive is a number that exporterMeanings translates. Each line hides the
// lines below it.
const exporterAlive = "4 * group(max(" + targets + ") == 0)" +
	" or 3 * group(min(" + targets + ") == 0)" +
	" or 2 * group(" + ns + `up{account=~"$account"} == 0)` +
	" or group(" + targets + ")"

var exporterMeanings = []meaning{{"1", "alive", "green"}, {"2", "API silent", "red"}, {"3", "some down", "red"}, {"4", "down", "red"}}
