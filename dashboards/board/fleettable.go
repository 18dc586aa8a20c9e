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
		about: "Every chosen port, the fullest first; a click on a name opens it. Utilization is of the links that are up, in the worse direction: now by the last polled rate, " +
			"else the 95th percentile of 1 and of 30 days, where the exporter has these windows. Full in is the time until the 95th percentile reaches " + l.percent("port_utilization_forecast_ratio") + ", 0 where it is there, where that is less than two years away; it needs the recording rules of deploy/prometheus. " +
			"Sold is the bandwidth of the live connections over the line rate; above 100 % not everybody can have what they ordered. Age is of the newest sample.",
	}, "Now",
		column{title: "port_uuid", label: "port_uuid", hidden: true},
		column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid"), width: 220},
		column{title: "Metro", label: "metro", width: 70},
		column{title: "Account", label: "account", width: 100},
		column{title: "Status", expr: p(status("")), meanings: statusMeanings, width: 90},
		column{title: "Line rate", expr: p(inBits(ns + "port_capacity_bytes_per_second")), unit: "bps", width: 95},
		column{title: "Now", expr: p(worst(lastRate)), unit: "percentunit", colours: l.busy(), bar: true},
		column{title: "p95 1d", expr: p(worst(p95Of("1d"))), unit: "percentunit", colours: l.full(), width: 85},
		column{title: "p95 30d", expr: p(worst(p95Of("30d"))), unit: "percentunit", colours: l.full(), width: 85},
		column{title: "Full in", expr: p(timeToFull(l)), unit: "s", colours: l.soon(), width: 100},
		column{title: "Connections", expr: p(liveConnections), unit: "none", width: 105},
		column{title: "Sold", expr: p(soldShare), unit: "percentunit", colours: l.sold(), width: 80},
		column{title: "Age", expr: p(sampleAge), unit: "s", colours: l.old(), width: 90},
	)
}

func metroTable(l Limits) *table.PanelBuilder {
	fullest := func(rate string) string { return "max by (metro) (" + located(worst(rate)) + ")" }
	return rows(spec{
		title: "By metro", w: 24, h: 8, unit: "none",
		about: "The chosen ports of each metro. Fullest are the last polled rate and the 95th percentile of the chosen window of the fullest port there, in the worse direction. " +
			"Sums are missing where one of their ports is, and everywhere while max_series leaves out series of a chosen account: then Ports and Without data do not count all. Ports of which nothing has been known for long are in none of the traffic, and Without data counts them. A metro with one full port and empty others can be cured by moving connections.",
		links: runbooks("FabricPortNearlyFull"),
	}, "Fullest now",
		column{title: "Metro", label: "metro"},
		column{title: "Ports", expr: "count by (metro) (topk by (port_uuid) (1, " + chosenPorts + "))"},
		column{title: "Without data", expr: "sum by (metro) (" + located(unheard) + ")", colours: anyIsRed()},
		column{title: "Fullest now", expr: fullest(lastRate), unit: "percentunit", colours: l.busy(), bar: true},
		column{title: "Fullest p95", expr: fullest(p95Rate), unit: "percentunit", colours: l.full(), bar: true},
		column{title: "Inbound", expr: "max by (metro) (" + inBits(perMetro("inbound")) + ")", unit: "bps"},
		column{title: "Outbound", expr: "max by (metro) (" + inBits(perMetro("outbound")) + ")", unit: "bps"},
		column{title: "Capacity", expr: inBits(allOf(ns + "port_effective_capacity_bytes_per_second")), unit: "bps"},
		column{title: "Connections", expr: allOf(liveConnections)},
	)
}
