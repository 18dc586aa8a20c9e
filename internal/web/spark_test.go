package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

var sparkline = regexp.MustCompile(`<svg class="spark" role="img" viewBox="0 0 95 100" preserveAspectRatio="none"><title>([^<]*)</title><path d="([^"]*)"/></svg>`)

// sparks are the titles and paths of the sparklines on the page of snap.
func sparks(t *testing.T, snap *fleet.Snapshot) [][2]string {
	t.Helper()
	text := body(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/"))
	var all [][2]string
	for _, m := range sparkline.FindAllStringSubmatch(text, -1) {
		all = append(all, [2]string{m[1], m[2]})
	}
	if n := strings.Count(text, `class="spark"`); n != len(all) {
		t.Fatalf("%d of %d sparklines are as expected", len(all), n)
	}
	return all
}

// day is a day of points at 5 minutes that ends at now: three to a column.
func day(now time.Time, mean func(i int) float64) []fleet.Interval {
	points := make([]fleet.Interval, 288)
	for i := range points {
		points[i] = fleet.Interval{Time: now.Add(-24*time.Hour + time.Duration(i)*5*time.Minute), Mean: mean(i)}
	}
	return points
}

func flat(v float64) func(int) float64 { return func(int) float64 { return v } }

func TestSparkline(t *testing.T) {
	for _, tt := range []struct {
		name     string
		points   func(now time.Time) []fleet.Interval
		capacity *float64
		title    string
		path     string
	}{
		{
			name: "peaks are kept", capacity: new(10e9),
			points: func(now time.Time) []fleet.Interval {
				return day(now, func(i int) float64 { return map[bool]float64{true: 9.1e9, false: 1e9}[i == 31] })
			},
			title: "inbound, last 1d, highest 9.1 Gbit/s, capacity 10 Gbit/s",
			path:  "M0 90" + strings.Repeat("h1", 9) + "l1-81l1 81" + strings.Repeat("h1", 84),
		},
		{
			name: "zero is at the bottom", capacity: new(10e9),
			points: func(now time.Time) []fleet.Interval { return day(now, flat(0)) },
			title:  "inbound, last 1d, highest 0 bit/s, capacity 10 Gbit/s",
			path:   "M0 100" + strings.Repeat("h1", 95),
		},
		{
			name:   "zero without a capacity",
			points: func(now time.Time) []fleet.Interval { return day(now, flat(0)) },
			title:  "inbound, last 1d, highest 0 bit/s",
			path:   "M0 100" + strings.Repeat("h1", 95),
		},
		{
			name: "without a capacity the peak is the top",
			points: func(now time.Time) []fleet.Interval {
				return day(now, func(i int) float64 { return float64(1+i/144) * 1e6 })
			},
			title: "inbound, last 1d, highest 2 Mbit/s",
			path:  "M0 50" + strings.Repeat("h1", 47) + "l1-50" + strings.Repeat("h1", 47),
		},
		{
			name: "never above the capacity", capacity: new(1e9),
			points: func(now time.Time) []fleet.Interval { return day(now, flat(1.2e9)) },
			title:  "inbound, last 1d, highest 1.2 Gbit/s, capacity 1 Gbit/s",
			path:   "M0 0" + strings.Repeat("h1", 95),
		},
		{
			name: "gaps break the line", capacity: new(10e9),
			points: func(now time.Time) []fleet.Interval {
				all := day(now, flat(5e9))
				return append(append(all[:6:6], all[60]), all[282:]...) // two columns, a point alone, two columns
			},
			title: "inbound, last 1d, highest 5 Gbit/s, capacity 10 Gbit/s",
			path:  "M0 50h1M20 50h0M94 50h1",
		},
		{
			name: "one missing interval does not", capacity: new(10e9),
			points: func(now time.Time) []fleet.Interval {
				all := day(now, flat(5e9))
				return append(all[:2:2], all[3:6]...)
			},
			title: "inbound, last 1d, highest 5 Gbit/s, capacity 10 Gbit/s",
			path:  "M0 50h1",
		},
		{
			name: "points beside the window are at its ends", capacity: new(10e9),
			points: func(now time.Time) []fleet.Interval {
				return []fleet.Interval{{Time: now.Add(-24*time.Hour - 5*time.Minute), Mean: 5e9}, {Time: now.Add(5 * time.Minute), Mean: 1e9}}
			},
			title: "inbound, last 1d, highest 5 Gbit/s, capacity 10 Gbit/s",
			path:  "M0 50h0M95 90h0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Now()
			snap := newSnapshot(now)
			snap.Ports[0].Inventory.Capacity = tt.capacity
			in := &snap.Ports[0].Traffic[0].Inbound
			in.Points = fleet.NewPoints(tt.points(now))
			in.Max = new(slices.Max(in.Points.Means))
			if diff := cmp.Diff([][2]string{{tt.title, tt.path}}, sparks(t, snap)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSparklineBreaksAtTheResolutionOfTheSource(t *testing.T) {
	now := time.Now()
	snap := newSnapshot(now)
	in := &snap.Ports[0].Traffic[0].Inbound
	var hours []fleet.Interval
	for i := range 24 { // hours where 5 minutes were asked for
		hours = append(hours, fleet.Interval{Time: now.Add(time.Duration(i-24) * time.Hour), Mean: 5e9})
	}
	in.Points, in.Resolution = fleet.NewPoints(hours), time.Hour
	if got, want := sparks(t, snap)[0][1], "M0 50"+strings.Repeat("h4", 23); got != want {
		t.Errorf("path %s, want %s", got, want)
	}
}

func TestNoSparklineOfStaleTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := newSnapshot(time.Now())
		snap.Ports[0].Traffic[0].Outbound.Points = fleet.NewPoints(day(time.Now(), flat(1e9)))
		if got := sparks(t, snap); len(got) != 1 || !strings.HasPrefix(got[0][0], "outbound, ") {
			t.Errorf("sparklines %q, want that of outbound alone", got)
		}
		time.Sleep(25*time.Minute + time.Second) // past five intervals
		if got := sparks(t, snap); len(got) != 0 {
			t.Errorf("sparklines %q of stale traffic", got)
		}
	})
}

func TestLandingShowsTheBudget(t *testing.T) {
	for _, tt := range []struct {
		calls, budget float64
		want          string
	}{
		{274, 1350, `<span><data value="274">274</data> of <data value="1350">1350</data> calls<`},
		{274, 135, `<span class="mid"><data value="274">274</data> of <data value="135">135</data> calls<`},
		{0, 0, `data-label="Request budget" class="tight">–<`},
	} {
		t.Run(strconv.FormatFloat(tt.budget, 'f', 0, 64), func(t *testing.T) {
			snap := newSnapshot(time.Now())
			snap.Accounts[0].CallsPerCycle, snap.Accounts[0].BudgetPerCycle = tt.calls, tt.budget
			check(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/"), http.StatusOK, tt.want)
		})
	}
}

func TestLandingNamesPortsWithoutAStream(t *testing.T) {
	const problem = `class="fault bad">not attached to a stream<`
	for _, attached := range []*bool{nil, new(true), new(false)} {
		snap := newSnapshot(time.Now())
		snap.Ports[0].Attached = attached
		text := body(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/"))
		if got, want := strings.Contains(text, problem), attached != nil && !*attached; got != want {
			t.Errorf("the problem is shown: %v, want %v", got, want)
		}
	}
}
