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
	"slices"
	"testing"
	"time"
)

var exporterFlag = flag.String("exporter", "", "absolute path of the exporter to test; it is built from the parent directory if empty")

// exporterPath is the exporter under test, and built the directory of those that
// are built here, from TestMain on.
var exporterPath, built string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if built, err = os.MkdirTemp("", "exporter-e2e-"); err == nil {
		defer func() { _ = os.RemoveAll(built) }()
		err = findExporter()
	}
	if err != nil {
		panic(err) // nothing can be tested
	}
	m.Run() // the exit code goes its own way
}

// findExporter sets exporterPath.
func findExporter() (err error) {
	if *exporterFlag == "" {
		exporterPath, err = buildExporter("equinix_fabric_exporter")
		return err
	}
	exporterPath = *exporterFlag
	if !filepath.IsAbs(exporterPath) {
		return errors.New("-exporter must be absolute: tests run in the directory of their package")
	}
	return nil
}

// buildExporter builds the exporter under a name, with flags of go build.
func buildExporter(name string, flags ...string) (path string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // from an empty build cache
	defer cancel()
	path = filepath.Join(built, name)
	build := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", path}, flags, []string{"."})...)
	build.Dir = ".."
	if slices.Contains(flags, "-race") {
		build.Env = append(build.Environ(), "CGO_ENABLED=1")
	}
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the exporter: %w\n%s", err, out)
	}
	return path, nil
}
