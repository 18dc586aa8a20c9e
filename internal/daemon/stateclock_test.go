package daemon_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Started under a clock that was set back, the exporter takes no values, and knows
// what was refused, also when it is killed at once.
func TestAClockThatWasSetBackKeepsTheCountOfRefusedLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(stateful(configure(own(api), ""), path))
		_, stop := start(t, api.Transport(), yaml)
		time.Sleep(2 * time.Hour)
		stop()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(data), "\n")
		body = strings.Replace(body, `"Written":"2000-`, `"Written":"2001-`, 1)
		ahead := fmt.Appendf(nil, "equinix_fabric_exporter state 1 sha256 %x\n%s", sha256.Sum256([]byte(body)), body)
		if err := os.WriteFile(path, ahead, 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			e, stop := start(t, api.Transport(), yaml)
			left, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			stop()
			if n := api.Count(fabrictest.OpToken); n != 3 || !e.Snapshot().Accounts[0].LoginHeld {
				t.Errorf("%d logins, want 3", n)
			}
			if err := os.WriteFile(path, left, 0o600); err != nil { // as if killed at once
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(path + ".bad"); err != nil {
			t.Error(err)
		}
	})
}
