package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

func TestCountConnections(t *testing.T) {
	conns := []fleet.Connection{
		{UUID: "1", State: "ACTIVE", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Bandwidth: new(1e9), ASidePort: "a", ZSidePort: "seller"},
		{UUID: "2", State: "PROVISIONED", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Bandwidth: new(2e9), ASidePort: "a", ZSidePort: "b"},
		{UUID: "2", State: "PROVISIONED", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Bandwidth: new(2e9), ASidePort: "a", ZSidePort: "b"},
		{UUID: "3", State: "", Bandwidth: new(1e8), ASidePort: "a", ZSidePort: "a"},
		{UUID: "4", State: "FAILED", EquinixStatus: "REJECTED", Bandwidth: new(5e9), ASidePort: "seller", ZSidePort: "b"},
		{UUID: "5", State: "SOMETHING_NEW", EquinixStatus: "X", ProviderStatus: "Y", Bandwidth: new(1e9), ASidePort: "b"},
	}
	got := fleet.CountConnections([]string{"a", "b", "c"}, conns, noon)
	want := map[string]*fleet.Connections{
		"a": {
			At: noon, States: map[string]int{"ACTIVE": 1, "PROVISIONED": 1, "UNKNOWN": 1},
			Equinix:   map[string]int{"PROVISIONED": 2, "UNKNOWN": 1},
			Provider:  map[string]int{"AVAILABLE": 2, "UNKNOWN": 1},
			Bandwidth: new(3.1e9),
		},
		"b": {
			At: noon, States: map[string]int{"PROVISIONED": 1, "FAILED": 1, "SOMETHING_NEW": 1},
			Equinix:   map[string]int{"PROVISIONED": 1, "REJECTED": 1, "X": 1},
			Provider:  map[string]int{"AVAILABLE": 1, "UNKNOWN": 1, "Y": 1},
			Bandwidth: new(3e9),
		},
		"c": {At: noon, States: map[string]int{}, Equinix: map[string]int{}, Provider: map[string]int{}, Bandwidth: new(0.0)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got["a"].Total() != 3 {
		t.Errorf("total %d, want 3", got["a"].Total())
	}
}

func TestCountConnectionsHasNoSumWhereALiveOneGivesNoBandwidth(t *testing.T) {
	for _, state := range []string{"ACTIVE", "PROVISIONED", "PROVISIONING", "REPROVISIONING"} {
		got := fleet.CountConnections([]string{"a"}, []fleet.Connection{
			{UUID: "1", State: state, ASidePort: "a"},
			{UUID: "2", State: state, ASidePort: "a", Bandwidth: new(1e9)},
		}, noon)
		if got["a"].Bandwidth != nil {
			t.Errorf("%s: sum %v, want none", state, *got["a"].Bandwidth)
		}
	}
	got := fleet.CountConnections([]string{"a"}, []fleet.Connection{{UUID: "1", State: "DRAFT", ASidePort: "a"}}, noon)
	if got["a"].Bandwidth == nil || *got["a"].Bandwidth != 0 {
		t.Errorf("a draft takes up no bandwidth, got %v", got["a"].Bandwidth)
	}
}

// What people call the number of connections leaves out those that are over.
func TestConnectionsPresent(t *testing.T) {
	conns := []fleet.Connection{
		{UUID: "1", State: "ACTIVE", ASidePort: "p"}, {UUID: "2", State: "DEPROVISIONED", ASidePort: "p"},
		{UUID: "3", State: "CANCELLED", ASidePort: "p"}, {UUID: "4", State: "PENDING", ASidePort: "p"},
	}
	sum := fleet.CountConnections([]string{"p"}, conns, noon)["p"]
	if sum.Total() != 4 || sum.Present() != 2 {
		t.Errorf("%d in all, %d present", sum.Total(), sum.Present())
	}
}
