package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The connections that the reader chose. Two shards may have a side each of one,
// and inbound of the one is outbound of the other: seen has the a-side where both
// are chosen, and the exporters that see it so.
var (
	chosenConnections = connectionsFrom("a|z")
	seen              = "(" + connectionsFrom("a") + " or on (connection_uuid) " + connectionsFrom("a|z") + ")"
)

// connectionsFrom is connection_info of those that are seen from sides.
func connectionsFrom(sides string) string {
	return ns + `connection_info{account=~"$account",port_uuid=~"$port",connection_uuid=~"$connection",side=~"` + sides + `"}` +
		" and on (port_uuid) " + ns + `port_info{account=~"$account",metro=~"$metro"}`
}

// onlyWatched is said of panels that need series of single connections.
const onlyWatched = " Only connections that are watched: connections.traffic in the exporter's configuration."

// connections shows what rides on the ports.
func connections(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidConnections, title: "Equinix Fabric / Connections", from: "now-24h",
		description: "What rides on the ports: which connections fill up, drop packets, have failed or wait for somebody.",
	}).
		WithVariable(datasource()).WithVariable(accounts()).WithVariable(metros()).
		WithVariable(several(ports())).WithVariable(several(watched())).WithVariable(windows())
	b = connectionsNow(b, l)
	b = b.WithPanel(connectionTable(l))
	b = connectionTraffic(b, l)
	b = connectionState(b.WithRow(row("State")))
	return everyConnection(b.WithRow(row("All connections of the ports, watched or not")), l)
}

// watched is the choice of single connections, by name and UUID like ports.
func watched() *dashboard.QueryVariableBuilder {
	return choice("connection", "Connection", "Connections of the ports that have series of their own.",
		`query_result(max by (connection_uuid, connection_name) (last_over_time(`+ns+`connection_info{account=~"$account",port_uuid=~"$port"}[$__range])))`).
		Regex(`/connection_name="(?<text>[^"]+)|connection_uuid="(?<value>[^"]+)/g`)
}

// perConnection is the highest value of each chosen connection by its name, where
// several exporters have one, with more labels than the connection's.
func perConnection(expr, more string) string {
	by := "connection_uuid"
	if more != "" {
		by += ", " + more
	}
	return "max by (" + by + ") (" + expr + ") * on (connection_uuid) group_left (connection_name) topk by (connection_uuid) (1, " + seen + ")"
}

// connectionShare is a rate as a share of the bandwidth that was ordered.
func connectionShare(rate string) string {
	return perConnection(rate, "direction") +
		" / on (connection_uuid) group_left () (max by (connection_uuid) (" + ns + "connection_bandwidth_bytes_per_second) > 0)"
}

// connectionRate is the last polled rate of a direction, of both if it is "".
func connectionRate(direction string) string {
	only := ""
	if direction != "" {
		only = `{direction="` + direction + `"}`
	}
	return freshest("connection", only, seen)
}

const (
	connectionP95  = ns + `connection_traffic_p95_bytes_per_second{window="$window"}`
	connectionName = "{{connection_name}}"
)

// connectionsNow is the first line: what needs somebody.
func connectionsNow(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	count := func(states string) string {
		return "sum(max by (connection_uuid) (" + ns + `connection_state{state=~"` + states + `"} and on (connection_uuid) (` + chosenConnections + ")) or 0 * max by (connection_uuid) (" + chosenConnections + "))"
	}
	return b.
		WithPanel(number(spec{
			title: "Fullest connection now", w: 6, h: 4, unit: "percentunit", empty: "no connection is watched",
			colours: steps("green", colour{l.at("connection_utilization_ratio"), "red"}),
			about: "The watched connection and direction that are fullest by their last polled rate, 5 to 17 minutes old, as a share of the bandwidth ordered. " +
				"Above " + l.percent("connection_utilization_ratio") + " Equinix drops what is too much: order more." + onlyWatched,
			queries: []query{{"topk(1, " + connectionShare(connectionRate("")) + ")", connectionName + " {{direction}}"}},
			links:   runbooks("FabricConnectionFull"),
		}).TextMode(common.BigValueTextModeValueAndName)).
		WithPanel(number(spec{
			title: "Watched", w: 3, h: 4, unit: "none", colours: steps("text"), empty: "none",
			about:   "Connections that have series of their own, among those chosen.",
			queries: []query{{"count(max by (connection_uuid) (" + chosenConnections + "))", "connections"}},
		})).
		WithPanel(number(spec{
			title: "Failed", w: 3, h: 4, unit: "none", colours: anyIsRed(), empty: "not known",
			about:   "Watched connections that could not be made. Delete them or order them anew. Asked every 5 minutes by default.",
			queries: []query{{count("FAILED"), "connections"}}, links: runbooks("FabricConnectionFailed"),
		})).
		WithPanel(number(spec{
			title: "On their way", w: 3, h: 4, unit: "none", colours: steps("green", colour{1, "orange"}), empty: "not known",
			about:   "Watched connections that are pending or being changed. Those that stay so for hours wait for an approval, of yours or of the provider.",
			queries: []query{{count("PENDING.*|PROVISIONING|REPROVISIONING|DEPROVISIONING"), "connections"}}, links: runbooks("FabricConnectionPending"),
		})).
		WithPanel(number(spec{
			title: "Down", w: 3, h: 4, unit: "none", colours: anyIsRed(), empty: "not known",
			about:   "Watched connections that are in service and down. Look at the port first, then ask the provider.",
			queries: []query{{"sum(" + perConnection(ns+`connection_operational_status{status="DOWN"}`, "") + ")", "connections"}}, links: runbooks("FabricConnectionDown"),
		})).
		WithPanel(number(spec{
			title: "Oldest sample", w: 6, h: 4, unit: "s", colours: l.old(), empty: "no samples known",
			about: "Age of the newest sample of the watched connection that is furthest behind. 5 to 17 minutes and the poll interval are usual; connections yield to ports where the call budget is short.",
			queries: []query{{"topk(1, time() - min by (connection_uuid, connection_name) (" +
				perConnection(ns+"connection_traffic_last_sample_timestamp_seconds", "direction") + "))", connectionName}},
			links: runbooks("FabricConnectionDataMissing"),
		}).TextMode(common.BigValueTextModeValueAndName))
}

// connectionTraffic is rates, shares and drops over time.
func connectionTraffic(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	busiest := "topk(10, max by (connection_uuid) (" + connectionP95 + " @ end() and on (connection_uuid) (" + atEndOf(chosenConnections) + ")))"
	return b.
		WithPanel(series(spec{
			title: "Traffic of the busiest connections", w: 12, h: 9, unit: "bps", links: runbooks("FabricConnectionFull"), empty: "no connection is watched",
			about: "Last polled rates, 5 to 17 minutes old, of the ten chosen connections with the highest 95th percentile in the chosen window: inbound up and outbound down, as the source gives them; " +
				"v4-metrics does not say from which side." + onlyWatched,
			queries: []query{{inBits(perConnection(connectionRate(""), "direction") + " and on (connection_uuid) " + busiest), connectionName + " {{direction}}"}},
		}).OverrideByRegexp("/ outbound$/", []dashboard.DynamicConfigValue{property("custom.transform", "negative-Y")})).
		WithPanel(limited(series(spec{
			title: "Utilization of the busiest connections", w: 12, h: 9, unit: "percentunit", min: new(0.0), links: runbooks("FabricConnectionFull"), empty: "no connection is watched",
			colours: steps("green", colour{l.at("connection_utilization_ratio"), "red"}),
			about: "The same as a share of the bandwidth ordered. Equinix holds a connection at its bandwidth, so a line never goes much above 100 %: it lies along it. " +
				"Dashed: where the alert begins.",
			queries: []query{{connectionShare(connectionRate("")) + " and on (connection_uuid) " + busiest, connectionName + " {{direction}}"}},
		}))).
		WithPanel(stacked(series(spec{
			title: "Packets dropped in an hour", w: 24, h: 8, unit: "short", min: new(0.0), links: runbooks("FabricConnectionDropping"), empty: "no packet counters: only v4-metrics has them",
			about: "Packets that a side of a connection dropped in the hour before each point because they exceeded its bandwidth; the counters grow once a poll, so a shorter window would show nothing and then a peak. " +
				"The ten chosen connections with the most at the end of the range. Ask for more bandwidth, or shape the traffic.",
			queries: []query{{"topk(10, " + perConnection("increase("+ns+"connection_packets_dropped_total["+packetWindow+"])", "side, direction") + ")", connectionName + " {{direction}}, side {{side}}"}},
		})))
}
