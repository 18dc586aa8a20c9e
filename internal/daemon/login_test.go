package daemon_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

func TestWrongSecretMakesThreeLoginsEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		e, stop := start(t, api.Transport(), text(configure(own(api), "")))
		logins := func() int { return api.Count(fabrictest.OpToken) }
		time.Sleep(4 * time.Minute)
		if n := logins(); n != 1 {
			t.Errorf("%d logins in the first minutes, want 1", n)
		}
		got := e.series(t)
		if got[`login_suspended{account="prod"}`] != 1 || got[`up{account="prod"}`] != 0 {
			t.Error("login_suspended must be 1 and up 0")
		}
		if got[`api_errors_total{account="prod",operation="token",reason="auth"}`] != 1 {
			t.Error("the refusal is not counted as reason auth")
		}
		time.Sleep(48 * time.Hour)
		if n := logins(); n != 3 {
			t.Errorf("%d logins in two days, want 3", n)
		}
		if api.LoginLocked() {
			t.Error("the account is locked")
		}
		stop()
		if log := e.log.String(); !strings.Contains(log, "login refused") || !strings.Contains(log, "client_secret") {
			t.Error("the log does not say what is wrong")
		}
		if strings.Contains(e.log.String(), fabrictest.DemoClientSecret) {
			t.Error("the secret is in the log")
		}
	})
}

func TestReloadGrantsASuspendedLoginOneTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(3 * time.Hour)
		yaml.Store(configure(own(api), "api: {timeout: 20s}\n")) // a new client, the same refused secret
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if n := api.Count(fabrictest.OpToken); n != 4 {
			t.Errorf("%d logins, want 3 and one for the reload", n)
		}
		yaml.Store(strings.Replace(configure(own(api), ""), fabrictest.DemoClientSecret, "another", 1))
		api.UnlockLogin()
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		got := e.series(t)
		if got[`login_suspended{account="prod"}`] != 0 || got[`up{account="prod"}`] != 1 {
			t.Error("no recovery with the right secret")
		}
	})
}

func TestTokensAreRenewedWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(configure(own(api), "")))
		defer stop()
		time.Sleep(90 * time.Minute)
		api.ExpireTokens() // and revoked early, too
		time.Sleep(30 * time.Minute)
		got := e.series(t)
		for _, op := range []string{fabrictest.OpPortStatsV3, fabrictest.OpSearchConnections} {
			for _, reason := range []string{"forbidden", "server", "timeout", "transport", "decode"} {
				if n := got[fmt.Sprintf(`api_errors_total{account="prod",operation=%q,reason=%q}`, op, reason)]; n != 0 {
					t.Errorf("%v errors of %s: %s", n, op, reason)
				}
			}
		}
		for series, v := range got {
			if strings.HasPrefix(series, "port_poll_success") && v != 1 && !strings.Contains(series, fabrictest.DemoProvisioning) {
				t.Errorf("%s = %v", series, v)
			}
		}
		if n := api.Count(fabrictest.OpToken); n < 3 || n > 4 {
			t.Errorf("%d logins in two hours and one revocation", n)
		}
	})
}

func TestRefusalsOutliveTheNameOfTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(30 * time.Second)
		gone := strings.ReplaceAll(configure(own(api), ""), fabrictest.DemoClientID, "someone-else")
		for _, next := range []string{
			strings.Replace(configure(own(api), ""), "name: prod", "name: other", 1),
			gone, // and back again
			configure(own(api), ""),
		} {
			yaml.Store(next)
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
		}
		if n := api.Count(fabrictest.OpToken); n != 2 {
			t.Errorf("%d logins, want one for each client id", n)
		}
		time.Sleep(48 * time.Hour)
		if n := api.Count(fabrictest.OpToken); n != 4 {
			t.Errorf("%d logins, want three for the one and one for the other", n)
		}
	})
}
