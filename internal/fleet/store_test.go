package fleet_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// anyPort lets an account have every port that is listed.
func anyPort(string, *fleet.Inventory) bool { return true }

// configured are the settings of accounts "one", which names port a, and "two", with what
// change makes of them.
func configured(change func(s *fleet.Settings)) fleet.Settings {
	s := fleet.Settings{
		Windows: []fleet.Window{oneDay}, StaleIntervals: 5, Timeout: 30 * time.Second,
		Intervals: fleet.Intervals{Traffic: 5 * time.Minute},
		Accounts: []fleet.AccountSettings{
			{Name: "one", Ports: []fleet.PortSettings{{UUID: "a"}}, Sources: []string{"v3", "v4"}},
			{Name: "two", MaxSeries: 100, Sources: []string{"v3"}},
		},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// polled gives a port of the account in the store traffic of so many bit/s that was
// answered at noon, and returns its copy.
func polled(s *fleet.Store, account, uuid string, rate float64) *fleet.Port {
	s.Update(func(e *fleet.Edit) {
		p := e.Port(account, uuid)
		p.Listed = true
		if p.Inventory == nil {
			p.Inventory = &fleet.Inventory{At: noon}
		}
		for i := range p.Traffic {
			r := fleet.Rates{Last: &rate, Newest: noon, Resolution: 5 * time.Minute, Points: points(noon, 5*time.Minute, rate)}
			p.Traffic[i], p.Polls[i] = &fleet.Traffic{At: noon, Inbound: r, Outbound: r}, fleet.Poll{Last: noon, OK: true}
		}
	})
	return s.Load().Port(uuid)
}

// uuids are the ports of a snapshot with their accounts and names, like "a one uplink".
func uuids(s *fleet.Snapshot) (all []string) {
	for _, p := range s.Ports {
		all = append(all, p.UUID+" "+p.Account+" "+p.Name())
	}
	return all
}

func TestStoreUpdateLeavesTheOldSnapshotAsItIs(t *testing.T) {
	var s fleet.Store
	s.Reconfigure(configured(nil))
	s.Update(func(e *fleet.Edit) {
		e.Adopt("two", "c").Listed = true
		e.Adopt("one", "b")
	})
	before := s.Load()
	s.Update(func(e *fleet.Edit) {
		if e.Port("two", "a") != nil || e.Port("one", "zz") != nil {
			t.Error("a port of another account, or that is not there, is handed out")
		}
		p := e.Port("one", "a")
		p.APIName, p.Traffic[0], p.Polls[0] = "uplink", &fleet.Traffic{At: noon}, fleet.Poll{Last: noon}
		if e.Port("one", "a") != p || e.Snapshot().Port("a") != p {
			t.Error("the same port is handed out as two copies")
		}
		e.Account("two").Source = "v4"
		e.RemovePort("b")
	})
	after := s.Load()
	if diff := cmp.Diff([]string{"a one a", "b one b", "c two c"}, uuids(before)); diff != "" {
		t.Errorf("the ports before (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a one uplink", "c two c"}, uuids(after)); diff != "" {
		t.Errorf("the ports after (-want +got)\n%s", diff)
	}
	if old := before.Port("a"); old.Traffic[0] != nil || old.Polls[0].Tried() || before.Accounts[1].Source == "v4" {
		t.Errorf("the snapshot before has changed: %+v, %+v", old, before.Accounts[1])
	}
	if p := after.Port("a"); p.Traffic[0] == nil || !p.Polls[0].Tried() || after.Accounts[1].Source != "v4" {
		t.Errorf("the snapshot after: %+v, %+v", p, after.Accounts[1])
	}
	if before.Port("c") != after.Port("c") {
		t.Error("a port that has not changed is another one")
	}
	if own := after.PortsOf("two"); len(own) != 1 || own[0].UUID != "c" {
		t.Errorf("the ports of two: %v", own)
	}
}

// A panic must not leave half a change behind: the poller survives it.
func TestStoreUpdateThatPanicsChangesNothing(t *testing.T) {
	s := grouped(t)
	before := s.Load()
	func() {
		defer func() { _ = recover() }()
		s.Update(func(e *fleet.Edit) {
			e.Account("one").Source = "v4"
			e.Port("one", "a").Traffic = other(5)
			e.RemovePort("x")
			panic("half way")
		})
	}()
	if s.Load() != before {
		t.Error("something was published")
	}
	polled(s, "one", "b", 4) // and the store goes on
	if diff := cmp.Diff([]string{"a one a", "b one b", "x one x"}, uuids(s.Load())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := pairs(s.Load()); got != "a + b: 5" || s.Load().Accounts[0].Source == "v4" {
		t.Errorf("pairs %q, source %q", got, s.Load().Accounts[0].Source)
	}
}

// Whoever reads while answers come sees all of a change or nothing of it, and what was read
// stays as it is.
func TestStoreShowsWholeChanges(t *testing.T) {
	s := grouped(t)
	var readers sync.WaitGroup
	stop := make(chan struct{})
	check := func(snap *fleet.Snapshot) {
		a, b := snap.Port("a").Traffic[0].Inbound.Last, snap.Port("b").Traffic[0].Inbound.Last
		if got, want := pairs(snap), fmt.Sprintf("a + b: %v", *a+*b); got != want || *b != 2**a {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for range 2 {
		readers.Go(func() {
			for seen := s.Load(); ; seen = s.Load() {
				was := *seen.Port("a").Traffic[0].Inbound.Last
				s.Read(check)
				check(seen)
				if *seen.Port("a").Traffic[0].Inbound.Last != was {
					t.Error("a snapshot has changed")
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i := range 500 {
		s.Update(func(e *fleet.Edit) {
			e.Port("one", "a").Traffic, e.Port("one", "b").Traffic = other(float64(i)), other(float64(2*i))
		})
	}
	close(stop)
	readers.Wait()
}

func TestStoreCopiesForReadersOnlyWhatHasChanged(t *testing.T) {
	s := grouped(t)
	before := s.Load()
	if s.Load() != before {
		t.Error("nothing has changed, and it is another snapshot")
	}
	polled(s, "one", "x", 7)
	if after := s.Load(); after == before || after.Port("a") != before.Port("a") || after.Pairs[0] != before.Pairs[0] || after.Port("x") == before.Port("x") {
		t.Error("what has not changed is another one, or what has changed is not")
	}
}

func TestStoreIsReadyOnceAllHasBeenTried(t *testing.T) {
	var s fleet.Store
	s.Reconfigure(configured(nil))
	s.Update(func(e *fleet.Edit) {
		for i := range e.Snapshot().Accounts {
			e.Account(e.Snapshot().Accounts[i].Name).InventoryPoll.Last = noon
		}
	})
	if s.Load().Ready {
		t.Error("ready before the port has been polled")
	}
	polled(&s, "one", "a", 1)
	s.Update(func(e *fleet.Edit) { e.Port("one", "a").ConnectionsPoll.Last = noon })
	if !s.Load().Ready {
		t.Error("not ready, and all has been tried")
	}
	s.Update(func(e *fleet.Edit) { e.Adopt("one", "b") })
	s.Reconfigure(configured(nil))
	if !s.Load().Ready {
		t.Error("a port that comes later undoes it")
	}
}

// Whichever port is the last one, and if the last one leaves.
func TestStoreIsReadyInAnyOrder(t *testing.T) {
	for _, order := range []string{"abx", "axb", "bax", "bxa", "xab", "xba"} {
		for _, leaves := range []bool{false, true} {
			s := grouped(t)
			s.Update(func(e *fleet.Edit) {
				for _, account := range e.Snapshot().Accounts {
					e.Account(account.Name).InventoryPoll.Last = noon
				}
				e.Port("one", "x").Listed, e.Port("one", "x").Polls[0].Last = true, noon
			})
			for i, uuid := range strings.Split(order, "") {
				if s.Load().Ready {
					t.Fatalf("%s: ready before %s", order, uuid)
				}
				s.Update(func(e *fleet.Edit) {
					if leaves && i == 2 {
						e.RemovePort(uuid)
						return
					}
					e.Port("one", uuid).ConnectionsPoll.Last = noon
				})
			}
			if !s.Load().Ready {
				t.Errorf("%s, the last one leaves %v: not ready", order, leaves)
			}
		}
	}
}

func TestReconfigureKeepsThePortsThatStay(t *testing.T) {
	const elsewhere = "9/1000" // neither a nor d is in this shard
	for _, tt := range []struct {
		name   string
		change func(s *fleet.Settings)
		want   []string
	}{
		{"as before", nil, []string{"a one api-a"}},
		{"with a name", func(s *fleet.Settings) { s.Accounts[0].Ports[0].Name = "mine" }, []string{"a one mine"}},
		{"with another port", func(s *fleet.Settings) {
			s.Accounts[0].Ports = append(s.Accounts[0].Ports, fleet.PortSettings{UUID: "d", Name: "new"})
		}, []string{"a one api-a", "d one new"}},
		{"which one shard of several takes once it is listed", func(s *fleet.Settings) {
			_ = s.Shard.Set(elsewhere)
			s.Accounts[0].Ports = append(s.Accounts[0].Ports, fleet.PortSettings{UUID: "d"})
		}, []string{"a one api-a"}},
		{"of the other account", func(s *fleet.Settings) {
			s.Accounts[0].Ports, s.Accounts[1].Ports = nil, s.Accounts[0].Ports
		}, []string{"a two api-a"}},
		{"an account is gone", func(s *fleet.Settings) {
			s.Accounts[1].Discovered = anyPort
			s.Accounts = s.Accounts[1:]
		}, []string{"b two api-b"}},
		{"both discover", func(s *fleet.Settings) {
			s.Accounts[0].Discovered, s.Accounts[1].Discovered = anyPort, anyPort
		}, []string{"a one api-a", "b two api-b"}},
		{"by name", func(s *fleet.Settings) {
			s.Accounts[0].Ports = nil
			s.Accounts[0].Discovered = func(name string, i *fleet.Inventory) bool { return name == "api-a" && i.At.Equal(noon) }
			s.Accounts[1].Discovered = s.Accounts[0].Discovered
		}, []string{"a one api-a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s fleet.Store
			s.Reconfigure(configured(nil))
			s.Update(func(e *fleet.Edit) {
				e.Adopt("two", "b")
				e.Adopt("one", "c") // never listed
			})
			polled(&s, "one", "a", 1)
			polled(&s, "two", "b", 2)
			s.Update(func(e *fleet.Edit) { e.Port("one", "a").APIName, e.Port("two", "b").APIName = "api-a", "api-b" })
			set := configured(tt.change)
			s.Reconfigure(set)
			if diff := cmp.Diff(tt.want, uuids(s.Load())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, p := range s.Load().Ports {
				named := func(c fleet.PortSettings) bool { return c.UUID == p.UUID }
				inConfiguration := slices.ContainsFunc(set.Accounts, func(a fleet.AccountSettings) bool { return slices.ContainsFunc(a.Ports, named) })
				if p.Configured != inConfiguration || (p.Traffic[0] == nil) != (p.UUID == "d") {
					t.Errorf("%s: configured %v, traffic %v", p.UUID, p.Configured, p.Traffic[0])
				}
			}
		})
	}
}

func TestReconfigureKeepsTheTrafficOfWindowsThatStay(t *testing.T) {
	week := fleet.Window{Span: 7 * 24 * time.Hour, Resolution: 5 * time.Minute}
	hourly := fleet.Window{Span: oneDay.Span, Resolution: time.Hour}
	var s fleet.Store
	s.Reconfigure(configured(func(s *fleet.Settings) { s.Windows = []fleet.Window{oneDay, week} }))
	port := polled(&s, "one", "a", 1)
	s.Reconfigure(configured(func(s *fleet.Settings) {
		other := oneDay
		other.Interval = time.Hour // which makes no other window of it
		s.Windows = []fleet.Window{hourly, week, other}
	}))
	got := s.Load().Port("a")
	if diff := cmp.Diff([]*fleet.Traffic{nil, port.Traffic[1], port.Traffic[0]}, got.Traffic); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Polls[0].Tried() || !got.Polls[1].OK || !got.Polls[2].OK {
		t.Errorf("polls %+v", got.Polls)
	}
}

// A state file may hold less traffic than there are windows.
func TestReconfigureTakesWhatTrafficThereIs(t *testing.T) {
	week := fleet.Window{Span: 7 * 24 * time.Hour, Resolution: 5 * time.Minute}
	var s fleet.Store
	s.Publish(&fleet.Snapshot{
		Windows: []fleet.Window{oneDay, week},
		Ports:   []*fleet.Port{{UUID: "a", Metered: fleet.Metered{Account: "one", Traffic: []*fleet.Traffic{{At: noon}}, Polls: []fleet.Poll{{Last: noon}}}}},
	})
	s.Reconfigure(configured(func(s *fleet.Settings) { s.Windows = []fleet.Window{week, oneDay} }))
	if got := s.Load().Port("a").Traffic; len(got) != 2 || got[0] != nil || got[1] == nil {
		t.Errorf("traffic %v", got)
	}
}

func TestReconfigureChangesTheAccounts(t *testing.T) {
	var s fleet.Store
	all := func(*fleet.Connection) bool { return true }
	with := func(sources, connectionSources []string, tracked func(*fleet.Connection) bool) fleet.Settings {
		return configured(func(s *fleet.Settings) {
			s.Accounts[0].Sources, s.Accounts[0].ConnectionSources, s.Accounts[0].Tracked = sources, connectionSources, tracked
		})
	}
	s.Reconfigure(with([]string{"v3", "v4"}, []string{"v4", "v5"}, all))
	if one, two := s.Load().Accounts[0], s.Load().Accounts[1]; one.Source != "" || two.Source != "v3" || two.MaxSeries != 100 || one.Timeout != 30*time.Second || one.Configured.Traffic != 5*time.Minute {
		t.Errorf("at first: %+v, %+v", one, two)
	}
	for _, tt := range []struct {
		name                  string
		set                   fleet.Settings
		source, ofConnections string
		selected              bool
	}{
		{"as before", with([]string{"v3", "v4"}, []string{"v4", "v5"}, all), "v4", "v5", true},
		{"another one beside", with([]string{"v3", "v4", "v5"}, []string{"v3", "v4", "v5"}, all), "v4", "v5", true},
		{"without the ones in use", with([]string{"v3", "v5"}, []string{"v3", "v4"}, all), "", "", true},
		{"a single one", with([]string{"v3"}, []string{"v4"}, all), "v3", "v4", true},
		{"no connection is tracked", with([]string{"v3", "v4"}, []string{"v4", "v5"}, nil), "v4", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.Update(func(e *fleet.Edit) {
				a := e.Account("one")
				a.Source, a.ConnectionSource, a.Selected = "v4", "v5", new(7)
			})
			s.Reconfigure(tt.set)
			a := s.Load().Accounts[0]
			if a.Source != tt.source || a.ConnectionSource != tt.ofConnections || (a.Selected != nil) != tt.selected {
				t.Errorf("%+v", a)
			}
		})
	}
}

// seenFrom is a tracked connection that is seen from a port.
func seenFrom(account, port, uuid string) *fleet.Tracked {
	return &fleet.Tracked{
		Connection: fleet.Connection{UUID: uuid, State: "ACTIVE"}, Port: port,
		Metered: fleet.Metered{Account: account, Traffic: []*fleet.Traffic{{At: noon}}, Polls: []fleet.Poll{{Last: noon}}},
	}
}

// tracked are the connections of a snapshot with their accounts, like "c1 one".
func tracked(s *fleet.Snapshot) (all []string) {
	for _, c := range s.Connections {
		all = append(all, c.UUID+" "+c.Account)
	}
	return all
}

func TestTrackReplacesTheConnectionsOfAnAccount(t *testing.T) {
	var s fleet.Store
	s.Reconfigure(configured(nil))
	s.Update(func(e *fleet.Edit) {
		e.Track("two", []*fleet.Tracked{seenFrom("two", "b", "c4"), seenFrom("two", "b", "c2")})
		e.Track("one", []*fleet.Tracked{seenFrom("one", "a", "c3"), seenFrom("one", "a", "c1")})
	})
	before := s.Load()
	if diff := cmp.Diff([]string{"c1 one", "c2 two", "c3 one", "c4 two"}, tracked(before)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s.Update(func(e *fleet.Edit) {
		if e.Connection("one", "c2") != nil || e.Connection("one", "c9") != nil {
			t.Error("a connection of another account, or that is not there, is handed out")
		}
		e.Connection("two", "c2").Traffic[0] = nil
		e.Connection("two", "c4").Polls[0] = fleet.Poll{}
		e.Connection("two", "c4").State = "DELETED"
	})
	middle := s.Load()
	if before.Connection("c2").Traffic[0] == nil || before.Connection("c4").State != "ACTIVE" || !before.Connection("c4").Polls[0].Tried() {
		t.Error("the snapshot before has changed")
	}
	if middle.Connection("c2").Traffic[0] != nil || middle.Connection("c4").Polls[0].Tried() {
		t.Error("the snapshot after has not")
	}
	if own := middle.ConnectionsOf("two"); len(own) != 1 || own[0].UUID != "c2" {
		t.Errorf("the connections of two that may have traffic: %v", own)
	}
	s.Update(func(e *fleet.Edit) { e.Track("one", []*fleet.Tracked{seenFrom("one", "a", "c2")}) })
	if diff := cmp.Diff([]string{"c2 one", "c4 two"}, tracked(s.Load())); diff != "" {
		t.Errorf("one changes hands (-want +got)\n%s", diff)
	}
}

func TestReconfigureKeepsTheConnectionsThatAreWanted(t *testing.T) {
	var s fleet.Store
	s.Reconfigure(configured(nil))
	s.Update(func(e *fleet.Edit) {
		e.Adopt("two", "b").Inventory = &fleet.Inventory{}
		e.Track("one", []*fleet.Tracked{seenFrom("one", "a", "c1"), seenFrom("one", "a", "c2")})
		e.Track("two", []*fleet.Tracked{seenFrom("two", "b", "c3"), seenFrom("two", "gone", "c4")})
	})
	s.Reconfigure(configured(func(s *fleet.Settings) {
		s.Accounts[0].Tracked = func(c *fleet.Connection) bool { return c.UUID != "c1" }
		s.Accounts[1].Discovered = anyPort // but it wants no connection
	}))
	if diff := cmp.Diff([]string{"c2 one"}, tracked(s.Load())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if c := s.Load().Connection("c2"); c.Traffic[0] == nil || !c.Polls[0].Tried() {
		t.Errorf("%+v", c)
	}
}

// grouped makes two ports of account "one" a pair that carries 3 bit/s.
func grouped(t *testing.T) *fleet.Store {
	t.Helper()
	s := new(fleet.Store)
	s.Reconfigure(configured(func(s *fleet.Settings) {
		s.Accounts[0].Ports = []fleet.PortSettings{{UUID: "a"}, {UUID: "b"}, {UUID: "x"}}
	}))
	s.Update(func(e *fleet.Edit) {
		e.Port("one", "a").Inventory = &fleet.Inventory{RedundancyGroup: "g", RedundancyPriority: "PRIMARY"}
		e.Port("one", "b").Inventory = &fleet.Inventory{RedundancyGroup: "g", RedundancyPriority: "SECONDARY"}
	})
	polled(s, "one", "a", 1)
	polled(s, "one", "b", 2)
	if got := pairs(s.Load()); got != "a + b: 3" {
		t.Fatalf("pairs %q", got)
	}
	return s
}

// pairs are the pairs of a snapshot with their traffic, like "a + b: 3".
func pairs(s *fleet.Snapshot) string {
	var all []string
	for _, p := range s.Pairs {
		words := []string{p.Name + ":"}
		for _, traffic := range p.Traffic {
			if last := traffic.Inbound.Last; last != nil {
				words = append(words, fmt.Sprint(*last))
			} else {
				words = append(words, "-")
			}
		}
		all = append(all, strings.Join(words, " "))
	}
	return strings.Join(all, ", ")
}

func TestStoreKeepsPairsUpToDate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(e *fleet.Edit)
		want   string
	}{
		{"new traffic of the primary", func(e *fleet.Edit) { e.Port("one", "a").Traffic = other(5) }, "a + b: 7"},
		{"of the secondary", func(e *fleet.Edit) { e.Port("one", "b").Traffic = other(5) }, "a + b: 6"},
		{"of a port that has no pair", func(e *fleet.Edit) { e.Port("one", "x").Traffic = other(5) }, "a + b: 3"},
		{"none any more", func(e *fleet.Edit) { e.Port("one", "b").Traffic[0] = nil }, "a + b: -"},
		{"another name", func(e *fleet.Edit) { e.Port("one", "a").APIName = "up" }, "up + b: 3"},
		{"another group", func(e *fleet.Edit) {
			e.Port("one", "b").Inventory = &fleet.Inventory{RedundancyGroup: "h", RedundancyPriority: "SECONDARY"}
		}, ""},
		{"another priority", func(e *fleet.Edit) {
			e.Port("one", "b").Inventory = &fleet.Inventory{RedundancyGroup: "g", RedundancyPriority: "PRIMARY"}
		}, ""},
		{"no inventory", func(e *fleet.Edit) { e.Port("one", "b").Inventory = nil }, ""},
		{"a port less", func(e *fleet.Edit) { e.RemovePort("a") }, ""},
		{"a port more that makes the group ambiguous", func(e *fleet.Edit) {
			e.Adopt("one", "y").Inventory = &fleet.Inventory{RedundancyGroup: "g", RedundancyPriority: "SECONDARY"}
		}, ""},
		{"a second pair", func(e *fleet.Edit) {
			e.Port("one", "x").Inventory = &fleet.Inventory{RedundancyGroup: "h", RedundancyPriority: "PRIMARY"}
			e.Adopt("one", "y").Inventory = &fleet.Inventory{RedundancyGroup: "h", RedundancyPriority: "SECONDARY"}
		}, "a + b: 3, x + y: -"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := grouped(t)
			before := s.Load()
			s.Update(tt.change)
			if got := pairs(s.Load()); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if got := pairs(before); got != "a + b: 3" {
				t.Errorf("the snapshot before has changed: %q", got)
			}
		})
	}
}

// The ports of a pair need not have changed for it to come: another port may have made
// the group ambiguous.
func TestStoreFindsAPairThatAnotherPortPrevented(t *testing.T) {
	s := grouped(t)
	s.Update(func(e *fleet.Edit) {
		e.Adopt("one", "y").Inventory = &fleet.Inventory{RedundancyGroup: "g", RedundancyPriority: "SECONDARY"}
	})
	if got := s.Load().AmbiguousGroups; len(got) != 1 || got[0] != "g" {
		t.Errorf("ambiguous groups %v", got)
	}
	s.Update(func(e *fleet.Edit) { e.RemovePort("y") })
	if got := pairs(s.Load()); got != "a + b: 3" || len(s.Load().AmbiguousGroups) != 0 {
		t.Errorf("pairs %q, ambiguous groups %v", got, s.Load().AmbiguousGroups)
	}
}

// other is traffic of so many bit/s in the window that there is.
func other(rate float64) []*fleet.Traffic {
	r := fleet.Rates{Last: &rate, Newest: noon, Resolution: 5 * time.Minute, Points: points(noon, 5*time.Minute, rate)}
	return []*fleet.Traffic{{At: noon, Inbound: r, Outbound: r}}
}

// A thousand pairs are not to be worked out anew with every answer: a pair stays as it is
// until the traffic of one of its ports is another.
func TestStoreLeavesPairsThatHaveNotChanged(t *testing.T) {
	s := grouped(t)
	before := s.Load()
	s.Update(func(e *fleet.Edit) { e.Account("one").Source = "v4" })
	s.Update(func(e *fleet.Edit) { e.Port("one", "x").Traffic = other(5) })
	if s.Load().Pairs[0] != before.Pairs[0] {
		t.Error("changes elsewhere make another pair")
	}
	s.Update(func(e *fleet.Edit) { e.Port("one", "a").Listed = false })
	if got, was := s.Load().Pairs[0].Traffic[0].Inbound.Last, before.Pairs[0].Traffic[0].Inbound.Last; got != was {
		t.Error("a change of something else than traffic adds it up again")
	}
}

// After a restart a port knows its figures, not the intervals behind them, so a pair keeps
// its traffic until both ports have been polled.
func TestAPairKeepsItsRestoredTrafficUntilBothPortsArePolled(t *testing.T) {
	s := grouped(t)
	restored := *s.Load()
	restored.Ports = nil
	for _, old := range s.Load().Ports {
		p := *old
		if p.Traffic[0] != nil {
			bare := *p.Traffic[0]
			bare.Bare, bare.Inbound.Points, bare.Outbound.Points = true, fleet.Points{}, fleet.Points{}
			p.Traffic = []*fleet.Traffic{&bare}
		}
		restored.Ports = append(restored.Ports, &p)
	}
	for _, first := range []string{"a", "b"} {
		again := new(fleet.Store)
		copied := restored
		again.Publish(&copied)
		second := map[string]string{"a": "b", "b": "a"}[first]
		again.Update(func(e *fleet.Edit) { e.Port("one", "x").APIName = "another" }) // all pairs are found again
		polled(again, "one", first, 10)
		if got := pairs(again.Load()); got != "a + b: 3" {
			t.Errorf("%s is polled first: %q", first, got)
		}
		polled(again, "one", second, 20)
		if got := pairs(again.Load()); got != "a + b: 30" {
			t.Errorf("%s is polled, too: %q", second, got)
		}
	}
}

func TestReconfigureFindsThePairsAgain(t *testing.T) {
	ports := []fleet.PortSettings{{UUID: "a"}, {UUID: "b"}, {UUID: "x"}}
	for _, tt := range []struct {
		name   string
		change func(s *fleet.Settings)
		want   string
	}{
		{"as before", nil, "a + b: 3"},
		{"a configured one", func(s *fleet.Settings) {
			s.Accounts[0].Pairs = []fleet.Pair{{Name: "wan", Primary: "b", Secondary: "x"}}
		}, "wan: -"},
		{"with another name", func(s *fleet.Settings) {
			s.Accounts[0].Pairs = []fleet.Pair{{Name: "wan", Primary: "a", Secondary: "b"}}
		}, "wan: 3"},
		{"another window", func(s *fleet.Settings) { s.Windows[0].Span *= 7 }, "a + b: -"},
		{"a window more", func(s *fleet.Settings) {
			s.Windows = append(s.Windows, fleet.Window{Span: 7 * 24 * time.Hour, Resolution: 5 * time.Minute})
		}, "a + b: 3 -"},
		{"a port less", func(s *fleet.Settings) { s.Accounts[0].Ports = ports[1:] }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := grouped(t)
			s.Reconfigure(configured(func(s *fleet.Settings) {
				s.Accounts[0].Ports = ports
				if tt.change != nil {
					tt.change(s)
				}
			}))
			if got := pairs(s.Load()); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// The pairs of an account are those whose primary port is in the shard.
func TestReconfigureTakesThePairsOfTheShard(t *testing.T) {
	set := configured(func(s *fleet.Settings) {
		for _, uuid := range []string{"a", "b", "c", "d", "e", "f"} {
			s.Accounts[0].Pairs = append(s.Accounts[0].Pairs, fleet.Pair{Name: "p-" + uuid, Primary: uuid, Secondary: "x"})
		}
		s.Shard = fleet.Shard{Index: 1, Count: 2}
	})
	var s fleet.Store
	s.Reconfigure(set)
	var want []fleet.Pair
	for _, p := range set.Accounts[0].Pairs {
		if set.Shard.Has(p.Primary) {
			want = append(want, p)
		}
	}
	if len(want) == 0 || len(want) == 6 {
		t.Fatalf("%d of 6 in the shard", len(want))
	}
	if diff := cmp.Diff(want, s.Load().Accounts[0].Pairs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(s.Load().ConfiguredPairs) != 6 {
		t.Errorf("%d configured pairs of 6", len(s.Load().ConfiguredPairs))
	}
}
