package soak_test

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// tally is what the oracle has counted of one port or connection.
type tally struct {
	since  time.Time // the first answer
	upto   time.Time // the newest interval in the counts
	counts map[string]float64
}

// counter is one of the counters of a port or a connection.
type counter struct {
	family, metric string
	labels         []string
}

var portCounters = []counter{
	{"port_packets_dropped_total", fabrictest.MetricPortDroppedRx, []string{"direction", "inbound"}},
	{"port_packets_dropped_total", fabrictest.MetricPortDroppedTx, []string{"direction", "outbound"}},
	{"port_packets_errored_total", fabrictest.MetricPortErredRx, []string{"direction", "inbound"}},
	{"port_packets_errored_total", fabrictest.MetricPortErredTx, []string{"direction", "outbound"}},
}

var connectionCounters = []counter{
	{"connection_packets_dropped_total", fabrictest.MetricConnectionDroppedRA, []string{"side", "a", "direction", "inbound"}},
	{"connection_packets_dropped_total", fabrictest.MetricConnectionDroppedTA, []string{"side", "a", "direction", "outbound"}},
	{"connection_packets_dropped_total", fabrictest.MetricConnectionDroppedRZ, []string{"side", "z", "direction", "inbound"}},
	{"connection_packets_dropped_total", fabrictest.MetricConnectionDroppedTZ, []string{"side", "z", "direction", "outbound"}},
}

// packets expects the counters of a port or a connection: every interval once,
// from the first answer on.
func (o *oracle) packets(e *estate, uuid string, counters []counter, labels []string) {
	for _, c := range counters {
		o.seen[c.family] = true
	}
	a, ok := e.tap.answer(uuid, windows[0])
	if !ok || e.source != "v4-metrics" {
		return
	}
	t := o.s.counted[uuid]
	if t == nil {
		first := e.tap.first(uuid)
		t = &tally{since: first, upto: first, counts: map[string]float64{}}
		o.s.counted[uuid] = t
	}
	api, upto := e.at(a.done).api, t.upto
	for _, c := range counters {
		for _, p := range api.MetricTruth(uuid, c.metric, t.upto, a.to, 5*time.Minute, a.arrived) {
			if p.End.After(t.upto) {
				t.counts[c.metric] += p.Value
				upto = p.End
			}
		}
		if o.now.Sub(a.done) <= staleIntervals*interval {
			o.is(t.counts[c.metric], c.family, append(append([]string{}, c.labels...), labels...)...)
		}
	}
	t.upto = upto
}
