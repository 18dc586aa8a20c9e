package poll_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// An answer without a single interval is what a source gives of a port that has
// no data, and of one that it does not know.
func TestAnEmptyAnswerNamesNoSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v3 atomic.Bool
		api := &fakeAPI{traffic: func(source, _ string) (*fabric.Traffic, error) {
			switch {
			case source == "v3" && v3.Load():
				return fresh(), nil
			case source == "v3":
				return nil, errGone
			}
			return &fabric.Traffic{}, nil
		}}
		b := newBench(t, api, "aa", "ab")
		b.during(t, func(*poll.Poller) {
			time.Sleep(12 * time.Minute)
			if got := b.source(); got != "" {
				t.Errorf("source %q has no data", got)
			}
		})
		v3.Store(true)
		b = newBench(t, api, "aa", "ab")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			if got := b.source(); got != "v3" {
				t.Errorf("source %q", got)
			}
			v3.Store(false)
			time.Sleep(12 * time.Minute)
			if got := b.source(); got != "" || len(api.of("v4-stats", "")) == 0 {
				t.Errorf("source %q after v3 is gone", got)
			}
		})
	})
}

// What the source before says late, after a switch, is not about the new one.
func TestLateAnswersOfTheSourceBeforeDecideNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports := uuids(30)
		var asked atomic.Int32
		api := &fakeAPI{traffic: func(source, _ string) (*fabric.Traffic, error) {
			if source == "v3" {
				wait := time.Second // all of them are under way then
				if asked.Add(1) > 10 {
					wait = 10 * time.Second
				}
				time.Sleep(wait)
				return nil, errGone
			}
			time.Sleep(20 * time.Second)
			return fresh(), nil
		}}
		b := newBench(t, api, ports...)
		b.cfg.Concurrency = 30
		b.run(t, 2*time.Minute)
		if n := len(api.of("v4-metrics", "")); n != 0 || b.source() != "v4-stats" {
			t.Errorf("source %q, %d calls of the one after it", b.source(), n)
		}
	})
}

// hoursToo answers requests for more than a day with hours.
type hoursToo struct {
	*fakeAPI

	start time.Time
}

func (h hoursToo) PortStatsV3(_ context.Context, _ string, from, to time.Time) (*fabric.Traffic, error) {
	step, a := 5*time.Minute, fresh()
	if to.Sub(from) > 24*time.Hour {
		step = time.Hour
	}
	for end := h.start.Add(step); !end.After(to); end = end.Add(step) {
		// The hours end a little late, as the intervals of the API do.
		a.Inbound.Dropped = append(a.Inbound.Dropped, fabric.Count{End: end.Add(step / 300), N: step.Minutes() / 5})
	}
	return a, nil
}

func (h hoursToo) ConnectionMetrics(ctx context.Context, _ string, from, to time.Time) (*fabric.ConnectionTraffic, error) {
	t, err := h.PortStatsV3(ctx, "", from, to)
	return &fabric.ConnectionTraffic{Traffic: *t, ASide: fabric.Drops{Inbound: t.Inbound.Dropped}}, err
}

func TestPacketsOfConnectionsAreCountedInTheFirstWindowOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(virtual("c1", "aa", "")), "aa")
		b.cfg.Accounts[0].API = hoursToo{b.api, time.Now()}
		b.cfg.Accounts[0].Sources = []string{"v4-metrics"}
		b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		b.run(t, 3*time.Hour)
		if got := b.store.Load().Connection("c1").Dropped[fleet.ASide]["inbound"].Total; got < 30 || got > 36 {
			t.Errorf("%v packets in three hours of 12", got)
		}
	})
}

func TestPacketsAreCountedInTheFirstWindowOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{}, "aa")
		b.cfg.Accounts[0].API = hoursToo{b.api, time.Now()}
		b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		b.run(t, 3*time.Hour)
		if got := b.port(t, "aa").Dropped["inbound"].Total; got < 30 || got > 36 {
			t.Errorf("%v packets in three hours of 12", got)
		}
	})
}
