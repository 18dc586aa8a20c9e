package board

import "strings"

// ns begins the name of every family.
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

// perPort is the highest value of each chosen port, where several exporters have
// one, with more labels than the port's.
func perPort(expr string, more ...string) string {
	return "max by (" + strings.Join(append([]string{"port_uuid", "port_name"}, more...), ", ") + ") (" + expr + ")" +
		" and on (port_uuid) " + chosenPorts
}

// located is the same with the labels account and metro, which only port_info
// has. Where two exporters disagree on them, one is taken.
func located(expr string, more ...string) string {
	return "max by (" + strings.Join(append([]string{"port_uuid", "port_name"}, more...), ", ") + ") (" + expr + ")" +
		" * on (port_uuid) group_left (account, metro) topk by (port_uuid) (1, " + chosenPorts + ")"
}

// utilization is a rate as a share of the links that are up, the highest of what
// several exporters say; a port without a link has none.
func utilization(rate string, more ...string) string {
	return "max by (" + strings.Join(append([]string{"port_uuid", "port_name", "direction"}, more...), ", ") + ") (" + rate + ")" +
		" / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second) > 0)"
}

// The rates that utilization is asked of.
const (
	lastRate = ns + "port_traffic_last_bytes_per_second"
	p95Rate  = ns + `port_traffic_p95_bytes_per_second{window="$window"}`
)

// p95Of is the 95th percentile of a fixed window.
func p95Of(window string) string {
	return ns + `port_traffic_p95_bytes_per_second{window="` + window + `"}`
}

// howMany counts the series for which a condition holds: 0 where it holds for
// none, nothing where there are no series, since that is not the same.
func howMany(expr, condition, limit string) string {
	return "sum(" + group(expr) + " " + condition + " bool " + limit + ")"
}

// sampleAge is the age of the newest sample of each chosen port, of the direction
// that is further behind.
const sampleAge = "time() - min by (port_uuid, port_name) (max by (port_uuid, port_name, direction) (" +
	ns + "port_traffic_last_sample_timestamp_seconds) and on (port_uuid) " + chosenPorts + ")"

// chosenPairs is expr of the pairs of which one port or the other is chosen.
func chosenPairs(expr string) string {
	of := func(role string) string {
		return `label_replace(` + ns + `pair_info, "port_uuid", "$1", "` + role + `_uuid", "(.+)")`
	}
	return expr + " and on (pair) ((" + of("primary") + " or " + of("secondary") + ") and on (port_uuid) " + chosenPorts + ")"
}

// busiest are the ten chosen ports with the highest 95th percentile at the end of
// the range: the same ones all along. @ end() needs Prometheus 2.33.
const busiest = "topk(10, max by (port_uuid) (max by (port_uuid, direction) (" + p95Rate + " @ end())" +
	" / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second @ end()) > 0)" +
	" and on (port_uuid) " + chosenPorts + " @ end()))"

// whole is the sum of the last polled rates by a label of port_info, for each
// direction or the one given, and nothing where a port that has had samples is
// missing: that would look like less traffic.
func whole(label, direction string) string {
	only := ""
	if direction != "" {
		only = `{direction="` + direction + `"}`
	}
	join := " * on (port_uuid) group_left (" + label + ") topk by (port_uuid) (1, " + chosenPorts + ")"
	rates := "max by (port_uuid, direction) (" + lastRate + only + ")" + join
	stamps := "max by (port_uuid, direction) (" + ns + "port_traffic_last_sample_timestamp_seconds" + only + ")" + join
	by := " by (" + label + ", direction) "
	return "sum" + by + "(" + rates + ") and on (" + label + ", direction) (count" + by + "(" + rates + ") == count" + by + "(" + stamps + "))"
}

// liveStates are those in which a connection takes bandwidth of its port.
const liveStates = "ACTIVE|PROVISIONED|PROVISIONING|REPROVISIONING"

// liveConnections is the number of those of each port.
const liveConnections = "sum by (port_uuid, port_name) (max by (port_uuid, port_name, state) (" +
	ns + `port_connections{state=~"` + liveStates + `"}))`

// soldShare is the bandwidth of the live connections over the line rate.
const soldShare = "max by (port_uuid, port_name) (" + ns + "port_connections_bandwidth_bytes_per_second)" +
	" / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_capacity_bytes_per_second) > 0)"

// statusNumber is the operational status as a number, which is the only thing that
// Grafana can draw; statusMeanings has the words. Where exporters disagree, for a
// scrape or for longer, it is the worst: a sum would mean something else.
func statusNumber(matchers ...string) string {
	status := func(s string) string {
		return ns + "port_operational_status{" + strings.Join(append([]string{`status="` + s + `"`}, matchers...), ",") + "}"
	}
	return "max by (port_uuid, port_name) (" + status("UP") + " or 2 * " + status("PARTIAL") + " or 3 * " + status("DOWN") + ")"
}

var statusMeanings = []meaning{{"1", "UP", "green"}, {"2", "PARTIAL", "orange"}, {"3", "DOWN", "red"}}

// The load of a pair on one of its ports: now, and by the chosen window.
const (
	pairNow = ns + "pair_failover_utilization_ratio"
	pairP95 = ns + `pair_failover_utilization_p95_ratio{window="$window"}`
)

// atEndOf evaluates every selector of an expression at the end of the range.
func atEndOf(expr string) string { return strings.ReplaceAll(expr, "}", "} @ end()") }
