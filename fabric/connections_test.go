package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const portA = "aaaaaaaa-0000-4000-8000-000000000001"

func TestConnections(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.String() != base+"/fabric/v4/connections/search" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		var want searchBody
		want.Filter.Or = []searchCondition{
			{"/aSide/accessPoint/port/uuid", "IN", []string{portA}},
			{"/zSide/accessPoint/port/uuid", "IN", []string{portA}},
		}
		want.Sort = append(want.Sort, struct{ Property, Direction string }{"/uuid", "ASC"})
		want.Pagination.Limit = 100
		if diff := cmp.Diff(want, readSearch(t, r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, testdata(t, "connections.json"))
	}}
	got, err := drain(newClient(t, a).Connections(t.Context(), []string{strings.ToUpper(portA), portA}))
	if err != nil {
		t.Fatal(err)
	}
	want := []fabric.Connection{ // without the one that the server should have left out
		{
			UUID: connE, Name: "one", Type: "EVPL_VC", State: "PROVISIONED", Direction: "OUTGOING",
			OperationalStatus: "UP", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Bandwidth: new(5e7),
			RedundancyGroup: "66c10a60-0000-4000-8000-000000000001", RedundancyPriority: "PRIMARY", ASidePort: portA,
			ASide: fabric.Side{Type: "COLO", Name: "SV1-PRI", Metro: "SV", VLAN: "2021"},
			ZSide: fabric.Side{Type: "SP", Name: "Cloud of Somebody", Metro: "DA", VLAN: "2001.2002"},
		},
		{UUID: "eeeeeeee-0000-4000-8000-000000000002", State: "NEW_STATE", ZSidePort: portA},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, private := range []string{"@", "k3y", "270001", "91997", "someone"} {
		if shown := fmt.Sprintf("%+v", got); strings.Contains(shown, private) {
			t.Errorf("%q is let out: %s", private, shown)
		}
	}
	none := always(500, ``)
	if got, err := drain(newClient(t, none).Connections(t.Context(), nil)); err != nil || got != nil || none.count() != 0 {
		t.Errorf("no ports: %d calls, %v, %v", none.count(), got, err)
	}
}

// connPage is a page of connections of port p.
func connPage(from, to, total int) prepared {
	body := listing(numberedUUIDs(from, to), total)
	return with(200, strings.ReplaceAll(body, `{"uuid":`, `{"aSide":{"accessPoint":{"port":{"uuid":"P"}}},"uuid":`))
}

func TestConnectionsAreWholeOrAnError(t *testing.T) {
	first, second := connPage(0, 100, 130), connPage(100, 130, 130)
	for _, tt := range []struct {
		name   string
		script []prepared
		items  int
		calls  int
		fails  string
	}{
		{"two pages", []prepared{first, second}, 130, 2, ""},
		{"total changes once", []prepared{first, connPage(100, 129, 129), connPage(0, 100, 129), connPage(100, 129, 129)}, 129, 4, ""},
		{"connection moves once", []prepared{first, connPage(99, 129, 130), first, second}, 130, 4, ""},
		{"never holds still", []prepared{
			first, connPage(99, 129, 130), first, connPage(100, 131, 131), first, connPage(0, 100, 130), first, second,
		}, 0, 6, "begins like the page before"},
		{"ends early", []prepared{first, connPage(0, 0, 130), first, connPage(0, 0, 130), first, connPage(0, 0, 130)}, 0, 6, "ends after 100 of 130"},
		{"second page fails", []prepared{first, with(403, ``)}, 0, 2, "HTTP 403"},
		{"without uuid", []prepared{with(200, `{"data":[{"name":"x"}]}`)}, 0, 1, "data[0].uuid: missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := script(tt.script...)
			got, err := drain(newClient(t, a).Connections(t.Context(), []string{"p"}))
			if len(got) != tt.items || a.count() != tt.calls {
				t.Errorf("%d items, %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
		})
	}
}

// world answers searches for connections: every port has one to the next.
type world struct {
	t       *testing.T
	max     int             // ports in one search; 0 is any number
	spoils  map[string]bool // ports that are refused
	nothing bool            // no right at all
	status  int             // of refusals
	body    string
	sizes   []int // of the searches since the last look
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	ports := readSearch(w.t, r).Filter.Or[0].Values
	w.sizes = append(w.sizes, len(ports))
	if w.nothing || w.max > 0 && len(ports) > w.max || slices.ContainsFunc(ports, func(p string) bool { return w.spoils[p] }) {
		return reply(w.status, w.body)
	}
	var items []string
	for _, p := range ports {
		items = append(items, fmt.Sprintf(`{"uuid":"c-%s","zSide":{"accessPoint":{"port":{"uuid":%q}}}}`, p, p))
	}
	return reply(200, fmt.Sprintf(`{"pagination":{"total":%d},"data":[%s]}`, len(items), strings.Join(items, ",")))
}

// run asks for the connections and returns the sizes of the searches, the
// number of ports with connections, and those that failed.
func (w *world) run(c *fabric.Client, ports []string) (sizes []int, good int, failed []string) {
	w.t.Helper()
	w.sizes = nil
	seen := make(map[string]bool)
	err := c.PortConnections(w.t.Context(), ports, func(batch []string, conns []fabric.Connection, err error) {
		for _, p := range batch {
			if seen[p] {
				w.t.Errorf("%s twice", p)
			}
			seen[p] = true
		}
		if err != nil {
			failed = append(failed, batch...)
			return
		}
		good += len(batch)
		if len(conns) != len(batch) {
			w.t.Errorf("%d connections of %d ports", len(conns), len(batch))
		}
	})
	if err != nil {
		w.t.Error(err)
	}
	if len(seen) != len(ports) {
		w.t.Errorf("%d of %d ports handed over", len(seen), len(ports))
	}
	return w.sizes, good, failed
}

func TestPortConnectionsInBatches(t *testing.T) {
	w := &world{t: t}
	sizes, good, failed := w.run(newClient(t, w), numberedUUIDs(0, 250))
	if !slices.Equal(sizes, []int{100, 100, 50}) || good != 250 || failed != nil {
		t.Errorf("searches of %v, %d good, %v failed", sizes, good, failed)
	}
}

func TestPortConnectionsLearnsTheSize(t *testing.T) {
	for _, status := range []int{400, 403, 404, 413, 414} {
		w := &world{t: t, max: 30, status: status}
		c := newClient(t, w)
		sizes, good, failed := w.run(c, numberedUUIDs(0, 100))
		if !slices.Equal(sizes, []int{100, 50, 25, 25, 50, 25, 25}) || good != 100 || failed != nil {
			t.Errorf("%d: searches of %v, %d good, %v failed", status, sizes, good, failed)
		}
		if sizes, good, _ := w.run(c, numberedUUIDs(0, 100)); !slices.Equal(sizes, []int{25, 25, 25, 25}) || good != 100 {
			t.Errorf("%d: not learnt: searches of %v, %d good", status, sizes, good)
		}
	}
}

func TestPortConnectionsSetsARefusedPortApart(t *testing.T) {
	w := &world{t: t, spoils: map[string]bool{"u-0005": true}, status: 403}
	c := newClient(t, w)
	ports := numberedUUIDs(0, 8)
	for i, want := range [][]int{{8, 4, 4, 2, 1, 1, 2}, {7, 1}, {7, 1}} {
		sizes, good, failed := w.run(c, ports)
		if !slices.Equal(sizes, want) || good != 7 || !slices.Equal(failed, []string{"u-0005"}) {
			t.Errorf("run %d: searches of %v, %d good, %v failed", i, sizes, good, failed)
		}
	}
	w.spoils = nil // the right was granted
	for i, want := range [][]int{{7, 1}, {8}} {
		if sizes, good, _ := w.run(c, ports); !slices.Equal(sizes, want) || good != 8 {
			t.Errorf("granted, run %d: searches of %v, %d good", i, sizes, good)
		}
	}
}

func TestPortConnectionsWithoutAnyRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, nothing: true, status: 403}
		c := newClient(t, w)
		ports := numberedUUIDs(0, 130)
		if sizes, _, failed := w.run(c, ports); len(sizes) < 130 || len(failed) != 130 {
			t.Errorf("%d searches, %d failed", len(sizes), len(failed))
		}
		for range 3 {
			if sizes, _, failed := w.run(c, ports); !slices.Equal(sizes, []int{100}) || len(failed) != 130 {
				t.Errorf("searches of %v, %d failed", sizes, len(failed))
			}
		}
		w.status = 500 // passing trouble teaches nothing
		if sizes, _, _ := w.run(c, ports); !slices.Equal(sizes, []int{100, 30}) {
			t.Errorf("in trouble: searches of %v", sizes)
		}
		w.status = 403
		if sizes, _, _ := w.run(c, ports); !slices.Equal(sizes, []int{100}) {
			t.Errorf("after trouble: searches of %v", sizes)
		}
		time.Sleep(time.Hour)
		if sizes, _, _ := w.run(c, ports); len(sizes) < 130 {
			t.Errorf("after an hour: %d searches", len(sizes))
		}
		w.nothing = false
		if sizes, good, _ := w.run(c, ports); !slices.Equal(sizes, []int{100, 30}) || good != 130 {
			t.Errorf("granted: searches of %v, %d good", sizes, good)
		}
		w.spoils = map[string]bool{"u-0000": true}
		if sizes, good, _ := w.run(c, ports); len(sizes) < 8 || good != 129 {
			t.Errorf("then one port refused: searches of %v, %d good", sizes, good)
		}
	})
}

func TestPortConnectionsSplitsOnlyRefusals(t *testing.T) {
	for name, w := range map[string]*world{
		"server": {status: 500}, "quota": {status: 403, body: `{"error_message":"QuotaViolation"}`},
		"fault": {status: 404, body: `{"fault":{}}`}, "unauthorized": {status: 401}, "gone": {status: 410},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w.t, w.nothing = t, true
				sizes, good, failed := w.run(newClient(t, w), numberedUUIDs(0, 4))
				if slices.ContainsFunc(sizes, func(n int) bool { return n != 4 }) || good != 0 || len(failed) != 4 {
					t.Errorf("searches of %v, %d good, %v failed", sizes, good, failed)
				}
			})
		})
	}
}

// A refused login is a 400 too, but says nothing about the ports.
func TestPortConnectionsDoesNotSplitForTheLogin(t *testing.T) {
	w := &world{t: t}
	s := newSource(t, always(400, refusal))
	_, _, failed := w.run(newClient(t, w, func(c *fabric.Config) { c.Tokens = s }), numberedUUIDs(0, 4))
	if len(failed) != 4 || s.Status().Refusals != 1 {
		t.Errorf("%v failed, %+v", failed, s.Status())
	}
}

func TestPortConnectionsEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &api{answer: func(int, *http.Request) (*http.Response, error) {
		cancel()
		return nil, context.Canceled
	}}
	err := newClient(t, a).PortConnections(ctx, numberedUUIDs(0, 250), func([]string, []fabric.Connection, error) {
		t.Error("called")
	})
	if !errors.Is(err, context.Canceled) || a.count() != 1 {
		t.Errorf("%d calls, %v", a.count(), err)
	}
}
