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

// grouped lists two ports of one redundancy group.
func grouped() []fabric.Port {
	return []fabric.Port{
		{UUID: "aa", Name: "pri", Capacity: new(10e6), RedundancyPriority: "PRIMARY", RedundancyGroup: "aa"},
		{UUID: "bb", Name: "sec", Capacity: new(10e6), RedundancyPriority: "SECONDARY", RedundancyGroup: "aa"},
	}
}

// hourOf is an answer with the intervals of the last hour, all of one mean.
func hourOf(mean float64) *fabric.Traffic {
	var s fabric.Rates
	newest := time.Now().Truncate(5 * time.Minute)
	for i := range 12 {
		s.Points = append(s.Points, fabric.Point{Time: newest.Add(-time.Duration(i) * 5 * time.Minute), Mean: mean})
	}
	return &fabric.Traffic{Inbound: s, Outbound: s}
}

// paired is a bench that discovers what e lists.
func paired(t *testing.T, e *estate, ports ...fabric.Port) *bench {
	e.ports.Store(&ports)
	b := discovering(t, e)
	b.api.traffic = func(string, string) (*fabric.Traffic, error) { return hourOf(2e6), nil }
	return b
}

// utilization is that of the pair of that name as a share of its capacity, -1
// where there is none.
func (b *bench) utilization(name string) float64 {
	snap := b.store.Load()
	for _, p := range snap.Pairs {
		if p.Name != name {
			continue
		}
		now, first, second := time.Now(), snap.Port(p.Primary), snap.Port(p.Secondary)
		primary, secondary := snap.View(&snap.Accounts[0], first, now), snap.View(&snap.Accounts[0], second, now)
		v := fleet.NewPairView(p, &primary, &secondary, now)
		if u := v.Utilization(fleet.Inbound); u != nil {
			return *u
		}
	}
	return -1
}

// missing are the missing ports of each configured pair, nil where that is not
// known.
func (b *bench) missing() map[string][]string {
	all, snap := map[string][]string{}, b.store.Load()
	for i := range snap.Accounts {
		for _, p := range snap.Accounts[i].Pairs {
			if uuids, ok := snap.MissingPairPorts(&snap.Accounts[i], p); ok {
				all[p.Name] = uuids
			}
		}
	}
	return all
}

func (b *bench) pairs() []string {
	var names []string
	for _, p := range b.store.Load().Pairs {
		names = append(names, p.Name+": "+p.Primary+" "+p.Secondary)
	}
	return names
}

func TestPollerPairsPortsOfAGroupAndFollowsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mean atomic.Int64
		mean.Store(2e6)
		e := newEstate()
		b := paired(t, e, grouped()...)
		b.api.traffic = func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return hourOf(float64(mean.Load())), nil
			}
			return hourOf(2e6), nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Second)
			if diff := cmp.Diff([]string{"pri + sec: aa bb"}, b.pairs()); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
			if got := b.utilization("pri + sec"); got != 0.4 {
				t.Errorf("2 and 2 of 10 Mbit/s: %v", got)
			}
			mean.Store(5e6)
			time.Sleep(5 * time.Minute)
			if got := b.utilization("pri + sec"); got != 0.7 {
				t.Errorf("5 and 2 of 10 Mbit/s: %v", got)
			}
			renamed := grouped()
			renamed[1].Name, renamed[1].Capacity = "twin", new(8e6)
			e.ports.Store(&renamed)
			time.Sleep(15 * time.Minute)
			if got := b.utilization("pri + twin"); got != 0.875 {
				t.Errorf("of the smaller capacity, under the new name: %v among %v", got, b.pairs())
			}
			left := grouped()[:1]
			e.ports.Store(&left)
			time.Sleep(15 * time.Minute)
			if got := b.pairs(); len(got) != 0 {
				t.Errorf("half a pair: %v", got)
			}
		})
	})
}

func TestPollerKeepsAPairWhileAPortFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		b := paired(t, newEstate(), grouped()...)
		b.api.traffic = func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "bb" && broken.Load() {
				return nil, errBroken
			}
			return hourOf(2e6), nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			broken.Store(true)
			time.Sleep(20 * time.Minute)
			if got := b.utilization("pri + sec"); got != 0.4 {
				t.Errorf("within the limit of staleness: %v", got)
			}
			time.Sleep(10 * time.Minute)
			if got := b.utilization("pri + sec"); got != -1 {
				t.Errorf("beyond it: %v", got)
			}
		})
	})
}

func TestPollerTakesPairsFromTheConfigurationFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		ports := append(grouped(), fabric.Port{UUID: "cc", Name: "third", Capacity: new(10e6)})
		b := paired(t, newEstate(), ports...)
		b.logTo(&log)
		b.cfg.Accounts[0].Pairs = []fleet.Pair{
			{Name: "wan", Primary: "bb", Secondary: "cc"}, {Name: "typo", Primary: "aa", Secondary: "zz"},
		}
		b.run(t, time.Second)
		if diff := cmp.Diff([]string{"wan: bb cc"}, b.pairs()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got := b.utilization("wan"); got != 0.4 {
			t.Errorf("utilization %v", got)
		}
		if n := strings.Count(log.String(), "a port of a pair is not polled"); n != 1 || !strings.Contains(log.String(), "port_uuid=zz") {
			t.Errorf("the missing port is named %d times in\n%s", n, log.String())
		}
		if diff := cmp.Diff(map[string][]string{"wan": nil, "typo": {"zz"}}, b.missing()); diff != "" {
			t.Errorf("missing (-want +got)\n%s", diff)
		}
		// A reload without them: the API's groups are back, at once.
		b.cfg.Accounts[0].Pairs = nil
		b.run(t, 0)
		if diff := cmp.Diff([]string{"pri + sec: aa bb"}, b.pairs()); diff != "" {
			t.Errorf("after a reload (-want +got)\n%s", diff)
		}
		if got := b.utilization("pri + sec"); got != 0.4 {
			t.Errorf("after a reload: utilization %v", got)
		}
		if got := b.missing(); len(got) != 0 {
			t.Errorf("after a reload: missing %v", got)
		}
	})
}

func TestPollerSaysOnceThatAGroupIsAmbiguous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		ports := append(grouped(), fabric.Port{UUID: "cc", Name: "third", RedundancyPriority: "SECONDARY", RedundancyGroup: "aa"})
		b := paired(t, newEstate(), ports...)
		b.logTo(&log)
		b.run(t, time.Hour)
		if got := b.pairs(); len(got) != 0 {
			t.Errorf("pairs %v", got)
		}
		if n := strings.Count(log.String(), "more than one primary or secondary"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}
