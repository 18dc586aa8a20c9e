package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// TestMain takes the right to write from group and others: a clone made with a
// umask of 002 gives it to them, and such files are refused.
func TestMain(m *testing.M) {
	entries, err := os.ReadDir("testdata")
	for _, e := range entries {
		if e.Type().IsRegular() {
			err = errors.Join(err, os.Chmod(filepath.Join("testdata", e.Name()), 0o644))
		}
	}
	if err != nil {
		panic(err)
	}
	m.Run()
}

const inline = "accounts: [{client_id: id, client_secret: s3cr3t, " + ports + "}]"

// changed reports whether a file has changed, as each step of a test wants it.
func changed(t *testing.T, f *config.File, want bool, step string) {
	t.Helper()
	if got := f.Changed(); got != want {
		t.Errorf("after %s: Changed() is %t", step, got)
	}
}

// swap replaces the text of a file as Kubernetes does in the volumes that it mounts:
// the file is a link into ..data, which is a link to the directory of a generation,
// and is replaced as a whole.
func swap(t *testing.T, file, generation, text string) {
	t.Helper()
	dir := filepath.Dir(file)
	if err := os.Mkdir(filepath.Join(dir, generation), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, generation, filepath.Base(file)), text)
	next := filepath.Join(dir, "..data_tmp")
	if err := os.Symlink(generation, next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
}

func TestChangedLooksAtTheContent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yml")
	mount := func(generation, text string) {
		t.Helper()
		swap(t, path, generation, text)
	}
	if err := os.Symlink(filepath.Join("..data", "config.yml"), path); err != nil {
		t.Fatal(err)
	}
	f := &config.File{Path: path}
	reload := func(good bool) {
		t.Helper()
		if _, err := f.Load(); (err == nil) != good {
			t.Errorf("Load() = %v", err)
		}
		changed(t, f, false, "a load")
	}
	mount("1", inline)
	reload(true)
	mount("2", inline)
	changed(t, f, false, "a swap without a change")
	mount("3", inline+"\npoll: {interval: 10m}")
	changed(t, f, true, "a swap")
	reload(true)
	mount("4", "accounts: [")
	changed(t, f, true, "a mistake")
	reload(false) // it is tried once
	if err := os.RemoveAll(filepath.Join(dir, "4")); err != nil {
		t.Fatal(err)
	}
	changed(t, f, true, "a loss")
	reload(false)
	mount("5", "accounts: [")
	changed(t, f, true, "the return of the mistake")
	mount("6", inline)
	reload(true)
}

func TestWithoutAFileTheEnvironmentIsEnough(t *testing.T) {
	t.Chdir(t.TempDir())
	env := map[string]string{}
	f := &config.File{Path: "config.yml", Optional: true, Env: func(name string) (string, bool) { text, ok := env[name]; return text, ok }}
	refused := func(want ...string) {
		t.Helper()
		_, err := f.Load()
		for _, clue := range want {
			if err == nil || !strings.Contains(err.Error(), clue) {
				t.Errorf("Load() = %v, want %q in it", err, clue)
			}
		}
	}
	refused("config.yml: no such file or directory", "--config.file", "EQUINIX_API_CLIENTID and EQUINIX_API_CLIENTSECRET")
	env[config.EnvClientID] = "id"
	refused("without config.yml: EQUINIX_API_CLIENTSECRET in the environment is empty")
	env[config.EnvClientSecret] = "${SECRET}"
	refused("without config.yml: EQUINIX_API_CLIENTSECRET in the environment looks like a variable that was not expanded")
	env[config.EnvClientSecret] = "s3cr3t"
	got, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Parse("x", []byte("accounts: [{discover: {enabled: true}}]"), "", f.Env)
	if err != nil {
		t.Fatal(err)
	}
	want.FromEnvironment = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without a file (-want +got):\n%s", diff)
	}
	changed(t, f, false, "a load without a file")

	write(t, "config.yml", inline)
	changed(t, f, true, "the file came")
	if cfg, err := f.Load(); err != nil || cfg.FromEnvironment || cfg.Accounts[0].Discover.Enabled {
		t.Errorf("the file is there, but Load() = %+v, %v", cfg, err)
	}
	named := &config.File{Path: "other.yml", Env: f.Env}
	if _, err := named.Load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was asked for: %v", err)
	}
}

// The file that a running exporter has read may be gone for a moment, as when an
// editor replaces it. The ports of the environment's credentials are no substitute.
func TestAFileThatHasVanishedIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yml")
	f := &config.File{Path: path, Optional: true, Env: func(string) (string, bool) { return "given", true }}
	write(t, path, "accounts: [{client_id: a, client_secret: b, discover: {enabled: true}}]")
	if _, err := f.Load(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if cfg, err := f.Load(); err == nil {
		t.Errorf("Load() = %+v", cfg)
	}
}

// Kubernetes brings the parts of an update one after the other.
func TestChangedSeesThatANamedFileHasCome(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	f := &config.File{Path: filepath.Join(dir, "config.yml")}
	write(t, f.Path, "accounts: [{client_id: a, client_secret_file: secret, discover: {enabled: true}}]")
	if _, err := f.Load(); err == nil {
		t.Fatal("accepted without its secret")
	}
	if f.Changed() {
		t.Error("changed, though nothing has")
	}
	write(t, secret, "s3cr3t")
	if !f.Changed() {
		t.Error("not changed, though the secret is there")
	}
	if _, err := f.Load(); err != nil || f.Changed() {
		t.Errorf("Load() = %v", err)
	}
}
