package fabric_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// quote is s as JSON spells it, but for bytes that are no UTF-8, which stay.
func quote(s string) string {
	if utf8.ValidString(s) {
		b, _ := json.Marshal(s) // of a string, never an error
		return string(b)
	}
	b := []byte{'"'}
	for i := range len(s) {
		if s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
			b = append(b, s[i])
		}
	}
	return string(append(b, '"'))
}

// FuzzNames: all names can be shown and distinguished.
func FuzzNames(f *testing.F) {
	for _, tt := range hostileNames {
		var name string
		if json.Unmarshal([]byte(tt.json), &name) == nil {
			// Mutations of a megabyte would take all of the time: such names are run as
			// they are, or grow of the others.
			if fuzzing := flag.Lookup("test.fuzz").Value.String() != ""; len(name) < 1<<10 || !fuzzing {
				f.Add(name, "x", uint8(0))
			}
			f.Add(name[:min(len(name), 16)], "x", uint8(12))
		}
	}
	f.Add("AAAAAAAA-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000001", uint8(0))
	f.Fuzz(func(t *testing.T, a, b string, times uint8) {
		if times %= 13; len(a) > 0 {
			a = strings.Repeat(a, max(1, (1<<times)/len(a)))
		}
		item := func(uuid, s string) string {
			short := s[:min(len(s), 2*256)] // a megabyte in every field would take seconds
			return fmt.Sprintf(`{"uuid":%[2]s,"name":%[3]s,"state":%[1]s,"type":%[1]s,"operation":{"operationalStatus":%[1]s},`+
				`"redundancy":{"group":%[1]s,"priority":%[1]s},"location":{"metroCode":%[1]s},"physicalPortsSpeed":%[1]s,"devicePriority":%[1]s,`+
				`"aSide":{"accessPoint":{"type":%[1]s,"port":{"uuid":"`+id("p")+`","name":%[1]s},"linkProtocol":{"vlanTagMin":%[1]s,"vlanTagMax":%[1]s,"vlanCTag":%[1]s}}},`+
				`"zSide":{"accessPoint":{"port":{"uuid":%[1]s},"router":{"name":%[1]s}}}}`, quote(short), quote(uuid), quote(s))
		}
		list := func(idA, idB string) []fabric.Port {
			body := `{"data":[` + item(idA, a) + `,` + item(idB, b) + `]}`
			ports, err := drain(newClient(t, always(200, body)).Ports(t.Context()))
			checkErr(t, err)
			conns, err := connections(t.Context(), newClient(t, always(200, body)), id("p"))
			checkErr(t, err)
			if len(ports) != len(conns) {
				t.Errorf("%d ports, %d connections", len(ports), len(conns))
			}
			for _, p := range ports {
				checkTidy(t, p)
			}
			for _, c := range conns {
				checkTidy(t, c)
			}
			return ports
		}
		if got := list(id("a"), id("b")); len(got) != 2 {
			t.Errorf("%d ports of two", len(got))
		}
		given := []string{strings.ToLower(strings.TrimSpace(a)), strings.ToLower(strings.TrimSpace(b))}
		for _, p := range list(a, b) { // UUIDs are kept; anything else is left out
			if utf8.ValidString(a+b) && !slices.Contains(given, p.UUID) {
				t.Errorf("%q became %q", given, p.UUID)
			}
		}
	})
}

// FuzzDecodeConnectionStats: a viewpoint, and otherwise like those of ports.
func FuzzDecodeConnectionStats(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body string) {
		tr, err := newClient(t, always(200, body)).ConnectionStats(t.Context(), connE, "aSide", from, to)
		checkTraffic(t, tr, err)
	})
}

// FuzzDecodePort: a single port, and none without a uuid.
func FuzzDecodePort(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := newClient(t, always(200, body)).Port(t.Context(), portA)
		checkErr(t, err)
		checkTidy(t, p)
		checkRate(t, p.Capacity, p.Allocated, p.Available)
		checkLinks(t, p)
		if (p.UUID == "") != (err != nil) {
			t.Errorf("got %+v, %v", p, err)
		}
	})
}

// FuzzInterval: the length of an interval is 0, or fits a window.
func FuzzInterval(f *testing.F) {
	for _, s := range []string{"PT5M", "PT1H", "P1D", "P1W", "PT300S", "PT0.5S", "P1Y", "PT", "P999999WT999999H", "-PT5M", "PT5M\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, interval string) {
		body := fmt.Sprintf(`{"stats":{"bandwidthUtilization":{"metricInterval":%s}}}`, quote(interval))
		tr, err := newClient(t, always(200, body)).PortStatsV4(t.Context(), portA, from, to)
		checkTraffic(t, tr, err)
		if err == nil && (tr.Resolution < 0 || tr.Resolution > 90*24*time.Hour) {
			t.Errorf("%q is %v", interval, tr.Resolution)
		}
	})
}

// FuzzStamp: the time of an interval, and rates in whatever spelling.
func FuzzStamp(f *testing.F) {
	for _, s := range []string{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123+0100", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "0", "", "2026-03-01"} {
		f.Add(s, "1e3")
	}
	f.Add("2026-03-01T12:00:00Z", "1e308")
	f.Add("2026-03-01T12:00:00Z", "-0")
	f.Add("2026-03-01T12:00:00Z", "Infinity")
	f.Fuzz(func(t *testing.T, stamp, rate string) {
		body := fmt.Sprintf(`{"inboundMax":%[2]s,"inboundStats":[{"time":%[1]s,"max":%[2]s,"mean":%[2]s}]}`, quote(stamp), quote(rate))
		tr, err := stats(t, "v3", body)
		checkTraffic(t, tr, err)
	})
}

// FuzzDate: whatever the answers are dated, the skew of the clock is some time.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "soon"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, date string) {
		c := newClient(t, always(200, idle, "Date", date))
		if err := probe(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		_, known := c.ClockSkew()
		if _, err := http.ParseTime(date); (err == nil) != known {
			t.Errorf("%q: a skew is known: %v", date, known)
		}
	})
}
