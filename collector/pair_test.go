package collector_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The figures of a pair end with the traffic of either port, window by window.
func TestCollectorDropsAPairWithEitherPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		snap.Ports[2].Traffic[0].At = time.Now().Add(-25 * time.Minute)
		const pair = `pair="ams"`
		if diff := cmp.Diff([]string{"pair_failover_utilization_p95_ratio", "pair_failover_utilization_ratio", "pair_info", "pair_ports_missing"}, families(expose(t, snap), pair)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		time.Sleep(time.Second)
		if diff := cmp.Diff([]string{"pair_failover_utilization_p95_ratio", "pair_info", "pair_ports_missing"}, families(expose(t, snap), pair)); diff != "" {
			t.Errorf("one port's first window is stale (-want +got)\n%s", diff)
		}
		if got := families(expose(t, snap), pair, `window="1d"`); len(got) != 0 {
			t.Errorf("of that window there is still %v", got)
		}
	})
}

// A pair with a missing port has no other series to miss it by. Until its ports
// have been looked for it has no series at all.
func TestCollectorCountsTheMissingPortsOfConfiguredPairs(t *testing.T) {
	missing := func(snap *fleet.Snapshot) (lines []string) {
		for line := range strings.Lines(string(expose(t, snap))) {
			if name, ok := strings.CutPrefix(line, "equinix_fabric_pair_ports_missing"); ok {
				lines = append(lines, strings.TrimSpace(name))
			}
		}
		return lines
	}
	now := time.Now()
	snap := snapshot(now)
	want := []string{`{account="prod",pair="ams"} 0`, `{account="prod",pair="fra"} 1`}
	if diff := cmp.Diff(want, missing(snap)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	snap.Accounts[0].InventoryPoll.OK = false
	if diff := cmp.Diff(want, missing(snap)); diff != "" {
		t.Errorf("the listing fails now (-want +got)\n%s", diff)
	}
	snap.Accounts[0].InventoryPoll = fleet.Poll{Last: now}
	if got := missing(snap); got != nil {
		t.Errorf("no listing has come through yet: %v", got)
	}
	snap = snapshot(now)
	snap.Accounts = append(snap.Accounts, fleet.Account{Name: "other"})
	if got := missing(snap); got != nil {
		t.Errorf("another account may have the port: %v", got)
	}
}
