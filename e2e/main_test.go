// Package e2e_test drives the built exporter from outside, as its users do: as
// a process with a configuration file, over HTTP, and through Prometheus' own
// scraper, storage and query engine. It shares no code with the exporter.
package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var exporterFlag = flag.String("exporter", "", "absolute path of the exporter to test; it is built from the parent directory if empty")

// exporterPath is the exporter under test, from TestMain on.
var exporterPath string

func TestMain(m *testing.M) {
	flag.Parse()
	remove, err := findExporter()
	if err != nil {
		panic(err) // nothing can be tested
	}
	defer remove()
	m.Run() // the exit code goes its own way
}

// findExporter sets exporterPath, and returns what removes it if it was built.
func findExporter() (remove func(), err error) {
	if *exporterFlag != "" {
		exporterPath = *exporterFlag
		if !filepath.IsAbs(exporterPath) {
			return nil, errors.New("-exporter must be absolute: tests run in the directory of their package")
		}
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "exporter-e2e-")
	if err != nil {
		return nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // from an empty build cache
	defer cancel()
	exporterPath = filepath.Join(dir, "equinix_fabric_exporter")
	build := exec.CommandContext(ctx, "go", "build", "-o", exporterPath, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return nil, fmt.Errorf("build the exporter: %w\n%s", err, out)
	}
	return remove, nil
}
