package collector_test

import (
	"bytes"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	wholeUUID = "11111111-1111-4111-8111-111111111111"
	bareUUID  = "22222222-2222-4222-8222-222222222222"
	peerUUID  = "99999999-9999-4999-8999-999999999999"

	portFamily = "equinix_fabric_port_" // begins the lines of the families about ports
)

var windows = []fleet.Window{
	{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute},
	{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour},
}

// snapshot is a fleet of one port and one connection of which all is known, one
// each of which nothing is, and a port that backs up the first, at the time at.
func snapshot(at time.Time) *fleet.Snapshot {
	series := func(scale float64) fleet.Rates {
		return fleet.Rates{
			Max: new(8e9 * scale), Mean: new(4e9 * scale), P95: new(6e9 * scale), Last: new(5e9 * scale),
			Newest: at.Add(-10 * time.Minute),
		}
	}
	traffic := func() *fleet.Traffic {
		return &fleet.Traffic{At: at, Capacity: new(1e9), Inbound: series(1), Outbound: series(0.5)}
	}
	polled := fleet.Poll{Last: at, OK: true, LastSuccess: at}
	whole := &fleet.Port{
		Metered: fleet.Metered{Account: "prod", Traffic: []*fleet.Traffic{traffic(), traffic()}, Polls: []fleet.Poll{polled, polled}, Attached: new(true), Price: price(at, 1500), PricePoll: polled},
		UUID:    wholeUUID, ConfiguredName: "ams-1", APIName: "api-name", Listed: true, Confirmed: true, Linked: true,
		Inventory: filled(fleet.Inventory{
			At: at, State: "ACTIVE", Status: "PARTIAL", Maintenance: "SCHEDULED",
			Links:    []fleet.Link{{Status: "UP", Speed: new(10e9)}, {Status: "UP", Speed: new(10e9)}, {Status: "DOWN", Speed: new(10e9)}},
			Capacity: new(30e9), Allocated: new(5e9),
			Metro: "AM", MetroName: "Amsterdam", Region: "EMEA", IBX: "AM3", Encapsulation: "DOT1Q", Package: "STANDARD",
			Speed: "10000", RedundancyPriority: "PRIMARY", RedundancyGroup: "g-1", LAG: "true", Project: "p-1",
		}),
		Connections: fleet.CountConnections([]string{wholeUUID}, []fleet.Connection{
			{UUID: "1", State: "ACTIVE", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Bandwidth: new(1e9), ASidePort: wholeUUID},
			{UUID: "2", State: "BRAND_NEW", Bandwidth: new(1e9), ASidePort: wholeUUID},
		}, at)[wholeUUID],
		ConnectionsPoll: polled,
		Dropped:         packets(at, 12), Errored: packets(at, 0),
	}
	bare := &fleet.Port{
		Metered: fleet.Metered{Account: "prod", Traffic: make([]*fleet.Traffic, 2), Polls: []fleet.Poll{{Last: at}, {}}},
		UUID:    bareUUID, Listed: true,
		Connections:     fleet.CountConnections([]string{bareUUID}, nil, at)[bareUUID],
		ConnectionsPoll: polled,
	}
	peer := &fleet.Port{
		Metered: fleet.Metered{Account: "prod", Traffic: []*fleet.Traffic{{At: at}, {At: at}}, Polls: []fleet.Poll{{}, {}}},
		UUID:    peerUUID, APIName: "ams-2", Listed: true,
		Inventory: &fleet.Inventory{At: at, Capacity: new(8e9)},
	}
	joint := fleet.PairRates{Last: new(6e9), P95: new(10e9), Newest: at.Add(-10 * time.Minute), Resolution: 5 * time.Minute}
	load := fleet.PairTraffic{Inbound: joint, Outbound: fleet.PairRates{Last: new(2e9), P95: new(4e9), Newest: joint.Newest}}
	return &fleet.Snapshot{
		Windows: windows, StaleIntervals: 5, Ports: []*fleet.Port{whole, bare, peer},
		Pairs:       []*fleet.Pair{{Name: "ams", Primary: wholeUUID, Secondary: peerUUID, Traffic: []fleet.PairTraffic{load, load}}},
		Connections: tracked(at, traffic, polled),
		Accounts: []fleet.Account{{
			Name: "prod", Source: "v3", LastData: at, Timeout: 30 * time.Second,
			Traffic: 5 * time.Minute, Connections: 10 * time.Minute, Inventory: 15 * time.Minute,
			Windows: []time.Duration{5 * time.Minute, time.Hour}, ConnectionWindows: []time.Duration{5 * time.Minute, time.Hour}, TokenExpiry: at.Add(time.Hour),
			Configured:    fleet.Intervals{Traffic: 5 * time.Minute, Connections: 5 * time.Minute, Inventory: 15 * time.Minute},
			InventoryPoll: polled,
			Pairs:         []fleet.Pair{{Name: "ams", Primary: wholeUUID, Secondary: peerUUID}, {Name: "fra", Primary: bareUUID, Secondary: "gone"}},
			Prices:        24 * time.Hour,
			CallsPerCycle: 7, BudgetPerCycle: 1350, MaxSeries: 1_000_000,
			Selected: new(3), ConnectionSource: "v4-stats",
		}},
	}
}

// filled sets all numbers that the fixture does not give.
func filled(i fleet.Inventory) *fleet.Inventory {
	for _, field := range reflect.ValueOf(&i).Elem().Fields() {
		if number, ok := reflect.TypeAssert[**float64](field.Addr()); ok && *number == nil {
			*number = new(24e9)
		}
	}
	return &i
}

// price is a list price in euros.
func price(at time.Time, monthly float64) *fleet.Price {
	return &fleet.Price{At: at, Monthly: &monthly, Currency: "EUR"}
}

// packets are counters that counted n inbound packets since an hour.
func packets(at time.Time, n float64) map[fleet.Direction]fleet.Counter {
	since := at.Add(-time.Hour)
	none := fleet.Counter{}.Add([]fleet.Count{}, since, since)
	return map[fleet.Direction]fleet.Counter{
		fleet.Inbound: none.Add([]fleet.Count{{End: at, N: n}}, since, at), fleet.Outbound: none,
	}
}

// expose is the body of a scrape.
func expose(t *testing.T, snap *fleet.Snapshot) []byte {
	t.Helper()
	return scraper(t, collector.New(func() *fleet.Snapshot { return snap }))()
}

// scraper scrapes c through both doors, which must agree.
func scraper(t *testing.T, c *collector.Collector) func() []byte {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	return func() []byte {
		t.Helper()
		body := scrape(t, reg, string(expfmt.FmtText))
		for format, openMetrics := range map[expfmt.Format]bool{expfmt.FmtText: false, expfmt.FmtOpenMetrics_1_0_0: true} {
			if diff := cmp.Diff(string(scrape(t, reg, string(format))), textOf(c, openMetrics)); diff != "" {
				t.Errorf("%s (-registry +text)\n%s", format, diff)
			}
		}
		return body
	}
}

// scrape is what promhttp answers.
func scrape(t *testing.T, reg prometheus.Gatherer, accept string) []byte {
	t.Helper()
	r, w := httptest.NewRequest(http.MethodGet, "/metrics", nil), httptest.NewRecorder()
	r.Header.Set("Accept", accept)
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError, EnableOpenMetrics: true}).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// textOf is the same through the other door.
func textOf(c *collector.Collector, openMetrics bool) string {
	var text strings.Builder
	for _, piece := range c.Text(openMetrics) {
		text.Write(*piece)
	}
	if openMetrics {
		text.WriteString("# EOF\n")
	}
	return text.String()
}

// families are the names of the families in a scrape that have a series
// matching every part.
func families(body []byte, parts ...string) []string {
	names := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "#") || slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
			continue
		}
		names[strings.TrimPrefix(line[:strings.IndexAny(line, "{ ")], "equinix_fabric_")] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// expiring are the families of a subject that say that they expire with a class of
// polls, those of each window or those of the first.
func expiring(subject, class string, windowed bool) (names []string) {
	for _, f := range collector.Families() {
		if f.Subject == subject && f.Class == class && slices.Contains(f.Labels, "window") == windowed {
			names = append(names, strings.TrimPrefix(f.Name, "equinix_fabric_"))
		}
	}
	return names
}

// The synctest clock starts at a fixed time, so the golden file holds.
func TestCollectorExposesTheWholeContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := expose(t, snapshot(time.Now()))
		if len(got) == 0 {
			t.Fatal("an empty scrape proves nothing")
		}
		path := filepath.Join("testdata", "whole.prom")
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("run with -update if this is meant (-want +got)\n%s", diff)
		}
	})
}

func TestCollectorShowsEveryFamilyOfItsTable(t *testing.T) {
	got := families(expose(t, snapshot(time.Now())))
	var want []string
	for _, f := range collector.Families() {
		want = append(want, strings.TrimPrefix(f.Name, "equinix_fabric_"))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-table +scrape)\n%s", diff)
	}
}

func TestCollectorPassesPromlint(t *testing.T) {
	problems, err := testutil.CollectAndLint(collector.New(func() *fleet.Snapshot { return snapshot(time.Now()) }))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestCollectorWithoutSnapshotHasNoSeries(t *testing.T) {
	if got := expose(t, nil); len(got) != 0 {
		t.Errorf("got\n%s", got)
	}
}

func TestCollectorHidesAPortUntilItsFirstInventoryAttempt(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Ports[0].Listed = false
	body := expose(t, snap)
	if bytes.Contains(body, []byte(wholeUUID)) {
		t.Error("the port shows, and its name may yet change")
	}
	if got := families(body, `account="prod"`); !slices.Contains(got, "up") {
		t.Errorf("up is missing among %v", got)
	}
}

func TestCollectorOfAnUnconfirmedPortShowsNoZeroes(t *testing.T) {
	got := families(expose(t, snapshot(time.Now())), bareUUID, portFamily)
	if diff := cmp.Diff([]string{"port_info", "port_poll_success"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Each kind of value ends five of its own effective intervals after its last
// good poll, and not a second sooner.
func TestCollectorDropsStaleValues(t *testing.T) {
	primary := append(expiring("port", "traffic", false), "port_lag_failover_utilization_ratio") // the windowed ones stay for the other window
	month := append(expiring("port", "traffic", true), "port_capacity_bytes_per_second")         // which is from the traffic by now
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		left := families(expose(t, snap), wholeUUID, portFamily)
		for _, step := range []struct {
			after time.Duration // since the last good poll of everything
			gone  []string
		}{
			{25 * time.Minute, primary}, {50 * time.Minute, expiring("port", "connections", false)},
			{75 * time.Minute, expiring("port", "inventory", false)}, {5 * time.Hour, month}, {5 * 24 * time.Hour, expiring("port", "prices", false)},
		} {
			start := snap.Accounts[0].LastData
			time.Sleep(step.after - time.Since(start))
			if diff := cmp.Diff(left, families(expose(t, snap), wholeUUID, portFamily)); diff != "" {
				t.Errorf("%v: dropped too early (-want +got)\n%s", step.after, diff)
			}
			time.Sleep(time.Second)
			left = slices.DeleteFunc(left, func(f string) bool { return slices.Contains(step.gone, f) })
			if diff := cmp.Diff(left, families(expose(t, snap), wholeUUID, portFamily)); diff != "" {
				t.Errorf("%v and a second (-want +got)\n%s", step.after, diff)
			}
		}
		health := []string{
			"port_info", "port_metrics_attached", "port_poll_last_success_timestamp_seconds", "port_poll_success",
			"port_price_poll_success", "port_traffic_last_sample_timestamp_seconds",
		}
		if diff := cmp.Diff(health, left); diff != "" {
			t.Errorf("what stays (-want +got)\n%s", diff)
		}
	})
}

func TestCollectorDropsTheStaleWindowOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		time.Sleep(25*time.Minute + time.Second)
		body := expose(t, snap)
		if got := families(body, wholeUUID, `window="1d"`); len(got) != 0 {
			t.Errorf("still there: %v", got)
		}
		if got := families(body, wholeUUID, `window="30d"`); len(got) != 3 {
			t.Errorf("only %v are left of the hourly window", got)
		}
	})
}

func TestCollectorEndsLastWhenEquinixIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		show := func() bool {
			return slices.Contains(families(expose(t, snap), wholeUUID, portFamily), "port_traffic_last_bytes_per_second")
		}
		newest := time.Now().Add(-time.Hour) // 3 × 5m + 45m
		snap.Ports[0].Traffic[0].Inbound.Newest, snap.Ports[0].Traffic[0].Outbound.Newest = newest, newest
		if !show() {
			t.Error("a sample of the age that is allowed does not show")
		}
		time.Sleep(time.Second)
		if show() {
			t.Error("a sample older than that shows")
		}
		if !slices.Contains(families(expose(t, snap), wholeUUID, portFamily), "port_traffic_last_sample_timestamp_seconds") {
			t.Error("its timestamp must stay")
		}
	})
}
