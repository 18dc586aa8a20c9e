package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// viewed is a LAG of which one link of two is up, all polled at noon.
func viewed(change func(*fleet.Port)) func(now time.Time) fleet.View {
	p := &fleet.Port{
		Metered:   fleet.Metered{Account: "a", Traffic: []*fleet.Traffic{{At: noon, Capacity: new(20e9), Inbound: fleet.Rates{Last: new(1e9), Newest: noon}}}, Polls: []fleet.Poll{{}}},
		Confirmed: true, Linked: true,
		Inventory: &fleet.Inventory{
			At: noon, Capacity: new(20e9),
			Links: []fleet.Link{{Status: "UP", Speed: new(10e9)}, {Status: "DOWN", Speed: new(10e9)}},
		},
	}
	if change != nil {
		change(p)
	}
	snap := &fleet.Snapshot{Windows: []fleet.Window{oneDay}, StaleIntervals: 5}
	account := &fleet.Account{Name: "a", Inventory: 15 * time.Minute, Windows: []time.Duration{time.Hour}}
	return func(now time.Time) fleet.View { return snap.View(account, p, now) }
}

// The line rate of the traffic must not stand in for links that nobody has
// looked at for long: it would say that a broken LAG is whole.
func TestViewEffectiveCapacityEndsWithTheInventory(t *testing.T) {
	at := viewed(nil)
	for _, tt := range []struct {
		age  time.Duration
		want *float64
	}{{75 * time.Minute, new(10e9)}, {76 * time.Minute, nil}} {
		v := at(noon.Add(tt.age))
		if diff := cmp.Diff(tt.want, v.EffectiveCapacity()); diff != "" {
			t.Errorf("after %v (-want +got)\n%s", tt.age, diff)
		}
		if v.Capacity() == nil {
			t.Errorf("after %v there is no capacity, and the traffic has one", tt.age)
		}
	}
	unlisted := viewed(func(p *fleet.Port) { p.Inventory = nil })(noon)
	if got := unlisted.EffectiveCapacity(); got != nil {
		t.Errorf("of a port that the listing lacks: %v", *got)
	}
}

func TestViewLastIsJudgedByTheIntervalsThatTheSourceHas(t *testing.T) {
	hourly := viewed(func(p *fleet.Port) { p.Traffic[0].Inbound.Resolution = time.Hour })
	for _, tt := range []struct {
		at   func(time.Time) fleet.View
		age  time.Duration
		want bool
	}{
		{viewed(nil), time.Hour, true}, {viewed(nil), 61 * time.Minute, false},
		{hourly, 225 * time.Minute, true}, {hourly, 226 * time.Minute, false},
	} {
		v := tt.at(noon.Add(tt.age))
		if got := v.Last(fleet.Inbound) != nil; got != tt.want {
			t.Errorf("sample %v old: shown %v, want %v", tt.age, got, tt.want)
		}
	}
}

// Data of a stream shows that a port is attached to one that the listing does not show.
func TestViewIsAttachedIfAStreamDelivers(t *testing.T) {
	traffic := func(change func(*fleet.Traffic)) *fleet.Traffic {
		r := fleet.Rates{Last: new(1e9), Newest: noon}
		current := &fleet.Traffic{At: noon, Streamed: true, Inbound: r, Outbound: r}
		if change != nil {
			change(current)
		}
		return current
	}
	for _, tt := range []struct {
		name    string
		listed  *bool
		traffic *fleet.Traffic
		want    *bool
	}{
		{"not asked", nil, traffic(nil), nil},
		{"listed", new(true), nil, new(true)},
		{"not listed, no data", new(false), nil, new(false)},
		{"not listed, and delivers", new(false), traffic(nil), new(true)},
		{"inbound alone", new(false), traffic(func(t *fleet.Traffic) { t.Outbound = fleet.Rates{} }), new(true)},
		{"outbound alone", new(false), traffic(func(t *fleet.Traffic) { t.Inbound = fleet.Rates{} }), new(true)},
		{"old data", new(false), traffic(func(t *fleet.Traffic) {
			t.Inbound.Newest, t.Outbound.Newest = noon.Add(-2*time.Hour), noon.Add(-2*time.Hour)
		}), new(false)},
		{"data of another source", new(false), traffic(func(t *fleet.Traffic) { t.Streamed = false }), new(false)},
	} {
		v := viewed(func(p *fleet.Port) { p.Attached, p.Traffic[0] = tt.listed, tt.traffic })(noon)
		if diff := cmp.Diff(tt.want, v.Attached); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestViewCapacityIsTheListingsFirst(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(p *fleet.Port)
		want   *float64
	}{
		{"of the listing", func(p *fleet.Port) { p.Inventory.Capacity = new(5e9) }, new(5e9)},
		{"of the traffic", func(p *fleet.Port) { p.Inventory.Capacity = nil }, new(20e9)},
		{"not listed", func(p *fleet.Port) { p.Inventory = nil }, new(20e9)},
		{"no traffic", func(p *fleet.Port) { p.Inventory, p.Traffic[0] = nil, nil }, nil},
		{"neither knows it", func(p *fleet.Port) { p.Inventory, p.Traffic[0].Capacity = nil, nil }, nil},
	} {
		v := viewed(tt.change)(noon)
		if diff := cmp.Diff(tt.want, v.Capacity()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

// What has gone stale is missing in the view alone: another reader may look at the same
// snapshot, by another time.
func TestViewLeavesTheSnapshotAsItIs(t *testing.T) {
	var port *fleet.Port
	at := viewed(func(p *fleet.Port) {
		port = p
		p.Traffic[0].Inbound.At = noon.Add(-time.Hour)
		p.Traffic[0].Outbound = fleet.Rates{Last: new(2e9), At: noon.Add(-time.Hour)}
	})
	if got := at(noon.Add(4*time.Hour + 1)).Traffic[0]; got.Inbound.Last != nil || got.Outbound.Last != nil {
		t.Errorf("stale, and shown: %+v", got)
	}
	if got := port.Traffic[0]; got.Inbound.Last == nil || got.Outbound.Last == nil {
		t.Errorf("the snapshot has changed: %+v", got)
	}
}

// A port without connections shows none only if an answer has shown that it exists.
func TestViewShowsConnectionsOfAPortThatExists(t *testing.T) {
	none := &fleet.Connections{At: noon}
	one := &fleet.Connections{At: noon, States: map[string]int{"ACTIVE": 1}}
	for _, tt := range []struct {
		name        string
		connections *fleet.Connections
		confirmed   bool
		want        bool
	}{
		{"never searched", nil, true, false},
		{"none, and it exists", none, true, true},
		{"none, and it may not exist", none, false, false},
		{"one", one, false, true},
	} {
		v := viewed(func(p *fleet.Port) { p.Connections, p.Confirmed = tt.connections, tt.confirmed })(noon)
		if got := v.Connections != nil; got != tt.want {
			t.Errorf("%s: shown %v", tt.name, got)
		}
	}
}

func TestBusiestPortsComeFirst(t *testing.T) {
	port := func(uuid, name, account string, in, out *float64) *fleet.Port {
		rates := func(last *float64, age time.Duration) fleet.Rates {
			if last == nil {
				return fleet.Rates{}
			}
			return fleet.Rates{Last: last, Newest: noon.Add(-age)}
		}
		return &fleet.Port{
			UUID: uuid, APIName: name,
			Metered: fleet.Metered{Account: account, Polls: []fleet.Poll{{}}, Traffic: []*fleet.Traffic{{
				At: noon, Capacity: new(10.0), Inbound: rates(in, time.Minute), Outbound: rates(out, 2*time.Minute),
			}}},
		}
	}
	never := port("h", "a", "acc", nil, nil)
	never.Traffic[0] = nil
	snap := &fleet.Snapshot{
		Windows: []fleet.Window{oneDay}, StaleIntervals: 5, Accounts: []fleet.Account{{Name: "acc", Windows: []time.Duration{time.Hour}}},
		Ports: []*fleet.Port{
			port("a", "z", "acc", new(5.0), new(1.0)), port("b", "y", "acc", new(1.0), new(9.0)), port("c", "x", "acc", nil, nil),
			port("d", "w", "acc", new(0.0), nil), port("e", "v", "acc", nil, new(5.0)), port("f", "z", "acc", new(4.0), new(5.0)),
			port("g", "g", "gone", new(10.0), nil), never,
		},
	}
	type row struct {
		UUID        string
		Utilization *float64
		Newest      time.Time
	}
	in, out := noon.Add(-time.Minute), noon.Add(-2*time.Minute)
	want := []row{
		{"b", new(0.9), in},
		{"e", new(0.5), out}, {"a", new(0.5), in}, {"f", new(0.5), in}, // by name, then by UUID
		{"d", new(0.0), in},
		{"h", nil, time.Time{}}, {"c", nil, time.Time{}},
	}
	var got []row
	for _, v := range snap.Busiest(noon) {
		got = append(got, row{v.UUID, v.Utilization(), v.NewestSample()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
