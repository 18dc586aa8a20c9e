package soak_test

import (
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// window is one that the exporter asks for.
type window struct {
	label                      string
	span, resolution, interval time.Duration
}

var windows = []window{
	{"1d", 24 * time.Hour, 5 * time.Minute, interval},
	{"8d", 8 * 24 * time.Hour, time.Hour, time.Hour},
}

var directions = map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"}

// truth is what there is to know of one direction in a window. Rates are in
// bytes per second.
type truth struct {
	max, avg, p95, last float64
	newest              time.Time
	means               map[int64]point // by the number of the interval
}

type point struct {
	stamp time.Time
	rate  float64
}

const mbit = 1e6 / 8

// portTruth is the content of an answer about a port.
func portTruth(e *estate, uuid string, d fabrictest.Direction, w window, a answer) *truth {
	api := e.at(a.done).api
	if e.source == "v4-metrics" {
		name := map[fabrictest.Direction]string{fabrictest.Inbound: fabrictest.MetricPortRx, fabrictest.Outbound: fabrictest.MetricPortTx}[d]
		return ofPoints(api.MetricTruth(uuid, name, a.from, a.to, w.resolution, a.arrived), w)
	}
	return ofSamples(api.Truth(uuid, d, a.from, a.to, w.resolution, a.arrived), w)
}

// connectionTruth is the content of an answer about a connection, as seen from its a-side.
func connectionTruth(e *estate, uuid string, d fabrictest.Direction, w window, a answer) *truth {
	api := e.at(a.done).api
	if e.source == "v4-metrics" {
		name := map[fabrictest.Direction]string{fabrictest.Inbound: fabrictest.MetricConnectionRx, fabrictest.Outbound: fabrictest.MetricConnectionTx}[d]
		return ofPoints(api.MetricTruth(uuid, name, a.from, a.to, w.resolution, a.arrived), w)
	}
	return ofSamples(api.ConnectionTruth(uuid, fabrictest.ASide, d, a.from, a.to, w.resolution, a.arrived), w)
}

func ofSamples(samples []fabrictest.Sample, w window) *truth {
	t := &truth{means: map[int64]point{}}
	for _, s := range samples {
		t.max = max(t.max, s.Max*mbit)
		t.add(w, s.End, s.Mean*mbit)
	}
	return t.sum()
}

func ofPoints(points []fabrictest.Datapoint, w window) *truth {
	t := &truth{means: map[int64]point{}}
	for _, p := range points {
		t.max = max(t.max, p.Value/8)
		t.add(w, p.End, p.Value/8)
	}
	return t.sum()
}

func (t *truth) add(w window, stamp time.Time, rate float64) {
	t.means[stamp.Truncate(w.resolution).Unix()] = point{stamp, rate} // stamped up to five seconds late
	t.last, t.newest = rate, stamp
}

// sum works the figures out; nil without any interval.
func (t *truth) sum() *truth {
	if len(t.means) == 0 {
		return nil
	}
	rates, sum := make([]float64, 0, len(t.means)), 0.0
	for _, p := range t.means {
		rates, sum = append(rates, p.rate), sum+p.rate
	}
	t.avg, t.p95 = sum/float64(len(rates)), percentile95(rates)
	return t
}

// percentile95 is the highest rate once the top twentieth is dropped.
func percentile95(rates []float64) float64 {
	slices.Sort(rates)
	return rates[len(rates)-1-len(rates)/20]
}

// remembered keeps what was worked out from an answer until there is another:
// most answers are looked at in several scrapes.
type remembered struct {
	answer answer
	truth  map[fabrictest.Direction]*truth
}

type source func(e *estate, uuid string, d fabrictest.Direction, w window, a answer) *truth

// recall computes the content of an answer, once.
func (e *estate) recall(of source, uuid string, w window, a answer) map[fabrictest.Direction]*truth {
	if e.recalled == nil {
		e.recalled = map[topic]remembered{}
	}
	key := topic{uuid, w.span}
	if r, ok := e.recalled[key]; ok && r.answer == a {
		return r.truth
	}
	r := remembered{a, map[fabrictest.Direction]*truth{}}
	for d := range directions {
		r.truth[d] = of(e, uuid, d, w, a)
	}
	e.recalled[key] = r
	return r.truth
}
