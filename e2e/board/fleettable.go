package board

import "github.com/grafana/grafana-foundation-sdk/go/table"

// worst is the higher utilization of the two directions.
func worst(rate string) string {
	return "max by (port_uuid) (" + utilization(rate) + ")"
}

// topPorts is the fleet as a table, a row for each port.
func topPorts(l Limits) *table.PanelBuilder {
	p := func(expr string) string { return located(expr) }
	return rows(spec{
		title: "Ports", w: 24, h: 11, unit: "none", links: runbooks("FabricPortSaturated", "FabricPortNearlyFull", "FabricPortOversubscribed"),
		about: "Every chosen port: first those that are down, then by Busiest. Click a name to open the port. Utilization is a share of the links that are up, in the worse direction: Now by the last polled rate, " +
			"Busiest by the 95th percentile of the worst window. Full in is the time until the 95th percentile reaches " + l.percent("port_utilization_forecast_ratio") + ", now if it is there already, empty if that is more than two years away. It needs the recording rules of deploy/prometheus. " +
			"Sold is the bandwidth of the live connections as a share of the line rate; above 100 % they cannot all use it at once. Age is the age of the newest sample. Price is the monthly one." + notTheContract,
		empty: "no ports known",
	}, []string{"Status", "Busiest"},
		column{title: "port_uuid", label: "port_uuid", hidden: true},
		column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid"), width: 220},
		column{title: "Metro", label: "metro", width: 70},
		column{title: "Account", label: "account", width: 100},
		column{title: "Status", expr: p(status("")), meanings: statusMeanings, empty: "not known", width: 95},
		column{title: "Line rate", expr: p(inBits(ns + "port_capacity_bytes_per_second")), unit: "bps", width: 95},
		column{title: "Now", expr: p(worst(lastRate)), unit: "percentunit", colours: l.busy(), bar: true, empty: "no data"},
		column{title: "Busiest", expr: p(worst(everyP95)), unit: "percentunit", colours: l.full(), bar: true, empty: "no data"},
		column{title: "Full in", expr: p(timeToFull(l)), unit: "s", colours: l.soon(), meanings: []meaning{{"0", "now", "red"}}, width: 100},
		column{title: "Connections", expr: p(liveConnections), unit: "none", width: 105},
		column{title: "Sold", expr: p(soldShare), unit: "percentunit", colours: l.sold(), width: 80},
		column{title: "Age", expr: p(sampleAge), unit: "s", colours: l.old(), width: 80},
		column{title: "Price", expr: located(listPrice("port"), "currency"), width: 75},
		column{title: "Currency", label: "currency", width: 80},
	)
}

func metroTable(l Limits) *table.PanelBuilder {
	fullest := func(rate string) string { return "max by (metro) (" + located(worst(rate)) + ")" }
	sumP95 := func(direction string) string { // the rules sum all ports of a metro, so all must be chosen
		return "8 * max by (metro) (equinix_fabric:metro:traffic_p95_1w_bytes_per_second{direction=\"" + direction + "\",metro=~\"$metro\"})" +
			" unless on (metro) (" + ns + "port_info unless on (port_uuid) " + chosenPorts + ")"
	}
	return rows(spec{
		title: "By metro", w: 24, h: 8, unit: "none",
		about: "The chosen ports of each metro. Fullest now and Fullest p95 are the highest utilization of a port by the last polled rate, and by the 95th percentile of the chosen window, in the worse direction. " +
			"A sum is missing if the data of one of its ports is missing. While max_series leaves out series of a chosen account, all sums are missing, and Ports and Without data do not count all ports. p95 1w is the 95th percentile of the sum over a week, if all ports of the metro are chosen; it needs the recording rules of deploy/prometheus. Ports that have had no data for a long time are not in the sums; Without data counts them. If one port of a metro is full and others are not, move connections.",
		links: runbooks("FabricPortNearlyFull"), empty: "no metros known",
	}, []string{"Fullest p95"},
		column{title: "Metro", label: "metro", width: 75},
		column{title: "Ports", expr: "count by (metro) (topk by (port_uuid) (1, " + chosenPorts + "))"},
		column{title: "Without data", expr: "sum by (metro) (" + located(unheard) + ")", colours: anyIsRed()},
		column{title: "Fullest now", expr: fullest(lastRate), unit: "percentunit", colours: l.busy(), bar: true, empty: "no data"},
		column{title: "Fullest p95", expr: fullest(p95Rate), unit: "percentunit", colours: l.full(), bar: true, empty: "no data"},
		column{title: "Inbound", expr: "max by (metro) (" + inBits(perMetro("inbound")) + ")", unit: "bps"},
		column{title: "Outbound", expr: "max by (metro) (" + inBits(perMetro("outbound")) + ")", unit: "bps"},
		column{title: "In p95 1w", expr: sumP95("inbound"), unit: "bps"},
		column{title: "Out p95 1w", expr: sumP95("outbound"), unit: "bps"},
		column{title: "Capacity", expr: inBits(allOf(ns + "port_effective_capacity_bytes_per_second")), unit: "bps"},
		column{title: "Connections", expr: allOf(liveConnections)},
	)
}
