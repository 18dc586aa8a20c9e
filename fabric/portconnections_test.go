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
		if len(batch) == 0 {
			w.t.Error("called for no port")
		}
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

// The API does not say how many ports may be in one search, nor which of them it
// refuses.
func TestPortConnectionsHalvesRefusedSearches(t *testing.T) {
	for _, status := range []int{400, 403, 404, 413, 414} {
		w := &world{t: t, max: 30, status: status}
		sizes, good, failed := w.run(newClient(t, w), numberedUUIDs(0, 100))
		if want := []int{100, 50, 25, 25, 50, 25, 25}; !slices.Equal(sizes, want) || good != 100 || failed != nil {
			t.Errorf("%d: searches of %v, %d good, %v failed; want %v", status, sizes, good, failed, want)
		}
	}
}

func TestPortConnectionsIsolatesARefusedPort(t *testing.T) {
	for _, n := range []int{0, 5, 7} {
		w := &world{t: t, spoils: map[string]bool{numberedUUID(n): true}, status: 403}
		_, good, failed := w.run(newClient(t, w), numberedUUIDs(0, 8))
		if good != 7 || !slices.Equal(failed, []string{numberedUUID(n)}) {
			t.Errorf("%d: %d good, %v failed", n, good, failed)
		}
	}
}

// An account without any right must not be asked for every port by itself; one
// port that may be searched for is enough to go on.
func TestPortConnectionsWithoutAnyRight(t *testing.T) {
	w := &world{t: t, nothing: true, status: 403}
	c := newClient(t, w)
	if sizes, _, failed := w.run(c, numberedUUIDs(0, 250)); len(sizes) > 25 || len(failed) != 250 {
		t.Errorf("%d searches, %d failed", len(sizes), len(failed))
	}
	if _, _, failed := w.run(c, numberedUUIDs(0, 8)); len(failed) != 8 {
		t.Errorf("of 8 %d failed", len(failed))
	}
	w.nothing, w.spoils = false, map[string]bool{}
	for _, refused := range numberedUUIDs(1, 40) {
		w.spoils[refused] = true
	}
	if _, good, failed := w.run(c, numberedUUIDs(0, 130)); good != 91 || len(failed) != 39 {
		t.Errorf("%d good, %d failed", good, len(failed))
	}
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
