package daemon_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const windows = "poll: {windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: 30d, interval: 1h}]}\n"

// Every traffic figure on /metrics is recomputed here from what the simulated
// API knows to be true, by the definitions of the metric contract.
func TestEveryTrafficFigureIsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		ports := own(api)
		e, stop := start(t, api.Transport(), text(configure(ports, windows)))
		defer stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		got := e.series(t)
		figures := 0
		for _, p := range ports {
			snap := e.Snapshot()
			i := slices.IndexFunc(snap.Ports, func(q *fleet.Port) bool { return q.UUID == p.UUID })
			for w, window := range snap.Windows {
				polled := snap.Ports[i].Polls[w].LastSuccess // the moment that the request was for
				for direction, label := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
					samples := api.Truth(p.UUID, direction, polled.Add(-window.Span), polled, window.Resolution, polled)
					figures += compare(t, got, p, label, window.Label(), w == 0, samples)
				}
			}
		}
		if figures < 60 {
			t.Errorf("only %d figures were compared", figures)
		}
	})
}

// compare holds the series of one port, direction and window against samples.
func compare(t *testing.T, got map[string]float64, p fabrictest.Port, direction, window string, primary bool, samples []fabrictest.Sample) int {
	t.Helper()
	labels := fmt.Sprintf(`{direction=%q,port_name=%q,port_uuid=%q`, direction, p.Name, p.UUID)
	if len(samples) == 0 {
		if v, ok := got["port_traffic_max_bytes_per_second"+labels+fmt.Sprintf(`,window=%q}`, window)]; ok {
			t.Errorf("%s has no samples and a maximum of %v", p.Name, v)
		}
		return 0
	}
	var sum, highest float64
	means := make([]float64, len(samples))
	for i, s := range samples {
		means[i] = s.Mean
		sum += s.Mean
		highest = max(highest, s.Max)
	}
	slices.Sort(means)
	const mbit = 1e6 / 8
	want := map[string]float64{
		"port_traffic_max_bytes_per_second" + labels + fmt.Sprintf(`,window=%q}`, window): highest * mbit,
		"port_traffic_avg_bytes_per_second" + labels + fmt.Sprintf(`,window=%q}`, window): sum / float64(len(samples)) * mbit,
		"port_traffic_p95_bytes_per_second" + labels + fmt.Sprintf(`,window=%q}`, window): means[len(means)-1-len(means)/20] * mbit,
	}
	if primary {
		newest := samples[len(samples)-1]
		want["port_traffic_last_bytes_per_second"+labels+"}"] = newest.Mean * mbit
		want["port_traffic_last_sample_timestamp_seconds"+labels+"}"] = float64(newest.End.Unix())
	}
	for series, v := range want {
		if g, ok := got[series]; !ok || math.Abs(g-v) > 1e-9*math.Abs(v) {
			t.Errorf("%s = %v (there: %v), want %v", series, g, ok, v)
		}
	}
	return len(want)
}

// attached is the demo's estate with every port attached to a stream.
func attached() *fabrictest.API {
	f := fabrictest.Demo(0)
	f.Attach()
	return fabrictest.New(fabrictest.Options{Fleet: &f})
}

// through is the scrape of the same estate at the same moment, read through one
// traffic source.
func through(t *testing.T, source string) map[string]float64 {
	t.Helper()
	api := attached()
	// All is asked at once: a second later the windows may have other intervals in them.
	const atOnce = "api: {requests_per_second: 1000, burst: 1000, concurrency: 200}\n"
	yaml := strings.Replace(configure(own(api), windows+atOnce), "    ports:\n", "    traffic_source: "+source+"\n    ports:\n", 1)
	e, stop := start(t, api.Transport(), text(yaml))
	defer stop()
	time.Sleep(30 * time.Second)
	synctest.Wait()
	return e.series(t)
}

// The three sources tell the same traffic in different units, shapes and times.
// Whatever they are read through, the figures are the same but for the maximum,
// of which v4-metrics knows only that of the means.
func TestEverySourceGivesTheSameValues(t *testing.T) {
	scrapes := map[string]map[string]float64{}
	for _, source := range []string{"v3", "v4-stats", "v4-metrics"} {
		// A bubble each: all three begin at the same moment.
		synctest.Test(t, func(t *testing.T) { scrapes[source] = through(t, source) })
	}
	compared := 0
	for series, want := range scrapes["v3"] {
		if !strings.HasPrefix(series, "port_traffic_") && !strings.HasPrefix(series, "port_connections") && !strings.HasPrefix(series, "port_capacity") {
			continue
		}
		compared++
		for _, source := range []string{"v4-stats", "v4-metrics"} {
			got, ok := scrapes[source][series]
			switch {
			case !ok:
				t.Errorf("%s has no %s", source, series)
			case strings.HasPrefix(series, "port_traffic_last_sample") && got >= want && got <= want+5:
				// v4-metrics stamps its intervals up to five seconds late
			case source == "v4-metrics" && strings.HasPrefix(series, "port_traffic_max") && got <= want && got > 0.3*want:
			case math.Abs(got-want) > 1e-9*math.Abs(want):
				t.Errorf("%s: %s = %v, v3 says %v", source, series, got, want)
			}
		}
	}
	for _, source := range []string{"v4-stats", "v4-metrics"} {
		for series := range scrapes[source] {
			if _, ok := scrapes["v3"][series]; !ok && strings.HasPrefix(series, "port_traffic_") {
				t.Errorf("only %s has %s", source, series)
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d series were compared", compared)
	}
}
