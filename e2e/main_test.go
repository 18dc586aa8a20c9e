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

var exporterFlag = flag.String("exporter", os.Getenv("EXPORTER"), "absolute path of the exporter to test; it is built from the parent directory if empty")

// exporterPath is the exporter under test, and built the directory of one that is
// built here, from TestMain on.
var exporterPath, built string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" { // see TestDemoPageWorksAsWritten
		if err := curl(os.Args[1:], os.Stdout); err != nil {
			panic(err)
		}
		return
	}
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
func findExporter() error {
	if *exporterFlag == "" {
		return buildExporter()
	}
	exporterPath = *exporterFlag
	if !filepath.IsAbs(exporterPath) {
		return errors.New("-exporter must be absolute: tests run in the directory of their package")
	}
	return nil
}

func buildExporter() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // from an empty build cache
	defer cancel()
	exporterPath = filepath.Join(built, "equinix_fabric_exporter")
	build := exec.CommandContext(ctx, "go", "build", "-o", exporterPath, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the exporter: %w\n%s", err, out)
	}
	return nil
}
