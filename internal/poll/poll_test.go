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

func TestPollerFirstCycleAsksEverythingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(20)
		b := newBench(t, &fakeAPI{ports: allSeen(ports...)}, ports...)
		b.run(t, time.Second)
		if got := len(b.api.of("v3", "")); got != 20 {
			t.Errorf("%d traffic calls, want 20", got)
		}
		if !b.store.Load().Complete() {
			t.Error("not complete after the first cycle")
		}
	})
}

func TestPollerSpreadsTheLaterCyclesOverTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(100)
		b := newBench(t, &fakeAPI{ports: allSeen(ports...)}, ports...)
		start := time.Now()
		b.run(t, time.Hour)
		perMinute := map[int]int{}
		for _, c := range b.api.of("v3", "") {
			if age := c.at.Sub(start); age > 10*time.Minute {
				perMinute[int(age/time.Minute)]++
			}
		}
		for minute := 10; minute < 60; minute++ {
			if n := perMinute[minute]; n < 8 || n > 35 {
				t.Errorf("minute %d: %d calls, want about 20", minute, n)
			}
		}
		gaps := map[time.Duration]bool{}
		for _, uuid := range ports {
			calls := b.api.of("v3", uuid)
			for i := 2; i < len(calls); i++ { // the first gap leads to the slot
				gaps[calls[i].at.Sub(calls[i-1].at)] = true
				if gap := calls[i].at.Sub(calls[i-1].at); gap < 4*time.Minute+45*time.Second || gap > 5*time.Minute+15*time.Second {
					t.Errorf("port %s: gap of %v", uuid, gap)
				}
			}
		}
		if len(gaps) < 10 {
			t.Error("without jitter two exporters call at the same moments for ever")
		}
	})
}

func TestPollerKeepsThePlaceOfAPortInTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offset := func() time.Duration {
			b := newBench(t, &fakeAPI{}, "aa", "bb")
			b.run(t, 20*time.Minute)
			calls := b.api.of("v3", "aa")
			return time.Duration(calls[len(calls)-1].at.UnixNano()) % (5 * time.Minute)
		}
		first := offset()
		time.Sleep(time.Minute)
		if diff := (offset() - first).Abs(); diff > 15*time.Second {
			t.Errorf("the place moved by %v between two runs", diff)
		}
	})
}

func TestPollerAsksForTheSpanUpToNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{}, "aa")
		b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		b.run(t, 59*time.Minute)
		spans := map[time.Duration]int{}
		for _, c := range b.api.of("v3", "") {
			spans[c.to.Sub(c.from)]++
			if age := c.at.Sub(c.to); age < 0 || age >= time.Second {
				t.Errorf("asked until %v at %v", c.to, c.at)
			}
		}
		if n := spans[24*time.Hour]; n < 10 || n > 14 {
			t.Errorf("%d calls for 1d in an hour, want 12", n)
		}
		if n := spans[30*24*time.Hour]; n < 1 || n > 2 {
			t.Errorf("%d calls for 30d in an hour, want 1 besides the first", n)
		}
	})
}

func TestPollerKeepsLastValuesOnErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		api := &fakeAPI{ports: func() ([]fabric.Port, error) {
			if broken.Load() {
				return nil, errBroken
			}
			return allSeen("aa")()
		}}
		api.traffic = func(string, string) (*fabric.Traffic, error) {
			if broken.Load() {
				return nil, errBroken
			}
			return fresh(), nil
		}
		api.connections = func(ports []string, each func([]string, []fabric.Connection, error)) {
			if broken.Load() {
				each(ports, nil, errBroken)
				return
			}
			each(ports, []fabric.Connection{{UUID: "c", State: "ACTIVE", ASidePort: "aa", Bandwidth: new(1e9)}}, nil)
		}
		b := newBench(t, api, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			before := b.port(t, "aa")
			if state := b.store.Load().Accounts[0]; !state.Up(time.Now()) {
				t.Errorf("not up: %+v", state)
			}
			broken.Store(true)
			time.Sleep(30 * time.Minute)
			after := b.port(t, "aa")
			if after.Polls[0].OK || after.ConnectionsPoll.OK {
				t.Fatal("the polls did not fail")
			}
			if diff := cmp.Diff(before.Traffic, after.Traffic); diff != "" {
				t.Errorf("traffic (-before +after)\n%s", diff)
			}
			if before.Inventory != after.Inventory || before.Connections != after.Connections {
				t.Error("inventory or connections changed")
			}
			if !after.Polls[0].LastSuccess.Equal(before.Polls[0].LastSuccess) {
				t.Error("the time of the last success changed")
			}
			if state := b.store.Load().Accounts[0]; !strings.Contains(state.LastError, "500") || state.Up(time.Now()) {
				t.Errorf("account state: %+v", state)
			}
			broken.Store(false)
			time.Sleep(20 * time.Minute)
			if p := b.port(t, "aa"); !p.Polls[0].OK || b.store.Load().Accounts[0].LastError != "" {
				t.Error("no recovery")
			}
		})
	})
}

func TestPollerOneFailingPortHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.traffic = func(_, uuid string) (*fabric.Traffic, error) {
			switch uuid {
			case "aa":
				return nil, errBroken
			case "bb":
				panic("a bug")
			}
			return fresh(), nil
		}
		b := newBench(t, api, "aa", "bb", "cc")
		b.run(t, 12*time.Minute)
		for uuid, want := range map[string]bool{"aa": false, "bb": false, "cc": true} {
			if p := b.port(t, uuid).Polls[0]; p.OK != want || !p.Tried() {
				t.Errorf("port %s: %+v, want success %v", uuid, p, want)
			}
		}
		if n := len(b.api.of("v3", "bb")); n < 2 {
			t.Errorf("the port that panics was polled %d times; the loop must go on", n)
		}
	})
}

func TestPollerStretchesTheIntervalsOfATightBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(300)
		b := newBench(t, &fakeAPI{}, ports...)
		b.cfg.RequestsPerSecond = 0.5 // 300 calls in 5m want 1/s, and 0.45/s is left
		b.run(t, time.Hour)
		state := b.store.Load().Accounts[0]
		if state.Traffic < 11*time.Minute || state.Traffic > 12*time.Minute {
			t.Errorf("effective interval %v, want 5m × 1.02 / 0.45", state.Traffic)
		}
		if want := (fleet.Intervals{Traffic: 5 * time.Minute, Connections: b.cfg.Connections, Inventory: b.cfg.Inventory}); state.Configured != want {
			t.Errorf("configured intervals %+v, want %+v", state.Configured, want)
		}
		if diff := cmp.Diff([]time.Duration{state.Traffic}, state.Windows); diff != "" {
			t.Errorf("windows (-want +got)\n%s", diff)
		}
		counts := map[string]int{}
		for _, c := range b.api.of("v3", "") {
			counts[c.uuid]++
		}
		for uuid, n := range counts {
			if n < 5 || n > 7 {
				t.Errorf("port %s was polled %d times; all share the budget evenly", uuid, n)
			}
		}
	})
}

func TestPollerIsDeadAfterRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{}, "aa")
		var p *poll.Poller
		b.during(t, func(running *poll.Poller) {
			p = running
			time.Sleep(time.Hour)
			if err := p.Alive(); err != nil {
				t.Errorf("while it runs: %v", err)
			}
		})
		if p.Alive() == nil {
			t.Error("alive after Run has returned")
		}
	})
}

// Ports that wait behind slow answers are no sign that polling stands still, nor is it that
// there are none.
func TestPollerIsAliveWhilePortsWait(t *testing.T) {
	for _, ports := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
				time.Sleep(10 * time.Minute)
				return fresh(), nil
			}}, uuids(ports)...)
			b.cfg.Concurrency = 1
			b.cfg.Accounts[0].Sources = []string{poll.SourceV3}
			b.during(t, func(p *poll.Poller) {
				for range 3 {
					time.Sleep(9 * time.Minute)
					if err := p.Alive(); err != nil {
						t.Errorf("%d ports: %v", ports, err)
					}
				}
				time.Sleep(10 * time.Minute) // let the calls under way end
			})
		})
	}
}

func TestPollerPublishesNothingAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			time.Sleep(time.Second)
			return nil, errOther
		}}
		b := newBench(t, api, "aa")
		b.run(t, 500*time.Millisecond)
		time.Sleep(time.Minute)
		if b.port(t, "aa").Polls[0].Tried() {
			t.Error("an answer after the end counts as a poll")
		}
	})
}
