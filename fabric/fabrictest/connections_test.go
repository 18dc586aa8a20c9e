package fabrictest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

func connectionStats(uuid, viewPoint string, from, to time.Time) string {
	return fmt.Sprintf("/fabric/v4/connections/%s/stats?startDateTime=%s&endDateTime=%s&viewPoint=%s", uuid, stamp(from), stamp(to), viewPoint)
}

// named is a connection of the fleet.
func named(t testing.TB, api *fabrictest.API, name string) fabrictest.Connection {
	t.Helper()
	for _, c := range api.Fleet().Connections {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no connection %s", name)
	return fabrictest.Connection{}
}

func TestConnectionStatsFromBothSides(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id, from := named(t, api, fabrictest.DemoThrottled).UUID, now.Add(-day)
	outbound := func(viewPoint string) []fabrictest.Sample {
		var got answerV4
		c.decode(&got, "GET", connectionStats(id, viewPoint, from, now), "")
		want := api.ConnectionTruth(id, viewPoint, fabrictest.Outbound, from, now, fiveMinutes, now)
		if diff := cmp.Diff(want, got.outbound()); diff != "" || len(want) == 0 || got.UUID != id {
			t.Errorf("%d samples from %s (-want +got)\n%s", len(want), viewPoint, diff)
		}
		return got.outbound()
	}
	if diff := cmp.Diff(outbound("aSide"), api.ConnectionTruth(id, "zSide", fabrictest.Inbound, from, now, fiveMinutes, now)); diff != "" {
		t.Errorf("out of one side is not into the other\n%s", diff)
	}
	if cmp.Equal(outbound("aSide"), outbound("zSide")) {
		t.Error("both sides see the same")
	}
}

func TestConnectionStatsRefusals(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := named(t, api, fabrictest.DemoThrottled).UUID
	for _, viewPoint := range []string{"", "bSide"} {
		c.wantError(http.StatusBadRequest, `"viewPoint"`, "GET", connectionStats(id, viewPoint, now.Add(-day), now), "")
	}
	c.wantError(http.StatusBadRequest, `"endDateTime"`, "GET", connectionStats(id, "aSide", now, now.Add(-day)), "")
	c.wantError(http.StatusNotFound, "EQ-3045811", "GET", connectionStats("nobody", "aSide", now.Add(-day), now), "")
}

func TestConnectionsShareTheirPorts(t *testing.T) {
	api, _ := newClient(t, fabrictest.Options{})
	fleet := api.Fleet()
	sums := map[string]map[time.Time]float64{}
	for _, p := range fleet.Ports {
		sums[p.UUID] = map[time.Time]float64{}
	}
	for _, c := range fleet.Connections {
		for side, port := range map[string]string{"aSide": c.ASide.Port, "zSide": c.ZSide.Port} {
			for _, s := range api.ConnectionTruth(c.UUID, side, fabrictest.Outbound, now.Add(-day), now, fiveMinutes, now) {
				if s.Max < s.Mean || s.Max > float64(c.Bandwidth) {
					t.Fatalf("%s: %+v at %d Mbit/s", c.Name, s, c.Bandwidth)
				}
				if sum := sums[port]; sum != nil {
					sum[s.End] += s.Mean
				}
			}
		}
	}
	busy := 0
	for _, p := range fleet.Ports {
		for _, s := range api.Truth(p.UUID, fabrictest.Outbound, now.Add(-day), now, fiveMinutes, now) {
			if sum := sums[p.UUID][s.End]; sum > s.Mean+1e-6 {
				t.Fatalf("%s: its connections carry %v, the port %v at %v", p.Name, sum, s.Mean, s.End)
			} else if sum > 0 {
				busy++
			}
		}
	}
	if busy < 1_000 {
		t.Errorf("only %d intervals have traffic of connections", busy)
	}
}

func TestThrottledConnections(t *testing.T) {
	demo, _ := newClient(t, fabrictest.Options{})
	metrics, _ := metricsAccount(t)
	for name, api := range map[string]*fabrictest.API{fabrictest.DemoThrottled: demo, fabrictest.MetricsThrottled: metrics} {
		c := named(t, api, name)
		full := 0
		for _, s := range api.ConnectionTruth(c.UUID, "aSide", fabrictest.Outbound, now.Add(-7*day), now, fiveMinutes, now) {
			if s.Mean == float64(c.Bandwidth) {
				full++
			}
		}
		if full < 100 {
			t.Errorf("%s: full in %d intervals of a week", name, full)
		}
		entry := api.MetricTruth(c.UUID, fabrictest.MetricConnectionDroppedRZ, now.Add(-7*day), now, time.Hour, now)
		exit := api.MetricTruth(c.UUID, fabrictest.MetricConnectionDroppedTA, now.Add(-7*day), now, time.Hour, now)
		sum := func(ps []fabrictest.Datapoint) (sum float64) {
			for _, p := range ps {
				sum += p.Value
			}
			return sum
		}
		if sum(exit) == 0 || sum(entry) <= sum(exit) {
			t.Errorf("%s: %v packets dropped at the entry, %v at the exit", name, sum(entry), sum(exit))
		}
	}
}

func TestConnectionMetrics(t *testing.T) {
	api, c := metricsAccount(t)
	id := named(t, api, fabrictest.MetricsThrottled).UUID
	names := []string{fabrictest.MetricConnectionRx, fabrictest.MetricConnectionTx, fabrictest.MetricConnectionDroppedTA}
	var got metricPage
	c.decode(&got, "POST", metricsSearch, metricsBody("connections/"+id, names, now.Add(-day), now))
	for i, m := range got.Data {
		if diff := cmp.Diff(api.MetricTruth(id, names[i], now.Add(-day), now, fiveMinutes, now), m.points()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", m.Name, diff)
		}
	}
	var one metricPage
	c.decode(&one, "GET", "/fabric/v4/connections/"+id+"/metrics?name="+names[1], "")
	if len(got.Data) != 3 || len(one.Data) != 1 || one.Data[0].Resource.Type != "EVPL_VC" {
		t.Errorf("%d metrics, %d by name: %+v", len(got.Data), len(one.Data), one)
	}
}
