package faults_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var everySource = []string{"v3", "v4-stats", "v4-metrics"}

// usual is the number of calls of a healthy hour, v4-metrics included, which
// lists the stream assets as well.
var usual = calls{48, 75}

// usualOfFour is usual with one port more.
var usualOfFour = calls{60, 87}

// idle is a port with so little traffic that a thousand times as much could be.
var idle = []string{fabrictest.DemoIdle}

// without is the outcome of answers in which some intervals cannot be used.
func without(lost ...string) outcome {
	return outcome{calls: usual, lost: lost, note: "values come from the other intervals"}
}

const pairP95 = "pair_failover_utilization_p95_ratio"

// logged says that the log does not warn of something.
func logged(what string) func(timeline) []string {
	return func(l timeline) []string {
		if !regexp.MustCompile(`level=WARN .*` + what).MatchString(l.log) {
			return []string{"the log does not tell of: " + what}
		}
		return nil
	}
}

// rejected is without, for intervals that cannot be: the log tells of them, once for
// each port.
func rejected() outcome { return rejectedOf(len(polledPorts)) }

func rejectedOf(ports int) outcome {
	o := without(pairP95)
	o.also = func(l timeline) []string {
		if n := strings.Count(l.log, `level=WARN msg="answer has implausible intervals`); n != ports {
			return []string{fmt.Sprintf("the log tells %d times, of %d ports", n, ports)}
		}
		return nil
	}
	return o
}

var valueScenarios = []scenario{
	{Switch: of("empty-points"), sources: everySource, lasts: time.Hour, outcome: outcome{
		ends: []class{traffic}, calls: usual, note: "changes nothing, and is not an error",
	}},
	{Switch: of("future-points"), more: idle, sources: everySource, lasts: time.Hour, outcome: outcome{calls: usualOfFour, unseen: true, note: "values come from the other intervals"}},
	{Switch: of("unsorted"), sources: everySource, lasts: time.Hour, outcome: outcome{calls: usual, unseen: true, note: "every value is right"}},
	{Switch: of("duplicated"), sources: everySource, lasts: time.Hour, outcome: outcome{calls: usual, unseen: true, note: "every value is right"}},
	{Switch: of("gaps"), sources: everySource, lasts: time.Hour, outcome: without(pairP95)},
	{Switch: of("negative"), more: idle, sources: everySource, lasts: time.Hour, outcome: withIdle(rejectedOf(len(polledPorts) + 1))},
	{Switch: of("absurd"), more: idle, sources: everySource, lasts: time.Hour, outcome: believing(withIdle(rejected()))},
	{Switch: of("enormous"), sources: everySource, lasts: time.Hour, outcome: rejected()},
	{Switch: of("overflow"), sources: everySource, lasts: time.Hour, outcome: rejected()},
	{Switch: of("infinite"), sources: everySource, lasts: time.Hour, outcome: rejected()},
	{Switch: of("not-a-number"), sources: everySource, lasts: time.Hour, outcome: without(pairP95, "port_traffic_avg_bytes_per_second")},
	{Switch: of("gaps"), title: "gaps, two windows", windows: true, outcome: twoWindowsWithout(without(pairP95))},
	{Switch: of("negative"), title: "negative, two windows", windows: true, sources: []string{"v3", "v4-metrics"}, outcome: twoWindowsWithout(rejected())},
	{own: &private{does: "every rate a thousand times as high: kbit/s where Mbit/s were", rewrite: otherUnit}, title: "rates in another unit", sources: everySource, lasts: time.Hour, outcome: outcome{
		ends: []class{traffic}, failing: true, reasons: "decode", calls: usual, also: logged("no interval is plausible"),
		note: "rates above ten times the line are not believed: the polls fail, and the log asks for the unit",
	}},
	{Switch: of("capacity-zero"), outcome: nothingLeft(lineless("port_effective_capacity_bytes_per_second"))},
	{Switch: of("capacity-negative"), outcome: rateless(lineless())},
	{Switch: of("capacity-absurd"), outcome: rateless(lineless())},
}

// overLine is how many times the rate of its line a port may have, to be believed.
const overLine = 10

// believing is o where what could be is believed: of an idle port a thousand times
// as much is still little.
func believing(o outcome) outcome {
	sound := o.also
	o.note += fmt.Sprintf("; but a rate of an idle port that is below %d times the line rate is shown, and packets are counted up to what the line carries", overLine)
	o.also = func(l timeline) (wrong []string) {
		shown := 0.0
		for series, v := range l.marks[len(l.marks)-1].series {
			if family(series) == "port_traffic_max_bytes_per_second" && strings.Contains(series, fabrictest.DemoIdle) {
				shown = max(shown, v/idleLine)
			}
		}
		if shown < 0.1 || shown > overLine {
			wrong = append(wrong, fmt.Sprintf("the idle port shows %v times its line", shown))
		}
		return append(wrong, sound(l)...)
	}
	return o
}

// idleLine is the line rate of the idle port, bytes/s.
const idleLine = 1e9 / 8

// withIdle is o with the idle port.
func withIdle(o outcome) outcome {
	o.calls = usualOfFour
	return o
}

// otherUnit makes every rate of statistics a thousand times as high.
func otherUnit(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if name, _ := v["name"].(string); strings.Contains(name, "packets") {
			return v
		}
		for key, member := range v {
			n, number := member.(json.Number)
			if f, err := n.Float64(); number && err == nil && rateKey.MatchString(key) {
				v[key] = 1e3 * f
			} else {
				v[key] = otherUnit(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = otherUnit(v[i])
		}
	}
	return v
}

// rateKey is what answers call rates.
var rateKey = regexp.MustCompile(`^(mean|max|value|lastPolled|(in|out)bound(Max|Avg|LastPolled))$`)

// twoWindowsWithout is o where there is a window that is asked for once an hour.
func twoWindowsWithout(o outcome) outcome {
	o.apart, o.full = true, 80*time.Minute
	o.note += "; also in a window of " + longWindow + " that is polled once an hour; the 95th percentile of a pair is absent while its ports lack different intervals"
	return o
}

// nothingLeft is o with line rates of 0 bit/s: what the API says of the parts of a line
// is 0, and shown.
func nothingLeft(o outcome) outcome {
	o.becomes = map[string]float64{}
	for _, f := range listedRates() {
		if !slices.Contains(o.lost, f) {
			o.becomes[f] = 0
		}
	}
	o.note += "; what the API says of the parts of a line is shown, as 0"
	return o
}

// rateless is o without any rate of the listing.
func rateless(o outcome) outcome {
	o.rates = true
	return o
}

// lineless is the outcome of lines that have no rate.
func lineless(lost ...string) outcome {
	return outcome{
		calls: usual, renames: true, lostBy: listed,
		lost: append(lost, "port_capacity_bytes_per_second", "pair_failover_utilization_ratio", pairP95, "port_lag_failover_utilization_ratio"),
		note: "a line whose rate is unknown has no capacity and no utilization; `port_info` has the speed as the API says it",
	}
}
