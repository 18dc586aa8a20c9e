package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// TestAutoReloadFollowsTheContent: within half a minute, all or nothing, and a
// faulty content is tried once.
func TestAutoReloadFollowsTheContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		file := &config.File{Path: filepath.Join(t.TempDir(), "config.yml")}
		good := configure(own(api), "")
		write(t, file.Path, good)
		e, stop := startWith(t, api.Transport(), file.Load)
		go e.AutoReload(t.Context(), file.Changed)
		time.Sleep(10 * time.Minute)
		before := fleetSeries(e.series(t))

		write(t, file.Path, good+"poll: {interval: 7}\n")
		time.Sleep(31 * time.Second)
		if v := e.series(t)["config_last_reload_successful"]; v != 0 {
			t.Error("a faulty file was not seen")
		}
		time.Sleep(10 * time.Minute)
		if d := differ(keys(before), keys(fleetSeries(e.series(t)))); len(d) > 0 {
			t.Errorf("a faulty file changes the series:\n%s", strings.Join(d, "\n"))
		}

		write(t, file.Path, strings.Replace(good, "name: prod", "name: renamed", 1))
		time.Sleep(31 * time.Second)
		if got := e.series(t); got["config_last_reload_successful"] != 1 || got[`up{account="renamed"}`] != 1 {
			t.Error("a good file was not taken")
		}
		stop()
		for said, want := range map[string]int{"has changed; reloading": 2, "reload failed": 1, "configuration reloaded": 1} {
			if n := strings.Count(e.log.String(), said); n != want {
				t.Errorf("%q is said %d times, want %d", said, n, want)
			}
		}
	})
}

// keys are series with their values made equal.
func keys(series map[string]float64) map[string]float64 {
	same := map[string]float64{}
	for s := range series {
		same[s] = 1
	}
	return same
}

// TestSecretThatCannotBeRightIsNeverSent: it costs no login, counts as no refusal,
// and the log and the landing page say which file it is in and what to do.
func TestSecretThatCannotBeRightIsNeverSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := filepath.Join(t.TempDir(), "secret")
		write(t, secret, fabrictest.DemoClientSecret+"\n")
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(strings.Replace(configure(own(api), ""),
			"client_secret: "+fabrictest.DemoClientSecret, "client_secret_file: "+secret, 1)))
		time.Sleep(10 * time.Minute)
		for _, wrong := range []string{"${SECRET}", "$(SECRET)", `"` + fabrictest.DemoClientSecret + `"`, fabrictest.DemoClientSecret + " \n"} {
			write(t, secret, wrong)
			n := api.Count(fabrictest.OpToken)
			api.ExpireTokens()
			time.Sleep(2 * time.Hour)
			if sent := api.Count(fabrictest.OpToken) - n; sent > 0 {
				t.Errorf("%s: sent %d times", wrong, sent)
			}
			account := e.Snapshot().Accounts[0]
			if !strings.Contains(account.LoginError, "client_secret_file: "+secret+" ") || account.LoginHeld {
				t.Errorf("%s: login error %q, held %t", wrong, account.LoginError, account.LoginHeld)
			}
			if got := e.series(t); got[`login_suspended{account="prod"}`] != 0 || got[`up{account="prod"}`] != 0 {
				t.Errorf("%s: login_suspended %v, up %v", wrong, got[`login_suspended{account="prod"}`], got[`up{account="prod"}`])
			}
		}
		write(t, secret, fabrictest.DemoClientSecret+"\n")
		time.Sleep(10 * time.Minute)
		if got := e.series(t); got[`up{account="prod"}`] != 1 {
			t.Error("no recovery with the right secret")
		}
		stop()
		for _, clue := range []string{"client_secret_file: " + secret + " looks like a variable that was not expanded", "has quotes around it", "begins or ends with white space"} {
			if !strings.Contains(e.log.String(), clue) {
				t.Errorf("the log does not say %q", clue)
			}
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
