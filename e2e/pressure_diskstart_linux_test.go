package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A disk that hangs when the state file is to be read delays the start, and no more
// than that; and what was not read is not written over.
func TestPressureTheDiskHangsAtTheStart(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	dir := t.TempDir()
	config := write(t, dir, "config.yml", fixtureConfig(api, inFile...)+"state: {file: state}\n")
	file := write(t, dir, "state", "somebody will mend the disk")
	x, wake := onHangingDisk(t, config, "newfstatat", "-P", file)
	ready(t, x.url(t)) // while the disk still hangs
	eventually(t, func() error {
		if !strings.Contains(x.stderr.String(), "state file cannot be read; the exporter runs without it") {
			return errors.New("nothing is logged")
		}
		return nil
	})
	x.stopsWhileItHangs(t, wake)
	if text, err := os.ReadFile(filepath.Join(dir, "state")); err != nil || string(text) != "somebody will mend the disk" {
		t.Errorf("the file is %q, %v", text, err)
	}
}
