package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// fleetFailover is what would happen if the other one failed.
func fleetFailover(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(pairTable(l)).
		WithPanel(limited(series(spec{
			title: "Load of a pair on one port", w: 8, h: 9, unit: "percentunit", colours: l.failover(), min: new(0.0),
			about: "Traffic of both ports of a pair together, interval by interval, as a share of the smaller one. While a line is above 100 %, a failure of either port would lose traffic. " +
				"Missing while a port of the pair has no link or no fresh traffic.",
			queries: []query{{"max by (pair, direction) (" + chosenPairs(pairNow) + ")", "{{pair}} {{direction}}"}},
			links:   runbooks("FabricPairWouldNotSurvive", "FabricPairDataMissing"),
		}))).
		WithPanel(bars(spec{
			title: "LAGs after one more lost link", w: 6, h: 9, unit: "percentunit", min: new(0.0), max: new(1.0), empty: "no LAG with links to spare",
			colours: steps("green", colour{l.at("lag_failover_utilization_ratio"), "orange"}, colour{1, "red"}),
			about: "Last polled rate of ports with several links as a share of what is left when the fastest link that is up fails too. " +
				"Above 100 % the LAG would be full: repair lost links, or add one.",
			queries: []query{{perPort(ns+"port_lag_failover_utilization_ratio", "direction"), "{{port_name}} {{direction}}"}},
			links:   runbooks("FabricLAGWouldNotSurvive"), drill: toPort("__field.labels.port_uuid"),
		}))
}

// pairTable has a row for each pair.
func pairTable(l Limits) *table.PanelBuilder {
	of := func(expr string) string { return "max by (pair) (" + chosenPairs(expr) + ")" }
	p95 := func(window string) string {
		return of(ns + `pair_failover_utilization_p95_ratio{window="` + window + `"}`)
	}
	return rows(spec{
		title: "Pairs", w: 10, h: 9, unit: "none", links: runbooks("FabricPairWouldNotSurvive", "FabricPairDataMissing"),
		about: "What one port of a pair would carry if the other failed, as a share of the smaller one, in the worse direction: in the newest interval that both have, " +
			"and the 95th percentile of 1 and of 30 days. Up to 90 % is sound. Above 100 % the pair is two single ports: upgrade both, or move load away.",
	}, "p95 1d",
		column{title: "Pair", label: "pair"},
		column{title: "Now", expr: of(pairNow), unit: "percentunit", colours: l.failover(), bar: true},
		column{title: "p95 1d", expr: p95("1d"), unit: "percentunit", colours: l.failover(), width: 85},
		column{title: "p95 30d", expr: p95("30d"), unit: "percentunit", colours: l.failover(), width: 85},
	)
}
