package daemon_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Hours over everything that there is to poll, through each of the sources: the
// simulated API, which would obey, is asked for nothing but reads.
func TestTheDaemonOnlyReads(t *testing.T) {
	for _, source := range []string{"v3", "v4-stats", "v4-metrics"} {
		synctest.Test(t, func(t *testing.T) {
			api := attached()
			yaml := configure(own(api), "    traffic_source: "+source+"\n    discover: {enabled: true}\n    connections: {traffic: true}\n"+windows)
			_, stop := start(t, api.Transport(), text(yaml))
			time.Sleep(2 * time.Hour)
			synctest.Wait()
			stop()
			seen := map[string]int{}
			for _, r := range api.Requests() {
				seen[r.Op]++
				search := r.Method == http.MethodPost && (strings.HasSuffix(r.Path, "/search") || r.Path == "/oauth2/v1/token")
				if r.Method != http.MethodGet && !search {
					t.Errorf("%s: %s %s", source, r.Method, r.Path)
				}
			}
			if len(seen) < 4 || api.Count(fabrictest.OpToken) == 0 {
				t.Errorf("%s: only %v", source, seen)
			}
		})
	}
}
