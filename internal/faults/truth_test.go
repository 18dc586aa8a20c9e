package faults_test

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// figures are what a port shows of one direction, in bytes/s and seconds; absent
// ones are missing.
type figures map[string]float64

// sample is an interval as the API knows it to be.
type sample struct {
	end       time.Time
	mean, max float64 // bytes/s
}

// newFigures are those that samples make.
func newFigures(samples []sample) figures {
	if len(samples) == 0 {
		return nil
	}
	means := make([]float64, len(samples))
	sum, highest := 0.0, 0.0
	for i, s := range samples {
		means[i] = s.mean
		sum += s.mean
		highest = max(highest, s.max)
	}
	newest := samples[len(samples)-1]
	slices.Sort(means)
	return figures{
		"max": highest, "avg": sum / float64(len(means)), "p95": means[len(means)-1-len(means)/20],
		"last": newest.mean, "last_sample_timestamp": float64(newest.end.UnixMilli()) / 1000,
	}
}

// same reports whether the figures that are shown are those of want.
func (f figures) same(want figures) bool {
	for name, v := range f {
		if w, ok := want[name]; !ok || math.Abs(v-w) > 1e-9*math.Abs(w) {
			return false
		}
	}
	return true
}

// kept are the samples of an answer that a fault of values leaves as they are, by
// its name; of all others it is all of them.
func kept(fault string, samples []sample) []sample {
	var left []sample
	for i, s := range samples {
		age := len(samples) - 1 - i
		switch fault {
		case "negative", "absurd", "enormous", "overflow", "infinite", "not-a-number":
			if age%10 == 0 {
				continue
			}
		case "gaps":
			if age%10 == 5 || i >= len(samples)/4 && i < len(samples)/2 {
				continue
			}
		}
		left = append(left, s)
	}
	return left
}

// untrue says of which ports a scrape shows figures that belong to no answer that
// their API can have meant.
func (s scenario) untrue(e *exporter, series map[string]float64) (wrong []string) {
	for i, api := range e.apis {
		requests, fault := api.Requests(), s.Fault
		if i > 0 {
			fault = "" // of another account
		}
		slices.Reverse(requests)
		for _, p := range api.Fleet().Ports {
			if slices.Contains(polledPorts, p.Name) || slices.Contains(s.more, p.Name) {
				wrong = append(wrong, untruePort(e, api, requests, fault, p, series)...)
			}
		}
	}
	return wrong
}

// directions are those of figures, as /metrics calls them.
var directions = map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"}

// untruePort is untrue of one port, whose API has had these requests, the latest first.
func untruePort(
	e *exporter, api *fabrictest.API, requests []fabrictest.Request, fault string, p fabrictest.Port, series map[string]float64,
) (wrong []string) {
	if fault != "absurd" { // a line could carry so many packets, and an idle one so much
		wrong = append(wrong, overcounted(api, series, p)...)
	} else if p.Name == fabrictest.DemoIdle {
		return nil
	}
	spans := windows(series)
	for d, direction := range directions {
		for _, window := range spans {
			shown := shown(series, p.UUID, direction, window)
			if len(shown) > 0 && !e.meant(api, requests, fault, p.UUID, d, shown) {
				wrong = append(wrong, fmt.Sprintf("%s shows %v of %s, which no answer meant", p.Name, shown, window))
			}
		}
	}
	return wrong
}

// windows are those that traffic is asked for, by their labels.
func windows(series map[string]float64) (all []string) {
	for name := range series {
		if _, label, ours := strings.Cut(name, `traffic_window_info{resolution="`); ours {
			_, label, _ = strings.Cut(label, `window="`)
			all = append(all, strings.TrimSuffix(label, `"}`))
		}
	}
	return all
}

// counters are the metrics behind the counters of packets.
var counters = map[string]string{
	`port_packets_dropped_total{direction="inbound"`:  fabrictest.MetricPortDroppedRx,
	`port_packets_dropped_total{direction="outbound"`: fabrictest.MetricPortDroppedTx,
	`port_packets_errored_total{direction="inbound"`:  fabrictest.MetricPortErredRx,
	`port_packets_errored_total{direction="outbound"`: fabrictest.MetricPortErredTx,
}

// overcounted are the counters of a port that have come further than there were
// packets since the bubble began.
func overcounted(api *fabrictest.API, series map[string]float64, p fabrictest.Port) (wrong []string) {
	for name, metric := range counters {
		total, ok := series[fmt.Sprintf(`%s,port_name=%q,port_uuid=%q}`, name, p.Name, p.UUID)]
		if !ok {
			continue
		}
		began, most := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), 0.0
		for _, c := range api.MetricTruth(p.UUID, metric, began, time.Now(), 5*time.Minute, time.Now()) {
			most += c.Value
		}
		if total > most {
			wrong = append(wrong, fmt.Sprintf("%s of %s is %v, and there were %v packets", name, p.Name, total, most))
		}
	}
	return wrong
}

// shown are the figures of a port on /metrics for one window. What is polled last
// comes with the first of them, a day.
func shown(series map[string]float64, port, direction, window string) figures {
	f := figures{}
	for name, v := range series {
		figure, ours := strings.CutPrefix(family(name), "port_traffic_")
		if strings.Contains(name, "window=") {
			ours = ours && strings.Contains(name, fmt.Sprintf("window=%q", window))
		} else {
			ours = ours && window == "1d"
		}
		if ours && strings.Contains(name, port) && strings.Contains(name, direction) {
			f[strings.TrimSuffix(strings.TrimSuffix(figure, "_seconds"), "_bytes_per_second")] = v
		}
	}
	return f
}

// meant reports whether one of the answers about a port, the latest first, was
// of these figures, or was before that fault.
func (e *exporter) meant(
	api *fabrictest.API, requests []fabrictest.Request, fault, port string, d fabrictest.Direction, shown figures,
) bool {
	for _, r := range requests {
		if r.Status != 200 || !strings.Contains(r.Path+r.Body, port) {
			continue
		}
		key := fmt.Sprint(r.Time, r.Path, r.Query, r.Body, port, d)
		truth, known := e.truth[key]
		if !known {
			samples := asked(api, r, port, d)
			truth = [2]figures{newFigures(samples), newFigures(kept(fault, samples))}
			e.truth[key] = truth
		}
		if shown.same(truth[0]) || shown.same(truth[1]) {
			return true
		}
	}
	return false
}

var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// asked is the truth about what a request asked for.
func asked(api *fabrictest.API, r fabrictest.Request, port string, d fabrictest.Direction) (samples []sample) {
	query, _ := url.QueryUnescape(r.Query)
	var times []time.Time
	for _, text := range stamp.FindAllString(query+r.Body, -1) {
		at, _ := time.Parse(time.RFC3339, text)
		times = append(times, at)
	}
	if len(times) != 2 {
		return nil
	}
	slices.SortFunc(times, time.Time.Compare)
	fine := 5 * time.Minute
	if times[1].Sub(times[0]) > 8*24*time.Hour {
		fine = time.Hour
	}
	if r.Op == fabrictest.OpSearchMetrics {
		name := map[fabrictest.Direction]string{fabrictest.Inbound: fabrictest.MetricPortRx, fabrictest.Outbound: fabrictest.MetricPortTx}[d]
		for _, p := range api.MetricTruth(port, name, times[0], times[1], fine, r.Time) {
			samples = append(samples, sample{p.End, p.Value / 8, p.Value / 8})
		}
		return samples
	}
	for _, p := range api.Truth(port, d, times[0], times[1], fine, r.Time) {
		samples = append(samples, sample{p.End, p.Mean * 1e6 / 8, p.Max * 1e6 / 8})
	}
	return samples
}
