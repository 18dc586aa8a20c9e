package e2e_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var killFor = flag.Duration("kill.for", 5*time.Second, "how long TestAKillLosesNoSeries goes on killing the exporter")

// Killed at any moment, under load, the exporter has every series of a healthy
// port with the first scrape that it answers again, none of them newer than it
// is, and the state file was never torn.
func TestAKillLosesNoSeries(t *testing.T) {
	t.Parallel()
	const ports = 300
	began := float64(time.Now().UnixMilli()) / 1000
	f := fabrictest.Generate(1, ports, ports)
	f.Attach()
	api := httptest.NewServer(fabrictest.New(fabrictest.Options{Fleet: &f}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	config := write(t, dir, "config.yml", fmt.Sprintf(`accounts:
  - api_url: %s
    client_id: %s
    client_secret: %s
    traffic_source: v4-metrics
    discover: {enabled: true}
poll: {interval: 1m}
api: {requests_per_second: 1000, burst: 1000, concurrency: 16}
state: {file: state}
`, api.URL, fabrictest.DemoClientID, fabrictest.DemoClientSecret))
	x := startRun(t, nil, config)
	base := x.url(t)
	ready(t, base)
	eventually(t, func() error {
		if scrapeOnce(t, base)[prefix+"state_last_write_timestamp_seconds"] == nil {
			return errors.New("the state file has not been written")
		}
		return nil
	})
	want := portsAndPairs(scrapeOnce(t, base))
	if len(want) < 10*ports {
		t.Fatalf("only %d series", len(want))
	}
	kills, longest := 0, time.Duration(0)
	for deadline := time.Now().Add(*killFor); kills < 3 || time.Now().Before(deadline); kills++ {
		relieve := scrapeAllTheTime(t, base)
		time.Sleep(rand.N(1500 * time.Millisecond)) // the moment of the kill
		_ = x.cmd.Process.Kill()
		<-x.exited
		relieve()
		x = startRun(t, nil, config)
		base = x.url(t)
		got := portsAndPairs(scrapeOnce(t, base)) // the first answer
		longest = max(longest, time.Since(x.started))
		for s := range want {
			if _, ok := got[s]; !ok {
				t.Fatalf("after kill %d: %s is missing", kills, s)
			}
		}
		now := float64(time.Now().UnixMilli()) / 1000
		for s, v := range got {
			if strings.Contains(s, "_poll_last_success_timestamp_seconds{") && (v > now || v < began) {
				t.Fatalf("after kill %d: %s = %v, not between %v and %v", kills, s, v, began, now)
			}
		}
		if log := x.stderr.String(); strings.Contains(log, "cannot be") {
			t.Fatalf("after kill %d: %s", kills, log)
		}
	}
	if bad, _ := filepath.Glob(filepath.Join(dir, "*.bad")); len(bad) > 0 {
		t.Errorf("set aside: %v", bad)
	}
	t.Logf("%d kills; the first scrape was answered within %v of a start", kills, longest.Round(time.Millisecond))
}

// portsAndPairs are the series of ports and pairs, of families that last: conflicts
// are counted for an account.
func portsAndPairs(families map[string]*dto.MetricFamily) samples {
	all := values(families, func(name string) bool {
		return strings.HasPrefix(name, prefix+"port_") || strings.HasPrefix(name, prefix+"pair_")
	})
	maps.DeleteFunc(all, func(s string, _ float64) bool { return strings.HasPrefix(s, prefix+"port_conflicts") })
	return all
}

// scrapeAllTheTime scrapes without a pause until it is stopped.
func scrapeAllTheTime(t *testing.T, base string) (stop func()) {
	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for range 4 {
		scrapers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_, _ = ask(t, http.MethodGet, base+"/metrics", nil)
				}
			}
		})
	}
	return func() {
		close(done)
		scrapers.Wait()
	}
}
