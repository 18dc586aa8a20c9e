package collector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// madeUp are n undocumented states, each of two connections.
func madeUp(n int) map[string]int {
	states := map[string]int{}
	for i := range n {
		states[fmt.Sprintf("STATE_%04d", i)] = 2
	}
	return states
}

// with puts connections in these states on a port.
func with(snap *fleet.Snapshot, port int, states map[string]int) *fleet.Snapshot {
	c := *snap.Ports[port].Connections
	c.States, c.Equinix, c.Provider = states, states, states
	snap.Ports[port].Connections = &c
	return snap
}

// One connection in a new state took another port away, and gave it back later.
func TestLimitDoesNotFlapWithStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := 3 * shown(expose(t, limited(time.Now(), 1_000_000)))["port-0"]
		snap := limited(time.Now(), most)
		scrape := scraper(t, collector.New(func() *fleet.Snapshot { return snap }))
		var counts []int
		for range 2 {
			for _, states := range []map[string]int{{}, {"ACTIVE": 1}, {"ACTIVE": 1, "BRAND_NEW": 1}, madeUp(2000)} {
				snap = with(limited(time.Now(), most), 0, states)
				after := shown(scrape())
				if sum(after) > most {
					t.Errorf("with %d states there are %d series", len(states), sum(after))
				}
				counts = append(counts, len(after))
			}
		}
		if want := []int{3, 3, 3, 2, 2, 2, 2, 2}; !slices.Equal(counts, want) {
			t.Errorf("%d ports show, want %d", counts, want)
		}
	})
}

// One odd port took all others of its account along.
func TestLimitIsNotSpentByOnePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := expose(t, with(limited(time.Now(), 1000), 0, madeUp(2000)))
		if got := shown(body); len(got) != 8 || dropped(t, body, "prod") != 0 || sum(got) > 1000 {
			t.Errorf("%v, dropped %d", got, dropped(t, body, "prod"))
		}
	})
}

// After a start in an outage every poll has failed. Nothing may show only until the rest
// fills in.
func TestLimitHoldsStillAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := 3 * shown(expose(t, limited(time.Now(), 1_000_000)))["port-0"]
		full, snap := limited(time.Now(), most), limited(time.Now(), most)
		failed := fleet.Poll{Last: time.Now()}
		for _, p := range snap.Ports {
			p.Inventory, p.Connections, p.Traffic, p.Dropped, p.Errored = nil, nil, make([]*fleet.Traffic, 2), nil, nil
			p.Polls, p.ConnectionsPoll = []fleet.Poll{failed, failed}, failed
		}
		scrape := scraper(t, collector.New(func() *fleet.Snapshot { return snap }))
		outage := shown(scrape())
		snap = full
		later := shown(scrape())
		for id := range outage {
			if later[id] == 0 {
				t.Errorf("%s is left out again: first %v, then %v", id, outage, later)
			}
		}
	})
}

// A connection that may have no traffic is not polled. It counts for what it has.
func TestLimitDoesNotWaitForConnectionsWithoutTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle := func(most int) *fleet.Snapshot {
			snap := limited(time.Now(), most)
			for _, c := range snap.Connections {
				c.State, c.Traffic, c.Polls, c.Dropped = "DEPROVISIONED", make([]*fleet.Traffic, 2), make([]fleet.Poll, 2), nil
			}
			return snap
		}
		all := shown(expose(t, idle(1_000_000)))
		if got := shown(expose(t, idle(sum(all)-all["ams"]+usualPair))); len(got) != len(all) {
			t.Errorf("%v is shown, of %v", got, all)
		}
	})
}

// Ports fill in after a start. None may show only until the others have.
func TestLimitHoldsStillWhileSeriesFillIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := 2 * shown(expose(t, limited(time.Now(), 1_000_000)))["port-0"]
		full, snap := limited(time.Now(), most), limited(time.Now(), most)
		for _, p := range snap.Ports {
			p.Inventory, p.Connections, p.Traffic, p.Dropped, p.Errored = nil, nil, make([]*fleet.Traffic, 2), nil, nil
			p.Polls = make([]fleet.Poll, 2)
		}
		snap.Ports[4].Listed = false // it comes first
		scrape := scraper(t, collector.New(func() *fleet.Snapshot { return snap }))
		empty := shown(scrape())
		snap = full
		if later := shown(scrape()); len(later) != 2 || len(empty) != 1 || empty["port-0"] == 0 || later["port-0"] == 0 {
			t.Errorf("at first %v, then %v", empty, later)
		}
	})
}

// A port, a pair and a connection of which all is known have the usual number of series.
func TestUsualSeriesAreWhatAWholePortHas(t *testing.T) {
	got := shown(expose(t, limited(time.Now(), 1_000_000)))
	port, pair, connection := collector.UsualSeries(len(windows))
	want := map[string]int{
		"port-0": port + 3, // a state that is not documented, and a second status on either side
		"ams":    pair, "conn-0": connection,
	}
	for id, n := range want {
		if got[id] != n {
			t.Errorf("%s has %d series, want %d", id, got[id], n)
		}
	}
}

// Undocumented states beyond the first eight are summed, the sum stays
// right, and documented ones keep their name behind them.
func TestStatesAreBounded(t *testing.T) {
	states := madeUp(9)
	states["REJECTED"], states["ACTIVE"], states["OTHER"], states["ZZZ"] = 3, 4, 5, 7
	body := string(expose(t, with(limited(time.Now(), 1_000_000), 0, states)))
	for series, want := range map[string]string{
		`connections{port_name="ams-1",port_uuid="port-0",state="ACTIVE"}`:                          "4",
		`connections{port_name="ams-1",port_uuid="port-0",state="FAILED"}`:                          "0",
		`connections{port_name="ams-1",port_uuid="port-0",state="REJECTED"}`:                        "3", // not one of a state, and by the alphabet first
		`connections{port_name="ams-1",port_uuid="port-0",state="STATE_0006"}`:                      "2",
		`connections{port_name="ams-1",port_uuid="port-0",state="STATE_0007"}`:                      "",
		`connections{port_name="ams-1",port_uuid="port-0",state="OTHER"}`:                           "16",
		`connections_status{port_name="ams-1",port_uuid="port-0",side="equinix",status="REJECTED"}`: "3",
		`connections_status{port_name="ams-1",port_uuid="port-0",side="provider",status="ZZZ"}`:     "",
	} {
		_, rest, ok := strings.Cut(body, "equinix_fabric_port_"+series+" ")
		got, _, _ := strings.Cut(rest, "\n")
		if !ok && want != "" || got != want {
			t.Errorf("%s is %q, want %q", series, got, want)
		}
	}
	for name, want := range map[string]int{"connections{": 37, `connections_status{`: 2 * 37} {
		total := 0
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, portFamily+name) && strings.Contains(line, `port_uuid="port-0"`) {
				n := 0
				if _, err := fmt.Sscan(line[strings.LastIndex(line, " "):], &n); err != nil {
					t.Fatal(err)
				}
				total += n
			}
		}
		if total != want {
			t.Errorf("the sum of %s is %d, want %d", name, total, want)
		}
	}
}
