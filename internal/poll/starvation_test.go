package poll_test

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// One port is well and the others have left Equinix: no source answers those,
// and the sources must not be tried in turn for ever.
func TestAutoStaysForTheOnePortThatIsAnswered(t *testing.T) {
	ports := uuids(30)
	for _, healthy := range []string{ports[0], ports[15], ports[29]} {
		t.Run(healthy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{traffic: func(source, uuid string) (*fabric.Traffic, error) {
					if uuid == healthy && source == "v3" {
						return fresh(), nil
					}
					return nil, errGone
				}}
				b := newBench(t, api, ports...)
				b.run(t, time.Hour)
				if got := b.source(); got != "v3" {
					t.Errorf("source %q", got)
				}
				if n := len(api.of("v3", "")) + len(api.of("v4-stats", "")); n > 30*15 {
					t.Errorf("%d calls in an hour, the plan needs 360", n)
				}
				if p := b.port(t, healthy); !p.Polls[0].OK {
					t.Error("the port that is well is not polled")
				}
			})
		})
	}
}

// A fifth of the ports never answers in time.
func TestHangingPortsDoNotStarveTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(400)
		hangs := func(uuid string) bool { return slices.Index(ports, uuid)%5 == 0 }
		slots := make(chan struct{}, 8) // the client's bound on open calls
		api := &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) {
			slots <- struct{}{}
			defer func() { <-slots }()
			if hangs(uuid) {
				time.Sleep(30 * time.Second)
				return nil, &fabric.Error{Op: fabric.OpPortStatsV3}
			}
			return fresh(), nil
		}}
		b := newBench(t, api, ports...)
		b.cfg.RequestsPerSecond = 100
		b.during(t, func(*poll.Poller) {
			time.Sleep(3 * time.Hour)
			snap := b.store.Load()
			account := snap.Accounts[0]
			if account.Traffic < 5*time.Minute || account.Traffic > 20*time.Minute {
				t.Errorf("effective interval %v; 80 calls of 30s on 8 slots are 5m", account.Traffic)
			}
			shown := 0
			for _, p := range snap.Ports {
				if v := snap.View(&account, p, time.Now()); v.Last(fleet.Inbound) != nil {
					shown++
				}
			}
			if shown != 320 {
				t.Errorf("%d of 320 healthy ports are shown", shown)
			}
			time.Sleep(time.Minute) // let the last calls end
		})
	})
}

func TestASlowAPIStretchesTheIntervalsAndAFastOneRestoresThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(100)
		var slow atomic.Bool
		slow.Store(true)
		slots := make(chan struct{}, 2)
		api := &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			slots <- struct{}{}
			defer func() { <-slots }()
			if slow.Load() {
				time.Sleep(12 * time.Second) // 100 × 12s on 2 slots are 10m
			}
			return fresh(), nil
		}}
		b := newBench(t, api, ports...)
		b.cfg.Concurrency = 2
		b.during(t, func(*poll.Poller) {
			time.Sleep(3 * time.Hour)
			if got := b.store.Load().Accounts[0].Traffic; got < 7*time.Minute || got > 25*time.Minute {
				t.Errorf("effective interval %v of polls that take 10m", got)
			}
			slow.Store(false)
			time.Sleep(6 * time.Hour)
			if got := b.store.Load().Accounts[0].Traffic; got != 5*time.Minute {
				t.Errorf("effective interval %v once the API is fast", got)
			}
		})
	})
}

func TestAGatewayOutageDoesNotReplaceTheV4Inventory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out atomic.Bool
		api := &fakeAPI{userPorts: allSeen("aa")}
		api.ports = func() ([]fabric.Port, error) {
			if out.Load() {
				return nil, &fabric.Error{Status: http.StatusUnauthorized, Fault: true}
			}
			return []fabric.Port{{UUID: "aa", Name: "name-of-aa", Links: []fabric.Link{{OperationalStatus: "UP"}}}}, nil
		}
		b := newBench(t, api, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			out.Store(true)
			time.Sleep(30 * time.Minute)
			if p := b.port(t, "aa"); len(p.Inventory.Links) != 1 {
				t.Error("the links are gone after two bad listings")
			}
			time.Sleep(30 * time.Minute)
			if n := len(api.of("userports", "")); n == 0 {
				t.Error("v3 is not asked though v4 is gone for good")
			}
		})
	})
}
