package config_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// badFiles returns the files of testdata/bad: one for each rule, with the exact
// text of its refusal beside it.
func badFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) < 100 {
		tb.Fatalf("found %d bad files, %v", len(files), err)
	}
	return files
}

func TestParseRefusesBadFile(t *testing.T) {
	for _, path := range badFiles(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".yml")
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Parse(filepath.Base(path), read(t, path), filepath.Dir(path), nil)
			if err == nil {
				t.Fatalf("accepted as %+v", cfg)
			}
			got := err.Error() + "\n"
			golden := strings.TrimSuffix(path, ".yml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(read(t, golden)), got); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if one := strings.Count(got, "\n") == 1; one == strings.HasPrefix(name, "many_") {
				t.Errorf("one mistake must be one fault:\n%s", got)
			}
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("the refusal shows a secret:\n%s", got)
			}
		})
	}
}

func TestFaultsAreInFileOrder(t *testing.T) {
	for _, path := range badFiles(t) {
		_, err := config.Parse(path, read(t, path), filepath.Dir(path), nil)
		faults, ok := errors.AsType[config.Faults](err)
		if !ok {
			t.Errorf("%s: %T is not Faults", path, err)
		}
		for i := range faults[1:] {
			if faults[i].Line > faults[i+1].Line {
				t.Errorf("%s: %v stands before %v", path, faults[i], faults[i+1])
			}
		}
	}
}

func TestFaultNamesFileLineAndPath(t *testing.T) {
	_, err := config.Parse("config.yml", []byte("accounts:\n  - ports:\n      - uuid: x\n"), "", fullEnv)
	want := config.Faults{{
		File: "config.yml", Line: 3, Path: "accounts[0].ports[0].uuid",
		Problem: `"x" is not a UUID: write 8-4-4-4-12 hexadecimal digits`,
	}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestParseRefusesHugeFile(t *testing.T) {
	data := append([]byte(minimal), bytes.Repeat([]byte("# padding\n"), 110_000)...)
	_, err := config.Parse("config.yml", data, "", fullEnv)
	want := "config.yml: is larger than 1024 KiB, so it is not a configuration file"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestParseSurvivesDeepNesting(t *testing.T) {
	for _, open := range []string{"[", "{", "- ", "? ", "{a: "} {
		if _, err := config.Parse("config.yml", []byte(strings.Repeat(open, 50_000)), "", fullEnv); err == nil {
			t.Errorf("accepted %q without an end", open)
		}
	}
}

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// minimal is the shortest file there is; its credentials are in the environment.
const minimal = "accounts: [{ports: [{uuid: c4d9350e-783c-83cd-1ce0-306a5c00a600}]}]\n"

// fullEnv is an environment with credentials.
func fullEnv(name string) (string, bool) {
	text, ok := map[string]string{
		config.EnvClientID:     "id-of-env",
		config.EnvClientSecret: "s3cr3t-of-env",
	}[name]
	return text, ok
}

// parse is Parse for files that must be accepted.
func parse(tb testing.TB, format string, args ...any) *config.Config {
	tb.Helper()
	cfg, err := config.Parse("config.yml", fmt.Appendf(nil, format, args...), "testdata", fullEnv)
	if err != nil {
		tb.Fatal(err)
	}
	return cfg
}
