//go:build unix

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// decisive are the files that decide with what, or where, the exporter logs in, by
// what a configuration in the same directory has to say to name them.
func decisive(t *testing.T, dir string) map[string]string {
	t.Helper()
	ca := string(read(t, "testdata/ca.pem"))
	for name, text := range map[string]string{"id": "id\n", "secret": "s3cr3t\n", "token": "t0ken\n", "ca.pem": ca} {
		write(t, filepath.Join(dir, name), text)
	}
	return map[string]string{
		"config.yml": "client_id: id, client_secret: s3cr3t",
		"id":         "client_id_file: id, client_secret: s3cr3t",
		"secret":     "client_id: id, client_secret_file: secret",
		"token":      "token_exchange: {subject_token_file: token, scope: s}",
		"ca.pem":     "client_id: id, client_secret: s3cr3t, ca_file: ca.pem",
	}
}

func TestFileThatOthersMayWriteIsRefused(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "config.yml")
	if err := os.Symlink(filepath.Join(dir, "config.yml"), link); err != nil {
		t.Fatal(err)
	}
	for name, keys := range decisive(t, dir) {
		write(t, filepath.Join(dir, "config.yml"), "accounts: [{"+keys+", "+ports+"}]")
		path := filepath.Join(dir, name)
		for mode, fine := range map[os.FileMode]bool{
			0o600: true, 0o400: true, 0o440: true, 0o644: true, // those of Secrets and ConfigMaps among them
			0o666: false, 0o660: false, 0o602: false, 0o620: false,
		} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			for _, config := range []string{filepath.Join(dir, "config.yml"), link} {
				if config == link && name != "config.yml" {
					continue // its relative paths start elsewhere
				}
				_, err := load(config, nil)
				if fine && err != nil {
					t.Errorf("%s with mode %o: %v", name, mode, err)
				}
				want := fmt.Sprintf("may be written by other users than its owner (mode %04o): chmod go-w ", mode)
				if !fine && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Errorf("%s with mode %o: %v, want %s", name, mode, err, want)
				}
			}
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestModeIsAFaultBesideOthers: all faults at once, this one too.
func TestModeIsAFaultBesideOthers(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "config.yml", "accounts: []")
	if err := os.Chmod("config.yml", 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := load("config.yml", nil)
	want := "config.yml: may be written by other users than its owner (mode 0666): chmod go-w config.yml\n" +
		"config.yml:1: accounts: is empty: list at least one account"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	f := &config.File{Path: "config.yml"}
	_, _ = f.Load()
	if err := os.Chmod("config.yml", 0o600); err != nil {
		t.Fatal(err)
	}
	changed(t, f, true, "chmod go-w")
}

// TestOnlyRegularFilesAreRead: opening a pipe would wait for its writer for ever,
// and a device may never end.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	for name, keys := range decisive(t, dir) {
		for _, odd := range []string{pipe, link, dir, "/dev/zero"} {
			path := odd
			if name != "config.yml" {
				path = filepath.Join(dir, "config.yml")
				write(t, path, "accounts: [{"+strings.Replace(keys, "_file: "+name, "_file: "+odd, 1)+", "+ports+"}]")
			}
			if _, err := load(path, nil); err == nil || !strings.Contains(err.Error(), odd+" is not a regular file") {
				t.Errorf("%s in the place of %s: %v", odd, name, err)
			}
		}
	}
}
