package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

func TestConnectionName(t *testing.T) {
	for want, c := range map[string]fleet.Connection{"api": {UUID: "u", APIName: "api"}, "u": {UUID: "u"}} {
		if got := c.Name(); got != want {
			t.Errorf("%+v: name %q, want %q", c, got, want)
		}
	}
}

func TestConnectionInUse(t *testing.T) {
	type use struct{ bandwidth, traffic bool }
	all, leaving, none := use{true, true}, use{false, true}, use{}
	for want, states := range map[use][]string{
		all:     {"ACTIVE", "PROVISIONED", "PROVISIONING", "REPROVISIONING", "NOT_DEPROVISIONED", "", "BRAND_NEW", "PENDING_NOVELTY"},
		leaving: {"DEPROVISIONING", "PENDING_DELETE"},
		none:    {"CANCELLED", "DEPROVISIONED", "DELETED", "DRAFT", "FAILED", "PENDING", "PENDING_APPROVAL", "NOT_PROVISIONED", "REJECTED"},
	} {
		for _, state := range states {
			for _, c := range []fleet.Connection{
				{State: state, EquinixStatus: "BRAND_NEW"},
				{EquinixStatus: state, ProviderStatus: "DEPROVISIONED"}, // Equinix' word counts where there is no state
			} {
				if bandwidth, traffic := c.InUse(); (use{bandwidth, traffic}) != want || c.CarriesTraffic() != traffic {
					t.Errorf("%q, %q: bandwidth %t, traffic %t", c.State, c.EquinixStatus, bandwidth, traffic)
				}
			}
		}
	}
	for _, equinix := range []string{"DEPROVISIONED", "PENDING_DELETE"} { // which the state overrules, whatever it is
		if bandwidth, traffic := (&fleet.Connection{State: "BRAND_NEW", EquinixStatus: equinix}).InUse(); !bandwidth || !traffic {
			t.Errorf("%s: bandwidth %t, traffic %t", equinix, bandwidth, traffic)
		}
	}
}

func TestConnectionIsSeenFromTheASideFirst(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ports []string
		want  string
	}{
		{"the a-side's", []string{"a"}, "a a"},
		{"the z-side's", []string{"z"}, "z z"},
		{"both", []string{"a", "z"}, "a a"},
		{"another", []string{"b"}, "none"},
	} {
		ports := map[string]bool{}
		for _, p := range tt.ports {
			ports[p] = true
		}
		c := fleet.Connection{ASidePort: "a", ZSidePort: "z", ASide: fleet.End{VLAN: "1"}, ZSide: fleet.End{VLAN: "2"}}
		got := "none"
		if side, port, ok := c.SeenFrom(ports); ok {
			got = string(side) + " " + port
			if want := map[string]string{"a": "1", "z": "2"}[port]; c.End(side).VLAN != want {
				t.Errorf("%s: the end of side %s is %+v", tt.name, side, c.End(side))
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if _, _, ok := new(fleet.Connection).SeenFrom(map[string]bool{"a": true}); ok {
		t.Error("a connection without ports is seen from one")
	}
}

func TestSnapshotFindsItsConnections(t *testing.T) {
	snap := &fleet.Snapshot{}
	for _, uuid := range []string{"b", "d", "f"} {
		snap.Connections = append(snap.Connections, &fleet.Tracked{Connection: fleet.Connection{UUID: uuid}})
	}
	for uuid, want := range map[string]bool{"a": false, "b": true, "c": false, "d": true, "f": true, "g": false} {
		c := snap.Connection(uuid)
		if (c != nil) != want || want && c.UUID != uuid {
			t.Errorf("%s: %+v", uuid, c)
		}
	}
}

// The facts are those of the searches, the traffic has windows of its own.
func TestConnectionViewDropsWhatIsStale(t *testing.T) {
	c := &fleet.Tracked{
		Metered:    fleet.Metered{Traffic: []*fleet.Traffic{{At: noon, Inbound: fleet.Rates{Last: new(1e9), Newest: noon.Add(-10 * time.Minute)}}}, Polls: []fleet.Poll{{}}},
		Connection: fleet.Connection{UUID: "c", State: "ACTIVE"}, At: noon,
	}
	snap := &fleet.Snapshot{Windows: []fleet.Window{oneDay}, StaleIntervals: 5}
	account := &fleet.Account{Connections: 5 * time.Minute, Windows: []time.Duration{5 * time.Minute}, ConnectionWindows: []time.Duration{30 * time.Minute}}
	if v := snap.ConnectionView(&fleet.Account{Connections: time.Hour}, &fleet.Port{}, c, noon.Add(5*oneDay.Interval)); v.Traffic[0] == nil {
		t.Error("before the first plan the configured intervals do not count")
	}
	type shown struct{ Facts, Last, Traffic bool }
	for _, tt := range []struct {
		age  time.Duration
		want shown
	}{
		{25 * time.Minute, shown{true, true, true}},
		{26 * time.Minute, shown{false, true, true}},
		{50 * time.Minute, shown{false, true, true}},
		{51 * time.Minute, shown{false, false, true}}, // the sample is an hour old
		{150 * time.Minute, shown{false, false, true}},
		{151 * time.Minute, shown{}},
	} {
		v := snap.ConnectionView(account, &fleet.Port{APIName: "uplink"}, c, noon.Add(tt.age))
		if diff := cmp.Diff(tt.want, shown{v.Facts != nil, v.Last(fleet.Inbound) != nil, v.Traffic[0] != nil}); diff != "" {
			t.Errorf("after %v (-want +got)\n%s", tt.age, diff)
		}
		if !v.Newest(fleet.Inbound).Equal(noon.Add(-10*time.Minute)) || !v.Newest(fleet.Outbound).IsZero() || v.PortName != "uplink" {
			t.Errorf("after %v: newest %v, port %q", tt.age, v.Newest(fleet.Inbound), v.PortName)
		}
	}
}
