package config_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// FuzzParse: no file makes Parse panic, a refusal is never empty, and what is
// accepted survives being written out and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add(read(f, exampleFile))
	f.Add(read(f, "testdata/full.yml"))
	for _, path := range badFiles(f) {
		f.Add(read(f, path))
	}
	dir := f.TempDir()
	for _, name := range []string{"id", "secret", "token"} {
		write(f, filepath.Join(dir, name), "credential")
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := config.Parse("config.yml", data, dir, fullEnv)
		if err != nil {
			if cfg != nil || err.Error() == "" {
				t.Fatalf("Parse() = %v, %q", cfg, err)
			}
			return
		}
		text, err := cfg.Redacted()
		if err != nil {
			t.Fatal(err)
		}
		again, err := config.Parse("config.yml", text, dir, fullEnv)
		if err != nil {
			t.Fatalf("does not accept its own output: %v\n%s", err, text)
		}
		if diff := cmp.Diff(cfg, again, cmpopts.IgnoreTypes(config.Secret("")), cmpopts.IgnoreFields(config.Config{}, "Warnings")); diff != "" {
			t.Errorf("read again (-first +second):\n%s\n%s", diff, text)
		}
	})
}
