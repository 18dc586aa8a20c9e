package replay_test

import (
	"testing"
	"time"
)

// lose makes Prometheus lose an exporter, and find it again.
func lose(i int, begin, end time.Duration) []event {
	set := func(down bool) func(*world) { return func(w *world) { w.exporters[i].down = down } }
	return []event{{begin, set(true)}, {end, set(false)}}
}

func TestAReplicaThatIsDownIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	line := watch(t, tell(t, story{
		api: estate(), config: discover, span: 90 * time.Minute, shards: settings["two replicas"], events: lose(1, begin, end),
	}))
	line.expect(t, want{"FabricExporterReplicaDown", after(begin, 15*time.Minute, time.Minute), after(end, 0, time.Minute)})
}

func TestAShardThatIsDownIsTold(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	line := watch(t, tell(t, story{
		api: estate(), config: discover, span: 90 * time.Minute, shards: []string{"0/2", "1/2"}, events: lose(1, begin, end),
	}))
	line.expect(t,
		want{"FabricExporterDown", after(begin, 5*time.Minute, time.Minute), after(end, 0, time.Minute)},
		want{"FabricShardMissing prod", after(begin, 10*time.Minute, time.Minute), after(end, 0, time.Minute)},
	)
}

func TestShardsThatDoNotAgreeAreTold(t *testing.T) {
	t.Parallel()
	line := watch(t, tell(t, story{api: estate(), config: discover, span: time.Hour, shards: []string{"0/2", "1/3"}}))
	line.expect(t,
		want{"FabricShardsDisagree prod", after(0, 15*time.Minute, time.Minute), between{}},
		want{"FabricShardMissing prod", after(0, 10*time.Minute, time.Minute), between{}},
	)
}

func TestAPairWithoutAPortIsTold(t *testing.T) {
	t.Parallel()
	const half = "    pairs: [{name: half, primary: 00000000-0000-4000-8000-000000000000, secondary: 00000000-0000-4000-8000-000000000001}]\n"
	line := watch(t, tell(t, story{api: estate(), config: discover + half, span: time.Hour}))
	line.expect(t, want{"FabricPairPortMissing half", after(0, 30*time.Minute, listing), between{}})
}
