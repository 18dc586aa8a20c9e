package poll_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// selected is how many connections the account is said to select, -1 for nothing.
func (b *bench) selected() int {
	if n := b.store.Load().Accounts[0].Selected; n != nil {
		return *n
	}
	return -1
}

// A search that failed knows of no connections, which is not to know of none.
func TestSelectedWaitsForASearchOfEveryPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "aa", ""), virtual("c2", "bb", ""))
		w.fail("aa", "bb") // before the first search
		b := watching(t, w, "aa", "bb")
		b.during(t, func(*poll.Poller) {
			for _, step := range []struct {
				failing []string
				want    int
			}{{[]string{"aa", "bb"}, -1}, {[]string{"bb"}, -1}, {nil, 2}, {[]string{"bb"}, 2}, {[]string{"aa", "bb"}, 2}} {
				w.fail(step.failing...)
				time.Sleep(11 * time.Minute)
				if got := b.selected(); got != step.want {
					t.Errorf("while %v fail: %d, want %d", step.failing, got, step.want)
				}
			}
		})
	})
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb())
		b.api.ports = failing(errBroken)
		b.cfg.Accounts[0].Discover = func(string, *fleet.Inventory) bool { return true }
		b.run(t, 11*time.Minute)
		if got := b.selected(); got != -1 {
			t.Errorf("without a listing: %d", got)
		}
	})
}

// A counter that stands still says that nothing is lost, and nobody looks.
func TestCountersEndWithTheSourceThatCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		lost := func() (counts []fabric.Count) {
			for end := start.Add(-time.Hour); !end.After(time.Now()); end = end.Add(5 * time.Minute) {
				counts = append(counts, fabric.Count{End: end, N: 7})
			}
			return counts
		}
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa")
		b.api.traffic = func(source, _ string) (*fabric.Traffic, error) {
			answer := fresh()
			if source == "v4-metrics" {
				answer.Inbound.Dropped, answer.Inbound.Errored = lost(), lost()
			}
			return answer, nil
		}
		b.api.connectionTraffic = func(source, _, _ string) (*fabric.ConnectionTraffic, error) {
			answer := &fabric.ConnectionTraffic{Traffic: *fresh()}
			if source == "v4-metrics" {
				answer.ASide.Inbound = lost()
			}
			return answer, nil
		}
		began := func() (port, errored, connection bool) {
			p, c := b.port(t, "aa"), b.store.Load().Connection("c1")
			return p.Dropped["inbound"].Began(), p.Errored["inbound"].Began(), c.Dropped[fleet.ASide]["inbound"].Began()
		}
		b.cfg.Accounts[0].Sources = []string{"v4-metrics"}
		b.run(t, time.Minute)
		if port, errored, connection := began(); !port || !errored || !connection {
			t.Errorf("nothing is counted: %v %v %v", port, errored, connection)
		}
		b.cfg.Accounts[0].Sources = []string{"v4-stats"}
		b.run(t, 10*time.Minute)
		if port, errored, connection := began(); port || errored || connection {
			t.Errorf("counters of a source that is not asked: %v %v %v", port, errored, connection)
		}
	})
}

// With v4-stats gone and nothing attached there is no source to find, and every
// connection that comes must not send all others to look again.
func TestConnectionsThatComeSearchForASourceNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conns []fabric.Connection
		for i := range 30 {
			conns = append(conns, virtual(fmt.Sprintf("c%02d", i), "aa", ""))
		}
		w := newWeb(conns...)
		b := watching(t, w, "aa")
		b.api.connectionTraffic = func(source, _, _ string) (*fabric.ConnectionTraffic, error) {
			if source == "v4-stats" {
				return nil, errGone
			}
			return &fabric.ConnectionTraffic{}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			before := len(b.api.of("connection v4-stats", ""))
			come := func(state string) (searched int) {
				for i := range 24 {
					c := virtual(fmt.Sprintf("%s-%02d", state, i), "aa", "")
					c.State = state
					conns = append(conns, c)
					w.set(conns...)
					time.Sleep(5 * time.Minute)
				}
				searched = len(b.api.of("connection v4-stats", "")) - before
				before += searched
				return searched
			}
			if n := come("DRAFT"); n > 0 {
				t.Errorf("%d calls for connections that have no traffic", n)
			}
			// Two hours have eight inventory intervals; ten refusals end a search,
			// and a few more are under way by then.
			if n := come("ACTIVE"); n == 0 || n > 8*20 {
				t.Errorf("%d calls for connections that have traffic", n)
			}
		})
	})
}

// That nobody knows the connections says nothing of the ports.
func TestSourcesOfConnectionsDecideNothingForPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa", "bb")
		b.cfg.Accounts[0].Sources = []string{"v4-stats", "v4-metrics"}
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) { return nil, errGone }
		b.api.traffic = func(source, uuid string) (*fabric.Traffic, error) {
			switch {
			case source == "v4-stats" && uuid == "aa":
				return nil, errGone
			case source == "v4-stats":
				time.Sleep(20 * time.Second)
				return nil, errGone
			}
			return fresh(), nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(10 * time.Second)
			if got := b.port(t, "aa").Polls[0]; got.Tried() {
				t.Errorf("while the source is being looked for: %+v", got)
			}
			time.Sleep(20 * time.Second)
			if b.port(t, "aa").Traffic[0] == nil {
				t.Error("no traffic by the next source")
			}
		})
	})
}
