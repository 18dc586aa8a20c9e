package daemon_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pairing is a pair of the configuration.
func pairing(name string, a, b *fabrictest.Port) string {
	return fmt.Sprintf("    pairs: [{name: %s, primary: %s, secondary: %s}]\n", name, a.UUID, b.UUID)
}

// Pairs of the API's groups and of the configuration, read through a source that
// stamps its intervals punctually and through one that jitters: every figure is
// recomputed from what the simulated API knows to be true.
func TestEveryPairFigureIsTheTruth(t *testing.T) {
	for _, source := range []string{"v3", "v4-metrics"} {
		synctest.Test(t, func(t *testing.T) {
			api := attached()
			ports := own(api)
			named := func(name string) *fabrictest.Port {
				return &ports[slices.IndexFunc(ports, func(p fabrictest.Port) bool { return p.Name == name })]
			}
			pairs := map[string][2]*fabrictest.Port{
				fabrictest.DemoPrimary + " + " + fabrictest.DemoSecondary:         {named(fabrictest.DemoPrimary), named(fabrictest.DemoSecondary)},
				fabrictest.DemoEdgePrimary + " + " + fabrictest.DemoEdgeSecondary: {named(fabrictest.DemoEdgePrimary), named(fabrictest.DemoEdgeSecondary)},
				"odd": {named(fabrictest.DemoStringly), named(fabrictest.DemoUnknownState)},
			}
			odd := pairs["odd"]
			yaml := configure(ports, "    traffic_source: "+source+"\n"+pairing("odd", odd[0], odd[1])+windows)
			e, stop := start(t, api.Transport(), text(yaml))
			defer stop()
			time.Sleep(time.Hour)
			synctest.Wait()
			got := e.series(t)
			figures := 0
			for name, ports := range pairs {
				info := fmt.Sprintf("pair_info{pair=%q,primary_uuid=%q,secondary_uuid=%q}", name, ports[0].UUID, ports[1].UUID)
				if got[info] != 1 {
					t.Errorf("%s: no %s", source, info)
				}
				figures += comparePair(t, e.Snapshot(), api, got, name, ports)
			}
			if figures != 3*2*3 {
				t.Errorf("%s: %d figures were compared", source, figures)
			}
		})
	}
}

// comparePair holds the series of a pair against the truth about its ports.
func comparePair(t *testing.T, snap *fleet.Snapshot, api *fabrictest.API, got map[string]float64, name string, ports [2]*fabrictest.Port) (figures int) {
	t.Helper()
	capacity := float64(min(ports[0].Capacity(), ports[1].Capacity())) * 1e6
	source := snap.Accounts[0].Source
	for direction, label := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
		for w, window := range snap.Windows {
			var means [2]map[time.Time]float64
			for i, p := range ports {
				polled := snap.Port(p.UUID).Polls[w].LastSuccess // the moment that the request was for
				means[i] = meansOf(api, source, p.UUID, direction, polled, window)
			}
			var sums []float64
			var last float64
			for _, end := range slices.SortedFunc(maps.Keys(means[0]), time.Time.Compare) {
				if other, both := means[1][end]; both {
					last = means[0][end] + other
					sums = append(sums, last)
				}
			}
			slices.Sort(sums)
			want := map[string]float64{
				fmt.Sprintf("pair_failover_utilization_p95_ratio{direction=%q,pair=%q,window=%q}", label, name, window.Label()): sums[len(sums)-1-len(sums)/20] / capacity,
			}
			if w == 0 {
				want[fmt.Sprintf("pair_failover_utilization_ratio{direction=%q,pair=%q}", label, name)] = last / capacity
			}
			for series, v := range want {
				figures++
				if g, ok := got[series]; !ok || math.Abs(g-v) > 1e-9 {
					t.Errorf("%s: %s = %v (there: %v), want %v", source, series, g, ok, v)
				}
			}
		}
	}
	return figures
}

// meansOf are the true means in bit/s by the end of the interval, for what a
// source tells of a window at the time polled.
func meansOf(api *fabrictest.API, source, uuid string, d fabrictest.Direction, polled time.Time, w fleet.Window) map[time.Time]float64 {
	means := map[time.Time]float64{}
	from := polled.Add(-w.Span)
	if source != "v4-metrics" {
		for _, s := range api.Truth(uuid, d, from, polled, w.Resolution, polled) {
			means[s.End] = s.Mean * 1e6
		}
		return means
	}
	name := map[fabrictest.Direction]string{fabrictest.Inbound: fabrictest.MetricPortRx, fabrictest.Outbound: fabrictest.MetricPortTx}[d]
	for _, s := range api.MetricTruth(uuid, name, from, polled, w.Resolution, polled) {
		means[s.End.Truncate(w.Resolution)] = s.Value // stamped up to five seconds late
	}
	return means
}
