package faults_test

import (
	"fmt"
	"strings"
	"time"
)

var everySource = []string{"v3", "v4-stats", "v4-metrics"}

// usual is the number of calls of a healthy hour, v4-metrics included, which
// lists the stream assets as well.
var usual = calls{48, 75}

// without is the outcome of answers in which some intervals cannot be used.
func without(lost ...string) outcome {
	return outcome{calls: usual, lost: lost, note: "figures are those of the other intervals"}
}

const pairP95 = "pair_failover_utilization_p95_ratio"

// noted is o with another note.
func noted(o outcome, note string) outcome {
	o.note = note
	return o
}

// odd is without, for intervals that cannot be: the log tells of them.
func odd() outcome {
	o := without(pairP95)
	o.also = func(l timeline) []string {
		if strings.Count(l.log, "impossible intervals") != 1 {
			return []string{"the log does not tell, once"}
		}
		return nil
	}
	return o
}

var valueScenarios = []scenario{
	{Switch: of("empty-points"), sources: everySource, lasts: time.Hour, outcome: outcome{
		ends: []class{traffic}, calls: usual, note: "no news, and no error",
	}},
	{Switch: of("future-points"), sources: everySource, lasts: time.Hour, outcome: outcome{calls: usual, unseen: true, note: "figures are those of the other intervals"}},
	{Switch: of("unsorted"), sources: everySource, lasts: time.Hour, outcome: outcome{calls: usual, unseen: true, note: "every figure is right"}},
	{Switch: of("duplicated"), sources: everySource, lasts: time.Hour, outcome: outcome{calls: usual, unseen: true, note: "every figure is right"}},
	{Switch: of("gaps"), sources: everySource, lasts: time.Hour, outcome: without(pairP95)},
	{Switch: of("negative"), sources: everySource, lasts: time.Hour, outcome: odd()},
	{Switch: of("absurd"), sources: everySource, lasts: time.Hour, outcome: noted(odd(),
		"figures are those of the other intervals; rates are believed up to ten times the line, and counts of as many packets as that carries")},
	{Switch: of("enormous"), sources: everySource, lasts: time.Hour, outcome: odd()},
	{Switch: of("overflow"), sources: everySource, lasts: time.Hour, outcome: odd()},
	{Switch: of("infinite"), sources: everySource, lasts: time.Hour, outcome: odd()},
	{Switch: of("not-a-number"), sources: everySource, lasts: time.Hour, outcome: without(pairP95, "port_traffic_avg_bytes_per_second")},
	{Switch: of("capacity-zero"), outcome: allocating(0, lineless("port_capacity_bytes_per_second", "port_effective_capacity_bytes_per_second"))},
	{Switch: of("capacity-negative"), outcome: lineless("port_capacity_bytes_per_second", "port_effective_capacity_bytes_per_second", "port_allocated_bandwidth_bytes_per_second")},
	{Switch: of("capacity-absurd"), outcome: lineless("port_capacity_bytes_per_second", "port_effective_capacity_bytes_per_second", "port_allocated_bandwidth_bytes_per_second")},
}

// allocating is o with what the API says is allocated of every line, in bytes/s.
func allocating(n float64, o outcome) outcome {
	o.settles = map[string]float64{"port_allocated_bandwidth_bytes_per_second": n}
	o.note += fmt.Sprintf("; what the API says of its parts is shown: `port_allocated_bandwidth_bytes_per_second` %v", n)
	return o
}

// lineless is the outcome of lines that have no rate.
func lineless(lost ...string) outcome {
	return outcome{
		calls: usual, renames: true, lostBy: listed, lost: append(lost, "pair_failover_utilization_ratio", pairP95, "port_lag_failover_utilization_ratio"),
		note: "a line of which nobody knows the rate has no capacity and no utilization",
	}
}
