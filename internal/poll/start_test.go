package poll_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// orders runs a test with each of the first calls ending last: no order of the answers at
// the start makes anything late by an interval.
func orders(t *testing.T, test func(t *testing.T, slow map[string]time.Duration)) {
	for _, late := range []string{"nothing", "ports", "connections", "assets", "traffic"} {
		t.Run(late+" late", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, map[string]time.Duration{late: 5 * time.Second}) })
		})
	}
}

// unlucky is a bench that discovers and tracks everything, with slow calls.
func unlucky(t *testing.T, slow map[string]time.Duration, conns ...fabric.Connection) *bench {
	w := newWeb(conns...)
	e := newEstate("aa", "bb")
	b := watching(t, w)
	b.cfg.Accounts[0].Discover = func(string, *fleet.Inventory) bool { return true }
	b.api.ports = func() ([]fabric.Port, error) { time.Sleep(slow["ports"]); return e.list() }
	b.api.connections = func(ports []string, each func([]string, []fabric.Connection, error)) {
		time.Sleep(slow["connections"])
		w.search(ports, each)
	}
	b.api.assets = func() ([]fabric.StreamAsset, error) {
		time.Sleep(slow["assets"])
		return []fabric.StreamAsset{asset("aa", true, "ATTACHED"), asset("c1", true, "ATTACHED")}, nil
	}
	return b
}

// through answers through one source only, late by slow["traffic"].
func (b *bench) through(source string, slow map[string]time.Duration) {
	b.api.traffic = func(asked, _ string) (*fabric.Traffic, error) {
		time.Sleep(slow["traffic"])
		if asked != source {
			return nil, errGone
		}
		return fresh(), nil
	}
	b.api.connectionTraffic = func(asked, _, _ string) (*fabric.ConnectionTraffic, error) {
		time.Sleep(slow["traffic"])
		if asked != source {
			return nil, errGone
		}
		return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
	}
}

func TestAllIsKnownSoonWhateverEndsLast(t *testing.T) {
	orders(t, func(t *testing.T, slow map[string]time.Duration) {
		b := unlucky(t, slow, virtual("c1", "aa", ""), virtual("c2", "elsewhere", "bb"))
		b.through("v4-metrics", slow)
		b.run(t, time.Minute)
		if got := b.selected(); got != 2 {
			t.Errorf("%d connections are selected", got)
		}
		snap := b.store.Load()
		for uuid, want := range map[string]string{"aa": "yes", "bb": "yes"} { // data overrule the listing of streams
			if p := b.port(t, uuid); p.Traffic[0] == nil || !p.Polls[0].OK || b.attached(t, uuid) != want {
				t.Errorf("port %s: %+v, attached: %s", uuid, p.Metered, b.attached(t, uuid))
			}
		}
		for _, uuid := range []string{"c1", "c2"} {
			if c := snap.Connection(uuid); c == nil || c.Traffic[0] == nil || !c.Polls[0].OK || c.Attached == nil {
				t.Errorf("connection %s: %+v", uuid, c)
			}
		}
	})
}

// Another source than v4-metrics needs no stream, so nothing is said of attachments.
func TestNoAttachmentIsShownOfAnotherSource(t *testing.T) {
	orders(t, func(t *testing.T, slow map[string]time.Duration) {
		b := unlucky(t, slow, virtual("c1", "aa", ""))
		b.through("v4-stats", slow)
		b.run(t, time.Minute)
		if got := b.attached(t, "aa") + b.attached(t, "bb"); got != "??" || b.store.Load().Connection("c1").Attached != nil {
			t.Errorf("attached: %s", got)
		}
	})
}

// The listing brings no port that is not configured: the source is found all the same.
func TestAListingWithoutNewPortsDelaysNoTraffic(t *testing.T) {
	orders(t, func(t *testing.T, slow map[string]time.Duration) {
		b := unlucky(t, slow)
		b.cfg.Accounts[0].Ports = []poll.Port{{UUID: "aa"}, {UUID: "bb"}}
		b.through("v4-stats", slow)
		b.run(t, time.Minute)
		for _, uuid := range []string{"aa", "bb"} {
			if b.port(t, uuid).Traffic[0] == nil {
				t.Errorf("port %s has no traffic after a minute", uuid)
			}
		}
	})
}

// A connection is seen from its z-side until the port of its a-side is discovered. Its
// traffic, as seen from there, is polled at once.
func TestAConnectionIsPolledAtOnceFromItsOtherSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate("bb")
		b := watching(t, newWeb(virtual("c1", "aa", "bb")))
		b.api.ports = e.list
		b.cfg.Accounts[0].Discover = func(string, *fleet.Inventory) bool { return true }
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			b.wantWatched(t, "at first", "c1 z bb")
			e.set("aa", "bb")
			for b.watched()[0] != "c1 a aa" {
				time.Sleep(time.Second)
			}
			time.Sleep(2 * time.Second)
			if b.store.Load().Connection("c1").Traffic[0] == nil {
				t.Error("no traffic as seen from the a-side")
			}
		})
	})
}

// Connections that were polled while their source went away are polled again with the
// next one.
func TestConnectionsPolledDuringAChangeOfSourceSucceedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conns []fabric.Connection
		for i := range 40 {
			conns = append(conns, virtual(fmt.Sprintf("c%02d", i), "aa", ""))
		}
		b := watching(t, newWeb(conns...), "aa")
		var gone atomic.Bool
		b.api.connectionTraffic = func(source, _, _ string) (*fabric.ConnectionTraffic, error) {
			time.Sleep(3 * time.Second)
			if source == "v4-stats" && gone.Load() {
				return nil, errGone
			}
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(10 * time.Minute)
			gone.Store(true)
			time.Sleep(9 * time.Minute) // one round to say so, and half a minute for the next source
			if got := b.connectionSource(); got != "v4-metrics" {
				t.Errorf("source %q", got)
			}
			for _, c := range b.store.Load().Connections {
				if !c.Polls[0].OK {
					t.Errorf("connection %s: %+v", c.UUID, c.Polls[0])
				}
			}
		})
	})
}

// A port of two accounts is a conflict of the later one, whichever lists first.
func TestAConflictCountsWhicheverAccountListsFirst(t *testing.T) {
	for _, late := range []string{"prod", "second"} {
		t.Run(late+" late", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEstate("aa", "bb")
				list := func(account string) func() ([]fabric.Port, error) {
					return func() ([]fabric.Port, error) {
						if account == late {
							time.Sleep(5 * time.Second)
						}
						return e.list()
					}
				}
				b := newBench(t, &fakeAPI{ports: list("prod")})
				b.cfg.Accounts[0].Discover = func(string, *fleet.Inventory) bool { return true }
				two := b.cfg.Accounts[0]
				two.Name, two.API = "second", &fakeAPI{ports: list("second")}
				b.cfg.Accounts = append(b.cfg.Accounts, two)
				b.run(t, time.Hour)
				if got := b.counted(t, "port_conflicts_total"); got["second"] != 2 || got["prod"] != 0 {
					t.Errorf("conflicts: %v", got)
				}
				if got := b.port(t, "aa").Account; got != "prod" {
					t.Errorf("the port belongs to %q", got)
				}
			})
		})
	}
}
