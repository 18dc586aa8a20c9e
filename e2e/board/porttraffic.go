package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// portTraffic is the port against its capacity, inbound up and outbound down.
func portTraffic() *timeseries.PanelBuilder {
	capacity := inBits(ofPort("port_effective_capacity_bytes_per_second", ""))
	return series(spec{
		title: "Traffic against capacity", w: 24, h: 11, unit: "bps", mirrored: true, empty: notKnown, links: runbooks("FabricPortSaturated", "FabricPortNearlyFull"),
		about: "Last polled rate, 5 to 17 minutes old: inbound (what the port receives) up, outbound down. Dashed: the 95th percentile of the chosen window, and the capacity of the links that are up. " +
			"A line along the capacity means that traffic is lost; see the connections below for what fills the port. A gap means that Equinix had no fresh samples.",
		queries: []query{
			{inBits(lastOfPort("inbound")), "inbound"},
			{inBits(lastOfPort("outbound")), "outbound"},
			{inBits(ofPort(`port_traffic_p95_bytes_per_second{direction="inbound",window="$window"}`, "")), "p95 inbound"},
			{inBits(ofPort(`port_traffic_p95_bytes_per_second{direction="outbound",window="$window"}`, "")), "p95 outbound"},
			{capacity, "capacity inbound"},
			{capacity, "capacity outbound"},
		},
	}).
		OverrideByName("inbound", append(painted("blue"), property("custom.fillOpacity", 20))).
		OverrideByName("outbound", append(painted("purple"), property("custom.fillOpacity", 20))).
		OverrideByRegexp("/^p95/", dashed("orange")).
		OverrideByRegexp("/^capacity/", dashed("red"))
}

// envelope is one direction between the mean and the maximum of the window.
func envelope(direction, colour string) *timeseries.PanelBuilder {
	window := `{direction="` + direction + `",window="$window"}`
	what := map[string]string{"inbound": "receives", "outbound": "sends"}[direction]
	title := map[string]string{"inbound": "Inbound: mean, p95 and maximum", "outbound": "Outbound: mean, p95 and maximum"}[direction]
	return series(spec{
		title: title, w: 12, h: 9, unit: "bps", empty: notKnown, links: runbooks("FabricPortNearlyFull"),
		about: "What the port " + what + ", over the chosen window before each point: a band from the mean to the highest interval, with the 95th percentile and the last polled rate. " +
			"A wide band with a low 95th percentile means rare peaks; a 95th percentile close to the maximum means long hours of load. v4-metrics gives only the mean of each interval, so its maximum hides bursts.",
		queries: []query{
			{inBits(ofPort("port_traffic_max_bytes_per_second"+window, "")), "maximum"},
			{inBits(ofPort("port_traffic_avg_bytes_per_second"+window, "")), "mean"},
			{inBits(ofPort("port_traffic_p95_bytes_per_second"+window, "")), "p95"},
			{inBits(lastOfPort(direction)), "last polled"},
		},
	}).
		// Grafana puts no variables into the name of the series to fill down to.
		OverrideByName("maximum", append(painted(colour), property("custom.fillBelowTo", "mean"), property("custom.fillOpacity", 15))).
		OverrideByName("mean", append(painted(colour), property("custom.fillOpacity", 0))).
		OverrideByName("p95", dashed("orange")).
		OverrideByName("last polled", append(painted(colour), property("custom.fillOpacity", 0), property("custom.lineWidth", 2)))
}

// portPackets shows lost and damaged packets.
func portPackets(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	rate := func(family string) string {
		return "max by (port_uuid, direction) (increase(" + of(family, `port_uuid="$port"`) + "[" + packetWindow + "]))"
	}
	const empty = "no packet counters known: only v4-metrics has them"
	const hour = " Each point counts the hour before it: the counters grow once per poll, so a shorter window would show nothing and then a peak."
	return b.
		WithPanel(series(spec{
			title: "Packets dropped in an hour", w: 12, h: 8, unit: "short", links: runbooks("FabricPortDropping"), empty: empty,
			about:   "Packets that Equinix dropped on the port." + hour + " Drops on a port that looks idle come from bursts: shape the traffic, or order a faster port.",
			queries: []query{{rate("port_packets_dropped_total"), "{{direction}}"}},
		})).
		WithPanel(series(spec{
			title: "Packets with errors in an hour", w: 12, h: 8, unit: "short", links: runbooks("FabricPortDropping"), empty: empty,
			about:   "Packets with errors on the port." + hour + " Errors usually come from dirt: have the cross connect and the optics cleaned or replaced.",
			queries: []query{{rate("port_packets_errored_total"), "{{direction}}"}},
		}))
}
