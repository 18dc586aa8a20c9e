package board

import "strings"

// ns is the start of the name of every family.
const ns = "equinix_fabric_"

// The windows of rates. Counters grow when the exporter polls, every 5 minutes
// by default, and not with each scrape: $__rate_interval, four scrapes, would
// show nothing and then a peak.
const (
	packetWindow = "1h"  // packets: rare, and counted once for each interval of Equinix
	callWindow   = "15m" // calls of the API: three polls
)

// chosenPorts is port_info of the ports that the reader chose.
const chosenPorts = ns + `port_info{account=~"$account",metro=~"$metro",port_uuid=~"$port"}`

// inBits turns bytes per second into bits per second.
func inBits(expr string) string { return "8 * " + group(expr) }

// group puts parentheses around an expression that has several parts.
func group(expr string) string {
	if strings.ContainsAny(expr, " ") {
		return "(" + expr + ")"
	}
	return expr
}

// Several exporters may poll the same port. Of their values the highest is taken. The
// labels that they may disagree on are those of port_info; one of these is taken.

// perPort is the highest value of each chosen port by its name, with more labels
// than the port's.
func perPort(expr string, more ...string) string {
	return named("max by (" + strings.Join(append([]string{"port_uuid"}, more...), ", ") + ") (" + expr + ")")
}

// named gives series of ports their names, and leaves out ports that are not chosen.
func named(expr string) string { return withLabels(expr, "port_name") }

// located is perPort with the labels account and metro too.
func located(expr string, more ...string) string {
	return withLabels("max by ("+strings.Join(append([]string{"port_uuid"}, more...), ", ")+") ("+expr+")", "port_name, account, metro")
}

func withLabels(expr, labels string) string {
	return group(expr) + " * on (port_uuid) group_left (" + labels + ") topk by (port_uuid) (1, " + chosenPorts + ")"
}

// utilization is a rate as a share of the links that are up. It is missing for a port
// without a link that is up.
func utilization(rate string) string {
	return "max by (port_uuid, direction) (" + rate + ")" +
		" / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second) > 0)"
}

// freshest is the last polled rate of ports or connections, with matchers. exporters
// selects the exporters whose rates count; "" selects all. A rate is left out if another
// exporter has a newer sample: an exporter that Equinix no longer answers shows its last
// values for a while.
func freshest(what, matchers, exporters string) string {
	family := func(name string) string { return ns + what + "_traffic_last_" + name + matchers }
	stamps := family("sample_timestamp_seconds")
	whose := ""
	if exporters != "" {
		whose = " and on (" + what + "_uuid, instance, job) " + exporters
	}
	return "(" + family("bytes_per_second") + whose + " unless on (" + what + "_uuid, " + what + "_name, direction, instance, job) (" +
		stamps + " < on (" + what + "_uuid, direction) group_left () max by (" + what + "_uuid, direction) (" + stamps + whose + ")))"
}

// The rates that utilization is computed from.
var lastRate = freshest("port", "", "")

// p95Rate is the 95th percentile of the chosen window. Alerts look at all windows, and so
// do the panels with their limits, by everyP95.
const (
	p95Rate  = ns + `port_traffic_p95_bytes_per_second{window="$window"}`
	everyP95 = ns + "port_traffic_p95_bytes_per_second"
)

// howMany counts the series for which a condition holds: 0 if it holds for no series,
// no value if there are no series.
func howMany(expr, condition, limit string) string {
	return "sum(" + group(expr) + " " + condition + " bool " + limit + ")"
}

// sampleAge is the age of the newest sample of each chosen port, of the direction
// that is further behind.
const sampleAge = "time() - min by (port_uuid) (max by (port_uuid, direction) (" +
	ns + "port_traffic_last_sample_timestamp_seconds) and on (port_uuid) " + chosenPorts + ")"

// chosenPairs keeps of expr the pairs of which at least one port is chosen.
func chosenPairs(expr string) string {
	of := func(role string) string {
		return `label_replace(` + ns + `pair_info, "port_uuid", "$1", "` + role + `_uuid", "(.+)")`
	}
	return expr + " and on (pair) ((" + of("primary") + " or " + of("secondary") + ") and on (port_uuid) " + chosenPorts + ")"
}

// lately is a selector at the end of the range, or as it was last seen in the day
// before, so that an outage at the end does not hide what was before it. In steps of
// 5 minutes: all samples of a day would be too many for Prometheus if there are many
// ports. @ end() needs Prometheus 2.33.
func lately(selector string) string {
	return "(" + selector + " @ end() or last_over_time(" + selector + "[1d:5m] @ end()))"
}

// busiest are the ten chosen ports with the highest 95th percentile at the end of
// the range: the same ones all along.
var busiest = "topk(10, max by (port_uuid) (max by (port_uuid, direction) (" + lately(p95Rate) + ")" +
	" / on (port_uuid) group_left () (max by (port_uuid) (" + lately(ns+"port_effective_capacity_bytes_per_second") + ") > 0)" +
	" and on (port_uuid) " + lately(chosenPorts) + "))"

// perMetro is the sum of the last polled rates of a metro, for each direction or the
// one given. A sum without one of its ports would look like less traffic, so the sum is
// missing while the rate of a port is missing that had samples within the last hour or
// was never polled. The recording rules remember ports for longer, and the ports of a
// shard that is gone. The sum is also missing while max_series leaves out series:
// Prometheus does not know which ports are left out.
func perMetro(direction string) string {
	only := ""
	if direction != "" {
		only = `{direction="` + direction + `"}`
	}
	rates := freshest("port", only, "")
	known := "max by (port_uuid, direction) (last_over_time(" + ns + "port_traffic_last_sample_timestamp_seconds" + only + "[1h]))"
	return "sum by (metro, direction) (" + located(rates, "direction") + ")" +
		" unless on (metro, direction) (" + known + " * on (port_uuid) group_left (metro) topk by (port_uuid) (1, last_over_time(" + chosenPorts + "[1h]))" +
		" unless on (port_uuid, direction) " + rates + ")" +
		" unless on (metro, direction) " + awaited +
		" unless on (metro) (" + chosenPorts + " unless on (port_uuid) " + ns + "port_poll_success)" + unlessLeftOut
}

// unlessLeftOut removes sums while max_series leaves out series of a chosen account:
// Prometheus does not know the metros of ports that are left out.
const unlessLeftOut = " unless on () (" + ns + `series_dropped{account=~"$account"} > 0)`

// awaited are the chosen ports and directions without which a sum is incomplete,
// according to the recording rules.
const awaited = `equinix_fabric:port:traffic_awaited{account=~"$account",metro=~"$metro",port_uuid=~"$port"}`

// allOf is the sum of a value over the ports of a metro. It is missing if the value of
// one of them is, or if max_series may leave out some.
func allOf(expr string) string {
	return "sum by (metro) (" + located(expr) + ") unless on (metro) (" + chosenPorts + " unless on (port_uuid) " + group(expr) + ")" + unlessLeftOut
}

// unheard is 1 for each port without a rate in one direction or both, else 0.
const unheard = ns + "port_info unless on (port_uuid) (count by (port_uuid) (max by (port_uuid, direction) (" +
	ns + "port_traffic_last_bytes_per_second)) == 2) or 0 * " + ns + "port_info"

// liveStates are the states in which a connection uses bandwidth of its port.
const liveStates = "ACTIVE|PROVISIONED|PROVISIONING|REPROVISIONING"

// liveConnections is the number of live connections of each port. A connection that two
// exporters see in different states is counted twice.
const liveConnections = "max by (port_uuid) (sum by (port_uuid, instance, job) (" + ns + `port_connections{state=~"` + liveStates + `"}))`

// soldShare is the bandwidth of the live connections as a share of the line rate.
const soldShare = "max by (port_uuid) (" + ns + "port_connections_bandwidth_bytes_per_second)" +
	" / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_capacity_bytes_per_second) > 0)"

// status is the operational status as a number, since Grafana cannot draw texts;
// statusMeanings translates it. If exporters disagree it is the worst. more are further
// matchers.
func status(matchers string) string {
	of := func(status string) string {
		return ns + `port_operational_status{status="` + status + `"` + matchers + `}`
	}
	return "max by (port_uuid) (" + of("UP") + " or 2 * " + of("PARTIAL") + " or 3 * " + of("DOWN") + ")"
}

var statusMeanings = []meaning{{"1", "UP", "green"}, {"2", "PARTIAL", "orange"}, {"3", "DOWN", "red"}}

// The load of a pair on one of its ports: now, and by every window.
const (
	pairNow      = ns + "pair_failover_utilization_ratio"
	everyPairP95 = ns + "pair_failover_utilization_p95_ratio"
)

// targets is up of every target that was an exporter within the last day: 0 if the
// scrape fails.
const targets = "(up and on (job, instance) last_over_time(" + ns + "exporter_build_info[1d]))"
