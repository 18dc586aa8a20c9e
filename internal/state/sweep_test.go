package state_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// The files of a killed process are removed; similar names, and what another process is
// writing just now, stays.
func TestSweepRemovesWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	long := time.Now().Add(-time.Hour)
	for name, tt := range map[string]struct {
		at    time.Time
		stays bool
	}{
		".state.123456789":   {long, false},
		".state.987654321":   {time.Now(), true},
		".state.swp":         {long, true},
		".state.b.123456789": {long, true}, // of an exporter whose file is state.b
		"state":              {long, true},
		"state.123456789":    {long, true},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, tt.at, tt.at); err != nil {
			t.Fatal(err)
		}
		state.Sweep(filepath.Join(dir, "state"))
		if _, err := os.Lstat(path); (err == nil) != tt.stays {
			t.Errorf("%s: %v, want it to stay: %v", name, err, tt.stays)
		}
	}
}
