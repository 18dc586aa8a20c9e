package daemon_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// discovery watches all that the credentials see, with whatever else is given.
func discovery(more string) string {
	return fmt.Sprintf("accounts:\n  - name: prod\n    client_id: %s\n    client_secret: %s\n%s",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret, more)
}

func TestDiscoveryFindsTheEstateAndFollowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(discovery("    discover: {enabled: true, exclude: [{metro: AM|FR}]}\n")))
		defer stop()
		time.Sleep(time.Minute)
		names := func() string {
			var all []string
			for series := range e.series(t) {
				if strings.HasPrefix(series, "port_info{") {
					_, rest, _ := strings.Cut(series, `port_name="`)
					name, _, _ := strings.Cut(rest, `"`)
					all = append(all, name)
				}
			}
			return strings.Join(all, " ")
		}
		got := names()
		for _, want := range []string{fabrictest.DemoPrimary, fabrictest.DemoIdle, fabrictest.DemoCrowded} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is missing in %s", want, got)
			}
		}
		for _, other := range []string{fabrictest.DemoLAG, fabrictest.DemoDown, fabrictest.DemoForeign} {
			if strings.Contains(got, other) {
				t.Errorf("%s is in %s", other, got)
			}
		}
		port, _ := api.Fleet().Port(fabrictest.DemoIdle)
		api.RemovePort(port.UUID)
		port, _ = api.Fleet().Port(fabrictest.DemoCrowded)
		api.EditPort(port.UUID, func(p *fabrictest.Port) { p.Name, p.Speed = "renamed", 100_000 })
		time.Sleep(20 * time.Minute)
		got = names()
		if strings.Contains(got, fabrictest.DemoIdle) || strings.Contains(got, fabrictest.DemoCrowded) || !strings.Contains(got, "renamed") {
			t.Errorf("after a removal and a change of name: %s", got)
		}
		capacity := e.series(t)[fmt.Sprintf(`port_capacity_bytes_per_second{port_name="renamed",port_uuid=%q}`, port.UUID)]
		if capacity != 100e9/8 {
			t.Errorf("capacity of the resized port: %v", capacity)
		}
	})
}

// The whole of an estate within what the budget allows, by counting calls.
func TestAThousandPortsAreDiscoveredWithinTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ports, connections = 1_000, 20_000
		f := fabrictest.Generate(1, ports, connections)
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		e, stop := start(t, api.Transport(), text(discovery("    discover: {enabled: true}\napi: {requests_per_second: 5}\n")))
		defer stop()
		began := time.Now()
		for !e.Snapshot().Ready && time.Since(began) < time.Hour {
			time.Sleep(time.Second)
		}
		// A search for a batch of ports ends with a page that is not full, and a
		// connection between two batches is in both. The interval of searches is hardly
		// longer than the first round, so there may be two.
		calls := api.Count("")
		if most := ports + 2*(connections/100+2*ports/100*2+20); calls < ports+connections/100 || calls > most {
			byOp := map[string]int{}
			for _, r := range api.Requests() {
				byOp[r.Op]++
			}
			t.Errorf("%d calls until all was known, want at most %d: %v", calls, most, byOp)
		}
		if took, most := time.Since(began), time.Duration(calls)*time.Second/5+10*time.Second; took > most {
			t.Errorf("complete after %v, the budget allows %v", took, most)
		}
		if n := len(e.Snapshot().Ports); n != ports {
			t.Errorf("%d ports", n)
		}
		counted := 0
		for _, p := range e.Snapshot().Ports {
			if p.Traffic[0] == nil || p.Connections == nil || p.Inventory == nil {
				t.Fatalf("port %s is not complete", p.UUID)
			}
			counted += p.Connections.Total()
		}
		sides := 0
		for _, c := range f.Connections {
			for _, side := range []string{c.ASide.Port, c.ZSide.Port} {
				if e.Snapshot().Port(side) != nil {
					sides++
				}
			}
		}
		if counted != sides {
			t.Errorf("%d connections on the ports, want %d", counted, sides)
		}
	})
}

func metricsOnly() *fabrictest.API {
	f := fabrictest.DemoMetrics(0)
	return fabrictest.New(fabrictest.Options{Fleet: &f, Gone: []string{
		fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4,
	}})
}

func TestAutoEndsAtTheMetricsAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsOnly()
		e, stop := start(t, api.Transport(), text(discovery("    discover: {enabled: true}\n")))
		time.Sleep(2 * time.Minute)
		got := e.series(t)
		if got[`traffic_source_info{account="prod",source="v4-metrics"}`] != 1 {
			t.Error("the source is not v4-metrics")
		}
		for _, p := range own(api) {
			labels := fmt.Sprintf(`{port_name=%q,port_uuid=%q}`, p.Name, p.UUID)
			want := 1.0
			if p.Name == fabrictest.MetricsDisabled || p.Name == fabrictest.MetricsUnattached {
				want = 0
			}
			attached, ok := got["port_metrics_attached"+labels]
			if !ok || attached != want {
				t.Errorf("%s attached: %v %v, want %v", p.Name, attached, ok, want)
			}
			last := fmt.Sprintf(`port_traffic_last_bytes_per_second{direction="inbound",port_name=%q,port_uuid=%q}`, p.Name, p.UUID)
			if _, ok := got[last]; ok != (want == 1) {
				t.Errorf("%s has traffic: %v", p.Name, ok)
			}
		}
		stop()
		if log := e.log.String(); !strings.Contains(log, "attach the port to it") {
			t.Error("the log does not say what to do about a port that is not attached")
		}
	})
}

func TestPacketCountersFollowTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsOnly()
		began := time.Now()
		e, stop := start(t, api.Transport(), text(discovery("    discover: {enabled: true}\n    traffic_source: v4-metrics\npoll: {interval: 15m}\n")))
		defer stop()
		time.Sleep(18 * time.Hour)
		port, _ := api.Fleet().Port(fabrictest.MetricsDropping)
		polled := e.Snapshot().Port(port.UUID).Polls[0].LastSuccess
		want := 0.0
		for _, p := range api.MetricTruth(port.UUID, fabrictest.MetricPortDroppedTx, began, polled, 5*time.Minute, polled) {
			if p.End.After(began) {
				want += p.Value
			}
		}
		series := fmt.Sprintf(`port_packets_dropped_total{direction="outbound",port_name=%q,port_uuid=%q}`, port.Name, port.UUID)
		if got := e.series(t)[series]; got != want || want == 0 {
			t.Errorf("dropped %v, the API counted %v", got, want)
		}
	})
}
