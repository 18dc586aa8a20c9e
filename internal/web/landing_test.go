package web_test

import (
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// show is the page of snap at that path and query.
func show(t *testing.T, snap *fleet.Snapshot, target string) string {
	t.Helper()
	return body(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, target))
}

// plainText is a part of a page without its markup, in one line.
func plainText(part string) string {
	return html.UnescapeString(strings.Join(strings.Fields(tags.ReplaceAllString(part, " ")), " "))
}

// section is the part of a page between two texts.
func section(t *testing.T, page, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, from)
	part, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		return ""
	}
	return part
}

var portName = regexp.MustCompile(`<th scope="row" class="head"><a href="[^"]*"><bdi>([^<]*)</bdi>`)

// listed are the names in the table of ports, in order.
func listed(t *testing.T, page string) []string {
	t.Helper()
	names := []string{}
	for _, m := range portName.FindAllStringSubmatch(section(t, page, `id="ports"`, "</table>"), -1) {
		names = append(names, m[1])
	}
	return names
}

// named adds a port of that name to snap, with shares of 10 Gbit/s: the last polled rate
// inbound, and the 95th percentile outbound.
func named(snap *fleet.Snapshot, now time.Time, name string, share, p95 float64) *fleet.Port {
	p := newPort(fmt.Sprintf("c4d9c9a0-0000-4000-8000-%012d", len(snap.Ports)), now)
	p.ConfiguredName = name
	p.Traffic[0].Inbound.Last, p.Traffic[0].Inbound.P95 = new(share*10e9), new(0.0)
	p.Traffic[0].Outbound.Last, p.Traffic[0].Outbound.P95 = new(0.0), new(p95*10e9)
	snap.Ports = append(snap.Ports, p)
	return p
}

func emptySnapshot(now time.Time) *fleet.Snapshot {
	snap := newSnapshot(now)
	snap.Ports = nil
	return snap
}

// The order and the colours are by the thresholds of the alerts: red, orange, then the others.
func TestLandingShowsTheWorstFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := emptySnapshot(now)
		named(snap, now, "idle", 0, 0.05)
		named(snap, now, "busy-p95", 0.1, 0.79)
		named(snap, now, "warm-now", 0.8, 0.1)
		named(snap, now, "warm-p95", 0.1, 0.94)
		named(snap, now, "full-now", 0.9, 0.1)
		named(snap, now, "full-p95", 0.1, 0.95)
		named(snap, now, "down", 0, 0).Inventory.Status = fleet.StatusDown
		half := named(snap, now, "half", 0.46, 0.1) // 92 % of what is left
		half.Linked, half.Inventory.Status = true, fleet.StatusPartial
		half.Inventory.Links = []fleet.Link{{Status: fleet.StatusUp, Speed: new(5e9)}, {Status: fleet.StatusDown, Speed: new(5e9)}}
		unknown := named(snap, now, "unknown", 0, 0)
		unknown.Traffic[0] = nil
		page := show(t, snap, "/")
		want := []string{"down", "full-p95", "half", "full-now", "warm-p95", "warm-now", "busy-p95", "idle", "unknown"}
		if diff := cmp.Diff(want, listed(t, page)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for name, want := range map[string]string{
			"idle": "", "busy-p95": "", "unknown": "",
			"warm-now": `mid">nearly full, inbound`, "warm-p95": `mid">nearly full, outbound`,
			"full-now": `bad">full, inbound`, "full-p95": `bad">full, outbound`, "down": `bad">down`,
			"half": `bad">full, inbound</span><span class="fault mid">some links are down`,
		} {
			row := section(t, page, ">"+name+"</bdi></a>", "</th>")
			if got := strings.Contains(row, `class="fault `+want); got != (want != "") || want != "" && !got {
				t.Errorf("%s: %s", name, row)
			}
		}
		if row := plainText(section(t, page, ">half</bdi></a>", "</tr>")); !strings.Contains(row, "10 Gbit/s 5 Gbit/s up") || !strings.Contains(row, "4.6 Gbit/s 92 %") {
			t.Errorf("half: %s", row)
		}
	})
}

// cities adds ports of two accounts and three metros, one of them without.
func cities(now time.Time) *fleet.Snapshot {
	snap := emptySnapshot(now)
	other := snap.Accounts[0]
	other.Name = "other"
	snap.Accounts = append(snap.Accounts, other)
	for i, c := range []struct{ name, metro, ibx, account string }{
		{"Core-1", "SV", "SV5", "default"}, {"core-2", "DC", "DC2", "default"}, {"edge-sv", "AM", "AM3", "other"}, {"edge-2", "", "", "other"}, {"core-3", "SV", "SV1", "other"},
	} {
		p := named(snap, now, c.name, 0.1*float64(i), 0.5-0.1*float64(i))
		p.Account, p.Inventory.Metro, p.Inventory.IBX = c.account, c.metro, c.ibx
		p.Inventory.Capacity = new(float64(10+i) * 1e9)
		p.Connections.States = map[string]int{"ACTIVE": 10 - i}
	}
	return snap
}

func TestLandingFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := cities(time.Now())
		for query, want := range map[string][]string{
			"":                                  {"Core-1", "core-2", "core-3", "edge-sv", "edge-2"},
			"q=CORE&sort=name":                  {"Core-1", "core-2", "core-3"},
			"q=sv&sort=name":                    {"Core-1", "core-3", "edge-sv"},
			"q=sv1":                             {"core-3"},
			"q=000000000003":                    {"edge-2"},
			"account=other&sort=name":           {"core-3", "edge-2", "edge-sv"},
			"account=other&metro=sv":            {"core-3"},
			"account=other&metro=AM&q=EDGE":     {"edge-sv"},
			"q=%20core-2%20":                    {"core-2"},
			"q=nothing":                         {},
			"sort=in":                           {"core-3", "edge-2", "edge-sv", "core-2", "Core-1"},
			"sort=p95":                          {"Core-1", "core-2", "edge-sv", "edge-2", "core-3"},
			"sort=capacity":                     {"core-3", "edge-2", "edge-sv", "core-2", "Core-1"},
			"sort=connections":                  {"Core-1", "core-2", "edge-sv", "edge-2", "core-3"},
			"sort=metro":                        {"edge-sv", "core-2", "Core-1", "core-3", "edge-2"},
			"q=" + strings.Repeat("x", 5000):    {},
			"q=%ff%00":                          {},
			"account=nobody":                    {},
			"page=2&sort=name":                  {"Core-1", "core-2", "core-3", "edge-2", "edge-sv"},
			"page=x&pairs=-1&sort=worse&q=edge": {"edge-sv", "edge-2"},
		} {
			page := show(t, snap, "/?"+query)
			if diff := cmp.Diff(want, listed(t, page)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
			count := fmt.Sprintf("%d of 5 ports", len(want))
			if !strings.Contains(plainText(page), count) {
				t.Errorf("%s: the page does not say %q", query, count)
			}
			if len(want) == 0 && !strings.Contains(page, "No port matches.") {
				t.Errorf("%s: the page does not say that no port matches", query)
			}
		}
	})
}

func TestLandingSaysWhatItIgnores(t *testing.T) {
	snap := cities(time.Now())
	for query, want := range map[string]string{
		"sort=%3Cb%3E":  "sort=<b> is ignored; possible: worst, in, out,",
		"units=nibbles": "units=nibbles is ignored; possible: bits, bytes.",
		"page=0":        "page=0 is ignored; possible: numbers from 1",
		"pairs=1e3":     "pairs=1e3 is ignored",
		"refresh=1":     "refresh=1 is ignored; possible: numbers from 10 to 3600.",
		"account=x%22y": `There is no account x"y.`,
		"metro=QQ":      "No port is in metro QQ.",
	} {
		resp := do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/?"+query)
		page := body(t, resp)
		if resp.StatusCode != http.StatusOK || !strings.Contains(plainText(page), want) || strings.Contains(page, "<b>") {
			t.Errorf("%s: %d, want %q in %s", query, resp.StatusCode, want, plainText(page))
		}
	}
}

var anyLink = regexp.MustCompile(`<a href="([^"]*)"`)

// Every link of the page keeps what was chosen, and changes one thing.
func TestLandingLinksKeepTheQuery(t *testing.T) {
	snap := cities(time.Now())
	h := web.Handler(newOptions(t, snap))
	const query = "account=other&metro=SV&q=core+%26+more&refresh=60&sort=in&units=bytes"
	links := anyLink.FindAllStringSubmatch(body(t, do(t, h, http.MethodGet, "/?"+query)), -1)
	at, err := url.Parse("http://exporter/")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, m := range links {
		to, err := at.Parse(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		if to.RawQuery == "" {
			continue // /metrics and its like
		}
		check(t, do(t, h, http.MethodGet, to.RequestURI()), http.StatusOK, "")
		want, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for key, value := range want {
			if got := to.Query().Get(key); got != value[0] {
				changed++
			}
		}
		showAll := strings.Count(to.RawQuery, "=") == 3
		if changed > 1 && !showAll {
			t.Errorf("%s: %d keys changed", to.RawQuery, changed)
		}
		kept++
	}
	if kept < 15 {
		t.Errorf("only %d links have a query: %v", kept, links)
	}
	page := show(t, snap, "/?"+query)
	for _, want := range []string{`name="account" value="other"`, `name="metro" value="SV"`, `name="q" value="core &amp; more"`, `name="sort" value="in"`, `name="units" value="bytes"`, `name="refresh" value="60"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if got := do(t, h, http.MethodGet, "/?refresh=60").Header.Get("Refresh"); got != "60" {
		t.Errorf("Refresh: %q", got)
	}
	if got := do(t, h, http.MethodGet, "/").Header.Get("Refresh"); got != "" {
		t.Errorf("Refresh without being asked: %q", got)
	}
}

func TestLandingSaysFirstWhatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := cities(now)
		snap.Accounts[1].LoginHeld, snap.Accounts[1].LoginError = true, "login refused, 3 in a row"
		snap.Accounts[0].InventoryPoll = fleet.Poll{}.Ended(now, nil)
		snap.Accounts[0].Pairs = []fleet.Pair{{Name: "west", Primary: snap.Ports[0].UUID, Secondary: "c4d9c9a0-0000-4000-8000-00000000ffff"}}
		snap.Accounts[1].InventoryPoll = fleet.Poll{}.Ended(now, nil)
		snap.Ports[0].Attached = new(false)
		snap.Ports[1].Inventory, snap.Ports[1].Polls[0].Err = nil, "port stats "+snap.Ports[1].UUID+": 500"
		for _, p := range snap.Ports[2:] {
			p.Polls[0], p.Traffic[0] = fleet.Poll{}, nil
		}
		snap.Accounts[1].Source = ""
		got := plainText(section(t, show(t, snap, "/"), `class="gaps">`, "</ul>"))
		for _, want := range []string{
			"default pair west: not polled: c4d9c9a0-0000-4000-8000-00000000ffff",
			"other login suspended, nothing is polled: login refused, 3 in a row",
			"other traffic not polled yet: the source is not known : edge-sv , edge-2 , core-3",
			"default not attached to a stream : Core-1",
			"default not in the listing of its account: check its uuid : core-2",
			"default traffic 1d: port stats …: 500 : core-2",
		} {
			i := strings.Index(got, want)
			if i < 0 {
				t.Errorf("%q is missing, or in another place: %s", want, got)
				continue
			}
			got = got[:i] + got[i+len(want):]
		}
		if strings.TrimSpace(got) != "" {
			t.Errorf("more: %s", got)
		}
		filtered := plainText(section(t, show(t, snap, "/?account=other"), `class="gaps">`, "</ul>"))
		if strings.Contains(filtered, "Core-1") || !strings.Contains(filtered, "login suspended") {
			t.Errorf("of one account: %s", filtered)
		}
		if fine := show(t, cities(now), "/"); strings.Contains(fine, "Not known, and why") {
			t.Error("all is known, and yet")
		}
	})
}

// large is a fleet with the longest drawings: nothing is flat.
func large(now time.Time, ports int) *fleet.Snapshot {
	snap := emptySnapshot(now)
	random := rand.New(rand.NewPCG(1, 2))
	noise := func() fleet.Points {
		return fleet.NewPoints(day(now, func(int) float64 { return random.Float64() * 10e9 }))
	}
	some := make([]fleet.Points, 100)
	for i := range some {
		some[i] = noise()
	}
	for i := range ports {
		p := named(snap, now, fmt.Sprintf("METRO%02d-CUSTOMER-%05d-PRI-10G", i%60, i), random.Float64(), random.Float64())
		p.Inventory.Metro, p.Inventory.IBX = fmt.Sprintf("M%02d", i%60), fmt.Sprintf("M%02d5", i%60)
		for _, d := range fleet.Directions() {
			r := p.Traffic[0].Rates(d)
			r.Points, r.Max, r.Resolution = some[random.IntN(len(some))], new(9.9e9), 5*time.Minute
		}
		if i%2 == 1 {
			other := snap.Ports[i-1]
			snap.Pairs = append(snap.Pairs, &fleet.Pair{
				Name: other.Name() + " + " + p.Name(), Primary: other.UUID, Secondary: p.UUID,
				Traffic: []fleet.PairTraffic{fleet.NewPairTraffic(other.Traffic[0], p.Traffic[0], snap.Windows[0])},
			})
		}
	}
	return snap
}

// The page is looked at when all goes wrong: each port then has several errors, as long as the
// page shows them.
func TestPagesOfAFailingFleetStayUnder300KB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := large(now, 1_000)
		snap.Windows = append(snap.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		for i, p := range snap.Ports {
			failed := fleet.Poll{}.Ended(now, fmt.Errorf("port stats %s: HTTP 500: %s", p.UUID, strings.Repeat(`"Internal error" & <more> `, 20)))
			p.Polls, p.Traffic, p.ConnectionsPoll = []fleet.Poll{failed, failed}, append(p.Traffic, nil), failed
			if i < 150 {
				snap.Connections = append(snap.Connections, &fleet.Tracked{
					Metered:    fleet.Metered{Account: "default", Traffic: p.Traffic, Polls: p.Polls},
					Connection: fleet.Connection{UUID: p.UUID, APIName: p.Name(), State: "ACTIVE", Bandwidth: new(1e9), ZSide: fleet.End{Name: p.Name()}},
					At:         now, Port: snap.Ports[17].UUID, Side: fleet.ASide,
				})
			}
		}
		for _, target := range []string{"/", "/?sort=name&units=bytes&refresh=60&q=customer", "/ports/" + snap.Ports[17].UUID} {
			page := show(t, snap, target)
			t.Logf("%s: %d bytes", target, len(page))
			if len(page) > 300_000 {
				t.Errorf("%s: %d bytes", target, len(page))
			}
		}
	})
}

func TestPagesStayUnder300KB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ports := range []int{1_000, 10_000} {
			snap := large(time.Now(), ports)
			for _, target := range []string{"/", "/?page=7&pairs=3&sort=name&units=bytes&refresh=60&q=customer", "/ports/" + snap.Ports[17].UUID} {
				page := show(t, snap, target)
				t.Logf("%d ports, %s: %d bytes", ports, target, len(page))
				if len(page) > 300_000 {
					t.Errorf("%d ports, %s: %d bytes", ports, target, len(page))
				}
				for _, forbidden := range []string{" style=", "<script", "ZgotmplZ", "http://", "https://"} {
					if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), forbidden) {
						t.Errorf("%q is on the page", forbidden)
					}
				}
			}
		}
	})
}

// All ports are on one of the pages of the table, each once.
func TestLandingHasPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := large(time.Now(), 250)
		h := web.Handler(newOptions(t, snap))
		seen, target, pages := map[string]int{}, "/?sort=name", 0
		for target != "" {
			page := body(t, do(t, h, http.MethodGet, target))
			names := listed(t, page)
			if !slices.IsSorted(names) {
				t.Errorf("%s is not sorted", target)
			}
			for _, n := range names {
				seen[n]++
			}
			target = ""
			if m := regexp.MustCompile(`<a href="\.?/?(\?[^"]*)#ports">next`).FindStringSubmatch(page); m != nil {
				target = "/" + html.UnescapeString(m[1])
			}
			pages++
		}
		if len(seen) != 250 || pages != 4 {
			t.Errorf("%d ports on %d pages", len(seen), pages)
		}
		for name, n := range seen {
			if n != 1 {
				t.Errorf("%s is listed %d times", name, n)
			}
		}
		if last := show(t, snap, "/?page=99"); !strings.Contains(last, "241 to 250 of 250") {
			t.Error("a page beyond the last one is not the last one")
		}
	})
}

func TestLandingShowsWhatAFailoverWouldDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := emptySnapshot(now)
		pair := func(name string, each float64) (a, b *fleet.Port) {
			a, b = named(snap, now, name+"-a", 0.1, 0.1), named(snap, now, name+"-b", 0.1, 0.1)
			for _, p := range []*fleet.Port{a, b} {
				for _, d := range fleet.Directions() {
					r := p.Traffic[0].Rates(d)
					r.Points, r.Resolution, r.Newest = fleet.NewPoints(day(now, flat(each*10e9))), 5*time.Minute, now
				}
			}
			snap.Pairs = append(snap.Pairs, &fleet.Pair{
				Name: name, Primary: a.UUID, Secondary: b.UUID,
				Traffic: []fleet.PairTraffic{fleet.NewPairTraffic(a.Traffic[0], b.Traffic[0], snap.Windows[0])},
			})
			return a, b
		}
		pair("calm", 0.2)
		pair("tight", 0.46)
		pair("lost", 0.6)
		down, _ := pair("gone", 0.3)
		down.Inventory.Status = fleet.StatusDown
		silent, _ := pair("silent", 0.3)
		silent.Traffic[0] = nil
		page := section(t, show(t, snap, "/"), `id="pairs"`, "</table>")
		var got []string
		for _, row := range strings.Split(page, "<tr")[2:] {
			got = append(got, plainText(row[strings.Index(row, ">")+1:]))
		}
		want := []string{
			"lost lost-a lost-b one could not carry both 120 % 120 % 120 % 120 %",
			"tight tight-a tight-b one would be nearly full 92 % 92 % 92 % 92 %",
			"calm calm-a calm-b 40 % 40 % 40 % 40 %",
			"gone gone-a gone-b unknown: gone-a is down: it has failed over already – – – –",
			"silent silent-a silent-b unknown: no traffic known of silent-a – – – –",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if one := show(t, snap, "/?q=tight"); strings.Contains(one, ">calm<") || !strings.Contains(one, ">tight<") {
			t.Error("a search leaves other pairs, or not its own")
		}
	})
}

func TestUnitsOfThePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, newSnapshot(time.Now()))
		for _, tt := range []struct {
			flag   human.Units
			target string
			want   string
		}{
			{"", "/", "4.25 Gbit/s"},
			{human.Bits, "/?units=bytes", "531 MB/s"},
			{human.Bytes, "/", "531 MB/s"},
			{human.Bytes, "/?units=bits", "4.25 Gbit/s"},
			{human.Bytes, "/ports/" + uuid, "531 MB/s"},
			{human.Bits, "/ports/" + uuid + "?units=bytes", "1.25 GB/s"},
		} {
			o.Units, o.Registerer = tt.flag, newOptions(t, nil).Registerer
			page := body(t, do(t, web.Handler(o), http.MethodGet, tt.target))
			if !strings.Contains(page, `<data value="531250000">`) || !strings.Contains(page, tt.want) {
				t.Errorf("--units=%s %s: no %s, or not the value of /metrics", tt.flag, tt.target, tt.want)
			}
			other := map[bool]string{true: "bit/s", false: "B/s"}[strings.HasSuffix(tt.want, " MB/s") || strings.HasSuffix(tt.want, " GB/s")]
			if strings.Contains(plainText(page), other) {
				t.Errorf("--units=%s %s: something is in %s", tt.flag, tt.target, other)
			}
		}
	})
}

// What is paid and not used shows: the list price, and which ports are idle.
func TestLandingShowsPricesAndIdlePorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		snap := emptySnapshot(now)
		snap.Windows = append(snap.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: time.Hour})
		if page := show(t, snap, "/"); strings.Contains(page, "list price") {
			t.Error("prices are off")
		}
		snap.Accounts[0].Prices = 24 * time.Hour
		month := func(p *fleet.Port, in, out float64) {
			p.Polls = append(p.Polls, p.Polls[0])
			p.Traffic = append(p.Traffic, &fleet.Traffic{At: now, Inbound: fleet.Rates{P95: &in}, Outbound: fleet.Rates{P95: &out}})
		}
		idle := named(snap, now, "idle", 0.3, 0.3)
		month(idle, 0.049*10e9, 0)
		idle.Price = &fleet.Price{At: now, Monthly: new(500.0), Currency: "EUR"}
		busy := named(snap, now, "busy", 0, 0)
		month(busy, 0, 0.05*10e9)
		busy.Price = &fleet.Price{At: now} // Equinix gives none
		stale := named(snap, now, "stale", 0, 0)
		month(stale, 0, 0)
		stale.Traffic[1].At = now.Add(-6 * time.Hour)
		stale.Price = &fleet.Price{At: now.Add(-5*24*time.Hour - time.Second), Monthly: new(700.0), Currency: "EUR"}
		_, page, _ := strings.Cut(show(t, snap, "/"), `id="ports"`)
		for name, want := range map[string][2]string{"idle": {"idle", "500 EUR"}, "busy": {}, "stale": {}} {
			row := section(t, page, ">"+name+"</bdi></a>", "</tr>")
			if got := strings.Contains(row, `class="fault soft">idle`); got != (want[0] != "") {
				t.Errorf("%s: idle: %v", name, got)
			}
			if price := plainText(section(t, section(t, row, `data-label="Speed"`, "</td>"), `<div class="soft">`, "</div>")); price != want[1] {
				t.Errorf("%s: price %q", name, price)
			}
		}
	})
}
