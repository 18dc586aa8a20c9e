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
