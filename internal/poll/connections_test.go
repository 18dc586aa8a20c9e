package poll_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// virtual is a connection from one port to another, or to none.
func virtual(uuid, from, to string) fabric.Connection {
	return fabric.Connection{UUID: uuid, Name: "name-of-" + uuid, State: "ACTIVE", ASidePort: from, ZSidePort: to}
}

// web is connections that change, with the ports whose search fails.
type web struct {
	conns  atomic.Pointer[[]fabric.Connection]
	failed atomic.Pointer[map[string]bool]
}

func newWeb(conns ...fabric.Connection) *web {
	var w web
	w.set(conns...)
	w.fail()
	return &w
}

func (w *web) set(conns ...fabric.Connection) {
	conns = slices.Clone(conns)
	w.conns.Store(&conns)
}

// fail makes the searches of these ports fail, and no others.
func (w *web) fail(ports ...string) {
	failed := map[string]bool{}
	for _, p := range ports {
		failed[p] = true
	}
	w.failed.Store(&failed)
}

// search answers for each port by itself.
func (w *web) search(ports []string, each func([]string, []fabric.Connection, error)) {
	for _, p := range ports {
		if (*w.failed.Load())[p] {
			each([]string{p}, nil, errBroken)
			continue
		}
		var found []fabric.Connection
		for _, c := range *w.conns.Load() {
			if c.ASidePort == p || c.ZSidePort == p {
				found = append(found, c)
			}
		}
		each([]string{p}, found, nil)
	}
}

// everything selects up to most connections but those whose name ends in -lab.
func everything(most int) *poll.Selection {
	return &poll.Selection{Max: most, Match: func(c *fleet.Connection) bool { return !strings.HasSuffix(c.APIName, "-lab") }}
}

// watching is a bench that watches connections of its ports.
func watching(t *testing.T, w *web, ports ...string) *bench {
	b := newBench(t, &fakeAPI{ports: allSeen(ports...), connections: w.search}, ports...)
	b.cfg.Accounts[0].Connections = everything(500)
	return b
}

// watched lists the watched connections as "uuid side port".
func (b *bench) watched() []string {
	var all []string
	for _, c := range b.store.Load().Connections {
		all = append(all, fmt.Sprintf("%s %s %s", c.UUID, c.Side, c.Port))
	}
	return all
}

func (b *bench) wantWatched(t *testing.T, when string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.watched()); diff != "" {
		t.Errorf("%s (-want +got)\n%s", when, diff)
	}
}

func TestConnectionsThatTheFiltersWantAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := virtual("c9", "aa", "")
		lab.Name = "in-the-lab"
		w := newWeb(virtual("c1", "aa", "elsewhere"), virtual("c2", "elsewhere", "bb"), virtual("c3", "bb", "aa"), lab)
		b := watching(t, w, "aa", "bb")
		b.run(t, time.Second)
		// Between two own ports the a-side counts.
		b.wantWatched(t, "at first", "c1 a aa", "c2 z bb", "c3 a bb")
		snap := b.store.Load()
		if c := snap.Connection("c1"); c.Traffic[0] == nil || !c.Polls[0].OK || c.Name() != "name-of-c1" || c.Account != "prod" {
			t.Errorf("%+v", c)
		}
		if snap.Accounts[0].Selected == nil || *snap.Accounts[0].Selected != 3 || snap.Accounts[0].ConnectionSource != "v4-stats" {
			t.Errorf("%+v", snap.Accounts[0])
		}
		if snap.Connection("c1").Traffic[0].Inbound.Points.Len() > 0 {
			t.Error("the intervals are kept, and nothing shows them")
		}
	})
}

func TestConnectionsAreNotWatchedUnlessWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa")
		b.cfg.Accounts[0].Connections = nil
		b.run(t, time.Hour)
		if len(b.watched()) > 0 || len(b.api.of("connection v4-stats", "")) > 0 || b.store.Load().Accounts[0].Selected != nil {
			t.Errorf("watched: %v", b.watched())
		}
	})
}

func TestTheFactsOfAConnectionAreTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(fabric.Connection{
			UUID: "c1", Name: "n", Type: "EVPL_VC", State: "PROVISIONED", Direction: "OUTGOING", OperationalStatus: "DOWN",
			EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", MaintenanceStatus: "DEFERRED", Bandwidth: new(5e8), RedundancyGroup: "g", RedundancyPriority: "PRIMARY",
			ASidePort: "aa", ZSidePort: "zz",
			ASide: fabric.Side{Type: "COLO", Name: "port", Metro: "AM", VLAN: "101"}, ZSide: fabric.Side{Type: "SP", Name: "cloud", Metro: "LD", VLAN: "7"},
		})
		b := watching(t, w, "aa")
		b.run(t, 0)
		want := fleet.Connection{
			UUID: "c1", APIName: "n", Type: "EVPL_VC", State: "PROVISIONED", Direction: "OUTGOING", Status: "DOWN",
			EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Maintenance: "DEFERRED", Bandwidth: new(5e8), RedundancyGroup: "g", RedundancyPriority: "PRIMARY",
			ASidePort: "aa", ZSidePort: "zz",
			ASide: fleet.End{Type: "COLO", Name: "port", Metro: "AM", VLAN: "101"}, ZSide: fleet.End{Type: "SP", Name: "cloud", Metro: "LD", VLAN: "7"},
		}
		got := b.store.Load().Connection("c1")
		if diff := cmp.Diff(want, got.Connection); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if !got.At.Equal(time.Now()) {
			t.Errorf("found at %v, searched at %v", got.At, time.Now())
		}
	})
}

func TestConnectionsComeAndGoWithTheSearches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "aa", ""), virtual("c2", "bb", ""))
		b := watching(t, w, "aa", "bb")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			w.fail("bb")
			w.set(virtual("c3", "aa", "")) // and no more c1, c2
			time.Sleep(10 * time.Minute)
			b.wantWatched(t, "one port failed", "c2 a bb", "c3 a aa")
			found := b.store.Load().Connection("c2").At
			if age := time.Since(found); age < 10*time.Minute {
				t.Errorf("what is known of the one on the port that failed is called %v old", age)
			}
			if c := b.store.Load().Connection("c3"); c.Traffic[0] == nil {
				t.Error("the new one was not polled at once")
			}
			w.fail()
			time.Sleep(10 * time.Minute)
			b.wantWatched(t, "none failed", "c3 a aa")
			polled := len(b.api.of("connection v4-stats", "c2"))
			time.Sleep(time.Hour)
			if n := len(b.api.of("connection v4-stats", "c2")) - polled; n > 0 {
				t.Errorf("%d polls of a connection that has left", n)
			}
			w.set(virtual("c2", "bb", ""))
			time.Sleep(10 * time.Minute)
			b.wantWatched(t, "one came back", "c2 a bb")
			if c := b.store.Load().Connection("c2"); c.Traffic[0] == nil {
				t.Error("the one that came back is not polled")
			}
		})
	})
}

func TestConnectionsWithoutTrafficAreNotAskedForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conns []fabric.Connection
		for i, state := range []string{"DRAFT", "PENDING", "CANCELLED", "DEPROVISIONED", "FAILED", "REJECTED", "ACTIVE", "DEPROVISIONING", "BRAND_NEW", ""} {
			c := virtual(fmt.Sprintf("c%d", i), "aa", "")
			c.State = state
			conns = append(conns, c)
		}
		w := newWeb(conns...)
		b := watching(t, w, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			for i, c := range conns {
				polled := len(b.api.of("connection v4-stats", c.UUID)) > 0
				if len(b.watched()) != len(conns) || polled != (i > 5) {
					t.Errorf("%q: polled %v", c.State, polled)
				}
			}
			conns[0].State, conns[6].State = "ACTIVE", "CANCELLED"
			w.set(conns...)
			time.Sleep(10 * time.Minute)
			if c := b.store.Load().Connection("c0"); c.Traffic[0] == nil {
				t.Error("the one that came into service has no traffic")
			}
			if c := b.store.Load().Connection("c6"); c.Traffic[0] != nil || c.Polls[0].Tried() {
				t.Error("the one that went out of service has traffic")
			}
			polled := len(b.api.of("connection v4-stats", "c6"))
			time.Sleep(time.Hour)
			if n := len(b.api.of("connection v4-stats", "c6")) - polled; n > 0 {
				t.Errorf("%d polls of the one that went out of service", n)
			}
		})
	})
}

func TestMaxKeepsWhatIsWatchedAndPrefersTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draft := virtual("c1", "aa", "")
		draft.State = "DRAFT"
		w := newWeb(draft, virtual("c5", "aa", ""), virtual("c6", "aa", ""))
		b := watching(t, w, "aa")
		b.cfg.Accounts[0].Connections = everything(2)
		var log strings.Builder
		b.logTo(&log)
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Second)
			b.wantWatched(t, "traffic first", "c5 a aa", "c6 a aa")
			w.set(draft, virtual("c2", "aa", ""), virtual("c5", "aa", ""), virtual("c6", "aa", ""))
			time.Sleep(30 * time.Minute)
			b.wantWatched(t, "no churn", "c5 a aa", "c6 a aa")
			w.set(draft, virtual("c2", "aa", ""), virtual("c6", "aa", ""))
			time.Sleep(30 * time.Minute)
			b.wantWatched(t, "one left", "c2 a aa", "c6 a aa")
			if got := *b.store.Load().Accounts[0].Selected; got != 3 {
				t.Errorf("%d selected, want 3", got)
			}
			w.set(draft)
			time.Sleep(30 * time.Minute)
			w.set(draft, virtual("c2", "aa", ""), virtual("c6", "aa", ""))
			time.Sleep(30 * time.Minute)
		})
		const warning = "more connections are selected than connections.max of the account allows"
		if n := strings.Count(log.String(), warning); n != 4 || !strings.Contains(log.String(), "selected=4 max=2") {
			t.Errorf("%d warnings of 3, 4, 3, 1 and 3 connections:\n%s", n, log.String())
		}
	})
}

func TestConnectionsGoWithTheirPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		b := discovering(t, e)
		w := newWeb(virtual("c1", "aa", ""), virtual("c2", "bb", ""), virtual("c3", "aa", "bb"))
		b.api.connections = w.search
		b.cfg.Accounts[0].Connections = everything(500)
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			b.wantWatched(t, "at first", "c1 a aa", "c2 a bb", "c3 a aa")
			e.set("bb")
			time.Sleep(25 * time.Minute)
			b.wantWatched(t, "without one port", "c2 a bb", "c3 z bb")
		})
	})
}
