package replay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// onMetrics is an estate of which only the v4 metrics know the traffic.
func onMetrics(change ...func(*fabrictest.Fleet)) func() *fabrictest.API {
	attach := func(f *fabrictest.Fleet) { f.Attach() }
	sound := estate(append([]func(*fabrictest.Fleet){attach}, change...)...)
	return func() *fabrictest.API {
		api := sound()
		api.SetGone(fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4)
		return api
	}
}

const (
	v3      = discover + "    traffic_source: v3\n"
	metrics = discover + "    traffic_source: v4-metrics\n"
)

func TestAPortThatIsDetachedIsNotCalledLate(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 2 * time.Hour
	var stream fabrictest.Stream
	line := newTimeline(t, record(t, story{api: onMetrics(), config: metrics, span: 160 * time.Minute, events: []event{
		{begin, func(w *world) {
			p, _ := w.api.Fleet().Port(single)
			stream = p.Stream
			if err := w.api.SetStream(p.UUID, fabrictest.Stream{}); err != nil {
				w.Error(err)
			}
		}},
		{end, func(w *world) {
			if err := w.api.SetStream(w.port(single), stream); err != nil {
				w.Error(err)
			}
		}},
	}}))
	// Until the data of before have gone stale, after five intervals, they overrule the listing.
	line.expect(t, want{"FabricPortNotAttached " + single, after(begin, 45*time.Minute, 2*poll), after(end, 0, listing)})
}

func TestLateSamplesFireForEachPort(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 2 * time.Hour
	line := newTimeline(t, record(t, story{api: estate(), config: v3, span: 150 * time.Minute, events: []event{
		{begin, func(w *world) {
			w.inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, UUID: w.port(single), EmptyPoints: true})
		}},
		{end, mend},
	}}))
	// The newest sample was 2 to 17 minutes old, and counts as late at 30.
	line.expect(t, want{
		"FabricSamplesLate " + single, between{begin + 25*time.Minute, begin + 45*time.Minute}, after(end, 0, poll),
	})
}

func TestAPortWithFailingPollsFires(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 130 * time.Minute
	line := newTimeline(t, record(t, story{api: estate(), config: v3, span: 160 * time.Minute, events: []event{
		{begin, func(w *world) {
			w.inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, UUID: w.port(first), Status: http.StatusForbidden, Body: "[]"})
		}},
		{end, mend},
	}}))
	line.expect(t,
		want{"FabricDataStale " + first, between{begin + 25*time.Minute, begin + 32*time.Minute}, after(end, 0, poll)},
		want{
			"FabricPairDataMissing " + first + " + " + second,
			between{begin + 80*time.Minute, begin + 92*time.Minute}, after(end, 0, poll),
		},
	)
}

func TestAMistypedPortFires(t *testing.T) {
	t.Parallel()
	const typo = "00000000-0000-4000-8000-000000000000"
	line := newTimeline(t, record(t, story{
		api: estate(), config: strings.TrimSuffix(v3, "\n") + "\n    ports: [{uuid: " + typo + "}]\n", span: 45 * time.Minute,
	}))
	line.expect(t, want{"FabricPortNeverPolled " + typo, after(0, 15*time.Minute, poll), between{}})
}

func TestFailingListingsAndSearchesFire(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 3 * time.Hour
	line := newTimeline(t, record(t, story{api: estate(), config: v3, span: 220 * time.Minute, events: []event{
		{begin, func(w *world) {
			for _, op := range []string{
				fabrictest.OpPorts, fabrictest.OpUserPortsV3, fabrictest.OpSearchPorts, fabrictest.OpPort, fabrictest.OpSearchConnections,
			} {
				w.inject(fabrictest.Fault{Op: op, Status: http.StatusInternalServerError, Body: fabrictest.BodyInternalError})
			}
		}},
		{end, mend},
	}}))
	// The inventory ends after five of its intervals, the connections after five of theirs.
	line.expect(t,
		want{"FabricInventoryStale prod", after(begin, 60*time.Minute+30*time.Minute, listing), after(end, 0, listing)},
		want{"FabricConnectionsStale prod", after(begin, 20*time.Minute+time.Hour, poll), after(end, 0, poll)},
		want{
			"FabricPairDataMissing " + first + " + " + second, // without a capacity there is no share of it
			after(begin, 60*time.Minute+time.Hour, listing), after(end, 0, listing),
		},
	)
}

func TestAPortWithoutSamplesFires(t *testing.T) {
	t.Parallel()
	line := newTimeline(t, record(t, story{api: estate(), config: v3, span: 90 * time.Minute, events: []event{
		{0, func(w *world) {
			w.inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, UUID: w.port(single), EmptyPoints: true})
		}},
	}}))
	line.expect(t, want{"FabricPortWithoutSamples " + single, after(0, time.Hour, poll), between{}})
}

func TestDroppedPacketsFire(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 100 * time.Minute
	line := newTimeline(t, record(t, story{api: onMetrics(), config: metrics, span: end + 95*time.Minute, events: []event{
		{begin, overload(single, 0, 1)},
		{end, overload(single, 0.01, 0.01)},
	}}))
	line.expect(t,
		want{"FabricPortSaturated " + single, after(begin, 15*time.Minute, poll), after(end, 0, poll)},
		want{"FabricPortNearlyFull " + single, after(begin, 30*time.Minute, poll), after(end, 0, poll)},
		want{"FabricPortDropping " + single, after(begin, 15*time.Minute, 30*time.Minute), after(end, 30*time.Minute, time.Hour)},
	)
}

func TestASlowAPIFires(t *testing.T) {
	t.Parallel()
	const begin, end = time.Hour, 4 * time.Hour
	line := newTimeline(t, record(t, story{api: estate(), config: v3 + "api: {concurrency: 1, timeout: 5m}\n", span: end + 65*time.Minute, events: []event{
		{begin, fault(fabrictest.Fault{Delay: 200 * time.Second})},
		{end, mend},
	}}))
	// The intervals are as long as a lap of such answers takes.
	line.expect(t, want{"FabricPollingStretched prod", between{begin + 30*time.Minute, end}, between{end, end + time.Hour}})
}
