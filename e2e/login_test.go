package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Five refused logins in a row lock the account, which a human may share. So one
// must do, however often the exporter is reloaded and other commands log in too.
func TestRefusedLoginIsNotRepeated(t *testing.T) {
	t.Parallel()
	var logins atomic.Int64
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth2/v1/token" {
			t.Errorf("%s %s without a token", r.Method, r.URL.Path)
			http.NotFound(w, r)
			return
		}
		logins.Add(1)
		var sent map[string]string
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		reply(w, http.StatusUnauthorized, map[string]string{
			"errorDomain": "apps-fqa", "errorTitle": "Login Failure", "errorCode": "S1006",
			// An API that repeats what it was sent must not bring it into a log.
			"developerMessage": "client_secret " + sent["client_secret"] + " does not match",
			"errorMessage":     "Login Failure, please try again.",
		})
	}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	config := write(t, dir, "config.yml", fixtureConfig(&minimalAPI{Server: api}, inFile...)+"\nstate: {file: state}\n")
	x := startRun(t, nil, config, "--web.enable-reload")
	base := x.url(t)
	ready(t, base) // an answer was had of everything, and it was no
	for range 5 {
		if a := mustAsk(t, http.MethodPost, base+"/-/reload", nil); a.status != http.StatusOK {
			t.Errorf("/-/reload: %d %s", a.status, a.body)
		}
		if err := x.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Error(err)
		}
	}
	for _, command := range []string{"doctor", "ports"} {
		y := start(t, nil, command, "--config.file="+config)
		if y.wait(t) == 0 {
			t.Errorf("%s sees nothing wrong", command)
		}
		freeOfSecrets(t, command, y.stdout.String()+y.stderr.String(), clientSecret)
	}

	always(t, time.Until(x.started.Add(3*time.Second)), func() error {
		if n := logins.Load(); n != 1 {
			return fmt.Errorf("%d logins, want 1", n)
		}
		return nil
	})
	got := values(scrapeOnce(t, base), only(prefix+"up", prefix+"login_suspended", prefix+"port_poll_success", prefix+"port_connections"))
	want := samples{}
	want.add(`account="default"`, row{"up", ``, 0}, row{"login_suspended", ``, 1})
	for uuid, name := range map[string]string{uplinkUUID: "uplink-1", branchUUID: branchUUID, spareUUID: "spare", typoUUID: typoUUID} {
		want.add(fmt.Sprintf(`port_name=%q,port_uuid=%q`, name, uuid), row{"port_poll_success", ``, 0})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	if a := mustAsk(t, http.MethodGet, base+"/-/healthy", nil); a.status != http.StatusOK {
		t.Errorf("/-/healthy: %d %s", a.status, a.body)
	}
	log := x.stderr.String()
	for _, clue := range []string{"login refused", "S1006", "Login Failure, please try again.", "check client_id and client_secret"} {
		if !strings.Contains(log, clue) {
			t.Errorf("the log does not say %q", clue)
		}
	}
	freeOfSecrets(t, "the log", log, clientSecret)
	for _, page := range []string{"/", "/metrics"} {
		freeOfSecrets(t, page, string(mustAsk(t, http.MethodGet, base+page, nil).body), clientSecret)
	}
}
