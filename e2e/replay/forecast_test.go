package replay_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const day = 24 * time.Hour

// seldom polls once an hour, which is enough for weeks.
const seldom = v3 + "poll: {interval: 1h, windows: [{resolution: 5m, span: 1d}]}\n"

// grow makes ports carry a share of their line rate that grows by as much a day
// until the end.
func grow(load, step float64, end time.Duration, names ...string) (events []event) {
	for at := time.Duration(0); at < end; at += day {
		for _, name := range names {
			events = append(events, event{at, overload(name, load, load/10)})
		}
		load += step
	}
	return events
}

// enlarge makes a port four times as fast, with the traffic that it had.
func enlarge(name string, load float64) func(*world) {
	return func(w *world) {
		w.api.EditPort(w.port(name), func(p *fabrictest.Port) { p.Speed *= 4 })
		overload(name, load/4, load/40)(w)
	}
}

func TestPortsAndPairsThatWillBeFullFire(t *testing.T) {
	t.Parallel()
	const begin = (120 + 168) * time.Hour // most of a week for the first level, and a week of levels
	const end = 13 * day
	events := append(grow(0.05, 0.002, end, single), grow(0.025, 0.0015, end, first, second)...)
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	line := newTimeline(t, record(t, story{
		api: estate(), config: seldom, span: 20 * day, every: time.Hour, events: append(events,
			event{end, enlarge(single, 0.08)}, event{end, enlarge(first, 0.05)}, event{end, enlarge(second, 0.05)}),
	}))
	// A port has its new capacity at once. Of a pair there is a history of shares
	// only: those of before are forgotten when few of a week are left.
	fires := between{begin + 5*time.Hour, begin + 7*time.Hour}
	line.expect(t,
		want{"FabricPortFullSoon " + single, fires, after(end, 0, 2*time.Hour)},
		want{"FabricPairFullSoon " + first + " + " + second, fires, between{end + 4*day, end + 7*day}},
	)
}
