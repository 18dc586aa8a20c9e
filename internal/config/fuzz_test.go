package config_test

import (
	"path/filepath"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// FuzzParse: no file makes Parse panic, and a refusal is never empty.
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
		}
	})
}
