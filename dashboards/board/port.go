package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// port shows one port in detail.
func port(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidPort, title: "Equinix Fabric / Port", from: "now-24h",
		description: "One port: how full it is in both directions, what rides on it, what it drops, and what state it was in when.",
	}).
		WithVariable(datasource()).WithVariable(accounts()).WithVariable(metros()).WithVariable(ports()).WithVariable(windows())
	b = portNow(b, l)
	b = b.WithPanel(portTraffic()).WithPanel(envelope("inbound", "blue")).WithPanel(envelope("outbound", "purple"))
	b = portConnections(b.WithRow(row("What rides on it")))
	b = portPackets(b.WithRow(row("Packets: only where traffic comes from v4-metrics")))
	return portHistory(b.WithRow(row("The port itself")), l).WithPanel(portFacts())
}

// ofPort is the highest value of the port, where several exporters have one.
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

// portNow is what one wants to know of a port before anything else.
func portNow(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	small := func(title, unit, text string, c cog.Builder[dashboard.ThresholdsConfig], q query, alerts ...string) spec {
		return spec{title: title, about: text, unit: unit, w: 3, h: 4, colours: c, queries: []query{q}, links: runbooks(alerts...), empty: "not known"}
	}
	return b.
		WithPanel(number(small("Status", "none", "Whether the port, or some links of its LAG, are down, as the inventory of Equinix says; it is read every 15 minutes by default. "+
			"If it is down, check the cross connect and your own end.", nil, query{named(status(`,port_uuid="$port"`)), portName}, "FabricPortDown", "FabricLAGLinkLost")).Mappings(mapped(statusMeanings...))).
		WithPanel(number(small("Line rate", "bps", "Line rate of the port, with all its links.", steps("text"),
			query{inBits(named(ofPort("port_capacity_bytes_per_second", ""))), portName}))).
		WithPanel(number(small("Inbound now", "percentunit", "Last polled rate of what the port receives, 5 to 17 minutes old, as a share of the links that are up. Above "+
			l.percent("port_utilization_ratio")+" it drops bursts: see below what fills it.", l.busy(),
			query{named(shareOfPort(lastOfPort("inbound"))), portName + " {{direction}}"}, "FabricPortSaturated"))).
		WithPanel(number(small("Outbound now", "percentunit", "Last polled rate of what the port sends, 5 to 17 minutes old, as a share of the links that are up. Above "+
			l.percent("port_utilization_ratio")+" it drops bursts: see below what fills it.", l.busy(),
			query{named(shareOfPort(lastOfPort("outbound"))), portName + " {{direction}}"}, "FabricPortSaturated"))).
		WithPanel(number(small("p95 $window", "percentunit", "95th percentile of the chosen window in the worse direction, as a share of the links that are up. Above "+
			l.percent("port_utilization_p95_ratio")+" order an upgrade.", l.full(),
			query{"max by (port_name) (" + named(shareOfPort(ofPort(`port_traffic_p95_bytes_per_second{window="$window"}`, "direction"))) + ")", portName}, "FabricPortNearlyFull"))).
		WithPanel(number(small("p95 in "+l.horizon(), "percentunit", "What the 95th percentile of a day will be in the worse direction if it goes on as in the past two weeks."+needsRules, l.full(),
			query{"max by (port_name) (" + group(expectedRatio) + " and on (port_uuid) " + chosenPorts + ")", portName}, "FabricPortFullSoon"))).
		WithPanel(number(small("Connections", "none", "Live connections on either side of the port: active, provisioned or on the way there. Asked every 5 minutes by default.", steps("text"),
			query{named(liveConnections), portName}))).
		WithPanel(number(small("Age of the sample", "s", "Time since the newest sample that Equinix has of the port, in the direction that is further behind. 5 to 17 minutes and the poll interval are usual.", l.old(),
			query{named(sampleAge), portName}, "FabricSamplesLate")))
}

// portFacts is what the inventory says.
func portFacts() *table.PanelBuilder {
	var columns []column
	for _, c := range [][2]string{
		{"Port", "port_name"}, {"Account", "account"}, {"Metro", "metro_name"}, {"IBX", "ibx"}, {"Region", "equinix_region"}, {"Speed", "speed"},
		{"LAG", "lag"}, {"Package", "package"}, {"Encapsulation", "encapsulation"}, {"Redundancy", "redundancy_priority"}, {"Project", "project"},
	} {
		columns = append(columns, column{title: c[0], label: c[1]})
	}
	labels := "port_name, account, metro_name, ibx, equinix_region, speed, lag, package, encapsulation, redundancy_priority, project"
	return rows(spec{
		title: "Facts", w: 24, h: 4, unit: "none",
		about: "The port as the latest inventory of Equinix describes it; empty where it says nothing. It is read every 15 minutes by default.",
	}, "", append(columns, column{expr: "max by (" + labels + ") (topk by (port_uuid) (1, " + of("port_info", `port_uuid="$port"`) + "))"})...)
}
