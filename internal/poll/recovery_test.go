package poll_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

func TestAFailedPollIsDueAtOnceAfterAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		api := &fakeAPI{}
		api.ports = func() ([]fabric.Port, error) {
			if well.Load() {
				return allSeen("aa")()
			}
			return nil, errBroken
		}
		api.traffic = func(string, string) (*fabric.Traffic, error) {
			if well.Load() {
				return fresh(), nil
			}
			return nil, errBroken
		}
		api.connections = func(ports []string, each func([]string, []fabric.Connection, error)) {
			if well.Load() {
				each(ports, nil, nil)
				return
			}
			each(ports, nil, errBroken)
		}
		b := newBench(t, api, "aa")
		b.run(t, time.Second)
		well.Store(true)
		b.run(t, 0)
		if p := b.port(t, "aa"); !p.Polls[0].OK || !p.ConnectionsPoll.OK || p.Inventory == nil {
			t.Errorf("after the repair and a reload: %+v", p)
		}
	})
}

func TestAFirstListingThatFailsIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{ports: failing(errBroken)}, "aa")
		b.run(t, 10*time.Minute+time.Second)
		if n := len(b.api.of("ports", "")); n != 11 {
			t.Errorf("%d listings in ten minutes, want one a minute", n)
		}
		gone := newBench(t, &fakeAPI{ports: failing(errGone), userPorts: failing(errGone)}, "aa")
		gone.run(t, 10*time.Minute)
		if n := len(gone.api.of("ports", "")); n > 2 {
			t.Errorf("%d listings of an API that does not exist", n)
		}
	})
}

func TestAnEmptyAnswerIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var empty atomic.Bool
		api := &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			if empty.Load() {
				return &fabric.Traffic{}, nil
			}
			return fresh(), nil
		}}
		b := newBench(t, api, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			before := b.port(t, "aa").Traffic[0]
			empty.Store(true)
			time.Sleep(15 * time.Minute)
			p := b.port(t, "aa")
			if diff := cmp.Diff(before, p.Traffic[0]); diff != "" {
				t.Errorf("values (-before +after)\n%s", diff)
			}
			if !p.Polls[0].OK {
				t.Error("an empty answer is an answer")
			}
			snap := b.store.Load()
			time.Sleep(15 * time.Minute)
			if v := snap.View(&snap.Accounts[0], b.port(t, "aa"), time.Now()); v.Traffic[0] != nil {
				t.Error("what is known must go stale all the same")
			}
		})
	})
}

func TestAnEmptyAnswerDoesNotConfirmAPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return &fabric.Traffic{Capacity: new(1e9)}, nil
			}
			return &fabric.Traffic{}, nil
		}}
		b := newBench(t, api, "aa", "typo")
		b.run(t, time.Minute)
		if !b.port(t, "aa").Confirmed || b.port(t, "typo").Confirmed {
			t.Error("only the answer that says something confirms its port")
		}
	})
}

func TestARenamedAccountKeepsItsPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{ports: allSeen("aa")}, "aa")
		b.run(t, time.Minute)
		before := b.port(t, "aa")
		b.cfg.Accounts[0].Name = "production"
		b.run(t, 0)
		after := b.port(t, "aa")
		if after.Account != "production" || !after.Listed || after.Name() != before.Name() {
			t.Errorf("%+v", after)
		}
		if diff := cmp.Diff(before.Traffic, after.Traffic); diff != "" {
			t.Errorf("values (-before +after)\n%s", diff)
		}
	})
}

func TestTheIntervalsAreThoseOfThePlan(t *testing.T) {
	for _, tt := range []struct {
		name        string
		ports, conn int
		perSecond   float64
		want        time.Duration
	}{
		{"traffic alone", 90, 0, 1, 5 * time.Minute},                    // 90/300 + 1/300 + 1/900
		{"ports want twice the budget", 270, 0, 0.5, 613 * time.Second}, // (270/300 + 3/300 + 3/900) / 0.45 × 300s
		{"connections want it", 10, 30_000, 0.5, 690 * time.Second},     // (10/300 + 301/300 + 1/900) / 0.45 × 300s
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ports := uuids(tt.ports)
				conns := make([]fabric.Connection, tt.conn)
				for i := range conns {
					conns[i] = fabric.Connection{UUID: time.Duration(i).String(), State: "ACTIVE", ASidePort: ports[0]}
				}
				api := &fakeAPI{connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
					each(ports, conns, nil)
				}}
				b := newBench(t, api, ports...)
				b.cfg.RequestsPerSecond = tt.perSecond
				b.run(t, 6*time.Minute)
				b.run(t, 0) // the next plan knows the connections
				got := b.store.Load().Accounts[0].Traffic
				if diff := (got - tt.want).Abs(); diff > 5*time.Second {
					t.Errorf("effective interval %v, want about %v", got, tt.want)
				}
			})
		})
	}
}

func TestAPlanThatDoesNotFitSaysWhatToChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{}, uuids(270)...)
		b.cfg.RequestsPerSecond = 0.5
		var log strings.Builder
		b.logTo(&log)
		b.run(t, time.Minute)
		// 270 + 3 calls in 5m and 3 in 15m; nine tenths of 150 are there.
		account := b.store.Load().Accounts[0]
		if account.CallsPerCycle != 274 || account.BudgetPerCycle != 135 {
			t.Errorf("%v calls per cycle, budget %v", account.CallsPerCycle, account.BudgetPerCycle)
		}
		const remedy = "raise api.requests_per_second from 0.5 to 1.1, or all poll intervals by the factor 2.03 (poll.interval to 10m9s)"
		if !strings.Contains(log.String(), remedy) {
			t.Errorf("no remedy in\n%s", log.String())
		}
	})
}
