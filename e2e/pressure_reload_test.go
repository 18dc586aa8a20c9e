package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A thousand reloads, by signal and over HTTP, leave the exporter as it was:
// nothing is lost, and nothing is left over.
func pressAThousandReloads(t *testing.T) {
	x, api := press(t, 20, "port-")
	done := 0
	reload := func(n int) {
		for range n {
			if done++; done%2 == 0 {
				x.hangUp(t, done)
			} else if a := mustAsk(t, http.MethodPost, x.base+"/-/reload", nil); a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
	}
	reload(50) // what is made once, such as pools, is there now
	want, before, calls := portSeries(scrapeOnce(t, x.base)), x.level(t), api.counts()
	reload(1000)
	if diff := cmp.Diff(want, portSeries(scrapeOnce(t, x.base))); diff != "" {
		t.Errorf("series (-before +after):\n%s", diff)
	}
	x.settles(t, before)
	for route, n := range api.counts() {
		// The API has no inventory, so each reload looks for one. A test that runs
		// long enough comes to the next poll of some ports.
		if n -= calls[route]; route != "" && n > 40 || strings.Contains(route, "token") && n > 0 {
			t.Errorf("%d calls of %s for what is known", n, route)
		}
	}
}

// hangUp sends a SIGHUP and waits for its reload, which is the n-th of all.
func (p *pressed) hangUp(t *testing.T, n int) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if got := strings.Count(p.stderr.String(), "configuration reloaded"); got != n {
			return fmt.Errorf("%d reloads, want %d", got, n)
		}
		return nil
	})
}
