package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// fleet shows all ports, and whether any of them is nearly full.
func fleet(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidFleet, title: "Equinix Fabric / Fleet", from: "now-24h",
		description: "All ports: is any of them nearly full, now or by forecast, and would each pair survive the failure of a port?",
	}).
		WithVariable(datasource()).WithVariable(accounts()).WithVariable(metros()).
		WithVariable(several(ports())).WithVariable(windows())
	b = fleetNow(b, l)
	b = b.WithPanel(troubleTable(l)).WithPanel(topPorts(l))
	b = fleetTraffic(b, l)
	b = fleetFailover(b.WithRow(row("Failover: could the other port carry the load?")), l)
	b = fleetForecast(b.WithRow(row("Forecast")), l)
	b = fleetUnused(b.WithRow(row("Capacity that is not used")), l)
	b = fleetCosts(b.WithRow(row("What it costs")))
	return fleetFreshness(b.WithRow(row("Freshness: can these numbers be trusted?")), l)
}

// fleetNow is the first row: six single values.
func fleetNow(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(number(spec{
			title: "Exporter", w: 4, h: 4, unit: "none", empty: "not scraped", alarming: true, meanings: exporterMeanings,
			about: "Whether Prometheus can scrape the exporters, and Equinix answers them. If not, everything else here is old or missing: see the Exporter dashboard. " +
				"Not scraped: Prometheus had no such target within the last day.",
			queries: []query{{exporterAlive, "exporter"}},
			links: append(runbooks("FabricExporterDown", "FabricAccountDown"),
				link("Exporter dashboard", "/d/"+uidExporter+"?"+kept(uidFleet, uidExporter)+"&${__url_time_range}")),
		})).
		WithPanel(number(spec{
			title: "Down, degraded", w: 4, h: 4, unit: "none", colours: anyIsRed(), empty: "no status known", alarming: true,
			about: "Ports that are down or have lost links of their LAG, by the inventory of Equinix, which is polled every 15 minutes by default. The table below names them. " +
				"Check the cross connects and your own end.",
			queries: []query{{"sum(" + named("group by (port_uuid) ("+l.portDown()+" or "+l.linksLost()+") or 0 * group by (port_uuid) ("+ns+"port_operational_status)") + ")", "ports"}},
			links:   runbooks("FabricPortDown", "FabricLAGLinkLost"),
		})).
		WithPanel(number(spec{
			title: "Fullest now", w: 4, h: 4, unit: "percentunit", colours: l.busy(), empty: "no traffic known", alarming: true,
			about: "The port and direction with the highest last polled rate, 5 to 17 minutes old, as a share of the links that are up. " +
				"Above " + l.percent("port_utilization_ratio") + ": find out what fills it on the Port dashboard.",
			queries: []query{{"topk(1, " + named(utilization(lastRate)) + ")", "{{port_name}} {{direction}}"}},
			links:   runbooks("FabricPortSaturated"), drill: toPort("__field.labels.port_uuid"),
		}).TextMode(common.BigValueTextModeValueAndName)).
		WithPanel(number(spec{
			title: "Nearly full", w: 4, h: 4, unit: "none", colours: anyIsRed(), empty: "no traffic known", alarming: true,
			about: "Ports whose 95th percentile of any window is above " + l.percent("port_utilization_p95_ratio") +
				" of the links that are up in either direction. Order an upgrade for them, or move load away.",
			queries: []query{{howMany("max by (port_uuid) ("+utilization(everyP95)+" and on (port_uuid) "+chosenPorts+")", ">", l.number("port_utilization_p95_ratio")), "ports"}},
			links:   runbooks("FabricPortNearlyFull"),
		})).
		WithPanel(number(spec{
			title: "Pairs at risk", w: 4, h: 4, unit: "none", colours: anyIsRed(), empty: "no pairs known",
			about: "Pairs in which one port could not carry the load if the other failed: the 95th percentile of both together in any window is above " +
				l.percent("pair_failover_utilization_p95_ratio") + " of the smaller one, which leaves nothing for bursts. The table of pairs below names them.",
			queries: []query{{howMany("max by (pair) ("+chosenPairs(everyPairP95)+")", ">", l.number("pair_failover_utilization_p95_ratio")), "pairs"}},
			links:   runbooks("FabricPairWouldNotSurvive"),
		})).
		WithPanel(number(spec{
			title: "Oldest sample", w: 4, h: 4, unit: "s", colours: l.old(), empty: "no samples known", alarming: true,
			about: "Age of the newest sample of the port that is furthest behind. 5 to 17 minutes plus the poll interval are usual. " +
				"Older: Equinix is late, or polls fail; see Freshness below and the Exporter dashboard.",
			queries: []query{{"topk(1, " + named(sampleAge) + ")", "{{port_name}}"}},
			links:   runbooks("FabricSamplesLate", "FabricDataStale"), drill: toPort("__field.labels.port_uuid"),
		}).TextMode(common.BigValueTextModeValueAndName))
}

// fleetTraffic is utilization over time and by metro.
func fleetTraffic(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(limited(series(spec{
			title: "Utilization of the busiest ports", w: 12, h: 10, unit: "percentunit", colours: l.busy(), empty: "no traffic known",
			about: "The ten chosen ports with the highest 95th percentile in the chosen window, by their last polled rate in the worse direction, 5 to 17 minutes old, as a share of the links that are up. " +
				"Dashed: the thresholds of the alerts. A port that reaches the top every day needs an upgrade.",
			queries: []query{{named(worst(lastRate)) + " and on (port_uuid) " + busiest, portName}},
			links:   runbooks("FabricPortSaturated"), drill: toPort("__field.labels.port_uuid"),
		}))).
		WithPanel(series(spec{
			title: "Traffic by metro", w: 12, h: 10, unit: "bps", mirrored: true, empty: "no complete sum known",
			about: "Last polled rates of the chosen ports of each metro together, inbound up and outbound down; inbound is what the ports receive. " +
				"There is a gap while the rate of a port is missing, or while max_series leaves out series of a chosen account: an incomplete sum would look like less traffic. " +
				"Ports that have had no data for a long time are not in the sum: Without data below counts them.",
			queries: []query{{inBits(perMetro("")), "{{metro}} {{direction}}"}},
		})).
		WithPanel(metroTable(l))
}

// fleetFreshness shows how old the values are, and which are missing.
func fleetFreshness(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(bars(spec{
			title: "Oldest samples", w: 8, h: 9, unit: "s", colours: l.old(), empty: "no samples known",
			about: "Age of the newest sample of the ten ports that are furthest behind. Equinix publishes samples when they are 5 to 17 minutes old; the exporter asks every 5 minutes by default. " +
				"If one port is far behind, look at that port. If all are, Equinix is late, or the exporter cannot reach it.",
			queries: []query{{"topk(10, " + named(sampleAge) + ")", "{{port_name}}"}},
			links:   runbooks("FabricSamplesLate", "FabricPortWithoutSamples"), drill: toPort("__field.labels.port_uuid"),
		})).
		WithPanel(series(spec{
			title: "Age of the samples by account", w: 8, h: 9, unit: "s", colours: l.old(), empty: "no samples known",
			about:   "Age of the newest sample of the port that is furthest behind, by account. A sawtooth is normal; a line that rises steadily means that no samples arrive.",
			queries: []query{{"max by (account) (" + located(sampleAge) + ")", "{{account}}"}},
			links:   runbooks("FabricSamplesLate"),
		})).
		WithPanel(number(spec{
			title: "Failing polls", w: 4, h: 9, unit: "none", colours: anyIsRed(), empty: "no polls known", alarming: true,
			about:   "Chosen ports whose latest poll failed, by account. They show their last known values for five intervals. The Exporter dashboard says why polls fail.",
			queries: []query{{"sum by (account) (1 - " + group(withLabels("min by (port_uuid) ("+ns+"port_poll_success)", "account")) + ")", "{{account}}"}},
			links:   runbooks("FabricDataStale", "FabricPortNeverPolled"),
		})).
		WithPanel(number(spec{
			title: "Without data", w: 4, h: 9, unit: "none", colours: anyIsRed(), empty: "no ports known", alarming: true,
			about: "Chosen ports without a fresh rate in one direction or both, by account: their polls fail, Equinix has no samples of them, or they are not attached to a stream with metrics enabled. " +
				"The panels above do not include them.",
			queries: []query{{"sum by (account) (" + located(unheard) + ")", "{{account}}"}},
			links:   runbooks("FabricPortWithoutSamples", "FabricPortNotAttached"),
		}))
}

// What the recording rules compute about the use of capacity.
const (
	idlePort  = "equinix_fabric:port:idle"
	asymmetry = `equinix_fabric:port:asymmetry_ratio{window="$window"}`
)

// fleetUnused shows capacity that could be given up or balanced.
func fleetUnused(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(bars(spec{
			title: "Ports that carry next to nothing", w: 12, h: 9, unit: "percentunit", max: 1, empty: "no idle port known",
			colours: steps("text"),
			about: "Ports whose 95th percentile is below " + l.percent("idle_utilization_p95_ratio") + " of the line rate in every window of a week or longer. The value shown is of the chosen window. " +
				"Unless such a port is a standby, you may not need it. Needs the recording rules of deploy/prometheus, and a window of a week or more.",
			queries: []query{{"max by (port_uuid, port_name) (" + perPort(utilization(p95Rate)) + ") and on (port_uuid) (" + idlePort + " == 1)", portName}},
			drill:   toPort("__field.labels.port_uuid"),
		})).
		WithPanel(bars(spec{
			title: "Most one-sided ports", w: 12, h: 9, unit: "percentunit", max: 1, empty: "no traffic known",
			colours: steps("text"),
			about: "The ten ports whose directions differ most, by the means of the chosen window: 0 % if both carry the same, 100 % if one carries nothing. " +
				"If one port of a pair receives and the other sends, the routing may not be as intended. Needs the recording rules of deploy/prometheus.",
			queries: []query{{"topk(10, " + perPort(asymmetry) + ")", portName}},
			drill:   toPort("__field.labels.port_uuid"),
		}))
}
