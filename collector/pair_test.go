package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The figures of a pair end with the traffic of either port, window by window.
func TestCollectorDropsAPairWithEitherPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		snap.Ports[2].Traffic[0].At = time.Now().Add(-25 * time.Minute)
		const pair = `pair="ams"`
		if diff := cmp.Diff([]string{"pair_failover_utilization_p95_ratio", "pair_failover_utilization_ratio", "pair_info"}, families(expose(t, snap), pair)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		time.Sleep(time.Second)
		if diff := cmp.Diff([]string{"pair_failover_utilization_p95_ratio", "pair_info"}, families(expose(t, snap), pair)); diff != "" {
			t.Errorf("one port's first window is stale (-want +got)\n%s", diff)
		}
		if got := families(expose(t, snap), pair, `window="1d"`); len(got) != 0 {
			t.Errorf("of that window there is still %v", got)
		}
	})
}
