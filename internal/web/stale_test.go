package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// marked are the texts in the tables of ports and accounts on the page of snap that are
// shown as a warning.
func marked(t *testing.T, snap *fleet.Snapshot) []string {
	t.Helper()
	text := body(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/"))
	_, text, _ = strings.Cut(text, `id="ports"`) // what is not known comes before
	var all []string
	for _, m := range regexp.MustCompile(`class="(?:fault )?mid">(.*?)</span>`).FindAllStringSubmatch(text, -1) {
		all = append(all, tags.ReplaceAllString(m[1], ""))
	}
	return all
}

func TestLandingMarksWhatIsStale(t *testing.T) {
	for _, tt := range []struct {
		name string
		age  time.Duration          // of the snapshot
		late func(t *fleet.Traffic) // nil: nothing is
		want []string
	}{
		{name: "nothing", age: 25 * time.Minute},
		{name: "traffic and connections", age: 25*time.Minute + time.Second, want: []string{"stale: traffic 1d, connections", "25m"}},
		{name: "all", age: 75*time.Minute + time.Second, want: []string{"stale: traffic 1d, connections, inventory", "1h15m"}},
		{
			name: "samples of one direction", want: []string{"no current sample: inbound", "7m"},
			late: func(t *fleet.Traffic) { t.Inbound.Newest = t.Inbound.Newest.Add(-time.Hour) },
		},
		{
			name: "samples of both", want: []string{"no current sample: inbound, outbound", "1h7m"},
			late: func(t *fleet.Traffic) {
				t.Inbound.Newest = t.Inbound.Newest.Add(-time.Hour)
				t.Outbound.Newest = t.Inbound.Newest
			},
		},
		{
			name: "samples that the source never gave",
			late: func(t *fleet.Traffic) { t.Inbound, t.Outbound = fleet.Rates{}, fleet.Rates{} },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				snap := newSnapshot(time.Now())
				if tt.late != nil {
					tt.late(snap.Ports[0].Traffic[0])
				}
				time.Sleep(tt.age)
				if diff := cmp.Diff(tt.want, marked(t, snap)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestLandingMarksErrors(t *testing.T) {
	snap := newSnapshot(time.Now())
	snap.Accounts[0].LastError, snap.Accounts[0].LoginError, snap.Accounts[0].LoginHeld = "port stats: 502", "refused", true
	if diff := cmp.Diff([]string{"port stats: 502"}, marked(t, snap)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	text := body(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/"))
	if want := `<span class="bad">held back: refused</span>`; !strings.Contains(text, want) {
		t.Errorf("%s is missing", want)
	}
}
