package daemon_test

import (
	"maps"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/util/testutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// What a bubble does not see is seen here.
func TestMain(m *testing.M) { testutil.TolerantVerifyLeak(m) }

// A reload leaves no goroutine behind, no timer that holds on to what was, and
// no memory; nor does it cost a series.
func TestAThousandReloadsLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		ports := own(api)
		same, other := configure(ports, ""), configure(ports, "api: {timeout: 20s}\n") // another client
		yaml := text(same)
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(30 * time.Minute)
		series := func() []string { return slices.Sorted(maps.Keys(e.series(t))) }
		reload := func(n int) {
			for i := range n {
				yaml.Store([]string{same, other}[i/2%2])
				if err := e.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute) // what is under way comes to its end
			synctest.Wait()
			e.log.Reset()
			api.ResetRequests()
		}
		held := func() (goroutines int, heap uint64) {
			var m runtime.MemStats
			for range 2 { // what pools hold survives one
				runtime.GC()
			}
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		reload(100)
		want := series()
		goroutines, heap := held()
		reload(1000)
		nowGoroutines, nowHeap := held()
		if nowGoroutines > goroutines || nowHeap > heap+1<<20 {
			t.Errorf("%d goroutines and %d bytes, there were %d and %d", nowGoroutines, nowHeap, goroutines, heap)
		}
		if diff := cmp.Diff(want, series()); diff != "" {
			t.Errorf("series (-before +after)\n%s", diff)
		}
	})
}
