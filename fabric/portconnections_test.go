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

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

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
		items = append(items, fmt.Sprintf(`{"uuid":%q,"zSide":{"accessPoint":{"port":{"uuid":%q}}}}`, "c"+p[1:], p))
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
	halved := []int{100, 50, 25, 25, 50, 25, 25}
	asked := []int{100, 50, 25, 25, 50, 50, 25, 25} // the first 50 once more, to be sure
	quarters := []int{25, 25, 25, 25}
	for _, tt := range []struct {
		status      int
		first, then []int
	}{{400, asked, quarters}, {413, asked, quarters}, {414, asked, quarters}, {403, halved, halved}, {404, halved, halved}} {
		w := &world{t: t, max: 30, status: tt.status}
		c := newClient(t, w)
		for i, want := range [][]int{tt.first, tt.then} {
			sizes, good, failed := w.run(c, numberedUUIDs(0, 100))
			if !slices.Equal(sizes, want) || good != 100 || failed != nil {
				t.Errorf("%d, run %d: searches of %v, %d good, %v failed; want %v", tt.status, i, sizes, good, failed, want)
			}
		}
	}
}

// once refuses the next request, and leaves the others to a world.
type once struct {
	*world
	armed bool
}

func (o *once) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.armed {
		o.armed = false
		return reply(400, `[{"errorCode":"EQ-3000035"}]`)
	}
	return o.world.RoundTrip(r)
}

func TestPortConnectionsLearnsNothingOfAPassingRefusal(t *testing.T) {
	w := &once{world: &world{t: t}}
	c := newClient(t, w)
	for _, armed := range []bool{true, false} {
		w.armed = armed
		want := []int{100, 100}
		if armed {
			want = []int{50, 50, 100, 100} // both halves, and the whole once more
		}
		if sizes, good, _ := w.run(c, numberedUUIDs(0, 200)); !slices.Equal(sizes, want) || good != 200 {
			t.Errorf("searches of %v, %d good, want %v", sizes, good, want)
		}
	}
}

func TestPortConnectionsTriesLargerSearchesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, max: 30, status: 400}
		c := newClient(t, w)
		largest := func(when string, want int) {
			t.Helper()
			if sizes, good, _ := w.run(c, numberedUUIDs(0, 100)); slices.Max(sizes) != want || good != 100 {
				t.Errorf("%s: searches of %v, %d good", when, sizes, good)
			}
		}
		largest("at first", 100)
		time.Sleep(time.Hour - 1)
		largest("just before an hour", 25)
		time.Sleep(time.Nanosecond)
		largest("after an hour", 50)
		time.Sleep(time.Hour - 1)
		largest("learnt again", 25)
		w.max = 0
		time.Sleep(time.Nanosecond)
		largest("two hours later", 50)
		largest("at once after that", 50)
		time.Sleep(time.Hour)
		largest("three hours later", 100)
		time.Sleep(time.Hour)
		largest("for good", 100)
	})
}

func TestPortConnectionsSetsARefusedPortApart(t *testing.T) {
	w := &world{t: t, spoils: map[string]bool{numberedUUID(5): true}, status: 403}
	c := newClient(t, w)
	ports := numberedUUIDs(0, 8)
	for i, want := range [][]int{{8, 4, 4, 2, 1, 1, 2}, {7, 1}, {7, 1}} {
		sizes, good, failed := w.run(c, ports)
		if !slices.Equal(sizes, want) || good != 7 || !slices.Equal(failed, []string{numberedUUID(5)}) {
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
		w.spoils = map[string]bool{numberedUUID(0): true}
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
