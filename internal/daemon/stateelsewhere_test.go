package daemon_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// A reload may name another state file by mistake: what is there is set aside, as
// it is at the start.
func TestAReloadWritesOverNoForeignFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		foreign := filepath.Join(dir, "notes")
		if err := os.WriteFile(foreign, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		api := fabrictest.New(fabrictest.Options{})
		yaml := text(stateful(configure(own(api), ""), filepath.Join(dir, "state")))
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(2 * time.Minute)
		yaml.Store(stateful(configure(own(api), ""), foreign))
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		stop()
		if b, err := os.ReadFile(foreign + ".bad"); string(b) != "mine" {
			t.Errorf("set aside is %q, %v", b, err)
		}
		if _, err := os.Stat(foreign); err != nil {
			t.Errorf("no state there: %v", err)
		}
	})
}
