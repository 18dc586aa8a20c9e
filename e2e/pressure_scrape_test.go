package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// Fifty Prometheus servers that scrape at the same moments, while the
// configuration is reloaded all the time: each gets every series of every port.
func pressFiftyScrapersWhileReloading(t *testing.T) {
	const scrapers, rounds = 50, 4
	x, _ := press(t, 100, "port-")
	want, before := portSeries(scrapeOnce(t, x.base)), x.level(t)
	stop, reloaded := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				reloaded <- n
				return
			default:
				if a, err := ask(t, http.MethodPost, x.base+"/-/reload", nil); err != nil || a.status != http.StatusOK {
					t.Errorf("reload: %v %v", a, err)
				}
				n++
			}
		}
	}()
	var bodies [scrapers * rounds][]byte
	for round := range rounds {
		var g errgroup.Group
		for i := range scrapers {
			g.Go(func() error {
				a, err := ask(t, http.MethodGet, x.base+"/metrics", nil)
				if err != nil || a.status != http.StatusOK {
					return fmt.Errorf("scrape: %v %w", a, err)
				}
				bodies[round*scrapers+i] = a.body
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if n := <-reloaded; n < rounds {
		t.Errorf("only %d reloads", n)
	}
	for i, b := range bodies {
		if diff := cmp.Diff(want, portSeries(parseText(t, b))); diff != "" {
			t.Fatalf("scrape %d (-want +got):\n%s", i, diff)
		}
	}
	x.settles(t, before)
}

// Clients that ask for everything and read nothing, and one that reads.
func pressReadersWhoNeverRead(t *testing.T) {
	x, _ := press(t, 250, strings.Repeat("long", 50)) // several MiB: more than socket buffers take
	before := x.level(t)
	var stuck []io.Closer
	for range 12 { // together below the 64 MiB that answers of one path may take
		for _, path := range []string{"/metrics", "/"} {
			stuck = append(stuck, stuckReader(t, x.host, path))
		}
	}
	x.stuck(t, 4)
	for range 3 {
		a := mustAsk(t, http.MethodGet, x.base+"/metrics", nil)
		if a.status != http.StatusOK {
			t.Errorf("a reader who reads: %d", a.status)
		}
		if !bytes.Contains(a.body, []byte("\npromhttp_metric_handler_requests_total")) {
			t.Error("the scrape is not whole")
		}
	}
	if during := x.heap(t); during > before.heap+96<<20 { // each holds its bytes once
		t.Errorf("unread answers hold %.0f MiB", (during-before.heap)/(1<<20))
	}
	for _, c := range stuck {
		_ = c.Close()
	}
	x.settles(t, before)
}
