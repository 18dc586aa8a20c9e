package fabric_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// seed adds every file of testdata, so that each target also sees the shapes
// of the others.
func seed(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no testdata: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	for _, s := range []string{``, `null`, `{}`, `[]`, `[null]`, `{"data":[{}]}`, `"x"`, `{"fault":{}}`, `{"capacity":"-"}`} {
		f.Add(s)
	}
}

// checkErr fails for an error of a type that the client does not document.
func checkErr(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_, decode := errors.AsType[*fabric.DecodeError](err)
	_, refused := errors.AsType[*fabric.Error](err)
	if !decode && !refused {
		t.Errorf("undocumented error %T: %v", err, err)
	}
}

func checkRate(t *testing.T, vs ...*float64) {
	t.Helper()
	for _, v := range vs {
		if v != nil && (*v < 0 || math.IsNaN(*v) || math.IsInf(*v, 0)) {
			t.Errorf("rate %v", *v)
		}
	}
}

func checkTraffic(t *testing.T, tr *fabric.Traffic, err error) {
	t.Helper()
	checkErr(t, err)
	if (tr == nil) == (err == nil) {
		t.Fatalf("traffic %v, error %v", tr, err)
	}
	if err != nil {
		return
	}
	checkRate(t, tr.Capacity)
	for _, s := range []fabric.Rates{tr.Inbound, tr.Outbound} {
		checkRate(t, s.Max, s.Mean, s.Last)
		for _, p := range s.Points {
			checkRate(t, &p.Mean)
			checkTime(t, p.Time)
		}
		checkCounts(t, s.Dropped, s.Errored)
	}
}

func checkTime(t *testing.T, at time.Time) {
	t.Helper()
	if at.Year() < 1970 || at.Location() != time.UTC {
		t.Errorf("time %v", at)
	}
}

func checkCounts(t *testing.T, counters ...[]fabric.Count) {
	t.Helper()
	for _, c := range slices.Concat(counters...) {
		checkRate(t, &c.N)
		checkTime(t, c.End)
	}
}

func FuzzDecodePortStatsV3(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body string) {
		tr, err := stats(t, "v3", body)
		checkTraffic(t, tr, err)
	})
}

func FuzzDecodePortStatsV4(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body string) {
		tr, err := stats(t, "v4", body)
		checkTraffic(t, tr, err)
	})
}

func FuzzDecodeMetrics(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body string) {
		c := newClient(t, always(200, body))
		port, err := c.PortMetrics(t.Context(), portA, from, to)
		checkTraffic(t, port, err)
		conn, err := c.ConnectionMetrics(t.Context(), connE, from, to)
		if (conn == nil) == (err == nil) {
			t.Fatalf("traffic %v, error %v", conn, err)
		}
		if err != nil {
			checkErr(t, err)
			return
		}
		checkTraffic(t, &conn.Traffic, nil)
		checkCounts(t, conn.ASide.Inbound, conn.ASide.Outbound, conn.ZSide.Inbound, conn.ZSide.Outbound)
	})
}

func FuzzDecodeStreamAssets(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := drain(newClient(t, always(200, body)).StreamAssets(t.Context()))
		checkErr(t, err)
		for _, a := range got {
			checkTidy(t, a)
			if a.UUID == "" || a.UUID != strings.ToLower(a.UUID) {
				t.Errorf("got %+v", a)
			}
		}
	})
}

func FuzzDecodeToken(f *testing.F) {
	seed(f)
	f.Add(granted)
	f.Add(exchanged)
	f.Fuzz(func(t *testing.T, body string) {
		tok, err := newExchange(t, always(200, body), fixed(subjectToken)).TokenContext(t.Context())
		checkErr(t, err)
		if err == nil && (tok.AccessToken == "" || time.Until(tok.Expiry) > 24*time.Hour) {
			t.Errorf("got %+v", tok)
		}
	})
}

func FuzzDecodePorts(f *testing.F) {
	seed(f)
	f.Add(`{"data":[{"uuid":"` + id("p") + `","physicalPorts":[{"uuid":"` + id("l1") + `"},{"uuid":"` + strings.ToUpper(id("l1")) + `"},{},{}]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		c := newClient(t, always(200, body))
		v4, err := drain(c.Ports(t.Context()))
		checkErr(t, err)
		v3, err := drain(c.UserPortsV3(t.Context()))
		checkErr(t, err)
		for _, p := range append(v4, v3...) {
			checkTidy(t, p)
			checkRate(t, p.Capacity, p.Allocated, p.Available)
			if p.UUID == "" {
				t.Error("port without uuid")
			}
			checkLinks(t, p)
		}
	})
}

// checkLinks fails where a physical port is there twice: its rate would be too.
func checkLinks(t *testing.T, p fabric.Port) {
	t.Helper()
	known := map[string]bool{}
	for _, l := range p.Links {
		checkRate(t, l.Speed)
		if l.UUID != "" && known[l.UUID] {
			t.Errorf("link %q twice", l.UUID)
		}
		known[l.UUID] = true
	}
	if p.RepeatedLinks < 0 {
		t.Errorf("%d repeated links", p.RepeatedLinks)
	}
}

func FuzzDecodeConnections(f *testing.F) {
	seed(f)
	f.Add(testdata(f, "connections_v3.json"))
	f.Fuzz(func(t *testing.T, body string) {
		got, err := connections(t.Context(), newClient(t, always(200, body)), portA)
		checkErr(t, err)
		v3, errV3 := drain(newClient(t, always(200, body)).BuyerConnectionsV3(t.Context()))
		checkErr(t, errV3)
		if err != nil && got != nil || errV3 != nil && v3 != nil {
			t.Error("a part of a listing")
		}
		for _, c := range got {
			if c.ASidePort != portA && c.ZSidePort != portA {
				t.Errorf("got %+v", c)
			}
		}
		for _, c := range append(got, v3...) {
			checkTidy(t, c)
			checkRate(t, c.Bandwidth)
			if c.UUID == "" {
				t.Errorf("got %+v", c)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "7", "-1", "1e9", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		err := probe(t.Context(), newClient(t, always(429, ``, "Retry-After", header)))
		e, ok := errors.AsType[*fabric.Error](err)
		if !ok || e.RetryAfter < 0 || e.RetryAfter > 5*time.Minute {
			t.Errorf("got %v", err)
		}
	})
}
