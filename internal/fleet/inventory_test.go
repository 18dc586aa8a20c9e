package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

func TestInventoryOperationalStatus(t *testing.T) {
	up, down, silent := fleet.Link{Status: "UP"}, fleet.Link{Status: "DOWN"}, fleet.Link{}
	for _, tt := range []struct {
		name string
		in   fleet.Inventory
		want string
	}{
		{"the port's own", fleet.Inventory{Status: "PARTIAL", Links: []fleet.Link{up}}, "PARTIAL"},
		{"one it does not know passes", fleet.Inventory{Status: "DEGRADED"}, "DEGRADED"},
		{"all links up", fleet.Inventory{Links: []fleet.Link{up, up}}, "UP"},
		{"no link up", fleet.Inventory{Links: []fleet.Link{down, down}}, "DOWN"},
		{"some links up", fleet.Inventory{Links: []fleet.Link{up, down}}, "PARTIAL"},
		{"a silent link", fleet.Inventory{Links: []fleet.Link{up, silent}}, ""},
		{"neither", fleet.Inventory{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.OperationalStatus(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInventoryEffectiveCapacity(t *testing.T) {
	link := func(status string, speed *float64) fleet.Link { return fleet.Link{Status: status, Speed: speed} }
	ten, forty := new(10e9), new(40e9)
	for _, tt := range []struct {
		name string
		in   fleet.Inventory
		want *float64
	}{
		{"no links: the line rate", fleet.Inventory{Capacity: ten, Status: "DOWN"}, ten},
		{"one of four down", fleet.Inventory{Capacity: forty, Links: []fleet.Link{
			link("UP", ten), link("UP", ten), link("UP", ten), link("DOWN", ten),
		}}, new(30e9)},
		{"all down", fleet.Inventory{Capacity: ten, Links: []fleet.Link{link("DOWN", ten)}}, new(0.0)},
		{"speeds unknown: equal shares", fleet.Inventory{Capacity: forty, Links: []fleet.Link{
			link("UP", nil), link("DOWN", nil), link("UP", nil), link("UP", nil),
		}}, new(30e9)},
		{"speeds and capacity unknown", fleet.Inventory{Links: []fleet.Link{link("UP", nil)}}, nil},
		{"links silent, port up", fleet.Inventory{Capacity: ten, Status: "UP", Links: []fleet.Link{link("", ten)}}, ten},
		{"links silent, port down", fleet.Inventory{Capacity: ten, Status: "DOWN", Links: []fleet.Link{link("", ten)}}, new(0.0)},
		{"links silent, port partial", fleet.Inventory{Capacity: ten, Status: "PARTIAL", Links: []fleet.Link{link("", ten)}}, nil},
		{"nothing known", fleet.Inventory{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.in.EffectiveCapacity()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
