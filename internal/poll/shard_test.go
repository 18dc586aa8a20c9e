package poll_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// groups lists n pairs by redundancy group, the primary of each being the group.
func groups(n int) []fabric.Port {
	var all []fabric.Port
	for _, uuid := range uuids(n) {
		all = append(all,
			fabric.Port{UUID: uuid, Name: "pri-" + uuid, Capacity: new(10e6), RedundancyPriority: "PRIMARY"},
			fabric.Port{UUID: "z" + uuid, Name: "sec-" + uuid, Capacity: new(10e6), RedundancyPriority: "SECONDARY", RedundancyGroup: uuid})
	}
	return all
}

// sharing runs one poller for each of count shards, changed by change, for d.
func sharing(t *testing.T, count int, d time.Duration, change func(*bench)) []*bench {
	var all []*bench
	for i := range count {
		b := newBench(t, &fakeAPI{})
		b.cfg.Shard = fleet.Shard{Index: i, Count: count}
		change(b)
		b.run(t, d)
		all = append(all, b)
	}
	return all
}

// together are the ports of all benches, and how many each has.
func together(t *testing.T, benches []*bench) (all map[string]int, sizes []int) {
	all = map[string]int{}
	for i, b := range benches {
		for _, uuid := range b.uuids() {
			if at, twice := all[uuid]; twice {
				t.Errorf("%s is in %d and %d", uuid, at, i)
			}
			all[uuid] = i
		}
		sizes = append(sizes, len(b.uuids()))
	}
	return all, sizes
}

func TestShardsShareDiscoveredPortsAndKeepPairsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := groups(40)
		benches := sharing(t, 3, time.Second, func(b *bench) {
			b.api.ports = func() ([]fabric.Port, error) { return ports, nil }
			b.cfg.Accounts[0].Discover = func(string, *fleet.Inventory) bool { return true }
		})
		at, sizes := together(t, benches)
		if len(at) != len(ports) {
			t.Errorf("%d of %d ports are watched", len(at), len(ports))
		}
		pairs := 0
		for i, b := range benches {
			if sizes[i] < 10 || !b.store.Load().Ready {
				t.Errorf("shard %d has %d ports; ready: %v", i, sizes[i], b.store.Load().Ready)
			}
			for _, p := range b.store.Load().Ports {
				if p.Traffic[0] == nil {
					t.Errorf("%s has no traffic in its shard", p.UUID)
				}
			}
			pairs += len(b.store.Load().Pairs)
		}
		if pairs != 40 {
			t.Errorf("%d of 40 pairs", pairs)
		}
	})
}

// Configured ports wait for the listing, which tells what group they are in.
func TestShardsShareConfiguredPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := groups(20)
		var log strings.Builder
		benches := sharing(t, 2, time.Hour, func(b *bench) {
			b.logTo(&log)
			b.api.ports = func() ([]fabric.Port, error) { return ports, nil }
			for _, p := range ports {
				b.cfg.Accounts[0].Ports = append(b.cfg.Accounts[0].Ports, poll.Port{UUID: p.UUID, Name: "my-" + p.Name})
			}
			b.cfg.Accounts[0].Ports = append(b.cfg.Accounts[0].Ports, poll.Port{UUID: "typo"})
			// These cross the groups, and win.
			b.cfg.Accounts[0].Pairs = []fleet.Pair{{Name: "odd", Primary: "aa", Secondary: "ab"}}
		})
		at, sizes := together(t, benches)
		if len(at) != 41 || min(sizes[0], sizes[1]) < 5 {
			t.Errorf("%d ports in all, by shard %v", len(at), sizes)
		}
		if at["aa"] != at["ab"] {
			t.Error("a configured pair is apart")
		}
		pairs, sought := 0, 0
		for _, b := range benches {
			pairs += len(b.store.Load().Pairs)
			for name, uuids := range b.missing() {
				sought++
				if len(uuids) > 0 {
					t.Errorf("%s misses %v", name, uuids)
				}
			}
			for _, p := range b.store.Load().Ports {
				if p.UUID != "typo" && p.Name() != "my-"+p.APIName {
					t.Errorf("%s is called %s", p.UUID, p.Name())
				}
			}
		}
		if pairs != 19 { // of the groups of aa and ab only the secondaries are left
			t.Errorf("%d pairs", pairs)
		}
		if sought != 1 {
			t.Errorf("%d shards look for the ports of the configured pair", sought)
		}
		for word, want := range map[string]bool{"port_uuid=typo": true, "not_watched": false, "another shard": false} {
			if strings.Contains(log.String(), word) != want {
				t.Errorf("%q in the log: %v", word, !want)
			}
		}
	})
}

// Without a listing nothing but the UUIDs can be gone by; once there is one, a
// port moves to where its group is.
func TestShardsWatchConfiguredPortsWithoutAListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := groups(20)
		e := newEstate()
		var log strings.Builder
		configure := func(b *bench) {
			b.logTo(&log)
			b.api.ports = e.list
			for _, p := range ports {
				b.cfg.Accounts[0].Ports = append(b.cfg.Accounts[0].Ports, poll.Port{UUID: p.UUID})
			}
		}
		e.err.Store(errBroken)
		benches := sharing(t, 2, time.Second, configure)
		if at, _ := together(t, benches); len(at) != 40 {
			t.Errorf("%d of 40 ports are watched without a listing", len(at))
		}
		e.err.Store(nil)
		e.ports.Store(&ports)
		pairs := 0
		for _, b := range benches {
			b.run(t, time.Minute) // a listing that failed is tried again soon
			pairs += len(b.store.Load().Pairs)
		}
		if at, _ := together(t, benches); len(at) != 40 || pairs != 20 {
			t.Errorf("%d ports and %d pairs with a listing", len(at), pairs)
		}
		if !strings.Contains(log.String(), "port is in another shard now") {
			t.Error("nothing is said of the ports that moved")
		}
	})
}

func TestShardTakesWhatAReloadAdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		benches := sharing(t, 2, time.Second, func(b *bench) {
			b.api.ports = allSeen(uuids(30)...)
			for _, uuid := range uuids(10) {
				b.cfg.Accounts[0].Ports = append(b.cfg.Accounts[0].Ports, poll.Port{UUID: uuid})
			}
		})
		first, _ := together(t, benches)
		for _, b := range benches {
			b.cfg.Accounts[0].Ports = nil
			for _, uuid := range uuids(30) {
				b.cfg.Accounts[0].Ports = append(b.cfg.Accounts[0].Ports, poll.Port{UUID: uuid})
			}
			b.run(t, time.Second)
		}
		then, _ := together(t, benches)
		for uuid, i := range first {
			if then[uuid] != i {
				t.Errorf("%s moved", uuid)
			}
		}
		if diff := cmp.Diff(30, len(then)); diff != "" {
			t.Errorf("ports (-want +got)\n%s", diff)
		}
	})
}
