package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// A port that is not polled has a page that says so, and leads back.
func TestPortPageOfAnUnknownPort(t *testing.T) {
	for _, snap := range []*fleet.Snapshot{nil, newSnapshot(time.Now())} {
		h := web.Handler(newOptions(t, snap))
		for _, path := range []string{"/ports/c4d9c9a0-0000-4000-8000-00000000ffff", "/ports/%3Cscript%3E", "/ports/..%2f"} {
			resp := do(t, h, http.MethodGet, path+"?sort=in")
			text := body(t, resp)
			if resp.StatusCode != http.StatusNotFound || !strings.Contains(text, `<a href="../?sort=in">All ports</a>`) || strings.Contains(text, "<script") {
				t.Errorf("%s: %d %s", path, resp.StatusCode, text)
			}
		}
	}
	check(t, do(t, web.Handler(newOptions(t, nil)), http.MethodGet, "/ports/"), http.StatusNotFound, "")
}

// Before the first listing nothing says that a port does not exist.
func TestPortPageWaitsForTheFirstListing(t *testing.T) {
	starting := newSnapshot(time.Now())
	starting.Ready, starting.Ports = false, nil
	for _, snap := range []*fleet.Snapshot{nil, starting} {
		text := plainText(section(t, show(t, snap, "/ports/"+uuid), "<main>", "</main>"))
		if strings.Contains(text, "mistyped") || !strings.Contains(text, "wait for their first poll") && !strings.Contains(text, "nothing polled yet") {
			t.Error(text)
		}
	}
}

// A connection between two ports is counted on both, and tracked from one of them.
func TestPortPageSaysWhereConnectionsAreTracked(t *testing.T) {
	now := time.Now()
	const other = "c4d9c9a0-0000-4000-8000-000000000002"
	between := &fleet.Tracked{
		Metered:    fleet.Metered{Account: "default", Traffic: []*fleet.Traffic{nil}, Polls: []fleet.Poll{{}}},
		Connection: fleet.Connection{UUID: "c", APIName: "between", State: "ACTIVE", ASidePort: uuid, ZSidePort: other},
		At:         now, Port: uuid, Side: fleet.ASide,
	}
	for name, tt := range map[string]struct {
		on      bool
		tracked []*fleet.Tracked
		want    string
	}{
		"off":              {false, nil, "polled with connections.traffic in the configuration"},
		"on, none here":    {true, nil, "None of them has series of its own: connections.include and exclude"},
		"on the other one": {true, []*fleet.Tracked{between}, "On the page of the port at the other side: between ( SV-PRI-01 )."},
	} {
		snap := newSnapshot(now)
		snap.Ports = append(snap.Ports, newPort(other, now))
		snap.Connections = tt.tracked
		if tt.on {
			snap.Accounts[0].ConnectionWindows = []time.Duration{5 * time.Minute}
		}
		page := show(t, snap, "/ports/"+other+"?units=bytes")
		if text := plainText(section(t, page, "<main>", "</main>")); !strings.Contains(text, tt.want) {
			t.Errorf("%s: %s", name, text)
		}
		if tt.tracked != nil && !strings.Contains(page, `<a href="../ports/`+uuid+`?units=bytes">`) {
			t.Errorf("%s: no link to the port that it is seen from", name)
		}
	}
}

// figures are the rows of the table of traffic on the page of a port.
func figures(t *testing.T, page string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, row := range strings.Split(section(t, page, `aria-labelledby="traffic"`, "</table>"), "<tr>")[2:] {
		name, cells, _ := strings.Cut(row, "</th>")
		all[plainText(name)] = plainText(cells)
	}
	return all
}

func TestPortPageShowsThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := newSnapshot(now)
		p := snap.Ports[0]
		p.Inventory.IBX, p.Inventory.Links, p.Linked = "SV5", []fleet.Link{{Status: fleet.StatusUp}, {Status: fleet.StatusUp}}, true
		p.Polls[0].Err = "slow"
		snap.Accounts[0].Prices, p.PricePoll = 24*time.Hour, fleet.Poll{}.Ended(now, errStuck)
		p.Price = &fleet.Price{At: now, Monthly: new(512.5), Currency: "EUR"}
		snap.Connections = []*fleet.Tracked{{
			Metered:    fleet.Metered{Account: "default", Traffic: p.Traffic, Polls: p.Polls},
			Connection: fleet.Connection{UUID: "c", APIName: "to-the-cloud", State: "ACTIVE", Status: "UP", Bandwidth: new(5e9), ZSide: fleet.End{Name: "Cirrus", Metro: "LD"}, ASide: fleet.End{VLAN: "101"}},
			At:         now, Port: uuid, Side: fleet.ASide,
		}}
		page := show(t, snap, "/ports/"+strings.ToUpper(uuid))
		want := map[string]string{
			"Now": "4.25 Gbit/s 812 Mbit/s", "Share now": "42 % 8 %", "Share with one link less": "85 % 16 %",
			"p95 1d": "5.5 Gbit/s 1.1 Gbit/s", "Share p95 1d": "55 % 11 %", "Sample age": "7m 7m",
		}
		if diff := cmp.Diff(want, figures(t, page)); diff != "" {
			t.Errorf("traffic (-want +got):\n%s", diff)
		}
		text := plainText(section(t, page, "<body>", "</body>"))
		for _, want := range []string{
			"SV-PRI-01 as of", "By state: 11 ACTIVE, 6 PROVISIONED.", "to-the-cloud c slow Cirrus (LD) 101 ACTIVE UP 5 Gbit/s 4.25 Gbit/s 85 %",
			"Metro SV", "IBX SV5", "Links DOWN 0", "Links UP 2", "Line rate 10 Gbit/s", "traffic 1d ok 0s 0s 5m slow", "connections ok 0s 0s 5m –", "listing of ports not polled yet – – 15m –",
			"There is no traffic to draw",
			"List price a month 512.5 EUR", "list price failed 0s – 1d " + errStuck.Error(),
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in %s", want, text)
			}
		}
	})
}

// charts are the texts and the elements of the drawings on the page of a port.
func charts(t *testing.T, snap *fleet.Snapshot) (texts, drawings []string) {
	t.Helper()
	page := show(t, snap, "/ports/"+uuid)
	for _, m := range regexp.MustCompile(`(?s)<desc id="(?:in|out)bound-text">([^<]*)</desc>(.*?)</figure>`).FindAllStringSubmatch(page, -1) {
		texts, drawings = append(texts, m[1]), append(drawings, m[2])
	}
	return texts, drawings
}

func TestPortPageDrawsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour) // noon
		now := time.Now()
		snap := newSnapshot(now)
		traffic := snap.Ports[0].Traffic[0]
		all := day(now, flat(5e9))
		traffic.Inbound.Points = fleet.NewPoints(append(all[:36:36], all[60:]...)) // without 15:00 to 17:00
		traffic.Inbound.Max = new(6e9)
		traffic.Outbound.Points = fleet.NewPoints(day(now, flat(1e9)))
		texts, drawings := charts(t, snap)
		want := []string{
			"now 4.25 Gbit/s, 95th percentile 5.5 Gbit/s, highest 6 Gbit/s, capacity 10 Gbit/s. No data: 14:55 to 17:00 UTC.",
			"now 812 Mbit/s, 95th percentile 1.1 Gbit/s, capacity 10 Gbit/s. No gaps.",
		}
		if diff := cmp.Diff(want, texts); diff != "" {
			t.Fatalf("texts (-want +got):\n%s", diff)
		}
		for i, want := range [][]string{
			{
				`<rect class="gap" x="12.15%" width="8.68%"`, `<line class="capacity" x2="100%" y1="4.76%"`, `<line class="p95" x2="100%" y1="47.62%"`,
				`<text x="25.00%" y="13" text-anchor="middle">18:00</text>`, `<text x="50.00%" y="13" text-anchor="middle">1 Jan</text>`, `>UTC</text>`, "M0 524h2",
			},
			{`<line class="p95" x2="100%" y1="89.52%"`, "M0 905h2"}, // on the same scale
		} {
			for _, w := range want {
				if !strings.Contains(drawings[i], w) {
					t.Errorf("drawing %d lacks %s: %s", i, w, drawings[i])
				}
			}
		}
		for _, p := range []struct {
			share float64
			above bool
		}{{0.26, false}, {0.24, true}} { // a line at the bottom would show nothing
			for _, d := range fleet.Directions() {
				traffic.Rates(d).Points = fleet.NewPoints(day(now, flat(p.share*10e9)))
			}
			page := show(t, snap, "/ports/"+uuid)
			if got := strings.Contains(page, "capacity 10 Gbit/s is far above"); got != p.above || strings.Contains(page, `class="capacity"`) == p.above {
				t.Errorf("at %v of the capacity: it is far above: %v", p.share, got)
			}
		}
		snap.Ports[0].Linked, snap.Ports[0].Inventory.Links = true, []fleet.Link{{Status: fleet.StatusDown, Speed: new(10e9)}}
		if page := show(t, snap, "/ports/"+uuid); !strings.Contains(page, ">no link is up</span>") || strings.Contains(page, `class="capacity"`) {
			t.Error("a capacity of 0 is drawn")
		}
		snap.Ports[0].Inventory.Links[0].Status = fleet.StatusUp
		for _, d := range fleet.Directions() {
			traffic.Rates(d).Points = fleet.NewPoints(day(now, flat(0)))
		}
		if page := show(t, snap, "/ports/"+uuid); !strings.Contains(page, `text-anchor="end">2.5 Gbit/s</text>`) {
			t.Error("no traffic is not drawn against the capacity")
		}
		time.Sleep(25*time.Minute + time.Second)
		if texts, _ := charts(t, snap); len(texts) != 0 || !strings.Contains(show(t, snap, "/ports/"+uuid), "what there was is too old") {
			t.Errorf("stale traffic is drawn: %v", texts)
		}
	})
}

// What Equinix has not delivered for long is a gap at the end.
func TestPortPageMarksLateSamplesAsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := newSnapshot(now)
		traffic := snap.Ports[0].Traffic[0]
		traffic.Inbound.Points = fleet.NewPoints(day(now, flat(5e9))[:288-24])
		traffic.Inbound.Newest = now.Add(-2 * time.Hour)
		texts, _ := charts(t, snap)
		if len(texts) != 1 || !strings.HasSuffix(texts[0], "No data: 21:55 to 1 Jan UTC.") {
			t.Errorf("%q", texts)
		}
	})
}

func TestPortPageEscapes(t *testing.T) {
	hostile := `<script>alert("x")</script>`
	snap := newSnapshot(time.Now())
	p := snap.Ports[0]
	p.ConfiguredName, p.Inventory.Metro, p.Inventory.IBX, p.Inventory.Project, p.Polls[0].Err, p.ConnectionsPoll.Err = hostile, hostile, hostile, hostile, hostile, hostile
	p.Connections.States[hostile] = 1
	resp := do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/ports/"+uuid+"?q=%3Cscript%3E")
	text := body(t, resp)
	if strings.Contains(text, "<script") {
		t.Error("a name became markup")
	}
	if n := strings.Count(text, "&lt;script&gt;"); n < 8 {
		t.Errorf("only %d of 8 hostile texts are on the page", n)
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("policy %s", policy)
	}
}

// A port may have more connections than a page has room for.
func TestPortPageHasPagesOfConnections(t *testing.T) {
	now := time.Now()
	snap := newSnapshot(now)
	for i := range 250 {
		c := &fleet.Tracked{
			Metered:    fleet.Metered{Account: "default", Traffic: []*fleet.Traffic{nil}, Polls: []fleet.Poll{{}}},
			Connection: fleet.Connection{UUID: fmt.Sprintf("c-%03d", i), State: "ACTIVE"}, At: now, Port: uuid, Side: fleet.ASide,
		}
		if i == 249 { // the fullest one is first
			c.Traffic, c.Bandwidth = snap.Ports[0].Traffic, new(10e9)
		}
		snap.Connections = append(snap.Connections, c)
	}
	for query, want := range map[string][2]string{
		"?page=3": {"c-249", "c-098"}, "?connections=2": {"c-099", "c-198"}, "?connections=9": {"c-199", "c-248"},
	} {
		page := show(t, snap, "/ports/"+uuid+query)
		names := regexp.MustCompile(`<bdi>(c-\d+)</bdi>`).FindAllStringSubmatch(page, -1)
		if got := [2]string{names[0][1], names[len(names)-1][1]}; got != want {
			t.Errorf("%s: from %s to %s, want %s", query, got[0], got[1], want)
		}
	}
	if page := show(t, snap, "/ports/"+uuid+"?sort=in&page=3"); !strings.Contains(page, `href="?connections=2&amp;page=3&amp;sort=in#connections">next`) ||
		!strings.Contains(page, `href="../?page=3&amp;sort=in">All ports`) {
		t.Error("the next page, or the way back, forgets the query")
	}
}
