package need

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// Modules returns a directory that has the npm modules that the package-lock.json of dir
// wants, installed once into the user's cache. Without npm the test is skipped.
func Modules(t *testing.T, dir string) string {
	t.Helper()
	npm := Program(t, "npm", "npm")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	name := "equinix_fabric_exporter-" + filepath.Base(dir) + "-"
	installed := filepath.Join(cache, name+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(installed); err == nil {
		return installed
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	half, err := os.MkdirTemp(cache, name) //nolint:usetesting // to be renamed within the file system
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(half)
	for _, file := range []string{"package.json", "package-lock.json", ".npmrc"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(half, file), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	Run(t, half, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	if err := os.Rename(half, installed); err != nil {
		if _, other := os.Stat(installed); other != nil { // or another test was faster
			t.Fatal(err)
		}
	}
	return installed
}
