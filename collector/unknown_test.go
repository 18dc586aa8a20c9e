package collector_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The API leaves states empty, and an empty label is no label.
func TestCollectorCallsEmptyStatesUnknown(t *testing.T) {
	snap := snapshot(time.Now())
	inventory := snap.Ports[0].Inventory
	inventory.State = ""
	inventory.Links = append(inventory.Links, fleet.Link{})
	body := string(expose(t, snap))
	const port = `{port_name="ams-1",port_uuid="` + wholeUUID + `",`
	for _, want := range []string{
		"port_lifecycle_state" + port + `state="UNKNOWN"} 1`,
		"port_lag_links" + port + `status="UNKNOWN"} 1`,
		"port_lag_links" + port + `status="UP"} 2`,
	} {
		if !strings.Contains(body, "equinix_fabric_"+want) {
			t.Errorf("no line %s", want)
		}
	}
}

// Only v4-metrics counts packets; of the other sources 0 would be a lie.
func TestCollectorHasNoPacketCountersThatTheSourceLacks(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Ports[0].Dropped = map[fleet.Direction]fleet.Counter{fleet.Inbound: {}}
	snap.Ports[0].Errored = nil
	for _, family := range families(expose(t, snap), wholeUUID) {
		if strings.HasPrefix(family, "port_packets_") {
			t.Errorf("%s is there", family)
		}
	}
}

func TestCollectorShowsALoginThatIsHeldBack(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Accounts[0].LoginHeld, snap.Accounts[0].TokenExpiry = true, time.Time{}
	body := string(expose(t, snap))
	if !strings.Contains(body, `equinix_fabric_login_suspended{account="prod"} 1`) {
		t.Error("login_suspended is not 1")
	}
	if strings.Contains(body, "equinix_fabric_token_expiry_timestamp_seconds{") {
		t.Error("a token that is not there expires")
	}
}
