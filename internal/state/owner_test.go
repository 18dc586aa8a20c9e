//go:build unix

package state_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// A file of another user, as in /tmp, is not believed: a count of refused logins
// that is too low would lock the account. The error says what to do.
func TestAFileOfAnotherUserIsNotBelieved(t *testing.T) {
	const root = 0
	for _, tt := range []struct {
		name         string
		sameDir      bool        // the directory is the owner's as well
		mode         os.FileMode // of the directory
		me           func(owner int) int
		read, change string // in the errors; "" for none
	}{
		{"my own", false, 0o777, func(owner int) int { return owner }, "", ""},
		{"my own, sticky", false, 0o777 | os.ModeSticky, func(owner int) int { return owner }, "", ""},
		{"another's", true, 0o777, func(owner int) int { return owner + 1 }, "remove it", ""},
		{"another's, sticky", true, 0o777 | os.ModeSticky, func(owner int) int { return owner + 1 }, "remove it", "sticky bit"},
		{"root beside an exporter", true, 0o700, func(int) int { return root }, "", ""},
		{"root, where all may write", false, 0o777 | os.ModeSticky, func(int) int { return root }, "remove it", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "state")
			if err := save(document(), path); err != nil {
				t.Fatal(err)
			}
			owner := os.Geteuid()
			if owner == root {
				if owner = 1234; os.Lchown(path, owner, -1) != nil || tt.sameDir && os.Lchown(dir, owner, -1) != nil {
					t.Fatal("root cannot give files away")
				}
			} else if !tt.sameDir {
				tt.me = func(int) int { return owner } // the directory is mine, whatever I do
				tt.read, tt.change = "", ""
			}
			if err := os.Chmod(dir, tt.mode); err != nil {
				t.Fatal(err)
			}
			defer state.SetUser(tt.me(owner))()
			says := func(err error, want string) bool {
				return want == "" && err == nil || want != "" && err != nil && strings.Contains(err.Error(), want)
			}
			if _, err := load(path, written); !says(err, tt.read) {
				t.Errorf("read: %v, want %q", err, tt.read)
			}
			if err := state.Writable(path); !says(err, tt.change) {
				t.Errorf("writable: %v, want %q", err, tt.change)
			}
		})
	}
}

// What root writes beside an exporter, as with sudo, the exporter can read.
func TestRootWritesForTheOwnerOfTheDirectory(t *testing.T) {
	dir := t.TempDir()
	owner := os.Geteuid()
	if owner == 0 {
		if owner = 1234; os.Lchown(dir, owner, owner) != nil {
			t.Fatal("root cannot give files away")
		}
	}
	defer state.SetUser(0)()
	path := filepath.Join(dir, "state")
	if err := save(document(), path); err != nil {
		t.Fatal(err)
	}
	defer state.SetUser(owner)()
	if _, err := load(path, written); err != nil {
		t.Error(err)
	}
}
