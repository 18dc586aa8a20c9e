package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// silent takes requests and answers none.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// tenAccounts are accounts with a port each.
func tenAccounts(secret string) string {
	var b strings.Builder
	b.WriteString("accounts:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - name: a%d\n    client_id: id-%d\n    client_secret: %s\n    ports: [{uuid: c4d9c9a0-0000-4000-8000-00000000000%d}]\n", i, i, secret, i)
	}
	return b.String()
}

// However many logins hang, a stop waits for them once, and so does a reload.
func TestHangingLoginsEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		yaml := text(tenAccounts("one"))
		e, stop := start(t, silent{}, yaml)
		time.Sleep(time.Second)
		within := func(what string, do func()) {
			t.Helper()
			began := time.Now()
			do()
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%s takes %v", what, took)
			}
		}
		yaml.Store(tenAccounts("two"))
		within("a reload", func() {
			if err := e.Reload(t.Context()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		within("a stop", stop)
	})
}

// A reload that comes while a port is polled must not cost the port its turn: a
// cron job may come at that moment of each interval.
func TestReloadsInStepWithThePollsDelayNoPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, delayed{api.Transport(), 20 * time.Second}, text(configure(own(api), "")))
		defer stop()
		time.Sleep(10 * time.Minute)
		for range 6 {
			time.Sleep(5 * time.Minute)
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			for s, v := range e.series(t) {
				age := time.Since(time.Unix(int64(v), 0))
				if strings.HasPrefix(s, "port_poll_last_success_timestamp_seconds") && age > 7*time.Minute {
					t.Errorf("%s was %v ago", s, age)
				}
			}
		}
	})
}

// delayed answers late.
type delayed struct {
	http.RoundTripper

	by time.Duration
}

func (d delayed) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(d.by):
		return d.RoundTripper.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
