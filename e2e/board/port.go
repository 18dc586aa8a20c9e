package board

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// port shows one port in detail.
func port(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidPort, title: "Equinix Fabric / Port", from: "now-24h",
		description: "One port: how full it is in both directions, its connections, what it drops, and its state over time.",
	}).
		WithVariable(datasource()).WithVariable(accounts()).WithVariable(metros()).WithVariable(ports()).WithVariable(windows())
	b = portNow(b, l)
	b = b.WithPanel(portTraffic()).WithPanel(envelope("inbound", "blue")).WithPanel(envelope("outbound", "purple"))
	b = portIntervals(b.WithRow(row("Every interval at its own time: only with remote_write or backfill")), l)
	b = portPair(b.WithRow(row("Failover: could the other port carry the load?")), l)
	b = portConnections(b.WithRow(row("Connections of the port")))
	b = portPackets(b.WithRow(row("Packets: only if traffic comes from v4-metrics")))
	return portHistory(b.WithRow(row("The port itself")), l).WithPanel(portFacts())
}

// ofPort is the highest value of the port, since several exporters may have one.
func ofPort(family string, more string) string {
	by := "port_uuid"
	if more != "" {
		by += ", " + more
	}
	return "max by (" + by + ") (" + of(family, `port_uuid="$port"`) + ")"
}

// of adds matchers to a family, which may have some.
func of(family, matchers string) string {
	if n := len(family); family[n-1] == '}' {
		return ns + family[:n-1] + "," + matchers + "}"
	}
	return ns + family + "{" + matchers + "}"
}

const portName = "{{port_name}}"

// lastOfPort is the last polled rate of the port in one direction.
func lastOfPort(direction string) string {
	return "max by (port_uuid, direction) (" + freshest("port", `{direction="`+direction+`",port_uuid="$port"}`, "") + ")"
}

// shareOfPort is a rate of the port as a share of its links that are up.
func shareOfPort(rate string) string {
	return rate + " / on (port_uuid) group_left () (" +
		"max by (port_uuid) (" + of("port_effective_capacity_bytes_per_second", `port_uuid="$port"`) + ") > 0)"
}

// notKnown is shown if a port has no traffic; the panel Data says why.
const notKnown = "not known: see Data"

// thisPort is port_info of the port.
var thisPort = of("port_info", `port_uuid="$port"`)

// dataReason is why the traffic of the port is known or not; each line hides the lines
// below it.
var dataReason = strings.Join([]string{
	"7 * group by (port_uuid) (" + of("port_effective_capacity_bytes_per_second", `port_uuid="$port"`) + " == 0)",
	"group by (port_uuid) (count by (port_uuid) (max by (port_uuid, direction) (" + of("port_traffic_last_bytes_per_second", `port_uuid="$port"`) + ")) == 2)",
	"2 * group by (port_uuid) (" + of("port_metrics_attached", `port_uuid="$port"`) + " == 0)",
	"3 * group by (port_uuid) (" + ofPort("port_poll_success", "") + " == 0)",
	"4 * group by (port_uuid) (" + of("port_traffic_last_sample_timestamp_seconds", `port_uuid="$port"`) + ")",
	"5 * group by (port_uuid) (" + of("port_poll_success", `port_uuid="$port"`) + ")",
	"6 * group by (port_uuid) (" + thisPort + ")",
}, " or ")

var dataMeanings = []meaning{
	{"1", "fresh", "green"},
	{"2", "not attached to a stream", "orange"},
	{"3", "polls fail", "red"},
	{"4", "Equinix is late", "orange"},
	{"5", "Equinix has no samples", "orange"},
	{"6", "not asked yet", "text"},
	{"7", "no link is up", "red"},
}

// portNow is the first row: the state of the port in single values.
func portNow(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	now := func(title, direction, what string) spec {
		return spec{
			title: title, w: 3, h: 4, unit: "percentunit", colours: l.busy(), empty: "not known", alarming: true, links: runbooks("FabricPortSaturated"),
			about: "Last polled rate of what the port " + what + ", 5 to 17 minutes old, as a share of the links that are up; not known if no link is up. Above " +
				l.percent("port_utilization_ratio") + " the port drops bursts: see its connections below.",
			queries: []query{{named(shareOfPort(lastOfPort(direction))), direction}},
		}
	}
	return b.
		WithPanel(number(spec{
			title: "Status", w: 3, h: 4, unit: "none", meanings: statusMeanings, empty: "not known", alarming: true, links: runbooks("FabricPortDown", "FabricLAGLinkLost"),
			about: "Whether the port or some links of its LAG are down, by the inventory of Equinix, which is polled every 15 minutes by default. " +
				"If it is down, check the cross connect and your own end.",
			queries: []query{{named(status(`,port_uuid="$port"`)), portName}},
		})).
		WithPanel(number(now("In now", "inbound", "receives"))).
		WithPanel(number(now("Out now", "outbound", "sends"))).
		WithPanel(number(spec{
			title: "Busiest", w: 3, h: 4, unit: "percentunit", colours: l.full(), empty: "not known", alarming: true, links: runbooks("FabricPortNearlyFull"),
			about: "95th percentile of the worst window in the worse direction, as a share of the links that are up. Above " +
				l.percent("port_utilization_p95_ratio") + " order an upgrade.",
			queries: []query{{"max by (port_name) (" + named(shareOfPort(ofPort("port_traffic_p95_bytes_per_second", "direction"))) + ")", portName}},
		})).
		WithPanel(number(spec{
			title: "In " + l.horizon(), w: 4, h: 4, unit: "percentunit", colours: l.full(), empty: "no forecast known", links: runbooks("FabricPortFullSoon"),
			about:   "The daily 95th percentile in the worse direction at that time, if it grows as in the past two weeks." + needsRules,
			queries: []query{{"max by (port_name) (" + group(expectedRatio) + " and on (port_uuid) " + chosenPorts + ")", portName}},
		})).
		WithPanel(number(spec{
			title: "Age", w: 3, h: 4, unit: "s", colours: l.old(), empty: "not known", alarming: true, links: runbooks("FabricSamplesLate"),
			about:   "Age of the newest sample that Equinix has of the port, in the direction that is further behind. 5 to 17 minutes plus the poll interval are usual.",
			queries: []query{{named(sampleAge), portName}},
		})).
		WithPanel(number(spec{
			title: "Data", w: 5, h: 4, unit: "none", meanings: dataMeanings, empty: "not scraped", alarming: true, links: runbooks("FabricPortNotAttached", "FabricDataStale", "FabricSamplesLate", "FabricPortWithoutSamples"),
			about:   "Whether the traffic of the port is known, and if not, why. Without a link that is up there is no utilization. Not scraped: no exporter that polls the port answers Prometheus.",
			queries: []query{{named(dataReason), portName}},
		}))
}

// portPair shows what the other port of a pair would have to carry.
func portPair(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	// The other ports, by the pair.
	as := func(label, from, expr string) string {
		return `label_replace(` + expr + `, "` + label + `", "$1", "` + from + `", "(.+)")`
	}
	others := as("other_uuid", "secondary_uuid", of("pair_info", `primary_uuid="$port"`)) + " or " + as("other_uuid", "primary_uuid", of("pair_info", `secondary_uuid="$port"`))
	others = "max by (pair, other_uuid) (" + others + ")"
	ofOther := func(expr, more string) string {
		return others + " * on (other_uuid) group_left (" + more + ") " + expr
	}
	load := func(expr string) string {
		return others + " * on (pair) group_left () max by (pair) (" + expr + ")"
	}
	return b.
		WithPanel(rows(spec{
			title: "Pair", w: 12, h: 8, unit: "none", empty: "no pair of this port known", links: runbooks("FabricPairWouldNotSurvive", "FabricPairDataMissing"),
			about: "The other port of the pair, and what one of the two would carry if the other failed, as a share of the capacity of the smaller one and in the worse direction: " +
				"in the newest interval that both have, and by the 95th percentile of the worst window. Click the other port to open it.",
		}, []string{"Busiest"},
			column{title: "pair", label: "pair", hidden: true},
			column{title: "other_uuid", label: "other_uuid", hidden: true},
			column{title: "Other port", label: "other", width: 230,
				// The other port may belong to another account or metro than the chosen ones.
				drill: "/d/" + uidPort + "?var-port=${__data.fields.other_uuid}&${datasource:queryparam}&${window:queryparam}&${__url_time_range}"},
			column{expr: ofOther("topk by (other_uuid) (1, "+as("other", "port_name", as("other_uuid", "port_uuid", ns+"port_info"))+")", "other")},
			column{title: "Status", expr: ofOther(as("other_uuid", "port_uuid", status("")), ""), meanings: statusMeanings, empty: "not known", width: 95},
			column{title: "Now", expr: load(pairNow), unit: "percentunit", colours: l.failover(), bar: true, empty: "no data"},
			column{title: "Busiest", expr: load(everyPairP95), unit: "percentunit", colours: l.failover(), width: 85},
		)).
		WithPanel(limited(series(spec{
			title: "Load of the pair on one port", w: 12, h: 8, unit: "percentunit", colours: l.failover(), empty: "no pair of this port known",
			about: "Traffic of both ports of the pair together, interval by interval, as a share of the capacity of the smaller one. While a line is above 100 %, a failure of either port would lose traffic. " +
				"Missing while a port of the pair has no link up or no fresh traffic.",
			queries: []query{{"max by (pair, direction) (" + chosenPairs(pairNow) + ")", "{{pair}} {{direction}}"}},
			links:   runbooks("FabricPairWouldNotSurvive", "FabricPairDataMissing"),
		})))
}

// portFacts shows the port as the inventory describes it.
func portFacts() *table.PanelBuilder {
	columns := []column{
		{title: "port_uuid", label: "port_uuid", hidden: true},
		{title: "Port", label: "port_name", width: 220},
		{title: "Account", label: "account", width: 110},
		{title: "Metro", label: "metro_name", width: 120},
		{title: "IBX", label: "ibx", width: 70},
		{title: "Region", label: "equinix_region", width: 80},
		{title: "Package", label: "package", width: 120},
		{title: "Encapsulation", label: "encapsulation", width: 105},
		{title: "Redundancy", label: "redundancy_priority", width: 100},
		{title: "Project", label: "project"},
	}
	labels := "port_uuid, port_name, account, metro_name, ibx, equinix_region, package, encapsulation, redundancy_priority, project"
	return rows(spec{
		title: "Facts", w: 24, h: 4, unit: "none", empty: "not known",
		about: "The port as Equinix' inventory describes it, which is polled every 15 minutes by default; a cell is empty if the inventory says nothing. The line rate is the rate of all links together. Price is the monthly one." + notTheContract,
	}, nil, append(columns,
		column{expr: "max by (" + labels + ") (topk by (port_uuid) (1, " + thisPort + "))"},
		column{title: "Line rate", expr: inBits(ofPort("port_capacity_bytes_per_second", "")), unit: "bps", width: 100},
		column{title: "Links", expr: "sum by (port_uuid) (" + ofPort("port_lag_links", "status") + ")", width: 65},
		column{title: "Price", expr: "max by (port_uuid, currency) (" + listPrice("port") + " and on (port_uuid) " + thisPort + ")", width: 70},
		column{title: "Currency", label: "currency", width: 75},
	)...)
}

// portHistory shows the states of the port over time.
func portHistory(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(states(spec{
			title: "Status over time", w: 12, h: 4, unit: "none", empty: "not known", meanings: statusMeanings, links: runbooks("FabricPortDown", "FabricLAGLinkLost"),
			about:   "Operational status over time, by the inventory: UP, PARTIAL if some links of a LAG are down, DOWN. The inventory is polled every 15 minutes by default, so shorter outages may not show. A gap means that nothing was known.",
			queries: []query{{status(`,port_uuid="$port"`), "operational status"}},
		})).
		WithPanel(states(spec{
			title: "Lifecycle state over time", w: 12, h: 4, unit: "none", empty: "not known",
			about:   "Lifecycle state over time, with a stripe for each state that occurred, as the API spells it. A port in service is ACTIVE.",
			queries: []query{{ofPort("port_lifecycle_state", "state"), "{{state}}"}},
		}).ShowValue(common.VisibilityModeNever)).
		WithPanel(series(spec{
			title: "Physical links", w: 12, h: 8, unit: "none", empty: "no links known", links: runbooks("FabricLAGLinkLost", "FabricPortDown"),
			about:   "Physical links of the port by status. A port that is not a LAG has one. For each link that is down, check the cross connect and your own end.",
			queries: []query{{ofPort("port_lag_links", "status"), "{{status}}"}},
		}).OverrideByName("UP", painted("green")).OverrideByName("DOWN", painted("red"))).
		WithPanel(limited(series(spec{
			title: "Utilization", w: 12, h: 8, unit: "percentunit", empty: notKnown, colours: l.busy(), links: runbooks("FabricPortSaturated", "FabricLAGWouldNotSurvive"),
			about: "Last polled rate as a share of the links that are up, and for a LAG also as a share with one link less. Dashed: the thresholds of the alerts.",
			queries: []query{
				{shareOfPort(lastOfPort("inbound")), "{{direction}}"},
				{shareOfPort(lastOfPort("outbound")), "{{direction}}"},
				{ofPort("port_lag_failover_utilization_ratio", "direction"), "{{direction}}, one link less"},
			},
		})))
}
