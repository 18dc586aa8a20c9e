// Command dashboards writes the Grafana dashboards of equinix_fabric_exporter
// as JSON, with the limits that the alerts have.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fabric-exporter/equinix_fabric_exporter/dashboards/board"
)

func main() {
	limits := flag.String("thresholds", "../deploy/prometheus/equinix_fabric.thresholds.yml", "rule file with the thresholds of the alerts")
	dir := flag.String("out", ".", "directory to write to")
	flag.Parse()
	if err := write(*limits, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// write makes one file for each dashboard in dir.
func write(limits, dir string) error {
	l, err := board.ReadLimits(limits)
	if err != nil {
		return err
	}
	files, err := board.Build(l)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil { //nolint:gosec // nothing secret in it
			return err
		}
	}
	return nil
}
