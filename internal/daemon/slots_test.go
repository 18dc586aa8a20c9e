package daemon_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Whenever the configuration is reloaded, no port waits much longer for its next
// poll than without, and no port is polled again.
func TestReloadsLeaveNoPollOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Generate(1, 40, 0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		e, stop := start(t, api.Transport(), text(discovery("    discover: {enabled: true}\n    traffic_source: v3\n")))
		defer stop()
		time.Sleep(10 * time.Minute)
		const polls = 15
		for range polls {
			time.Sleep(5*time.Minute - 13*time.Second) // another place of the interval each time
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		asked := map[string]time.Time{}
		requests := 0
		for _, r := range api.Requests() {
			if r.Op != fabrictest.OpPortStatsV3 {
				continue
			}
			requests++
			uuid := r.Path[strings.LastIndexByte(r.Path, '/')+1:]
			if last, ok := asked[uuid]; ok && r.Time.Sub(last) > 5*time.Minute*5/4+11*time.Second {
				t.Errorf("port %s was not polled for %v", uuid, r.Time.Sub(last))
			}
			asked[uuid] = r.Time
		}
		if most := 40 * (polls + 4); requests > most {
			t.Errorf("%d polls, want at most %d", requests, most)
		}
	})
}
