package poll_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

func TestPollerGoesOnAfterAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{ports: allSeen("aa", "bb", "cc")}, "aa", "bb")
		b.run(t, time.Minute)
		before := b.port(t, "aa")
		calls := len(b.api.of("v3", "aa"))

		b.cfg.Accounts[0].Ports = []poll.Port{{UUID: "aa", Name: "renamed"}, {UUID: "cc"}}
		b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		b.run(t, 0)
		after := b.port(t, "aa")
		if after.Name() != "renamed" || after.Inventory == nil {
			t.Errorf("port after the reload: %+v", after)
		}
		if diff := cmp.Diff(before.Traffic[0], after.Traffic[0]); diff != "" {
			t.Errorf("values of a port that stays (-before +after)\n%s", diff)
		}
		if got := len(b.api.of("v3", "aa")); got != calls+1 {
			t.Errorf("%d calls for it at once, want only the one for the new window", got-calls)
		}
		if len(b.store.Load().Ports) != 2 || b.port(t, "cc").Traffic[0] == nil {
			t.Error("the port that left is still there, or the one that came has no values")
		}
		if after.Traffic[1] == nil {
			t.Error("the new window has no values")
		}
	})
}

func TestPollerLeavesASharedPortToTheFirstAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &fakeAPI{}, &fakeAPI{}
		b := newBench(t, first, "aa")
		two := b.cfg.Accounts[0]
		two.Name, two.API, two.Ports = "second", second, []poll.Port{{UUID: "aa"}, {UUID: "bb"}}
		b.cfg.Accounts = append(b.cfg.Accounts, two)
		reg := prometheus.NewPedanticRegistry()
		poll.New(b.cfg, &b.store, poll.NewMetrics(reg), b.log)
		b.run(t, time.Minute)
		if got := b.port(t, "aa").Account; got != "prod" {
			t.Errorf("the port belongs to %q", got)
		}
		if len(second.of("v3", "aa")) != 0 || len(second.of("v3", "bb")) == 0 {
			t.Error("the second account must poll its own port only")
		}
		want := "# HELP equinix_fabric_port_conflicts_total Ports that were left out of an account because an earlier account of the configuration has them; counted once after each start and reload.\n" +
			"# TYPE equinix_fabric_port_conflicts_total counter\n" +
			`equinix_fabric_port_conflicts_total{account="second"} 1` + "\n"
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "equinix_fabric_port_conflicts_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestPollerOneAccountFailingHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			time.Sleep(24 * time.Hour)
			return nil, errBroken
		}}
		b := newBench(t, hanging, "aa", "ab", "ac", "ad", "ae", "af", "ag", "ah", "ai")
		well := &fakeAPI{}
		two := b.cfg.Accounts[0]
		two.Name, two.API, two.Ports = "second", well, []poll.Port{{UUID: "bb"}}
		b.cfg.Accounts = append(b.cfg.Accounts, two)
		b.during(t, func(p *poll.Poller) {
			time.Sleep(time.Hour)
			if n := len(well.of("v3", "bb")); n < 11 {
				t.Errorf("%d polls of the healthy account in an hour, want 12", n)
			}
			if err := p.Alive(); err != nil {
				t.Errorf("a hanging API is no reason for a restart: %v", err)
			}
			time.Sleep(24 * time.Hour) // let the hanging calls end
		})
	})
}
