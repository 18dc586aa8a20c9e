package poll_test

import (
	"math"
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

// estate is what a changing listing has, or why it fails.
type estate struct {
	ports atomic.Pointer[[]fabric.Port]
	err   atomic.Pointer[fabric.Error]
}

func newEstate(uuids ...string) *estate {
	var e estate
	e.set(uuids...)
	return &e
}

func (e *estate) set(uuids ...string) {
	ports, _ := allSeen(uuids...)()
	e.ports.Store(&ports)
}

func (e *estate) list() ([]fabric.Port, error) {
	if err := e.err.Load(); err != nil {
		return nil, err
	}
	return *e.ports.Load(), nil
}

// discovering is a bench that watches all of an estate but the ports named so.
func discovering(t *testing.T, e *estate, configured ...string) *bench {
	b := newBench(t, &fakeAPI{ports: e.list}, configured...)
	b.cfg.Accounts[0].Discover = func(name string, _ *fleet.Inventory) bool { return !strings.HasSuffix(name, "-lab") }
	return b
}

func (b *bench) uuids() []string {
	var all []string
	for _, p := range b.store.Load().Ports {
		all = append(all, p.UUID)
	}
	return all
}

func TestDiscoveryWatchesWhatTheFilterWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		ports := append(*e.ports.Load(), fabric.Port{UUID: "cc", Name: "in-the-lab"})
		ports[1].Links = []fabric.Link{{OperationalStatus: "UP"}}
		e.ports.Store(&ports)
		b := discovering(t, e)
		b.run(t, time.Second)
		if diff := cmp.Diff([]string{"aa", "bb"}, b.uuids()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if p := b.port(t, "aa"); p.Traffic[0] == nil || p.Connections == nil || p.Name() != "name-of-aa" {
			t.Errorf("the port has no values yet: %+v", p)
		} else if p.Linked || !b.port(t, "bb").Linked {
			t.Error("only the port whose links the listing names is linked")
		}
		if !b.store.Load().Ready {
			t.Error("not ready")
		}
		// Two ports, one search and a third of a listing: the plan knows them at once.
		if got := b.store.Load().Accounts[0].CallsPerCycle; math.Round(got*100) != 333 {
			t.Errorf("%v calls per cycle", got)
		}
	})
}

func TestDiscoveryFollowsTheEstate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		b := discovering(t, e, "zz") // zz is configured and never listed
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			e.set("bb", "cc")
			time.Sleep(16 * time.Minute)
			if diff := cmp.Diff([]string{"bb", "cc", "zz"}, b.uuids()); diff != "" {
				t.Errorf("after a change (-want +got)\n%s", diff)
			}
			if p := b.port(t, "cc"); p.Traffic[0] == nil || p.Connections == nil {
				t.Error("the new port was not polled at once")
			}
			if !b.store.Load().Ready {
				t.Error("a port that comes later undid readiness")
			}
			gone := len(b.api.of("v3", "aa"))
			time.Sleep(10 * time.Minute)
			if n := len(b.api.of("v3", "aa")); n != gone {
				t.Error("the port that left is still polled")
			}
			e.set("aa", "bb", "cc")
			time.Sleep(16 * time.Minute)
			if n := len(b.api.of("v3", "aa")); n == gone {
				t.Error("the port that came back is not polled")
			}
		})
		for _, uuid := range []string{"aa", "bb", "cc", "zz"} {
			calls := b.api.of("v3", uuid)
			for i := 2; i < len(calls); i++ {
				if gap := calls[i].at.Sub(calls[i-1].at); gap < time.Minute {
					t.Errorf("port %s has two tasks: polled %v apart", uuid, gap)
				}
			}
		}
	})
}

func TestDiscoveryFailingRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		b := discovering(t, e)
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			e.err.Store(errBroken)
			time.Sleep(2 * time.Hour)
		})
		if diff := cmp.Diff([]string{"aa", "bb"}, b.uuids()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if !b.port(t, "aa").Polls[0].OK {
			t.Error("its traffic is not polled any more")
		}
	})
}

func TestDiscoverySurvivesAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		b := discovering(t, e)
		b.run(t, time.Minute)
		e.err.Store(errBroken) // the reload must not need the listing
		b.cfg.Accounts[0].Discover = func(name string, _ *fleet.Inventory) bool { return name == "name-of-aa" }
		b.run(t, time.Minute)
		if diff := cmp.Diff([]string{"aa"}, b.uuids()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if b.port(t, "aa").Traffic[0] == nil {
			t.Error("its values are gone")
		}
		if n := len(b.api.of("v3", "aa")); n != 1 {
			t.Errorf("%d polls, want the one before the reload", n)
		}
	})
}

func TestDiscoveryLeavesASharedPortToTheFirstAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := newEstate()
		b := discovering(t, slow)
		fast := newEstate("aa", "bb")
		two := b.cfg.Accounts[0]
		two.Name, two.API = "second", &fakeAPI{ports: fast.list}
		b.cfg.Accounts = append(b.cfg.Accounts, two)
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			if got := b.port(t, "aa").Account; got != "second" {
				t.Fatalf("account %q", got)
			}
			slow.set("aa")
			time.Sleep(20 * time.Minute)
			second, _ := two.API.(*fakeAPI)
			calls := len(second.of("v3", "aa"))
			time.Sleep(20 * time.Minute)
			if n := len(second.of("v3", "aa")); n != calls {
				t.Errorf("the second account polled it %d times more", n-calls)
			}
		})
		if got := b.port(t, "aa").Account; got != "prod" {
			t.Errorf("the port belongs to %q, not to the first that sees it", got)
		}
		if got := b.port(t, "bb").Account; got != "second" {
			t.Errorf("the other port belongs to %q", got)
		}
		if !slices.Equal(b.uuids(), []string{"aa", "bb"}) {
			t.Errorf("ports %v", b.uuids())
		}
	})
}

// While the listing is under way the one configured port is no sample.
func TestAMistypedPortDecidesNothingBeforeTheListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		b := discovering(t, e, "typo")
		b.api.ports = func() ([]fabric.Port, error) {
			time.Sleep(2 * time.Second)
			return e.list()
		}
		b.api.traffic = func(source, uuid string) (*fabric.Traffic, error) {
			if uuid == "typo" || source != "v3" {
				return nil, errGone
			}
			return fresh(), nil
		}
		b.run(t, 10*time.Minute)
		if got := b.source(); got != "v3" || len(b.api.of("v4-stats", "")) > 0 {
			t.Errorf("source %q, %d calls of the next one", got, len(b.api.of("v4-stats", "")))
		}
	})
}

func TestAPortThatComesLaterDoesNotUndoReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa")
		b := discovering(t, e)
		b.api.traffic = func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "bb" {
				time.Sleep(time.Hour)
			}
			return fresh(), nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			e.set("aa", "bb")
			time.Sleep(20 * time.Minute)
			if snap := b.store.Load(); !snap.Ready || snap.Complete() {
				t.Errorf("ready %v, complete %v", snap.Ready, snap.Complete())
			}
			time.Sleep(time.Hour) // let the call end
		})
	})
}

// A listing that has lost every port is believed when the next one is as empty:
// one in between that has ports makes it the first again.
func TestOneEmptyListingEndsNoPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("aa", "bb")
		b := discovering(t, e, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			for _, empty := range []bool{true, false, true} {
				e.set("aa", "bb")
				if empty {
					e.set()
				}
				time.Sleep(15 * time.Minute)
				if diff := cmp.Diff([]string{"aa", "bb"}, b.uuids()); diff != "" || b.port(t, "aa").Inventory == nil {
					t.Fatalf("after a listing, empty %v: inventory %v (-want +got)\n%s", empty, b.port(t, "aa").Inventory, diff)
				}
				if ok := b.store.Load().Accounts[0].InventoryPoll.OK; ok == empty {
					t.Errorf("the listing, empty %v, is a success: %v", empty, ok)
				}
			}
			time.Sleep(15 * time.Minute)
			if diff := cmp.Diff([]string{"aa"}, b.uuids()); diff != "" || b.port(t, "aa").Inventory != nil {
				t.Errorf("after two empty listings: inventory %v (-want +got)\n%s", b.port(t, "aa").Inventory, diff)
			}
		})
	})
}
