package poll_test

import (
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

func TestInventoryFillsThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{ports: func() ([]fabric.Port, error) {
			return []fabric.Port{{
				UUID: "aa", Name: "api-name", State: "ACTIVE", OperationalStatus: "UP", Capacity: new(20e9), Allocated: new(5e9),
				Links:     []fabric.Link{{UUID: "l", OperationalStatus: "UP", Speed: new(10e9)}},
				MetroCode: "AM", MetroName: "Amsterdam", Region: "EMEA", IBX: "AM3", Encapsulation: "DOT1Q", Package: "STANDARD",
				Speed: "10000", RedundancyPriority: "PRIMARY", RedundancyGroup: "g", LAG: new(true), ProjectID: "p",
			}}, nil
		}}
		b := newBench(t, api, "aa")
		start := time.Now()
		b.run(t, 0)
		p := b.port(t, "aa")
		want := &fleet.Inventory{
			At: start, State: "ACTIVE", Status: "UP", Capacity: new(20e9), Allocated: new(5e9),
			Links: []fleet.Link{{UUID: "l", Status: "UP", Speed: new(10e9)}},
			Metro: "AM", MetroName: "Amsterdam", Region: "EMEA", IBX: "AM3", Encapsulation: "DOT1Q", Package: "STANDARD",
			Speed: "10000", RedundancyPriority: "PRIMARY", RedundancyGroup: "g", LAG: "true", Project: "p",
		}
		if diff := cmp.Diff(want, p.Inventory); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if !p.Confirmed || !p.Linked || p.Name() != "api-name" {
			t.Errorf("confirmed %v, linked %v, name %q", p.Confirmed, p.Linked, p.Name())
		}
	})
}

func TestInventoryFallsBackToV3WhereV4IsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{ports: failing(errGone), userPorts: allSeen("aa")}, "aa")
		b.run(t, 0)
		if got := b.port(t, "aa").Name(); got != "name-of-aa" {
			t.Errorf("name %q", got)
		}
	})
}

func TestInventoryDoesNotFallBackOnPassingErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{ports: failing(errBroken), userPorts: allSeen("aa")}, "aa")
		b.run(t, 0)
		if n := len(b.api.of("userports", "")); n != 0 {
			t.Errorf("%d calls of v3", n)
		}
		if p := b.port(t, "aa"); !p.Listed || p.Inventory != nil {
			t.Errorf("after a failed first attempt: %+v", p)
		}
	})
}

func TestInventoryOfNeitherVersionIsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{ports: failing(errGone), userPorts: failing(errGone)}, "aa")
		b.run(t, 0)
		if !b.port(t, "aa").Listed {
			t.Error("the port waits for an inventory that cannot come")
		}
		if poll := b.store.Load().Accounts[0].InventoryPoll; poll.OK || !strings.Contains(poll.Err, "404") {
			t.Errorf("%+v", poll)
		}
	})
}

func TestInventoryThatLacksAPortEndsItsValuesAndKeepsItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen atomic.Value
		seen.Store("aa")
		b := newBench(t, &fakeAPI{ports: func() ([]fabric.Port, error) {
			uuid, _ := seen.Load().(string)
			return allSeen(uuid)()
		}}, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			seen.Store("zz")
			time.Sleep(20 * time.Minute)
		})
		if p := b.port(t, "aa"); p.Inventory != nil || p.Name() != "name-of-aa" {
			t.Errorf("inventory %v, name %q", p.Inventory, p.Name())
		}
	})
}

// A mistyped uuid: no listing has it and its traffic is a 404.
func TestAPortThatNoAnswerKnowsStaysUnconfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{ports: allSeen("aa"), traffic: func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "typo" {
				return nil, errGone
			}
			return fresh(), nil
		}}
		b := newBench(t, api, "aa", "typo")
		b.run(t, time.Minute)
		if !b.port(t, "aa").Confirmed || b.port(t, "typo").Confirmed {
			t.Error("only the port that exists is confirmed")
		}
	})
}

func TestConnectionsFailBatchByBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
			each(ports[:1], []fabric.Connection{
				{UUID: "1", State: "ACTIVE", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Bandwidth: new(1e9), ASidePort: "aa", ZSidePort: "zz"},
			}, nil)
			each(ports[1:], nil, errBroken)
		}}
		b := newBench(t, api, "aa", "bb")
		b.run(t, 0)
		good, bad := b.port(t, "aa"), b.port(t, "bb")
		if good.Connections == nil || good.Connections.States["ACTIVE"] != 1 || *good.Connections.Bandwidth != 1e9 {
			t.Errorf("good: %+v", good.Connections)
		}
		if bad.Connections != nil || bad.ConnectionsPoll.OK || !bad.ConnectionsPoll.Tried() {
			t.Errorf("bad: %+v", bad)
		}
	})
}

func TestTheStateOfTheLoginIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		expiry := time.Now().Add(time.Hour)
		var login atomic.Pointer[fabric.TokenStatus]
		login.Store(&fabric.TokenStatus{Held: true, Expiry: expiry, Err: errOther})
		b := newBench(t, &fakeAPI{}, "aa")
		b.cfg.Accounts[0].Login = func() fabric.TokenStatus { return *login.Load() }
		b.during(t, func(*poll.Poller) {
			state := b.store.Load().Accounts[0]
			if !state.LoginHeld || !state.TokenExpiry.Equal(expiry) || state.LoginError != "something else" {
				t.Errorf("%+v", state)
			}
			login.Store(&fabric.TokenStatus{Expiry: expiry.Add(time.Hour)})
			time.Sleep(10 * time.Minute)
			state = b.store.Load().Accounts[0]
			if state.LoginHeld || !state.TokenExpiry.Equal(expiry.Add(time.Hour)) || state.LoginError != "" {
				t.Errorf("after a login that succeeded: %+v", state)
			}
		})
	})
}

// A listing of v4 that is gone for a moment is not replaced by v3, which names no links: the
// third in a row is.
func TestInventoryFallsBackWithTheThirdListingThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gone atomic.Bool
		api := &fakeAPI{userPorts: allSeen("aa"), ports: func() ([]fabric.Port, error) {
			if gone.Load() {
				return nil, errGone
			}
			return allSeen("aa")()
		}}
		b := newBench(t, api, "aa")
		b.run(t, time.Minute)
		b.during(t, func(*poll.Poller) {
			time.Sleep(20 * time.Minute)
			gone.Store(true)
			before := len(api.of("ports", ""))
			for len(api.of("userports", "")) == 0 && len(api.of("ports", "")) < before+5 {
				time.Sleep(time.Minute)
			}
			if n := len(api.of("ports", "")) - before; n != 3 {
				t.Errorf("v3 is asked after %d listings that are gone", n)
			}
		})
	})
}

// Links that a listing never named cannot have gone down: without a new listing the line
// rate of the traffic goes on as the effective capacity.
func TestAPortWithoutLinksKeepsItsCapacityWithoutListings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		b := newBench(t, &fakeAPI{ports: func() ([]fabric.Port, error) {
			if broken.Load() {
				return nil, errBroken
			}
			return allSeen("aa")()
		}}, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			broken.Store(true)
			time.Sleep(2 * time.Hour)
			snap := b.store.Load()
			v := snap.View(&snap.Accounts[0], b.port(t, "aa"), time.Now())
			if got := v.EffectiveCapacity(); v.Inventory != nil || got == nil || *got != 1e9 {
				t.Errorf("inventory %v, effective capacity %v", v.Inventory, got)
			}
		})
	})
}
