package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// connectionTable has a row for each tracked connection.
func connectionTable(l Limits) *table.PanelBuilder {
	full := steps("green", colour{l.at("connection_utilization_ratio"), "red"})
	single := func(expr string) string { return "topk by (connection_uuid) (1, " + expr + ")" } // exporters may disagree
	one := func(expr string) string { return "max by (connection_uuid, connection_name) (" + expr + ")" }
	return rows(spec{
		title: "Tracked connections", w: 24, h: 11, unit: "none", links: runbooks("FabricConnectionFull", "FabricConnectionFailed", "FabricConnectionPending"),
		about: "Every chosen connection that is tracked: first those that are down, then by Busiest. Click a name to see that connection alone, or a port to open its dashboard. VLAN is the VLAN on the port, Far side the other end. " +
			"Now is the last polled rate, 5 to 17 minutes old, and Busiest the 95th percentile of the worst window, both in the worse direction and as a share of the ordered bandwidth. " +
			"Equinix and Provider are the operation status as each sees it. Price is the monthly one." + onlyTracked + notTheContract,
		empty: "no tracked connection known",
	}, []string{"Status", "Busiest"},
		column{title: "connection_uuid", label: "connection_uuid", hidden: true},
		column{title: "port_uuid", label: "port_uuid", hidden: true},
		column{title: "Status", width: 75, meanings: []meaning{{"0", "UP", "green"}, {"1", "DOWN", "red"}},
			expr: one(perConnection(seen, ns+`connection_operational_status{status="DOWN"}`, ""))},
		column{title: "Connection", label: "connection_name", width: 165, drill: "/d/" + uidConnections + "?var-connection=${__data.fields.connection_uuid}&" + kept(uidFleet, uidPort) + "&${__url_time_range}"},
		column{title: "Port", label: "port_name", width: 160, drill: toPort("__data.fields.port_uuid")},
		column{title: "VLAN", label: "vlan", width: 55},
		column{title: "Far side", label: "far"},
		column{expr: "max by (connection_uuid, connection_name, port_uuid, port_name, vlan, far) (" + farSide("topk by (connection_uuid) (1, "+seen+")") + ")"},
		column{title: "State", label: "state", width: 130},
		column{expr: single(perConnection(seen, ns+"connection_state", "state"))},
		column{title: "Bandwidth", expr: inBits(perConnection(seen, ns+"connection_bandwidth_bytes_per_second", "")), unit: "bps", width: 95},
		column{title: "Now", expr: one(connectionShare(seen, connectionRate(seen, ""))), unit: "percentunit", colours: full, bar: true, empty: "no data"},
		column{title: "Busiest", expr: one(connectionShare(seen, ns+"connection_traffic_p95_bytes_per_second and on (connection_uuid, instance, job) "+seen)), unit: "percentunit", colours: full, width: 80},
		column{title: "Equinix", label: "equinix", width: 110},
		column{expr: single(perConnection(seen, `label_replace(`+ns+`connection_status{side="equinix"}, "equinix", "$1", "status", "(.*)")`, "equinix"))},
		column{title: "Provider", label: "provider", width: 110},
		column{expr: single(perConnection(seen, `label_replace(`+ns+`connection_status{side="provider"}, "provider", "$1", "status", "(.*)")`, "provider"))},
		column{title: "Price", expr: perConnection(seen, listPrice("connection"), "currency"), width: 65},
		column{title: "Currency", label: "currency", width: 75},
	)
}

// farSide adds the label far: the end of a connection that the port is not.
func farSide(expr string) string {
	ends := `label_join(` + expr + `, "ends", " | ", "side", "a_side", "z_side")`
	return `label_replace(label_replace(` + ends + `, "far", "$2", "ends", "a \\| (.*) \\| (.*)"), "far", "$1", "ends", "z \\| (.*) \\| (.*)")`
}

// connectionState shows the states of connections, now and over time.
func connectionState(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	return b.
		WithPanel(bars(spec{
			title: "Tracked connections by state", w: 8, h: 9, unit: "none", colours: steps("blue"), empty: "no tracked connection known",
			about:   "Chosen connections by lifecycle state, as Equinix spells it. Polled every 5 minutes by default." + onlyTracked,
			queries: []query{{"sort_desc(count by (state) (" + perConnection(seen, ns+"connection_state", "state") + "))", "{{state}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionPending"),
		})).
		WithPanel(series(spec{
			title: "Tracked connections by state over time", w: 8, h: 9, unit: "none", empty: "no tracked connection known",
			about:   "The same over time. A step is a connection that was ordered, changed or deleted; a gap means that nothing was known." + onlyTracked,
			queries: []query{{"count by (state) (" + perConnection(seen, ns+"connection_state", "state") + ")", "{{state}}"}},
			links:   runbooks("FabricConnectionPending"),
		})).
		WithPanel(series(spec{
			title: "Down by port", w: 8, h: 9, unit: "none", empty: "no tracked connection known",
			about: "Tracked connections in service that are down, by the port that they are seen from. If all connections of a port are down, check the port. If one is, ask the provider." + onlyTracked,
			queries: []query{{"sum by (port_name) (" + group(perConnection(seen, ns+`connection_operational_status{status="DOWN"}`, "")) +
				" * on (connection_uuid) group_left (port_name) topk by (connection_uuid) (1, " + seen + "))", portName}},
			links: runbooks("FabricConnectionDown"),
		}))
}

// everyConnection shows what is known without connections.traffic.
func everyConnection(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(bars(spec{
			title: "Connections by state", w: 8, h: 9, unit: "none", colours: steps("blue"), empty: "not known",
			about:   "All connections on either side of the chosen ports by lifecycle state. A connection between two chosen ports is counted on both.",
			queries: []query{{"sort_desc(sum by (state) (" + perPort(ns+"port_connections", "state") + ") > 0)", "{{state}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionsStale"),
		})).
		WithPanel(bars(spec{
			title: "Connections by operation status", w: 8, h: 9, unit: "none", colours: steps("blue"), empty: "not known",
			about:   "All connections of the chosen ports by operation status, as Equinix and as the provider at the other end sees it.",
			queries: []query{{"sort_desc(sum by (side, status) (" + perPort(ns+"port_connections_status", "side, status") + "))", "{{side}}: {{status}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionPending"),
		})).
		WithPanel(bars(spec{
			title: "Most sold ports", w: 8, h: 9, unit: "percentunit", empty: "not known", colours: l.sold(),
			about: "Bandwidth of the live connections as a share of the line rate, of the ten chosen ports with the most. Above 100 % the connections cannot all use their bandwidth at once; " +
				"with an UNLIMITED package that may be intended. Missing if the API gives no bandwidth for a connection.",
			queries: []query{{"topk(10, " + named(soldShare) + ")", portName}},
			links:   runbooks("FabricPortOversubscribed"), drill: toPort("__field.labels.port_uuid"),
		}))
}
