package poll_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// crowd are n connections on port aa.
func crowd(n int) []fabric.Connection {
	conns := make([]fabric.Connection, n)
	for i := range conns {
		conns[i] = virtual(time.Duration(i).String(), "aa", "")
	}
	return conns
}

// The calls that connections want are many times the budget; ports keep theirs.
func TestConnectionsDoNotStretchTheIntervalsOfPorts(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name      string
		ports     int
		perSecond float64
		want      []time.Duration // of ports, then of connections
	}{
		// 2000 calls and 2000/12, of the 675 less 2 + 2/12 + 20 + 1 + 1/3 that are left.
		{"there is enough for the ports", 2, 2.5, []time.Duration{5 * time.Minute, time.Hour, 998 * time.Second, 11973 * time.Second}},
		// 100 calls and 100/12, 20 + 1 + 1/3, of 135: a tenth of it stays for connections.
		{"there is just enough", 100, 0.5, []time.Duration{5 * time.Minute, time.Hour, 48149 * time.Second, 577778 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ports := append(uuids(tt.ports), "zz")[:tt.ports]
				b := watching(t, newWeb(crowd(2000)...), ports...)
				b.cfg.Accounts[0].Connections = everything(5000)
				b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * day, Resolution: time.Hour, Interval: time.Hour})
				b.cfg.RequestsPerSecond = tt.perSecond
				b.run(t, time.Second)
				got := b.store.Load().Accounts[0]
				if diff := cmp.Diff(tt.want, slices.Concat(got.Windows, got.ConnectionWindows)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if got.Traffic != 5*time.Minute || got.Connections != 5*time.Minute || got.Inventory != 15*time.Minute {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

// All connections are due in the first cycle, which takes more than an hour. Their
// tasks wait, the ports do not.
func TestTheFirstCycleOfConnectionsDoesNotStretchThePorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(crowd(2000)...), "aa", "bb")
		b.cfg.Accounts[0].Connections = everything(5000)
		b.cfg.RequestsPerSecond, b.cfg.Concurrency = 0.5, 1
		paced := make(chan struct{}, 1)
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			paced <- struct{}{} // the client's rate limit
			defer func() { <-paced }()
			time.Sleep(2 * time.Second)
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.during(t, func(*poll.Poller) {
			for range 120 {
				time.Sleep(time.Minute)
				if got := b.store.Load().Accounts[0]; got.Traffic != 5*time.Minute {
					t.Errorf("interval of the ports %v", got.Traffic)
				}
			}
			// 2000 calls of the 112 a cycle that are left.
			if got := b.store.Load().Accounts[0].ConnectionWindows[0]; got < 89*time.Minute || got > 180*time.Minute {
				t.Errorf("interval of the connections %v", got)
			}
		})
		for _, uuid := range []string{"aa", "bb"} {
			if n := len(b.api.of("v3", uuid)); n < 22 {
				t.Errorf("port %s was polled %d times in two hours", uuid, n)
			}
		}
		asked := map[string]int{}
		for _, c := range b.api.of("connection v4-stats", "") {
			asked[c.uuid]++
		}
		if len(asked) != 2000 {
			t.Errorf("%d connections were asked about", len(asked))
		}
	})
}

// Each connection is polled on the interval that is shown.
func TestConnectionsArePolledOnTheirOwnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(crowd(100)...), "aa")
		b.cfg.RequestsPerSecond = 0.1 // 100 calls, of the 27 less 3 + 1/3 that are left
		b.run(t, 2*time.Hour)
		if got := b.store.Load().Accounts[0].ConnectionWindows[0]; got != 1268*time.Second {
			t.Errorf("interval %v", got)
		}
		if n := len(b.api.of("connection v4-stats", "")); n < 550 || n > 700 {
			t.Errorf("%d calls in two hours, want those of the first cycle and 568", n)
		}
	})
}

// Only connections are answered slowly: 600 × 2s on two workers are 10m.
func TestLateConnectionsAreStretchedByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(crowd(600)...), "aa")
		b.cfg.Accounts[0].Connections = everything(1000)
		b.cfg.RequestsPerSecond, b.cfg.Concurrency = 1000, 1
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			time.Sleep(2 * time.Second)
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(3 * time.Hour)
			got := b.store.Load().Accounts[0]
			if got.Traffic != 5*time.Minute || got.ConnectionWindows[0] < 7*time.Minute || got.ConnectionWindows[0] > 25*time.Minute {
				t.Errorf("ports %v, connections %v", got.Traffic, got.ConnectionWindows)
			}
			time.Sleep(time.Minute) // let the last calls end
		})
	})
}

// Ports are answered slowly: their interval says so, and connections keep theirs.
func TestSlowPortsDoNotStretchConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := append(uuids(100), "aa")[:100]
		b := watching(t, newWeb(virtual("c1", "aa", "")), ports...)
		b.api.traffic = func(string, string) (*fabric.Traffic, error) {
			time.Sleep(12 * time.Second) // 100 × 12s on 2 workers are 10m
			return fresh(), nil
		}
		b.cfg.Concurrency = 2
		b.during(t, func(*poll.Poller) {
			time.Sleep(3 * time.Hour)
			got := b.store.Load().Accounts[0]
			if got.Traffic < 10*time.Minute || got.Traffic > 11*time.Minute || got.ConnectionWindows[0] != 5*time.Minute {
				t.Errorf("ports %v, connections %v", got.Traffic, got.ConnectionWindows)
			}
			time.Sleep(time.Minute) // let the last calls end
		})
		if n := len(b.api.of("connection v4-stats", "c1")); n < 34 || n > 38 {
			t.Errorf("the connection was polled %d times in three hours", n)
		}
	})
}

func TestAccountsWithoutConnectionsHaveNoIntervalOfTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa")
		b.run(t, time.Second)
		if got := b.store.Load().Accounts[0].ConnectionWindows; len(got) != 1 || got[0] != 5*time.Minute {
			t.Errorf("%v", got)
		}
		b.cfg.Accounts[0].Connections = nil
		b.run(t, time.Second)
		if got := b.store.Load().Accounts[0].ConnectionWindows; got != nil {
			t.Errorf("after the opt-out: %v", got)
		}
	})
}

func TestListingsOfStreamAssetsArePlanned(t *testing.T) {
	for assets, pages := range map[int]float64{0: 1, 100: 1, 250: 3} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{assets: func() ([]fabric.StreamAsset, error) {
				return make([]fabric.StreamAsset, assets), nil
			}}
			b := newBench(t, api, "aa")
			b.cfg.Inventory = b.cfg.Windows[0].Interval
			b.cfg.Accounts[0].Sources = []string{poll.SourceV4Metrics}
			b.run(t, time.Second)
			if got := b.store.Load().Accounts[0].CallsPerCycle; got != 3+pages { // a port, a search, a listing
				t.Errorf("%d assets: %v calls per cycle", assets, got)
			}
		})
	}
}

// The newest sample is 10 to 15 minutes old when it is polled, and may be an hour.
func TestAnIntervalLongerThanTheLastRateLastsIsSaid(t *testing.T) {
	const ofPorts, ofConnections = "last polled rates will have gaps: they are polled less often than they stay valid\" component=poll account=prod traffic_of=ports", "last polled rates will have gaps: they are polled less often than they stay valid\" component=poll account=prod traffic_of=connections"
	for _, tt := range []struct {
		interval   time.Duration
		perSecond  float64
		ports, own bool
	}{
		{45 * time.Minute, 5, false, false},
		{46 * time.Minute, 5, true, true},
		{5 * time.Minute, 0.2, false, false},
		{5 * time.Minute, 0.04, false, true},
	} {
		t.Run(fmt.Sprint(tt.interval, tt.perSecond), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := watching(t, newWeb(crowd(90)...), "aa")
				b.cfg.Windows[0].Interval, b.cfg.RequestsPerSecond = tt.interval, tt.perSecond
				var log strings.Builder
				b.logTo(&log)
				b.run(t, time.Second)
				if strings.Contains(log.String(), ofPorts) != tt.ports || strings.Contains(log.String(), ofConnections) != tt.own {
					t.Errorf("ports %v, connections %v; got\n%s", tt.ports, tt.own, log.String())
				}
			})
		})
	}
}

// The budget as "doctor" and "validate" know it, before anything is polled.
func TestNewBudgetSaysWhatTheIntervalsTake(t *testing.T) {
	for _, tt := range []struct {
		name     string
		interval time.Duration // of the primary window
		load     poll.Load
		want     poll.Budget
	}{
		{"all fits", 5 * time.Minute, poll.Load{Ports: 266}, poll.Budget{ // 266 + 3 + 1/3 of 3, all of it
			Calls: 270, Allowed: 270, Interval: 5 * time.Minute, ConnectionTraffic: 5 * time.Minute,
		}},
		{"a port too many", 5 * time.Minute, poll.Load{Ports: 267}, poll.Budget{
			Calls: 271, Allowed: 270, Interval: 302 * time.Second, ConnectionTraffic: 5 * time.Minute,
			Remedy: "raise api.requests_per_second from 1 to 1.1, or all poll intervals by the factor 1.00 (poll.interval to 5m1s)",
		}},
		{"connections take what is left", 5 * time.Minute, poll.Load{Ports: 100, Connections: 101, Measured: 332, AssetPages: 5}, poll.Budget{
			Calls: 100 + 3 + 2 + 332, Allowed: 270, Interval: 5 * time.Minute, ConnectionTraffic: 604 * time.Second,
			Remedy: "raise api.requests_per_second from 1 to 1.7, or narrow connections.include and exclude of the account, or lower its connections.max: the traffic of 332 connections is asked for every 10m4s",
		}},
		{"the last rate ends between two polls", 46 * time.Minute, poll.Load{Ports: 1}, poll.Budget{
			Calls: 1 + 46.0/5 + 46.0/15, Allowed: 2484, Interval: 46 * time.Minute, ConnectionTraffic: 46 * time.Minute, Gaps: true,
		}},
		{"of connections, too", 46 * time.Minute, poll.Load{Ports: 1, Measured: 1}, poll.Budget{
			Calls: 2 + 46.0/5 + 46.0/15, Allowed: 2484, Interval: 46 * time.Minute, ConnectionTraffic: 46 * time.Minute, Gaps: true, ConnectionTrafficGaps: true,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := newBench(t, nil).cfg
			cfg.RequestsPerSecond, cfg.Windows[0].Interval = 1, tt.interval
			near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
			if diff := cmp.Diff(tt.want, poll.NewBudget(cfg, tt.load), near); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A worker that waits is slow because of the API or because of the request budget.
func TestTheRemedyNamesWhatIsShort(t *testing.T) {
	const slow, more = "raise api.concurrency from 1 to 2, because the API answers slowly", "raise api.requests_per_second from"
	for _, tt := range []struct {
		name         string
		ports, later int
		perSecond    float64
		want, lack   string
	}{
		{"the API: 266 answers of 2s, and a budget that suffices", 266, 266, 1, slow, more},
		{"the budget, once there are 270 calls in 300s: one in 2s", 100, 270, 0.5, more, "api.concurrency"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEstate(uuids(tt.ports)...)
				b := discovering(t, e)
				b.api.traffic = func(string, string) (*fabric.Traffic, error) {
					time.Sleep(2 * time.Second)
					return fresh(), nil
				}
				b.cfg.RequestsPerSecond, b.cfg.Concurrency = tt.perSecond, 1
				b.cfg.Accounts[0].Sources = []string{poll.SourceV3}
				var log strings.Builder
				b.logTo(&log)
				b.during(t, func(*poll.Poller) {
					time.Sleep(10 * time.Minute)
					e.set(uuids(tt.later)...)
					time.Sleep(20 * time.Minute)
				})
				if got := log.String(); !strings.Contains(got, tt.want) || strings.Contains(got, tt.lack) || strings.Contains(got, "narrow") {
					t.Errorf("the log:\n%s", got)
				}
			})
		})
	}
}

func TestThatIntervalsHoldAgainIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(uuids(270)...)
		b := discovering(t, e)
		b.cfg.RequestsPerSecond = 0.5
		var log strings.Builder
		b.logTo(&log)
		b.run(t, time.Hour)
		if got := log.String(); strings.Count(got, "poll intervals are too short") != 1 || strings.Contains(got, "poll intervals are as configured again") {
			t.Errorf("the log of 270 ports:\n%s", got)
		}
		e.set(uuids(10)...)
		b.run(t, 2*time.Hour) // over a reload
		if n := strings.Count(log.String(), "poll intervals are as configured again"); n != 1 {
			t.Errorf("of 10 ports: said %d times; the log:\n%s", n, log.String())
		}
	})
}

// The first answers show how long a lap takes: 80 answers of 10s, two at a time, are 400s.
// When answers are fast again, the intervals become as configured.
func TestTheFirstAnswersShowHowLongALapTakes(t *testing.T) {
	const few, many = 1, 80
	for _, tt := range []struct {
		name               string
		ports, connections int
		lap                time.Duration
	}{
		{"ports", many, few, 412 * time.Second}, // with two searches in 300s and a listing in 900s
		{"connections", few, many, 400 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				answer := func(slow bool) *fabric.Traffic {
					if slow && time.Since(began) < 29*time.Second {
						time.Sleep(10 * time.Second)
					}
					return fresh()
				}
				b := watching(t, newWeb(crowd(tt.connections)...), uuids(tt.ports)...)
				b.api.ports = allSeen(uuids(tt.ports)...)
				b.api.traffic = func(string, string) (*fabric.Traffic, error) { return answer(tt.ports == many), nil }
				b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
					return &fabric.ConnectionTraffic{Traffic: *answer(tt.connections == many)}, nil
				}
				b.cfg.Concurrency = 2
				b.cfg.Accounts[0].Sources = []string{poll.SourceV4Stats}
				b.during(t, func(*poll.Poller) {
					for _, step := range []struct{ at, want time.Duration }{
						{9 * time.Second, 5 * time.Minute}, {11 * time.Second, tt.lap}, {40 * time.Minute, 5 * time.Minute},
					} {
						time.Sleep(step.at - time.Since(began))
						got := b.store.Load().Accounts[0]
						slow, quick := got.Traffic, got.ConnectionWindows[0]
						if tt.connections == many {
							slow, quick = quick, slow
						}
						if slow != step.want || quick != 5*time.Minute {
							t.Errorf("after %v: %v, want %v; the others %v", step.at, slow, step.want, quick)
						}
					}
				})
			})
		})
	}
}
