package portlist_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/portlist"
)

// still is a daemon that has polled all it will.
type still struct{ snap *fleet.Snapshot }

func (s still) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (s still) Snapshot() *fleet.Snapshot { return s.snap }

func (s still) History(context.Context, fleet.Subject, time.Duration, time.Time, time.Time) (fleet.History, fleet.Rejected, error) {
	return fleet.History{}, nil, errors.New("no history")
}

const (
	first  = "00000000-0000-4000-8000-000000000001"
	second = "00000000-0000-4000-8000-000000000002"
	third  = "00000000-0000-4000-8000-000000000003"
)

// polled is a snapshot of ports of one account.
func polled(ports ...*fleet.Port) still {
	now := time.Now()
	ok := fleet.Poll{}.Ended(now, nil)
	for _, p := range ports {
		p.Account, p.Listed, p.Polls, p.ConnectionsPoll = "default", true, []fleet.Poll{ok}, ok
		if p.Traffic == nil {
			p.Traffic = []*fleet.Traffic{nil}
		}
		if p.Inventory == nil {
			p.Inventory = &fleet.Inventory{At: now}
		}
	}
	slices.SortFunc(ports, func(a, b *fleet.Port) int { return strings.Compare(a.UUID, b.UUID) })
	return still{&fleet.Snapshot{
		Accounts: []fleet.Account{{
			Name: "default", LastData: now, InventoryPoll: ok,
			Traffic: time.Hour, Connections: time.Hour, Inventory: time.Hour, Windows: []time.Duration{time.Hour},
		}},
		Ports: ports, StaleIntervals: 5,
		Windows: []fleet.Window{{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}},
	}}
}

// loaded is a port of 10 Gbit/s with that much traffic.
func loaded(uuid, name string, in, out *float64) *fleet.Port {
	now := time.Now()
	return &fleet.Port{
		Metered: fleet.Metered{Traffic: []*fleet.Traffic{{
			At: now, Inbound: fleet.Rates{Last: in, Newest: now}, Outbound: fleet.Rates{Last: out, P95: out, Newest: now},
		}}},
		UUID: uuid, APIName: name,
		Inventory: &fleet.Inventory{At: now, Capacity: new(10e9), Metro: "SV"},
	}
}

func decode(t *testing.T, d portlist.Daemon) []map[string]any {
	t.Helper()
	o := options()
	o.Format = "json"
	var ports []map[string]any
	if err := json.Unmarshal([]byte(print(t, d, o)), &ports); err != nil {
		t.Fatal(err)
	}
	return ports
}

func TestTheBusierDirectionDecidesAndUnknownComesLast(t *testing.T) {
	synctest.Test(t, theBusierDirectionDecidesAndUnknownComesLast)
}

func theBusierDirectionDecidesAndUnknownComesLast(t *testing.T) {
	var got []any
	for _, p := range decode(t, polled(
		loaded(first, "unknown", nil, nil),
		loaded(second, "idle", new(0.0), new(0.0)),
		loaded(third, "out", new(1e9), new(7e9)),
		loaded("00000000-0000-4000-8000-000000000004", "in", new(8e9), nil),
		loaded("00000000-0000-4000-8000-000000000005", "b-same", new(5e9), nil),
		loaded("00000000-0000-4000-8000-000000000006", "a-same", nil, new(5e9)),
	)) {
		got = append(got, p["name"])
	}
	if diff := cmp.Diff([]any{"in", "out", "a-same", "b-same", "idle", "unknown"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAbsentIsNeverZero(t *testing.T) { synctest.Test(t, absentIsNeverZero) }

func absentIsNeverZero(t *testing.T) {
	d := polled(&fleet.Port{UUID: first}, loaded(second, "idle", new(0.0), nil))
	table := strings.Split(print(t, d, options()), "\n")
	if got, want := strings.Fields(table[2]), []string{first, "–", "–", "–", "–", "–", "–", "–", "–", "no", "samples"}; !slices.Equal(got, want) {
		t.Errorf("table: %q", got)
	}
	if got, want := strings.Fields(table[1]), []string{"idle", "SV", "10G", "0", "–", "–", "–", "–", "0s"}; !slices.Equal(got[:8], want[:8]) {
		t.Errorf("table: %q", got)
	}
	absent := decode(t, d)[1]
	want := map[string]any{
		"account": "default", "uuid": first, "name": first, "metro": nil, "capacity_bits_per_second": nil,
		"in_last_bits_per_second": nil, "in_p95_bits_per_second": nil, "out_last_bits_per_second": nil, "out_p95_bits_per_second": nil,
		"p95_window": "1d", "utilization_ratio": nil, "connections": nil, "newest_sample": nil, "monthly_price": nil, "currency": nil, "problem": "no samples",
	}
	if diff := cmp.Diff(want, absent); diff != "" {
		t.Errorf("json (-want +got)\n%s", diff)
	}
	o := options()
	o.Format = "csv"
	records, err := csv.NewReader(strings.NewReader(print(t, d, o))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"default", first, first, "", "", "", "", "", "", "1d", "", "", "", "", "", "no samples"}, records[2]); diff != "" {
		t.Errorf("csv (-want +got)\n%s", diff)
	}
	for _, name := range records[0] {
		if _, ok := want[name]; !ok || len(records[0]) != len(want) {
			t.Errorf("csv: the json has no %s", name)
		}
	}
	if idle := records[1]; idle[5] != "0" || idle[4] != "10000000000" || idle[10] != "0" {
		t.Errorf("csv: %q", idle)
	}
	if _, err := time.Parse(time.RFC3339, records[1][12]); err != nil {
		t.Errorf("csv: %v", err)
	}
}

// Units change the table alone: what programs read stays in bit/s.
func TestUnitsOfTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := polled(loaded(first, "port", new(4.25e9), new(999.6e6*8)))
		o := options()
		o.Bars, o.Units = false, human.Bytes
		want := []string{
			"NAME METRO SPEED B/s IN B/s IN P95 1d OUT B/s OUT P95 1d CONN AGE PROBLEM",
			"port SV 1.25G 531M – 1G 1G – 0s",
		}
		for i, line := range strings.Split(strings.TrimSpace(print(t, d, o)), "\n") {
			if got := strings.Join(strings.Fields(line), " "); got != want[i] {
				t.Errorf("got %q, want %q", got, want[i])
			}
		}
		for _, format := range []string{"json", "csv", "yaml"} {
			o.Format, o.Units = format, human.Bits
			bits := print(t, d, o)
			if o.Units = human.Bytes; print(t, d, o) != bits {
				t.Errorf("%s depends on the units", format)
			}
		}
	})
}

// Names are what others wrote.
func TestHostileNames(t *testing.T) { synctest.Test(t, hostileNames) }

func hostileNames(t *testing.T) {
	for _, name := range []string{
		"\x1b]0;owned\a\x1b[2J", "\u009b31mred", "two\nlines: 1", "right \u202eto left", "\x7f", "bad \xff utf-8", "tag \U000e0041",
		"~", "null", "yes", "0x10", "1e3", "- item", "a: b", "a #b", "*alias", "&anchor", "!!int 3", "<<", "{a}", "[a]", "%x", "@x", "`x", "|", ">",
		`quo"te'`, "=1+1", "a,b", " ends ", strings.Repeat("long ", 200), strings.Repeat("é", 300),
	} {
		port := loaded(first, name, new(1e9), nil)
		port.Inventory.Metro, port.Inventory.Status = name, name
		d := polled(port)
		for _, format := range portlist.Formats() {
			o := options()
			o.Format = format
			got := print(t, d, o)
			if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }); i >= 0 {
				t.Errorf("%q as %s does not print at %d: %q", name, format, i, got)
			}
			if format == "table" {
				fits(t, got)
				if n := strings.Count(got, "\n"); n != 2 {
					t.Errorf("%q makes %d lines", name, n)
				}
			}
			if format == "yaml" {
				pastes(t, name, got)
			}
		}
		if got := decode(t, d)[0]["name"]; got != strings.ToValidUTF8(name, "\ufffd") {
			t.Errorf("json: %q for %q", got, name)
		}
	}
}

func TestProblems(t *testing.T) { synctest.Test(t, problems) }

func problems(t *testing.T) {
	fails := func(err string) fleet.Poll { return fleet.Poll{Last: time.Now(), Err: err} }
	for want, change := range map[string]func(*fleet.Port){
		"":        func(*fleet.Port) {},
		"PARTIAL": func(p *fleet.Port) { p.Inventory.Status = fleet.StatusPartial },
		"not visible; check its uuid; traffic: HTTP 404": func(p *fleet.Port) {
			p.Inventory, p.Polls[0] = nil, fails("HTTP 404")
		},
		"traffic: HTTP 500; connections: HTTP 403": func(p *fleet.Port) {
			p.Polls, p.ConnectionsPoll = []fleet.Poll{fails("HTTP 500"), fails("HTTP 500")}, fails("HTTP 403")
		},
		"traffic: not polled yet":       func(p *fleet.Port) { p.Polls[0] = fleet.Poll{} },
		"no metrics stream; no samples": func(p *fleet.Port) { p.Attached, p.Traffic[0] = new(false), nil },
	} {
		d := polled(loaded(first, "port", new(1e9), new(1e9)))
		change(d.snap.Ports[0])
		o := options()
		o.Timeout = 10 * time.Second
		o.Format = "csv"
		records, err := csv.NewReader(strings.NewReader(print(t, d, o))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := records[1][len(records[1])-1]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A spreadsheet that opens the list runs nothing of it, whatever separates fields in
// its locale and whether it heeds quotes or not.
func TestCSVHasNoFormulas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, want := range map[string]string{
			`=HYPERLINK("https://example.com")`: `'=HYPERLINK("https://example.com")`,
			"@SUM(1)":                           "'@SUM(1)", "+1": "'+1", "-1": "'-1", "a=b": "a=b", "a-b; c": "a-b; c",
			"a;=1+1": "a;'=1+1", "a,=1+1": "a,'=1+1", `a"; "=1+1`: `a"; "'=1+1`, `";=1+1;"`: `";'=1+1;"`, ";;-1;+1": ";;'-1;'+1",
			" =1": " '=1", "＝1": "'＝1", "a|@b": "a|'@b",
		} {
			port := loaded(first, name, new(1e9), new(1e9))
			port.Inventory.Metro = name
			d := polled(port)
			o := options()
			o.Format = "csv"
			text := print(t, d, o)
			records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if records[1][2] != want || records[1][3] != want {
				t.Errorf("name %q, metro %q, want %q", records[1][2], records[1][3], want)
			}
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, `"`) || !strings.HasSuffix(line, `"`) || strings.Contains(line, ",,") {
					t.Errorf("a field without quotes in %s", line)
				}
				for _, cell := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;|", r) }) {
					if cell = strings.Trim(cell, ` "`); cell != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(cell)[0]) {
						t.Errorf("%q is a formula in %s", cell, line)
					}
				}
			}
		}
	})
}

// pastes reads a block as part of a configuration.
func pastes(t *testing.T, name, block string) {
	t.Helper()
	cfg, err := config.Parse("test.yml", []byte("accounts:\n  - client_id: a\n    client_secret: b\n"+block), t.TempDir(), nil)
	if err != nil {
		t.Errorf("%q: %v in\n%s", name, err, block)
		return
	}
	got := cfg.Accounts[0].Ports
	if len(got) != 1 || got[0].UUID != first {
		t.Errorf("%q: %v", name, got)
	}
	plain := !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || r == '\ufffd' })
	if plain && len(name) <= 256 && got[0].Name != strings.TrimSpace(name) {
		t.Errorf("%q became %q", name, got[0].Name)
	}
}

func TestYAMLHasABlockForEachAccount(t *testing.T) { synctest.Test(t, yAMLHasABlockForEachAccount) }

func yAMLHasABlockForEachAccount(t *testing.T) {
	d := polled(loaded(first, "one", nil, nil), &fleet.Port{UUID: second})
	other := d.snap.Accounts[0]
	other.Name = "lab\nwith: more"
	d.snap.Accounts = append(d.snap.Accounts, other)
	d.snap.Ports[1].Account = other.Name
	o := options()
	o.Format = "yaml"
	want := `    # account default
    ports:
      - uuid: ` + first + `
        name: one
---
    # account lab�with: more
    ports:
      - uuid: ` + second + `
`
	if diff := cmp.Diff(want, print(t, d, o)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
