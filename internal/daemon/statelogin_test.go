package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Files with credentials are replaced, and for a moment one may be missing, at the
// very moment that the state is written. That costs nothing.
func TestAMissingClientIDCostsNoState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		id := filepath.Join(dir, "id")
		give := func() {
			t.Helper()
			if err := os.WriteFile(id, []byte(fabrictest.DemoClientID), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		give()
		api := fabrictest.New(fabrictest.Options{})
		config := strings.Replace(configure(own(api), ""), "client_id: "+fabrictest.DemoClientID, "client_id_file: "+id, 1)
		yaml := text(stateful(config, filepath.Join(dir, "state")))
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(30 * time.Minute)
		old := fleetSeries(e.series(t))
		if err := os.Remove(id); err != nil {
			t.Fatal(err)
		}
		stop()
		give()
		e, stop = start(t, api.Transport(), yaml)
		defer stop()
		if d := differ(old, fleetSeries(e.series(t))); len(d) > 0 || len(old) < 50 {
			t.Errorf("of %d series: %s", len(old), strings.Join(d, "\n"))
		}
	})
}
