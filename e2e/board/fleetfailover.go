package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// fleetFailover shows what would happen if one port of a pair failed.
func fleetFailover(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(pairTable(l)).
		WithPanel(limited(series(spec{
			title: "Load of a pair on one port", w: 12, h: 9, unit: "percentunit", colours: l.failover(), empty: "no pairs known",
			about: "Traffic of both ports of a pair together, interval by interval, as a share of the capacity of the smaller one. While a line is above 100 %, a failure of either port would lose traffic. " +
				"Missing while a port of the pair has no link up or no fresh traffic.",
			queries: []query{{"max by (pair, direction) (" + chosenPairs(pairNow) + ")", "{{pair}} {{direction}}"}},
			links:   runbooks("FabricPairWouldNotSurvive", "FabricPairDataMissing"),
		}))).
		WithPanel(lagTable(l))
}

// pairTable has a row for each pair.
func pairTable(l Limits) *table.PanelBuilder {
	of := func(expr string) string { return "max by (pair) (" + chosenPairs(expr) + ")" }
	return rows(spec{
		title: "Pairs", w: 12, h: 9, unit: "none", empty: "no pairs known", links: runbooks("FabricPairWouldNotSurvive", "FabricPairFullSoon", "FabricPairDataMissing"),
		about: "What one port of a pair would carry if the other failed, as a share of the capacity of the smaller one and in the worse direction: in the newest interval that both have, " +
			"by the 95th percentile of the worst window, and by the forecast. Up to 90 % is fine. Above 100 % one port cannot carry the load of both: upgrade both, or move load away. Click a pair to open its primary port. In " + l.horizon() + ":" + needsRules,
	}, []string{"Busiest"},
		column{title: "primary_uuid", label: "primary_uuid", hidden: true},
		column{title: "Pair", label: "pair", width: 300, drill: toPort("__data.fields.primary_uuid")},
		column{expr: "max by (pair, primary_uuid) (topk by (pair) (1, " + chosenPairs(ns+"pair_info") + "))"},
		column{title: "Now", expr: of(pairNow), unit: "percentunit", colours: l.failover(), bar: true, empty: "no data"},
		column{title: "Busiest", expr: of(everyPairP95), unit: "percentunit", colours: l.failover(), width: 85},
		column{title: "In " + l.horizon(), expr: of(group(pairExpectedRatio)), unit: "percentunit", colours: l.failover(), width: 100},
	)
}

// The physical links of ports. A port with one link is no LAG.
const (
	linksUp  = "max by (port_uuid) (" + ns + `port_lag_links{status="UP"})`
	linksAll = "sum by (port_uuid) (max by (port_uuid, status) (" + ns + "port_lag_links))"
)

// withoutALink is a rate of each LAG as a share of its capacity with one link less, and
// 1000 if no link would be left: x / 0 is infinite.
func withoutALink(rate string) string {
	return "clamp_max(max by (port_uuid) (" + rate + ") / on (port_uuid) (max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second)" +
		" * on (port_uuid) (clamp_min(" + linksUp + " - 1, 0) / on (port_uuid) " + linksUp + ")), 1000)"
}

// lagTable has a row for each port with several links.
func lagTable(l Limits) *table.PanelBuilder {
	ofLAGs := func(expr string) string { return located(group(expr) + " and on (port_uuid) " + linksAll + " > 1") }
	colours := steps("green", colour{l.at("lag_failover_utilization_ratio"), "orange"}, colour{1, "red"})
	left := []meaning{{"1000", "nothing left", "red"}}
	return rows(spec{
		title: "LAGs with one link less", w: 24, h: 6, unit: "none", empty: "no LAGs known", links: runbooks("FabricLAGWouldNotSurvive", "FabricLAGLinkLost"),
		about: "Traffic of ports with several links as a share of what is left when one more link fails, in the worse direction: by the last polled rate, and by the 95th percentile of the worst window. " +
			"Above 100 % the LAG would be full: repair lost links, or add one. If a LAG has a single link up, one more failure leaves nothing.",
	}, []string{"Busiest"},
		column{title: "port_uuid", label: "port_uuid", hidden: true},
		column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid"), width: 230},
		column{title: "Metro", label: "metro", width: 80},
		column{title: "Account", label: "account", width: 120},
		column{title: "Links", expr: ofLAGs(linksAll), width: 80},
		column{title: "Links up", expr: ofLAGs(linksUp), colours: steps("red", colour{2, "text"}), width: 90},
		column{title: "Capacity", expr: ofLAGs(inBits(ns + "port_effective_capacity_bytes_per_second")), unit: "bps", width: 110},
		column{title: "Now", expr: ofLAGs("max by (port_uuid) (" + ns + "port_lag_failover_utilization_ratio) or on (port_uuid) " + withoutALink(lastRate)),
			unit: "percentunit", colours: colours, bar: true, meanings: left, empty: "no data"},
		column{title: "Busiest", expr: ofLAGs(withoutALink(everyP95)), unit: "percentunit", colours: colours, bar: true, meanings: left, empty: "no data"},
	)
}
