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

func TestAConnectionIsSeenFromTheSideOfThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "aa", "elsewhere"), virtual("c2", "elsewhere", "aa"))
		b := watching(t, w, "aa")
		var broken atomic.Bool
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			if broken.Load() {
				return nil, errBroken
			}
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			for uuid, want := range map[string]string{"c1": fabric.ASide, "c2": fabric.ZSide} {
				if got := b.api.of("connection v4-stats", uuid)[0].view; got != want {
					t.Errorf("%s: seen from %s, want %s", uuid, got, want)
				}
			}
			// What was seen from one side is not what is seen from the other.
			broken.Store(true)
			w.set(virtual("c1", "elsewhere", "aa"))
			time.Sleep(10 * time.Minute)
			b.wantWatched(t, "turned round", "c1 z aa")
			if c := b.store.Load().Connection("c1"); c.Traffic[0] != nil {
				t.Error("its traffic is still that of the other side")
			}
		})
	})
}

// An answer that was asked for from one side comes when the other one counts, or
// when the connection is out of service.
func TestALateAnswerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "aa", "elsewhere"), virtual("c2", "aa", "elsewhere"))
		b := watching(t, w, "aa")
		b.api.connectionTraffic = func(_, _, view string) (*fabric.ConnectionTraffic, error) {
			if view != fabric.ASide {
				return nil, errBroken
			}
			time.Sleep(20 * time.Minute)
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Second)
			ended := virtual("c2", "aa", "elsewhere")
			ended.State = "DEPROVISIONED"
			w.set(virtual("c1", "elsewhere", "aa"), ended)
			time.Sleep(20 * time.Minute) // the answers have come a second ago
			b.wantWatched(t, "after the change", "c1 z aa", "c2 a aa")
			for _, c := range b.store.Load().Connections {
				if c.Traffic[0] != nil {
					t.Errorf("%s has traffic", c.UUID)
				}
			}
		})
	})
}

func TestPacketsThatASideDroppedAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa")
		b.cfg.Accounts[0].Sources = []string{poll.SourceV4Metrics}
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			a := &fabric.ConnectionTraffic{Traffic: *fresh()}
			for end := start.Add(-time.Hour); !end.After(time.Now()); end = end.Add(5 * time.Minute) {
				a.ASide.Inbound = append(a.ASide.Inbound, fabric.Count{End: end, N: 7})
				a.ZSide.Outbound = append(a.ZSide.Outbound, fabric.Count{End: end, N: 11})
			}
			return a, nil
		}
		b.run(t, time.Minute)
		b.run(t, 30*time.Minute) // over a reload
		dropped := b.store.Load().Connection("c1").Dropped
		a, z := dropped[fleet.ASide][fleet.Inbound], dropped[fleet.ZSide][fleet.Outbound]
		if n := a.Total / 7; n < 5 || n > 6 || z.Total != n*11 {
			t.Errorf("after half an hour: %v of 7 and %v of 11 per interval", a.Total, z.Total)
		}
		if dropped[fleet.ASide][fleet.Outbound].Began() || dropped[fleet.ZSide][fleet.Inbound].Began() {
			t.Error("a direction without counts has a counter")
		}
	})
}

// Six hundred connections are due, and each call takes two seconds.
func TestConnectionsDoNotDelayThePorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conns []fabric.Connection
		for _, uuid := range uuids(600) {
			conns = append(conns, virtual("c"+uuid, "aa", ""))
		}
		b := watching(t, newWeb(conns...), "aa", "bb")
		b.cfg.Accounts[0].Connections = everything(1000)
		b.cfg.RequestsPerSecond, b.cfg.Concurrency = 1000, 1
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			time.Sleep(2 * time.Second)
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.run(t, 9*time.Minute) // 600 × 2s on two workers are 10m
		for _, uuid := range []string{"aa", "bb"} {
			calls := b.api.of("v3", uuid)
			gaps := []time.Duration{}
			for i := 1; i < len(calls); i++ {
				gaps = append(gaps, calls[i].at.Sub(calls[i-1].at).Round(time.Second))
			}
			if len(calls) < 2 || slices.Max(gaps) > 7*time.Minute {
				t.Errorf("port %s is polled %v apart", uuid, gaps)
			}
		}
	})
}

func TestTheTrafficOfConnectionsIsPlanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conns []fabric.Connection
		for i, uuid := range uuids(300) {
			c := virtual("c"+uuid, "aa", "")
			if i%3 == 0 {
				c.State = "DRAFT" // costs nothing
			}
			conns = append(conns, c)
		}
		b := watching(t, newWeb(conns...), "aa", "bb")
		b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		b.cfg.RequestsPerSecond = 0.2
		var log strings.Builder
		b.logTo(&log)
		b.run(t, time.Minute)
		// 2 ports and 200 connections in two windows, 3 pages and a batch, a listing.
		want := 202*(1+1./12) + 3 + 1 + 1./3
		if got := b.store.Load().Accounts[0]; math.Abs(got.CallsPerCycle-want) > 1e-9 {
			t.Errorf("%v calls per cycle, want %v", got.CallsPerCycle, want)
		}
		const remedy = "raise api.requests_per_second from 0.2 to 0.9, or narrow connections.include and exclude of the account, " +
			"or lower its connections.max: the traffic of 200 connections is asked for every 22m49s" // 216.7 calls of the 47.5 that are left
		for _, want := range []string{remedy, "traffic_of=connections interval=22m49s"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %q in\n%s", want, log.String())
			}
		}
	})
}

func TestAReloadKeepsTheConnectionsThatAreStillWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "aa", ""), virtual("c2", "aa", ""))
		b := watching(t, w, "aa")
		b.run(t, time.Minute)
		before := b.store.Load().Connection("c1")
		w.fail("aa") // the reload must not need the search
		b.cfg.Accounts[0].Connections = &poll.Selection{Max: 5, Match: func(c *fleet.Connection) bool { return c.UUID == "c1" }}
		b.run(t, 0)
		b.wantWatched(t, "filtered", "c1 a aa")
		if diff := cmp.Diff(before, b.store.Load().Connection("c1"), cmp.AllowUnexported(fleet.Counter{})); diff != "" {
			t.Errorf("(-before +after)\n%s", diff)
		}
		if n := len(b.api.of("connection v4-stats", "c1")); n != 1 {
			t.Errorf("%d polls, want the one before the reload", n)
		}
		w.fail()
		b.cfg.Accounts[0].Connections = everything(500)
		b.run(t, 0)
		b.wantWatched(t, "wanted again, at once", "c1 a aa", "c2 a aa")
		b.cfg.Accounts[0].Connections = nil
		b.run(t, time.Minute)
		if got := b.store.Load().Accounts[0]; len(b.watched()) > 0 || got.Selected != nil || got.ConnectionSource != "" {
			t.Errorf("after the opt-out: %v, %+v", b.watched(), got)
		}
	})
}

func TestAConnectionOfTwoAccountsBelongsToTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "bb", "aa"), virtual("c2", "bb", ""))
		w.fail("aa")
		b := watching(t, w, "aa")
		two := b.cfg.Accounts[0]
		second := &fakeAPI{connections: w.search}
		two.Name, two.API, two.Ports = "second", second, []poll.Port{{UUID: "bb"}}
		b.cfg.Accounts = append(b.cfg.Accounts, two)
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			b.wantWatched(t, "only the second sees it", "c1 a bb", "c2 a bb")
			w.fail()
			time.Sleep(15 * time.Minute)
			b.wantWatched(t, "both see it", "c1 z aa", "c2 a bb")
			if got := b.store.Load().Connection("c1").Account; got != "prod" {
				t.Errorf("account %q", got)
			}
			polled := len(second.of("connection v4-stats", "c1"))
			time.Sleep(time.Hour)
			if n := len(second.of("connection v4-stats", "c1")) - polled; n > 0 {
				t.Errorf("the second account still polls it: %d times", n)
			}
			w.set(virtual("c1", "bb", "gone"), virtual("c2", "bb", ""))
			time.Sleep(15 * time.Minute)
			b.wantWatched(t, "the first sees it no more", "c1 a bb", "c2 a bb")
		})
	})
}

func TestConnectionsDoNotDelayReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa")
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			time.Sleep(time.Minute)
			return nil, errBroken
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Second)
			if !b.store.Load().Ready {
				t.Error("not ready while the traffic of a connection is awaited")
			}
			time.Sleep(2 * time.Minute)
		})
	})
}
