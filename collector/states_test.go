package collector_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// madeUp are n undocumented states, each of two connections.
func madeUp(n int) map[string]int {
	states := map[string]int{}
	for i := range n {
		states[fmt.Sprintf("STATE_%04d", i)] = 2
	}
	return states
}

// with puts connections in these states on a port.
func with(snap *fleet.Snapshot, port int, states map[string]int) *fleet.Snapshot {
	c := *snap.Ports[port].Connections
	c.States, c.Equinix, c.Provider = states, states, states
	snap.Ports[port].Connections = &c
	return snap
}

// One connection in a new state took another port away, and gave it back later.
func TestLimitDoesNotFlapWithStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := 3 * portCharge
		before := shown(expose(t, limited(time.Now(), most)))
		for _, states := range []map[string]int{{}, {"ACTIVE": 1}, {"ACTIVE": 1, "BRAND_NEW": 1}, madeUp(2000)} {
			after := shown(expose(t, with(limited(time.Now(), most), 0, states)))
			if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))); diff != "" || sum(after) > most {
				t.Errorf("with %d states there are %d series (-before +after)\n%s", len(states), sum(after), diff)
			}
		}
	})
}

// One odd port took all others of its account along.
func TestLimitIsNotSpentByOnePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := expose(t, with(limited(time.Now(), 1000), 0, madeUp(2000)))
		if got := shown(body); len(got) != 8 || dropped(t, body, "prod") != 0 || sum(got) > 1000 {
			t.Errorf("%v, dropped %d", got, dropped(t, body, "prod"))
		}
	})
}

// Ports fill in after a start. None may show only until the others have.
func TestLimitHoldsStillWhileSeriesFillIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := limited(time.Now(), 2*portCharge)
		full := shown(expose(t, snap))
		for _, p := range snap.Ports {
			p.Inventory, p.Connections, p.Traffic, p.Dropped, p.Errored = nil, nil, make([]*fleet.Traffic, 2), nil, nil
		}
		snap.Ports[4].Listed = false // it comes first
		empty := shown(expose(t, snap))
		if len(full) != 2 || len(empty) != 1 || empty["port-0"] == 0 {
			t.Errorf("at first %v, then %v", empty, full)
		}
	})
}

// The charge is no less than what there can be, and hardly more.
func TestNothingHasMoreSeriesThanItIsCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := limited(time.Now(), 1_000_000)
		states := madeUp(2000)
		for _, documented := range documentedStates {
			states[documented] = 1
		}
		with(snap, 0, states)
		inventory := *snap.Ports[0].Inventory
		inventory.Status = "BRAND_NEW"
		for i := range 100 {
			inventory.Links = append(inventory.Links, fleet.Link{Status: fmt.Sprint("STATUS_", i), Speed: new(1e9)})
		}
		inventory.Links = append(inventory.Links, fleet.Link{Speed: new(1e9)})
		snap.Ports[0].Inventory = &inventory
		snap.Connections[0].Status = "BRAND_NEW"
		snap.Pairs[0].Primary, snap.Pairs[0].Secondary = "port-1", "port-2"
		got := shown(expose(t, snap))
		for id, charge := range map[string]int{"port-0": portCharge, "ams": pairCharge, "conn-0": connectionCharge} {
			if got[id] > charge || got[id] < charge-6 { // links of unknown status leave no capacity
				t.Errorf("%s has %d series, and is charged %d", id, got[id], charge)
			}
		}
	})
}

// documentedStates are of all three kinds.
var documentedStates = append(fleet.ConnectionStates(),
	"AUTO_APPROVAL_FAILED", "DELETED", "NOT_DEPROVISIONED", "NOT_PROVISIONED", "PENDING_APPROVAL", "PENDING_AUTO_APPROVAL",
	"PENDING_BGP_PEERING", "PENDING_DELETE", "PENDING_INTERFACE_CONFIGURATION", "PENDING_PROVIDER_VLAN",
	"PENDING_PROVIDER_VLAN_ERROR", "REJECTED", "REJECTED_ACK",
	"AVAILABLE", "DELETING", "ERROR", "N/A", "NOT_AVAILABLE", "ORDERING", "PENDING DELETE", "PENDING_BGP", "PENDING_CONFIGURATION",
)

// Undocumented states beyond the first eight are summed, the sum stays
// right, and documented ones keep their name behind them.
func TestStatesAreBounded(t *testing.T) {
	states := madeUp(9)
	states["REJECTED"], states["ACTIVE"], states["OTHER"], states["ZZZ"] = 3, 4, 5, 7
	body := string(expose(t, with(limited(time.Now(), 1_000_000), 0, states)))
	for series, want := range map[string]string{
		`connections{port_name="ams-1",port_uuid="port-0",state="ACTIVE"}`:                          "4",
		`connections{port_name="ams-1",port_uuid="port-0",state="FAILED"}`:                          "0",
		`connections{port_name="ams-1",port_uuid="port-0",state="REJECTED"}`:                        "3", // not one of a state, and by the alphabet first
		`connections{port_name="ams-1",port_uuid="port-0",state="STATE_0006"}`:                      "2",
		`connections{port_name="ams-1",port_uuid="port-0",state="STATE_0007"}`:                      "",
		`connections{port_name="ams-1",port_uuid="port-0",state="OTHER"}`:                           "16",
		`connections_status{port_name="ams-1",port_uuid="port-0",side="equinix",status="REJECTED"}`: "3",
		`connections_status{port_name="ams-1",port_uuid="port-0",side="provider",status="ZZZ"}`:     "",
	} {
		_, rest, ok := strings.Cut(body, "equinix_fabric_port_"+series+" ")
		got, _, _ := strings.Cut(rest, "\n")
		if !ok && want != "" || got != want {
			t.Errorf("%s is %q, want %q", series, got, want)
		}
	}
	for name, want := range map[string]int{"connections{": 37, `connections_status{`: 2 * 37} {
		total := 0
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, portFamily+name) && strings.Contains(line, `port_uuid="port-0"`) {
				n := 0
				if _, err := fmt.Sscan(line[strings.LastIndex(line, " "):], &n); err != nil {
					t.Fatal(err)
				}
				total += n
			}
		}
		if total != want {
			t.Errorf("the sum of %s is %d, want %d", name, total, want)
		}
	}
}
