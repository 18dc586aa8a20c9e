package board

import (
	"regexp"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The chosen connections. Two shards may each show one side of the same connection,
// and inbound of one side is outbound of the other. seen takes the a-side if both
// sides are chosen. seenBusiest are the busiest of these: a range query that joins
// all would take seconds.
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

// connectionsFrom is connection_info of the chosen connections seen from these sides
// that pass filter, with each selector changed by when. Those on no port are chosen with
// all ports, and by the metro of their a-side.
func connectionsFrom(sides, filter string, when func(string) string) string {
	chosen := func(more string) string {
		return when(ns+`connection_info{account=~"$account",port_uuid=~"$port",connection_uuid=~"$connection",side=~"`+sides+`"`+more+`}`) + filter
	}
	return "(" + chosen("") + " and on (port_uuid) " + when(ns+`port_info{account=~"$account",metro=~"$metro"}`) +
		" or " + chosen(`,port_uuid="",a_side_metro=~"$metro"`) + ")"
}

// onlyTracked ends the description of panels that need series of single connections.
const onlyTracked = " Only tracked connections: those that connections.traffic in the exporter's configuration selects."

// connections shows the connections of the ports.
func connections(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidConnections, title: "Equinix Fabric / Connections", from: "now-24h",
		description: "The connections of the ports: which of them are nearly full, drop packets, have failed or wait for approval.",
	}).
		WithVariable(datasource()).WithVariable(accounts()).WithVariable(metros()).
		WithVariable(several(ports())).WithVariable(several(tracked())).WithVariable(windows())
	b = connectionsNow(b, l)
	b = b.WithPanel(connectionTable(l))
	b = connectionTraffic(b, l)
	b = connectionState(b.WithRow(row("State")))
	return everyConnection(b.WithRow(row("All connections of the ports, tracked or not")), l)
}

// tracked is the choice of single connections, by name and UUID like ports.
func tracked() *dashboard.QueryVariableBuilder {
	return choice("connection", "Connection", "Connections of the ports that have series of their own.",
		`query_result(max by (connection_uuid, connection_name) (last_over_time(`+ns+`connection_info{account=~"$account",port_uuid=~"$port"}[$__range])))`).
		Regex(`/connection_name="(?<text>[^"]+)|connection_uuid="(?<value>[^"]+)/g`)
}

// perConnection is the highest value of each connection, with its name and the labels
// in more: several exporters may show the same connection. which is seen or
// seenBusiest.
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

// howManyTracked counts the chosen connections that the expression which returns, 0 if it returns nothing.
func howManyTracked(which string) query {
	return query{"sum(group by (connection_uuid) (" + which + ") or 0 * group by (connection_uuid) (" + chosenConnections + "))", "tracked"}
}

var inStates = regexp.MustCompile(`connection_state\{state=~?"[^"]+"`)

// howManyOthers counts the untracked connections on the chosen ports, as the alerts
// do: by the states that which names first, on ports of which it returns no tracked
// connection.
func howManyOthers(which string) query {
	states := strings.TrimPrefix(inStates.FindString(which), "connection_state{")
	return query{"sum(" + perPort(`sum by (port_uuid, instance, job) (`+ns+`port_connections{`+states+`})`) +
		" unless on (port_uuid) (" + which + ")) or sum(0 * " + chosenPorts + ")", "others"}
}

const (
	connectionP95  = ns + `connection_traffic_p95_bytes_per_second{window="$window"}`
	connectionName = "{{connection_name}}"
)

// connectionsNow is the first row: what needs attention.
func connectionsNow(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	// The conditions of the alerts, without how long they must last, among the chosen connections.
	failed := l.condition("equinix_fabric:connection:failed", chosenConnections)
	pending := l.condition("equinix_fabric:connection:pending", chosenConnections)
	down := l.condition("FabricConnectionDown", seen)
	return b.
		WithPanel(number(spec{
			title: "Fullest connection", w: 5, h: 4, unit: "percentunit", empty: "no tracked connection known",
			colours: steps("green", colour{l.at("connection_utilization_ratio"), "red"}),
			about: "The tracked connection and direction with the highest last polled rate, 5 to 17 minutes old, as a share of the ordered bandwidth. " +
				"Above " + l.percent("connection_utilization_ratio") + " Equinix drops the excess: order more bandwidth." + onlyTracked,
			queries: []query{{"topk(1, " + connectionShare(seen, connectionRate(seen, "")) + ")", connectionName + " {{direction}}"}},
			links:   runbooks("FabricConnectionFull"),
		}).TextMode(common.BigValueTextModeValueAndName)).
		WithPanel(number(spec{
			title: "Tracked", w: 3, h: 4, unit: "none", colours: steps("text"), empty: "none known",
			about:   "Chosen connections that have series of their own.",
			queries: []query{{"count(max by (connection_uuid) (" + chosenConnections + "))", "connections"}},
		})).
		WithPanel(number(spec{
			title: "Failed", w: 4, h: 4, unit: "none", colours: anyIsRed(), empty: "not known", alarming: true,
			about:   "Connections that could not be made or were refused. Tracked ones are counted one by one, others from the counts of ports without a failed tracked connection. Delete them or order them again. Polled every 5 minutes by default.",
			queries: []query{howManyTracked(failed), howManyOthers(failed)}, links: runbooks("FabricConnectionFailed"),
		})).
		WithPanel(number(spec{
			title: "Pending", w: 4, h: 4, unit: "none", colours: steps("green", colour{1, "orange"}), empty: "not known", alarming: true,
			about:   "Connections that are being made, changed or deleted. Tracked ones are counted one by one, others from the counts of ports without a pending tracked connection. If one stays pending for hours, it waits for your approval or the provider's.",
			queries: []query{howManyTracked(pending), howManyOthers(pending)}, links: runbooks("FabricConnectionPending"),
		})).
		WithPanel(number(spec{
			title: "Down", w: 3, h: 4, unit: "none", colours: anyIsRed(), empty: "not known", alarming: true,
			about:   "Tracked connections that are in service but down, although their port is up. Ask the provider, and check the routers at both ends.",
			queries: []query{howManyTracked(down)}, links: runbooks("FabricConnectionDown"),
		})).
		WithPanel(number(spec{
			title: "Oldest sample", w: 5, h: 4, unit: "s", colours: l.old(), empty: "no samples known",
			about: "Age of the newest sample of the tracked connection that is furthest behind. 5 to 17 minutes plus the poll interval are usual; if the call budget is short, connections are polled less often than ports.",
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
			title: "Traffic of the busiest connections", w: 12, h: 9, unit: "bps", mirrored: true, links: runbooks("FabricConnectionFull"), empty: "no tracked connection known",
			about: "Last polled rates, 5 to 17 minutes old, of the ten chosen connections with the highest 95th percentile in the chosen window: inbound up and outbound down. " +
				"The directions are as the traffic source gives them; v4-metrics does not say which side they are seen from." + onlyTracked,
			queries: []query{{inBits(perConnection(seenBusiest, connectionRate(seenBusiest, ""), "direction")), connectionName + " {{direction}}"}},
		})).
		WithPanel(limited(series(spec{
			title: "Utilization of the busiest connections", w: 12, h: 9, unit: "percentunit", links: runbooks("FabricConnectionFull"), empty: "no tracked connection known",
			colours: steps("green", colour{l.at("connection_utilization_ratio"), "red"}),
			about: "The same as a share of the ordered bandwidth. Equinix limits a connection to its bandwidth, so the line of a full connection stays close to 100 %. " +
				"Dashed: the threshold of the alert.",
			queries: []query{{connectionShare(seenBusiest, connectionRate(seenBusiest, "")), connectionName + " {{direction}}"}},
		}))).
		WithPanel(stacked(series(spec{
			title: "Packets dropped in an hour", w: 24, h: 8, unit: "short", links: runbooks("FabricConnectionDropping"), empty: "no packet counters known: only v4-metrics has them",
			about: "Packets that a side of a connection dropped in the hour before each point because they exceeded its bandwidth. The counters grow once per poll, so a shorter window would show nothing and then a peak. " +
				"Each point shows the ten chosen connections with the most. Order more bandwidth, or shape the traffic.",
			queries: []query{{perConnection(seen, dropped, "side, direction"), connectionName + " {{direction}}, side {{side}}"}},
		})))
}
