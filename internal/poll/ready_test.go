package poll_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// That a retired source knows no port is no answer while there is another to
// ask: whoever waits for readiness wants the values.
func TestReadyWaitsForTheSourceThatExists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(8) // fewer than workers: all of them ask the retired one
		b := newBench(t, &fakeAPI{traffic: func(source, _ string) (*fabric.Traffic, error) {
			if source == "v3" {
				return nil, errGone
			}
			time.Sleep(10 * time.Second)
			return fresh(), nil
		}}, ports...)
		b.during(t, func(*poll.Poller) {
			for !b.store.Load().Ready {
				time.Sleep(100 * time.Millisecond)
				if time.Since(b.api.of("ports", "")[0].at) > time.Hour {
					t.Fatal("never ready")
				}
			}
			for _, uuid := range ports {
				if b.port(t, uuid).Traffic[0] == nil {
					t.Errorf("ready without the traffic of %s", uuid)
				}
			}
		})
	})
}

func TestReadyWhenNoSourceExists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) { return nil, errGone }}, uuids(30)...)
		b.run(t, time.Second)
		if !b.store.Load().Ready {
			t.Error("not ready, and there is nothing to wait for")
		}
	})
}

// A port that is gone beside one that fails: the source exists, so both are outcomes.
func TestReadyWithAPortThatIsGoneAmongFailingOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return nil, errGone
			}
			return nil, errBroken
		}}, "aa", "bb")
		b.run(t, time.Second)
		if !b.store.Load().Ready {
			t.Error("not ready after a poll of each port")
		}
	})
}

// A mistyped uuid may be told before any other port is.
func TestReadyWithAMistypedPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return nil, errGone
			}
			time.Sleep(time.Second)
			return fresh(), nil
		}}, uuids(5)...)
		b.run(t, 2*time.Second)
		if !b.store.Load().Ready {
			t.Error("not ready, and the source has answered the other ports")
		}
	})
}
