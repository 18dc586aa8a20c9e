package daemon_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// connected watches all ports and connections of an API through one source. No
// call waits for the budget, so that the time of a poll is that of its request.
func connected(source, poll string) string {
	return discovery("    discover: {enabled: true}\n    traffic_source: " + source + "\n    connections: {traffic: true}\n" +
		poll + "api: {requests_per_second: 1000, burst: 10000}\n")
}

// inService waits until the connections of the demo exist: a bubble begins before
// they were made.
func inService() { time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))) }

// figures are what a contract of traffic derives from intervals, in bytes/s and
// seconds.
type figures struct{ max, avg, p95, last, newest float64 }

func newFigures(highest, means []float64, newest time.Time, unit float64) figures {
	var sum float64
	for _, m := range means {
		sum += m
	}
	last := means[len(means)-1]
	sorted := slices.Sorted(slices.Values(means))
	return figures{
		max: slices.Max(highest) * unit, avg: sum / float64(len(means)) * unit, p95: sorted[len(sorted)-1-len(sorted)/20] * unit,
		last: last * unit, newest: float64(newest.UnixMilli()) / 1000,
	}
}

// compareConnection holds the series of one connection, direction and window
// against figures, nil where there must be none, and counts them.
func compareConnection(t *testing.T, got map[string]float64, c *fleet.Tracked, direction, window string, primary bool, f *figures) int {
	t.Helper()
	labels := fmt.Sprintf(`{connection_name=%q,connection_uuid=%q,direction=%q`, c.Name(), c.UUID, direction)
	if f == nil {
		if v, ok := got["connection_traffic_max_bytes_per_second"+labels+fmt.Sprintf(`,window=%q}`, window)]; ok {
			t.Errorf("%s has no samples and a maximum of %v", c.Name(), v)
		}
		return 0
	}
	windowed := labels + fmt.Sprintf(`,window=%q}`, window)
	want := map[string]float64{
		"connection_traffic_max_bytes_per_second" + windowed: f.max,
		"connection_traffic_avg_bytes_per_second" + windowed: f.avg,
		"connection_traffic_p95_bytes_per_second" + windowed: f.p95,
	}
	if primary {
		want["connection_traffic_last_bytes_per_second"+labels+"}"] = f.last
		want["connection_traffic_last_sample_timestamp_seconds"+labels+"}"] = f.newest
	}
	for series, v := range want {
		if g, ok := got[series]; !ok || math.Abs(g-v) > 1e-9*math.Abs(v) {
			t.Errorf("%s = %v (there: %v), want %v", series, g, ok, v)
		}
	}
	return len(want)
}

// Every traffic figure of a connection, recomputed from what the simulated API
// knows to be true as seen from the side that the account's port is on.
func TestEveryFigureOfAConnectionIsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const mbit = 1e6 / 8
		inService()
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(connected("v4-stats", windows)))
		defer stop()
		time.Sleep(6 * time.Minute) // two polls
		synctest.Wait()
		got, snap := e.series(t), e.Snapshot()
		compared := map[fleet.Side]int{}
		for _, c := range snap.Connections {
			viewPoint := map[fleet.Side]string{fleet.ASide: fabrictest.ASide, fleet.ZSide: fabrictest.ZSide}[c.Side]
			for w, window := range snap.Windows {
				polled := c.Polls[w].LastSuccess
				for direction, label := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
					var f *figures
					samples := api.ConnectionTruth(c.UUID, viewPoint, direction, polled.Add(-window.Span), polled, window.Resolution, polled)
					if len(samples) > 0 {
						var highest, means []float64
						for _, s := range samples {
							highest, means = append(highest, s.Max), append(means, s.Mean)
						}
						f = new(newFigures(highest, means, samples[len(samples)-1].End, mbit))
					}
					compared[c.Side] += compareConnection(t, got, c, label, window.Label(), w == 0, f)
				}
			}
		}
		if len(snap.Connections) != len(api.Fleet().Connections) || compared[fleet.ASide] < 1000 || compared[fleet.ZSide] < 60 {
			t.Errorf("%d connections, figures compared by side: %v", len(snap.Connections), compared)
		}
	})
}

// The same through the metrics, with the packets that the sides dropped.
func TestEveryMetricOfAConnectionIsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		f := fabrictest.DemoMetrics(0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f, Gone: []string{fabrictest.OpPortStatsV3, fabrictest.OpConnectionStatsV4}})
		began := time.Now()
		e, stop := start(t, api.Transport(), text(connected("auto", "poll: {interval: 15m, windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: 30d, interval: 1h}]}\n")))
		defer stop()
		time.Sleep(6 * time.Hour) // over the evening in Singapore, when packets are dropped
		synctest.Wait()
		got, snap := e.series(t), e.Snapshot()
		attached := map[string]bool{}
		for _, c := range api.Fleet().Connections {
			attached[c.UUID] = c.Stream.UUID != ""
		}
		compared, drops := 0, 0.0
		for _, c := range snap.Connections {
			for w, window := range snap.Windows {
				polled := c.Polls[w].LastSuccess
				for name, label := range map[string]string{fabrictest.MetricConnectionRx: "inbound", fabrictest.MetricConnectionTx: "outbound"} {
					var f *figures
					points := api.MetricTruth(c.UUID, name, polled.Add(-window.Span), polled, window.Resolution, polled)
					if attached[c.UUID] && len(points) > 0 {
						var means []float64
						for _, p := range points {
							means = append(means, p.Value)
						}
						f = new(newFigures(means, means, points[len(points)-1].End, 1./8))
					}
					compared += compareConnection(t, got, c, label, window.Label(), w == 0, f)
				}
			}
			if attached[c.UUID] {
				drops += compareDrops(t, api, got, c, began)
			}
			series := fmt.Sprintf(`connection_metrics_attached{connection_name=%q,connection_uuid=%q}`, c.Name(), c.UUID)
			if v, ok := got[series]; !ok || (v == 1) != attached[c.UUID] {
				t.Errorf("%s = %v (there: %v)", series, v, ok)
			}
		}
		if len(snap.Connections) != 24 || compared < 12*16 || drops == 0 {
			t.Errorf("%d connections, %d figures compared, %v packets dropped", len(snap.Connections), compared, drops)
		}
		if got[`connection_traffic_source_info{account="prod",source="v4-metrics"}`] != 1 {
			t.Error("the source is not v4-metrics")
		}
	})
}

// compareDrops holds the four counters of a connection against what the API has
// counted since the time began, and returns their sum.
func compareDrops(t *testing.T, api *fabrictest.API, got map[string]float64, c *fleet.Tracked, began time.Time) float64 {
	t.Helper()
	polled, sum := c.Polls[0].LastSuccess, 0.0
	for name, labels := range map[string]string{
		fabrictest.MetricConnectionDroppedRA: `direction="inbound",side="a"`,
		fabrictest.MetricConnectionDroppedTA: `direction="outbound",side="a"`,
		fabrictest.MetricConnectionDroppedRZ: `direction="inbound",side="z"`,
		fabrictest.MetricConnectionDroppedTZ: `direction="outbound",side="z"`,
	} {
		want := 0.0
		for _, p := range api.MetricTruth(c.UUID, name, began, polled, 5*time.Minute, polled) {
			if p.End.After(began) {
				want += p.Value
			}
		}
		series := fmt.Sprintf(`connection_packets_dropped_total{connection_name=%q,connection_uuid=%q,%s}`, c.Name(), c.UUID, labels)
		if v, ok := got[series]; !ok || v != want {
			t.Errorf("%s = %v (there: %v), want %v", series, v, ok, want)
		}
		sum += want
	}
	return sum
}

// tap is a transport that keeps the bodies of the answers.
type tap struct {
	http.RoundTripper

	mu     sync.Mutex
	bodies bytes.Buffer
}

func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies.Write(body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// What the API says of people and keys goes nowhere.
func TestConnectionsShowNeitherAddressesNorKeys(t *testing.T) {
	hidden := []string{"hidden.person@example.net", "jdoe@example.com", "hidden-order", "hidden-key", "9876543210", "9876543211", "Example Networks"}
	synctest.Test(t, func(t *testing.T) {
		inService()
		f := fabrictest.Demo(0)
		for i := range f.Connections {
			c := &f.Connections[i]
			c.Emails, c.PurchaseOrder = []string{"hidden.person@example.net"}, "hidden-order"
			c.ASide.Key, c.ZSide.Key = "hidden-key-a", "hidden-key-z"
			c.AccountNumber, c.OrgID = 9_876_543_210, 9_876_543_211
		}
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		answers := &tap{RoundTripper: api.Transport()}
		e, stop := start(t, answers, text(connected("auto", "")))
		time.Sleep(10 * time.Minute)
		shown := e.scrape(t)
		stop()
		for where, text := range map[string]string{"/metrics": shown, "the log": e.log.String()} {
			if !strings.Contains(text, f.Connections[0].UUID) {
				t.Errorf("%s has nothing of the connections", where)
			}
			for _, h := range append(hidden, "@") {
				if i := strings.Index(text, h); i >= 0 {
					t.Errorf("%s has %q: …%s…", where, h, text[max(0, i-80):min(len(text), i+80)])
				}
			}
		}
		for _, h := range hidden {
			if !bytes.Contains(answers.bodies.Bytes(), []byte(h)) {
				t.Errorf("the API has not said %q, so nothing is proven", h)
			}
		}
	})
}
