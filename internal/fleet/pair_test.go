package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

func member(uuid, name, priority, group string) *fleet.Port {
	return &fleet.Port{
		Metered: fleet.Metered{Account: "a"},
		UUID:    uuid, APIName: name, Listed: true,
		Inventory: &fleet.Inventory{RedundancyPriority: priority, RedundancyGroup: group},
	}
}

func TestPairUp(t *testing.T) {
	a, b := member("a", "pri", "PRIMARY", "a"), member("b", "sec", "SECONDARY", "a")
	c, d := member("c", "x", "PRIMARY", ""), member("d", "y", "SECONDARY", "c")
	for _, tt := range []struct {
		name       string
		ports      []*fleet.Port
		configured []fleet.Pair
		want       []fleet.Pair
		ambiguous  []string
	}{
		{name: "by group and priority", ports: []*fleet.Port{a, b}, want: []fleet.Pair{{Name: "pri + sec", Primary: "a", Secondary: "b"}}},
		{name: "a group is called by its primary, which names none", ports: []*fleet.Port{c, d}, want: []fleet.Pair{{Name: "x + y", Primary: "c", Secondary: "d"}}},
		{
			name: "configured pairs win", ports: []*fleet.Port{a, b, c, d},
			configured: []fleet.Pair{{Name: "wan", Primary: "b", Secondary: "c"}},
			want:       []fleet.Pair{{Name: "wan", Primary: "b", Secondary: "c"}},
		},
		{name: "a configured pair of which a port is not there", ports: []*fleet.Port{a}, configured: []fleet.Pair{{Name: "wan", Primary: "a", Secondary: "z"}}},
		{name: "half a group", ports: []*fleet.Port{a, d}},
		{name: "no group", ports: []*fleet.Port{member("e", "e", "PRIMARY", ""), member("f", "f", "SECONDARY", "")}},
		{name: "no priority, by group", ports: []*fleet.Port{member("e", "e", "", ""), member("f", "f", "", "e")}, want: []fleet.Pair{{Name: "e + f", Primary: "e", Secondary: "f"}}},
		{name: "no priority, own group", ports: []*fleet.Port{member("e", "e", "", "e"), member("f", "f", "SECONDARY", "e")}, want: []fleet.Pair{{Name: "e + f", Primary: "e", Secondary: "f"}}},
		{name: "no priority, no primary", ports: []*fleet.Port{member("e", "e", "", "g"), member("f", "f", "", "g")}, ambiguous: []string{"g"}},
		{name: "no inventory", ports: []*fleet.Port{{UUID: "e"}, {UUID: "f"}}},
		{name: "two secondaries", ports: []*fleet.Port{a, b, member("e", "e", "SECONDARY", "a")}, ambiguous: []string{"a"}},
		{name: "two primaries", ports: []*fleet.Port{a, b, member("e", "e", "PRIMARY", "a")}, ambiguous: []string{"a"}},
		{
			name:  "pairs of the same names",
			ports: []*fleet.Port{a, b, member("e", "pri", "PRIMARY", ""), member("f", "sec", "SECONDARY", "e")},
			want:  []fleet.Pair{{Name: "pri + sec (a)", Primary: "a", Secondary: "b"}, {Name: "pri + sec (e)", Primary: "e", Secondary: "f"}},
		},
		{
			name: "a configured pair of the name", ports: []*fleet.Port{a, b, c, d},
			configured: []fleet.Pair{{Name: "pri + sec", Primary: "c", Secondary: "d"}},
			want:       []fleet.Pair{{Name: "pri + sec", Primary: "c", Secondary: "d"}, {Name: "pri + sec (a)", Primary: "a", Secondary: "b"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pairs, ambiguous := fleet.PairUp(tt.ports, tt.configured)
			var got []fleet.Pair
			for _, p := range pairs {
				got = append(got, *p)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.ambiguous, ambiguous); diff != "" {
				t.Errorf("ambiguous (-want +got)\n%s", diff)
			}
		})
	}
}

// coupled are two ports that were polled at noon, and carry 6 Gbit/s together inbound, 3
// outbound.
func coupled(change func(a, b *fleet.Port)) *fleet.Snapshot {
	port := func(uuid string, capacity float64) *fleet.Port {
		return &fleet.Port{
			Metered: fleet.Metered{Account: "acc", Polls: []fleet.Poll{{}}, Traffic: []*fleet.Traffic{{At: noon}}},
			UUID:    uuid, Listed: true, Linked: true,
			Inventory: &fleet.Inventory{At: noon, Capacity: new(capacity), Links: []fleet.Link{{Status: "UP", Speed: new(capacity)}}},
		}
	}
	a, b := port("a", 10e9), port("b", 8e9)
	inbound := fleet.PairRates{Last: new(6e9), P95: new(5e9), Newest: noon, Resolution: 5 * time.Minute}
	outbound := fleet.PairRates{Last: new(3e9), P95: new(4e9), Newest: noon, Resolution: 5 * time.Minute}
	if change != nil {
		change(a, b)
	}
	return &fleet.Snapshot{
		Windows: []fleet.Window{oneDay}, StaleIntervals: 5,
		Accounts: []fleet.Account{{Name: "acc", Inventory: 15 * time.Minute, Windows: []time.Duration{5 * time.Minute}}},
		Ports:    []*fleet.Port{a, b},
		Pairs:    []*fleet.Pair{{Name: "p", Primary: "a", Secondary: "b", Traffic: []fleet.PairTraffic{{Inbound: inbound, Outbound: outbound}}}},
	}
}

func TestPairViewSharesTheSmallerCapacity(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(a, b *fleet.Port)
		after     time.Duration
		last, p95 *float64
	}{
		{"fresh", nil, 25 * time.Minute, new(0.75), new(0.5)},
		{"both stale", nil, 26 * time.Minute, nil, nil},
		{"one stale", func(_, b *fleet.Port) { b.Traffic[0].At = noon.Add(-time.Minute) }, 25 * time.Minute, nil, nil},
		{"inbound of one stale", func(_, b *fleet.Port) { b.Traffic[0].Inbound.At = noon.Add(-time.Minute) }, 25 * time.Minute, nil, new(0.5)},
		{"outbound of one stale", func(a, _ *fleet.Port) { a.Traffic[0].Outbound.At = noon.Add(-time.Minute) }, 25 * time.Minute, new(0.75), nil},
		{"never polled", func(a, _ *fleet.Port) { a.Traffic[0] = nil }, 0, nil, nil},
		{"a link down", func(a, _ *fleet.Port) {
			a.Inventory.Links = []fleet.Link{{Status: "UP", Speed: new(4e9)}, {Status: "DOWN", Speed: new(6e9)}}
		}, 0, new(1.5), new(1.0)},
		{"a port down", func(a, _ *fleet.Port) { a.Inventory.Links[0].Status = "DOWN" }, 0, nil, nil},
		{"a port down, its links not named", func(a, _ *fleet.Port) {
			a.Linked, a.Inventory.Links, a.Inventory.Status = false, nil, "DOWN"
		}, 0, nil, nil},
		{"capacity unknown", func(_, b *fleet.Port) { b.Inventory = nil }, 0, nil, nil},
		{"polls go on, Equinix is late", func(a, b *fleet.Port) {
			a.Traffic[0].At, b.Traffic[0].At = noon.Add(time.Hour), noon.Add(time.Hour)
		}, time.Hour, new(0.75), new(0.5)},
		{"and later", func(a, b *fleet.Port) {
			a.Traffic[0].At, b.Traffic[0].At = noon.Add(time.Hour), noon.Add(time.Hour)
		}, time.Hour + time.Second, nil, new(0.5)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snap := coupled(tt.change)
			v := pairView(snap, noon.Add(tt.after))
			if diff := cmp.Diff([]*float64{tt.last, tt.p95}, []*float64{v.Utilization(fleet.Inbound), v.P95(fleet.Outbound, 0)}); diff != "" {
				t.Errorf("last and p95 (-want +got)\n%s", diff)
			}
		})
	}
}

func TestPairViewOfAPairWithoutTraffic(t *testing.T) {
	snap := coupled(nil)
	snap.Pairs[0].Traffic = nil
	v := pairView(snap, noon)
	if v.Utilization(fleet.Inbound) != nil || v.P95(fleet.Outbound, 0) != nil {
		t.Errorf("%v, %v", v.Utilization(fleet.Inbound), v.P95(fleet.Outbound, 0))
	}
}

// pairView is the first pair of snap, whose ports are the only ones.
func pairView(snap *fleet.Snapshot, now time.Time) fleet.PairView {
	primary, secondary := snap.View(&snap.Accounts[0], snap.Ports[0], now), snap.View(&snap.Accounts[0], snap.Ports[1], now)
	return fleet.NewPairView(snap.Pairs[0], &primary, &secondary, now)
}

// A port that is missing may yet be found by the listing of another account.
func TestUnwatchedWaitsForEveryListing(t *testing.T) {
	pair := fleet.Pair{Primary: "a", Secondary: "z"}
	listed := fleet.Poll{Last: noon, LastSuccess: noon}
	for _, tt := range []struct {
		name       string
		own, other fleet.Poll
		pair       fleet.Pair
		want       []string
		known      bool
	}{
		{"both listed", listed, listed, pair, []string{"z"}, true},
		{"neither port is there", listed, listed, fleet.Pair{Primary: "y", Secondary: "z"}, []string{"y", "z"}, true},
		{"both ports are there", listed, listed, fleet.Pair{Primary: "b", Secondary: "a"}, nil, true},
		{"the listing of the other failed", listed, fleet.Poll{Last: noon}, pair, []string{"z"}, true},
		{"the other was not listed", listed, fleet.Poll{}, pair, nil, false},
		{"the own listing failed", fleet.Poll{Last: noon}, listed, pair, nil, false},
	} {
		snap := coupled(nil)
		snap.Accounts[0].InventoryPoll = tt.own
		snap.Accounts = append(snap.Accounts, fleet.Account{Name: "other", InventoryPoll: tt.other})
		got, known := snap.MissingPairPorts(&snap.Accounts[0], tt.pair)
		if diff := cmp.Diff(tt.want, got); diff != "" || known != tt.known {
			t.Errorf("%s: known %v (-want +got)\n%s", tt.name, known, diff)
		}
	}
}

func TestViewLAGFailover(t *testing.T) {
	link := func(status string, speed float64) fleet.Link { return fleet.Link{Status: status, Speed: new(speed)} }
	for _, tt := range []struct {
		name   string
		status string
		links  []fleet.Link
		want   *float64
	}{
		{"three up", "", []fleet.Link{link("UP", 1e9), link("UP", 1e9), link("UP", 1e9)}, new(0.5)},
		{"two up", "", []fleet.Link{link("UP", 2e9), link("UP", 2e9)}, new(0.5)},
		{"the fastest may be the next", "", []fleet.Link{link("UP", 1e9), link("UP", 4e9), link("DOWN", 10e9)}, new(1.0)},
		{"one up: nothing would be left", "", []fleet.Link{link("UP", 1e9), link("DOWN", 1e9)}, nil},
		{"a single link is no LAG", "", []fleet.Link{link("UP", 1e9)}, nil},
		{"it is not known which are up", "PARTIAL", []fleet.Link{link("UP", 1e9), link("", 1e9)}, nil},
		{"all, says the port", "UP", []fleet.Link{link("", 1e9), link("", 1e9), link("", 1e9)}, new(0.5)},
		{"none, says the port", "DOWN", []fleet.Link{link("", 1e9), link("", 1e9)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := viewed(func(p *fleet.Port) {
				p.Inventory.Links, p.Inventory.Status, p.Inventory.Capacity = tt.links, tt.status, new(3e9)
			})(noon)
			if diff := cmp.Diff(tt.want, v.LAGFailover(fleet.Inbound)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	stale := viewed(nil)(noon.Add(76 * time.Minute))
	if got := stale.LAGFailover(fleet.Inbound); got != nil {
		t.Errorf("of links that nobody has looked at for long: %v", *got)
	}
}
