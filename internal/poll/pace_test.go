package poll_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// without counts, for some time, the minutes in which a port has no traffic to show.
func (b *bench) without(d time.Duration) (portMinutes int) {
	for range int(d / time.Minute) {
		time.Sleep(time.Minute)
		snap := b.store.Load()
		for _, p := range snap.Ports {
			if v := snap.View(&snap.Accounts[0], p, time.Now()); v.Traffic[0] == nil {
				portMinutes++
			}
		}
	}
	return portMinutes
}

// Intervals become longer for an hour and shorter again: no value is ever missing.
func TestASlowHourLeavesNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took atomic.Int64
		took.Store(int64(time.Second))
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			time.Sleep(time.Duration(took.Load()))
			return fresh(), nil
		}}, uuids(80)...)
		b.cfg.Concurrency = 2
		b.during(t, func(*poll.Poller) {
			time.Sleep(10 * time.Minute)
			for _, answer := range []time.Duration{50 * time.Second, time.Second} {
				took.Store(int64(answer))
				if n := b.without(2 * time.Hour); n > 0 {
					t.Errorf("answers of %v: %d minutes of a port without traffic", answer, n)
				}
			}
			if got := b.store.Load().Accounts[0].Traffic; got != 5*time.Minute {
				t.Errorf("interval %v, two hours after", got)
			}
		})
	})
}

// A port that takes longer than its interval has an interval of that length.
func TestOneSlowPortIsShownAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			time.Sleep(150 * time.Second)
			return fresh(), nil
		}}, "aa")
		b.cfg.Windows[0].Interval, b.cfg.StaleIntervals = time.Minute, 2
		b.during(t, func(*poll.Poller) {
			time.Sleep(10 * time.Minute)
			if n := b.without(6 * time.Hour); n > 0 {
				t.Errorf("%d minutes without traffic", n)
			}
			time.Sleep(3 * time.Minute) // let the last call end
		})
	})
}

// A source is gone for all ports but one, which fails in a way that may pass: that decides
// nothing, and the others have traffic from the next source.
func TestAPassingErrorHoldsNoSourceThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(30)
		var gone atomic.Bool
		b := newBench(t, &fakeAPI{traffic: func(source, uuid string) (*fabric.Traffic, error) {
			switch {
			case source != "v3" || !gone.Load():
				return fresh(), nil
			case uuid == ports[0]:
				return nil, errBroken
			}
			return nil, errGone
		}}, ports...)
		b.during(t, func(*poll.Poller) {
			time.Sleep(10 * time.Minute)
			gone.Store(true)
			time.Sleep(20 * time.Minute)
			if got := b.source(); got != "v4-stats" {
				t.Errorf("source %q", got)
			}
		})
		b = newBench(t, b.api, ports...) // from the start
		b.run(t, time.Minute)
		if got := b.source(); got != "v4-stats" || b.port(t, ports[1]).Traffic[0] == nil {
			t.Errorf("at the start: source %q", got)
		}
	})
}

// The source that was in use has gone while the exporter was down: ten ports, and those
// that are under way, ask it.
func TestARestartSoonFindsAnotherSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gone atomic.Bool
		b := newBench(t, &fakeAPI{traffic: func(source, _ string) (*fabric.Traffic, error) {
			time.Sleep(time.Second)
			if source == "v3" && gone.Load() {
				return nil, errGone
			}
			return fresh(), nil
		}}, uuids(600)...)
		b.run(t, 10*time.Minute)
		gone.Store(true)
		time.Sleep(10 * time.Minute)
		before := len(b.api.of("v3", ""))
		b.run(t, 10*time.Minute)
		if n := len(b.api.of("v3", "")) - before; n > 50 || b.source() != "v4-stats" {
			t.Errorf("%d calls of the source that is gone; source %q", n, b.source())
		}
	})
}

func TestAPanicOfOnePortHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return nil, nil // no answer and no error
			}
			return fresh(), nil
		}}, "aa", "ab")
		b.run(t, time.Hour)
		if b.port(t, "ab").Traffic[0] == nil || len(b.api.of("v3", "ab")) < 12 {
			t.Error("the other port is not polled")
		}
	})
}
