package replay_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// The other replica polls the same ports, so no alert fires.
func TestAReplicaThatIsDownIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	line := newTimeline(t, record(t, story{
		api: estate(), config: discover, span: 90 * time.Minute, shards: settings["two replicas"], events: []event{
			{begin, func(w *world) { w.exporters[1].down = true }},
			{end, func(w *world) { w.exporters[1].down = false }},
		},
	}))
	line.expect(t, want{"FabricExporterReplicaDown", after(begin, 15*time.Minute, 0), after(end, 0, 0)})
}

// A shard that was never started is not a target that could be down.
func TestAShardThatIsMissingIsOneAlert(t *testing.T) {
	t.Parallel()
	const end = time.Hour
	line := newTimeline(t, record(t, story{
		api: estate(), config: discover, span: 90 * time.Minute, shards: []string{"0/2"}, events: []event{
			{end, func(w *world) {
				w.exporters = append(w.exporters, &exporter{instance: "exporter-1:10345", shard: "1/2"})
				w.start(1)
			}},
		},
	}))
	line.expect(t, want{"FabricShardMissing prod", after(0, 10*time.Minute, poll), after(end, 0, poll)})
}

// From two shards to three, with one that was forgotten.
func TestShardsThatDisagreeAreOneAlert(t *testing.T) {
	t.Parallel()
	const end = time.Hour
	line := newTimeline(t, record(t, story{
		api: estate(), config: discover, span: 90 * time.Minute, shards: []string{"0/3", "1/2", "2/3"}, events: []event{
			{end, func(w *world) {
				w.exporters[1].stop()
				w.exporters[1].shard = "1/3"
				w.start(1)
			}},
		},
	}))
	line.expect(t, want{"FabricShardsDisagree prod", after(0, 15*time.Minute, poll), after(end, 0, poll)})
}

// Two exporters with a port each, both of which call their account the same.
func TestAnAccountNameOfTwoAccountsIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, 90 * time.Minute
	become := func(config string) func(*world) {
		return func(w *world) {
			w.exporters[1].stop()
			w.exporters[1].config = config
			w.start(1)
		}
	}
	only := func(port string) string {
		return account("    discover: {enabled: true, include: [{name: " + port + "}]}\n")
	}
	line := newTimeline(t, record(t, story{
		api: estate(), config: "    discover: {enabled: true, include: [{name: " + first + "}]}\n", span: 2 * time.Hour,
		shards: settings["two replicas"], events: []event{{begin, become(only(single))}, {end, become(only(first))}},
	}))
	line.expect(t, want{"FabricAccountNameShared prod", after(begin, 30*time.Minute, poll), after(end, 0, poll)})
}

// A pair of the configuration whose second port is mistyped, and then corrected.
func TestAPairThatMissesAPortIsOneAlert(t *testing.T) {
	t.Parallel()
	const end = 90 * time.Minute
	// Ports that the API does not pair by itself.
	one, _ := fabrictest.Demo(0).Port(fabrictest.DemoSaturated)
	two, _ := fabrictest.Demo(0).Port(fabrictest.DemoLAG)
	pair := func(secondary string) string {
		return discover + "    pairs: [{name: uplinks, primary: " + one.UUID + ", secondary: " + secondary + "}]\n"
	}
	line := newTimeline(t, record(t, story{
		api: estate(), config: pair("c4d9350e-783c-83cd-1ce0-306a5c00a6ff"), span: 2 * time.Hour, events: []event{
			{end, func(w *world) {
				w.configure(pair(two.UUID))
				if err := w.reload(); err != nil {
					w.Error(err)
				}
			}},
		},
	}))
	line.expect(t, want{"FabricPairPortMissing uplinks", after(0, 30*time.Minute, 15*time.Minute), after(end, 0, poll)})
}
