package collector_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// shown counts the series of a scrape by what they are of: the UUID of a port
// or a connection, or the name of a pair.
func shown(body []byte) map[string]int {
	n := map[string]int{}
	for line := range strings.Lines(string(body)) {
		_, labels, ok := strings.Cut(line, "{")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "equinix_fabric_pair_ports_missing") {
			continue // that is of the account
		}
		for _, label := range []string{`connection_uuid="`, `port_uuid="`, `pair="`} { // connection_info has a port_uuid, too
			if _, rest, ok := strings.Cut(labels, label); ok {
				id, _, _ := strings.Cut(rest, `"`)
				n[id]++
				break
			}
		}
	}
	return n
}

func sum(n map[string]int) (total int) {
	for _, v := range n {
		total += v
	}
	return total
}

func dropped(t *testing.T, body []byte, account string) (n int) {
	t.Helper()
	_, rest, ok := strings.Cut(string(body), fmt.Sprintf("equinix_fabric_series_dropped{account=%q} ", account))
	if !ok {
		t.Fatalf("no series_dropped of %s", account)
	}
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// limited is a fleet of five ports, the last one configured, a pair of the first
// two and two connections, whose account may have so many series.
func limited(at time.Time, most int) *fleet.Snapshot {
	snap := snapshot(at)
	whole := *snap.Ports[0]
	snap.Ports = nil
	for i := range 5 {
		p := whole
		p.UUID, p.Configured = fmt.Sprint("port-", i), i == 4
		snap.Ports = append(snap.Ports, &p)
	}
	snap.Pairs[0].Primary, snap.Pairs[0].Secondary = "port-0", "port-1"
	connection := *snap.Connections[0]
	snap.Connections = nil
	for i := range 2 {
		c := connection
		c.UUID, c.Port = fmt.Sprint("conn-", i), "port-0"
		snap.Connections = append(snap.Connections, &c)
	}
	snap.Accounts[0].MaxSeries = most
	return snap
}

// usualPair is what a pair counts for.
var _, usualPair, _ = collector.UsualSeries(len(windows))

func TestLimitLeavesOutWholeObjectsFromTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := shown(expose(t, limited(time.Now(), 1_000_000)))
		order := []string{"port-4", "port-0", "port-1", "port-2", "port-3", "ams", "conn-0", "conn-1"}
		if len(all) != len(order) || all["port-0"] < 30 || all["ams"] < 2 || all["conn-0"] < 15 {
			t.Fatalf("without a limit: %v", all)
		}
		fit := 0
		for n, id := range order {
			charge := all[id]
			if id == "ams" {
				charge = usualPair
			}
			want := map[string]int{}
			for _, kept := range order[:n] {
				want[kept] = all[kept]
			}
			// Room for what these have and not one series more, and for all but one of
			// the next.
			for _, most := range []int{fit, fit + charge - 1} {
				snap := limited(time.Now(), max(most, 1))
				scrape := scraper(t, collector.New(func() *fleet.Snapshot { return snap }))
				body := scrape()
				if diff := cmp.Diff(want, shown(body)); diff != "" {
					t.Errorf("max_series %d (-want +got):\n%s", most, diff)
				}
				if got, want := dropped(t, body, "prod"), sum(all)-sum(want); got != want {
					t.Errorf("max_series %d: dropped %d, want %d", most, got, want)
				}
				if again := scrape(); !bytes.Equal(body, again) {
					t.Errorf("max_series %d: the next scrape differs", most)
				}
			}
			fit += charge
		}
		body := expose(t, limited(time.Now(), fit))
		if diff := cmp.Diff(all, shown(body)); diff != "" || dropped(t, body, "prod") != 0 {
			t.Errorf("exactly at the limit %d: dropped %d (-want +got):\n%s", fit, dropped(t, body, "prod"), diff)
		}
		if !bytes.Contains(expose(t, limited(time.Now(), fit-1)), []byte(`equinix_fabric_connections_watched{account="prod"} 1`)) {
			t.Error("a connection that is left out is counted in connections_watched")
		}
	})
}

func TestNoLimitLeavesOutNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := expose(t, limited(time.Now(), 0))
		if diff := cmp.Diff(shown(expose(t, limited(time.Now(), 1_000_000))), shown(body)); diff != "" {
			t.Errorf("(-limit of a million +no limit)\n%s", diff)
		}
		if bytes.Contains(body, []byte("equinix_fabric_series_dropped{")) {
			t.Error("series_dropped is shown without max_series")
		}
	})
}

// What has gone stale counts on: else others would come and go with it.
func TestLimitHoldsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := shown(expose(t, limited(time.Now(), 1_000_000)))
		snap := limited(time.Now(), 3*all["port-0"])
		scrape := scraper(t, collector.New(func() *fleet.Snapshot { return snap }))
		before := scrape()
		time.Sleep(24 * time.Hour)
		after := scrape()
		was, is := shown(before), shown(after)
		if len(was) != 3 || len(is) != 3 || sum(is) >= sum(was) || dropped(t, before, "prod") != dropped(t, after, "prod") {
			t.Errorf("fresh %v, stale %v; dropped %d, then %d", was, is, dropped(t, before, "prod"), dropped(t, after, "prod"))
		}
		for id := range is {
			if was[id] == 0 {
				t.Errorf("%s came", id)
			}
		}
	})
}

func TestLimitIsOfOneAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := limited(time.Now(), 1)
		other := snap.Accounts[0]
		other.Name, other.MaxSeries = "other", 1_000_000
		snap.Accounts = append(snap.Accounts, other)
		for _, i := range []int{0, 2} {
			p := *snap.Ports[i]
			p.Account = "other"
			snap.Ports[i] = &p
		}
		body := expose(t, snap)
		got := shown(body)
		if len(got) != 2 || got["port-0"] == 0 || got["port-2"] == 0 || dropped(t, body, "other") != 0 {
			t.Errorf("%v, other dropped %d", got, dropped(t, body, "other"))
		}
		// The pair of port-0 goes with port-1.
		if all := shown(expose(t, limited(time.Now(), 1_000_000))); dropped(t, body, "prod") != sum(all)-2*all["port-0"] {
			t.Errorf("dropped %d of %v", dropped(t, body, "prod"), all)
		}
	})
}

func TestLimitIsLoggedWhenItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := limited(time.Now(), 1_000_000)
		one := shown(expose(t, snap))["port-4"]
		var log bytes.Buffer
		c := collector.New(func() *fleet.Snapshot { return snap })
		c.LogTo(slog.New(slog.NewTextHandler(&log, nil)))
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(c)
		for _, tt := range []struct {
			most int
			want string // "" for nothing new
		}{
			{one, fmt.Sprintf("account=prod max_series=%d ", one)},
			{one + 1, ""},
			{one, ""},
			{1, "ports=5 pairs=1 connections=2"},
			{-1, "ports=4 pairs=1 connections=2"}, // a port that has no name yet has no series
			{1_000_000, "within max_series again"},
			{1_000_000, ""},
		} {
			log.Reset()
			snap = limited(time.Now(), max(tt.most, 1))
			snap.Ports[3].Listed = tt.most != -1
			if _, err := reg.Gather(); err != nil {
				t.Fatal(err)
			}
			got := log.String()
			if rest, ok := strings.CutPrefix(got, fmt.Sprintf("time=2000-01-01T00:00:00.000Z level=INFO msg=\"room in max_series\" account=prod max_series=%d ", max(tt.most, 1))); ok {
				_, got, _ = strings.Cut(rest, "\n")
			}
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) || strings.Count(got, "\n") > 1 {
				t.Errorf("max_series %d: %q, want %q", tt.most, got, tt.want)
			}
		}
	})
}

// Nothing that is no UTF-8 should get as far as this. It must not end the
// program if it does.
func TestBrokenLabelCostsItsSeriesOnly(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Ports[0].Inventory.MetroName = "\xff"
	c := collector.New(func() *fleet.Snapshot { return snap })
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).
		ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	got := families(rec.Body.Bytes(), wholeUUID)
	if rec.Code != http.StatusOK || len(got) < 20 {
		t.Errorf("%d, families of the port: %v", rec.Code, got)
	}
	if diff := cmp.Diff(rec.Body.String(), textOf(c, false)); diff != "" {
		t.Errorf("(-registry +text)\n%s", diff)
	}
	for line := range strings.Lines(rec.Body.String()) {
		if strings.HasPrefix(line, "equinix_fabric_port_info{") && strings.Contains(line, wholeUUID) {
			t.Errorf("shown: %s", line)
		}
	}
}

// One more window is room for fewer ports.
func TestRoomIsLoggedWhenTheWindowsChange(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Windows, snap.Ports, snap.Pairs, snap.Connections = windows[:1], nil, nil, nil
	var log bytes.Buffer
	c := collector.New(func() *fleet.Snapshot { return snap })
	c.LogTo(slog.New(slog.NewTextHandler(&log, nil)))
	for range 2 {
		for _, n := range []int{1, 2} {
			snap = new(*snap)
			snap.Windows = windows[:n]
			textOf(c, false)
			textOf(c, false)
			series, _, _ := collector.UsualSeries(n)
			if got, want := log.String(), fmt.Sprintf("series_of_a_port=%d\n", series); !strings.HasSuffix(got, want) || strings.Count(got, "\n") != 1 {
				t.Errorf("%d windows: %q, want one line with %q", n, got, want)
			}
			log.Reset()
		}
	}
}
