package board

import (
	"regexp"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The connections that the reader chose. Two shards may have a side each of one,
// and inbound of the one is outbound of the other: seen has the a-side where both
// are chosen, and the exporters that see it so. seenBusiest are the busiest of them:
// over time joining all would take seconds.
var (
	chosenConnections = connectionsFrom("a|z", "", asIs)
	seen              = seenOf("")
	seenBusiest       = seenOf(" and on (connection_uuid) topk(10, max by (connection_uuid) (" + lately(connectionP95) +
		" and on (connection_uuid) (" + connectionsFrom("a|z", "", lately) + ")))")
)

func seenOf(filter string) string {
	return "(" + connectionsFrom("a", filter, asIs) + " or on (connection_uuid) " + connectionsFrom("a|z", filter, asIs) + ")"
}

func asIs(selector string) string { return selector }

// connectionsFrom is connection_info of those that are seen from sides and pass a
// filter, with each selector changed by when.
func connectionsFrom(sides, filter string, when func(string) string) string {
	return when(ns+`connection_info{account=~"$account",port_uuid=~"$port",connection_uuid=~"$connection",side=~"`+sides+`"}`) + filter +
		" and on (port_uuid) " + when(ns+`port_info{account=~"$account",metro=~"$metro"}`)
}

// onlyWatched is said of panels that need series of single connections.
const onlyWatched = " Only connections that are watched: connections.traffic in the exporter's configuration."

// connections shows what rides on the ports.
func connections(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidConnections, title: "Equinix Fabric / Connections", from: "now-24h",
		description: "What rides on the ports: which connections fill up, drop packets, have failed or wait for an approval.",
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

// perConnection is the highest value of each of the connections in which (seen or
// seenBusiest) by its name, as several exporters may have one, with more labels than
// the connection's.
func perConnection(which, expr, more string) string {
	by := "connection_uuid"
	if more != "" {
		by += ", " + more
	}
	return "max by (" + by + ") (" + expr + ") * on (connection_uuid) group_left (connection_name) topk by (connection_uuid) (1, " + which + ")"
}

// connectionShare is a rate as a share of the bandwidth that was ordered.
func connectionShare(which, rate string) string {
	return perConnection(which, rate, "direction") +
		" / on (connection_uuid) group_left () (max by (connection_uuid) (" + ns + "connection_bandwidth_bytes_per_second) > 0)"
}

// connectionRate is the last polled rate of a direction, of both if it is "".
func connectionRate(which, direction string) string {
	only := ""
	if direction != "" {
		only = `{direction="` + direction + `"}`
	}
	return freshest("connection", only, which)
}

// howManyWatched counts the chosen connections that the expression which returns, 0 if it returns nothing.
func howManyWatched(which string) query {
	return query{"sum(group by (connection_uuid) (" + which + ") or 0 * group by (connection_uuid) (" + chosenConnections + "))", "watched"}
}

var inStates = regexp.MustCompile(`connection_state\{state=~?"[^"]+"`)

// howManyOthers counts the connections on the chosen ports in the states that the
// expression which names first, where no watched one explains them, as the alerts do.
func howManyOthers(which string) query {
	states := strings.TrimPrefix(inStates.FindString(which), "connection_state{")
	return query{"sum(" + perPort(`sum by (port_uuid, instance, job) (`+ns+`port_connections{`+states+`})`) +
		" unless on (port_uuid) (" + which + ")) or sum(0 * " + chosenPorts + ")", "others"}
}

const (
	connectionP95  = ns + `connection_traffic_p95_bytes_per_second{window="$window"}`
	connectionName = "{{connection_name}}"
)

// connectionsNow is the first line: what needs attention.
func connectionsNow(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	// What the alerts fire for, without their time, among the chosen connections.
	failed := l.condition("equinix_fabric:connection:failed", chosenConnections)
	pending := l.condition("equinix_fabric:connection:pending", chosenConnections)
	down := l.condition("FabricConnectionDown", seen)
	return b.
		WithPanel(number(spec{
			title: "Fullest connection", w: 5, h: 4, unit: "percentunit", empty: "no watched connection known",
			colours: steps("green", colour{l.at("connection_utilization_ratio"), "red"}),
			about: "The watched connection and direction that are fullest by their last polled rate, 5 to 17 minutes old, as a share of the bandwidth ordered. " +
				"Above " + l.percent("connection_utilization_ratio") + " Equinix drops what is too much: order more." + onlyWatched,
			queries: []query{{"topk(1, " + connectionShare(seen, connectionRate(seen, "")) + ")", connectionName + " {{direction}}"}},
			links:   runbooks("FabricConnectionFull"),
		}).TextMode(common.BigValueTextModeValueAndName)).
		WithPanel(number(spec{
			title: "Watched", w: 3, h: 4, unit: "none", colours: steps("text"), empty: "none known",
			about:   "Connections that have series of their own, among those chosen.",
			queries: []query{{"count(max by (connection_uuid) (" + chosenConnections + "))", "connections"}},
		})).
		WithPanel(number(spec{
			title: "Failed", w: 4, h: 4, unit: "none", colours: anyIsRed(), empty: "not known", alarming: true,
			about:   "Connections that could not be made or were refused: those watched, and others by the count of ports on which no watched one failed. Delete them or order them anew. Asked every 5 minutes by default.",
			queries: []query{howManyWatched(failed), howManyOthers(failed)}, links: runbooks("FabricConnectionFailed"),
		})).
		WithPanel(number(spec{
			title: "Pending", w: 4, h: 4, unit: "none", colours: steps("green", colour{1, "orange"}), empty: "not known", alarming: true,
			about:   "Connections that are being made, changed or deleted: those watched, and others by the count of ports on which no watched one is. Those that stay so for hours wait for an approval, yours or the provider's.",
			queries: []query{howManyWatched(pending), howManyOthers(pending)}, links: runbooks("FabricConnectionPending"),
		})).
		WithPanel(number(spec{
			title: "Down", w: 3, h: 4, unit: "none", colours: anyIsRed(), empty: "not known", alarming: true,
			about:   "Watched connections that are in service and down though their port is not. Ask the provider, and look at the router at either end.",
			queries: []query{howManyWatched(down)}, links: runbooks("FabricConnectionDown"),
		})).
		WithPanel(number(spec{
			title: "Oldest sample", w: 5, h: 4, unit: "s", colours: l.old(), empty: "no samples known",
			about: "Age of the newest sample of the watched connection that is furthest behind. 5 to 17 minutes and the poll interval are usual; connections yield to ports where the call budget is short.",
			queries: []query{{"topk(1, time() - min by (connection_uuid, connection_name) (" +
				perConnection(seen, ns+"connection_traffic_last_sample_timestamp_seconds", "direction") + "))", connectionName}},
			links: runbooks("FabricConnectionDataMissing"),
		}).TextMode(common.BigValueTextModeValueAndName))
}

// connectionTraffic is rates, shares and drops over time.
func connectionTraffic(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	dropped := "topk(10, max by (connection_uuid, side, direction) (increase(" + ns + "connection_packets_dropped_total[" + packetWindow + "])) and on (connection_uuid) (" + chosenConnections + "))"
	return b.
		WithPanel(series(spec{
			title: "Traffic of the busiest connections", w: 12, h: 9, unit: "bps", mirrored: true, links: runbooks("FabricConnectionFull"), empty: "no watched connection known",
			about: "Last polled rates, 5 to 17 minutes old, of the ten chosen connections with the highest 95th percentile in the chosen window: inbound up and outbound down, as the source gives them; " +
				"v4-metrics does not say from which side." + onlyWatched,
			queries: []query{{inBits(perConnection(seenBusiest, connectionRate(seenBusiest, ""), "direction")), connectionName + " {{direction}}"}},
		})).
		WithPanel(limited(series(spec{
			title: "Utilization of the busiest connections", w: 12, h: 9, unit: "percentunit", links: runbooks("FabricConnectionFull"), empty: "no watched connection known",
			colours: steps("green", colour{l.at("connection_utilization_ratio"), "red"}),
			about: "The same as a share of the bandwidth ordered. Equinix holds a connection at its bandwidth, so a line never goes much above 100 %: it lies along it. " +
				"Dashed: where the alert begins.",
			queries: []query{{connectionShare(seenBusiest, connectionRate(seenBusiest, "")), connectionName + " {{direction}}"}},
		}))).
		WithPanel(stacked(series(spec{
			title: "Packets dropped in an hour", w: 24, h: 8, unit: "short", links: runbooks("FabricConnectionDropping"), empty: "no packet counters known: only v4-metrics has them",
			about: "Packets that a side of a connection dropped in the hour before each point because they exceeded its bandwidth; the counters grow once a poll, so a shorter window would show nothing and then a peak. " +
				"At each point the ten chosen connections with the most. Ask for more bandwidth, or shape the traffic.",
			queries: []query{{perConnection(seen, dropped, "side, direction"), connectionName + " {{direction}}, side {{side}}"}},
		})))
}
