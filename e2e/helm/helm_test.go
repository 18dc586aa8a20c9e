// Package helm_test holds the chart against what it promises: every rendering
// against the schemas of Kubernetes and of the Prometheus operator, its
// container against the built exporter, its copies against their sources. It
// needs what "make chart" builds, and fails without.
package helm_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "bring copies, tables and renderings in step")

const (
	root      = "../.."
	chartName = "equinix-fabric-exporter"
	chartDir  = root + "/deploy/helm/" + chartName
	// patience bounds each command, however busy the machine is.
	patience = time.Minute
)

// tool is the path of something that make chart builds.
func tool(t *testing.T, path string) string {
	t.Helper()
	absolute, err := filepath.Abs(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(absolute); err != nil {
		t.Fatalf("%v: run make chart, which builds it", err)
	}
	return absolute
}

// process is what a program gets besides its arguments. Nothing of the tests'
// own environment leaks in.
type process struct {
	env   []string
	stdin io.Reader
}

// command runs a program that needs neither.
func command(t *testing.T, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return process{}.run(t, name, args...)
}

func (p process) run(t *testing.T, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	// Helm keeps its own files in the home directory.
	cmd.Env = append([]string{"HOME=" + t.TempDir()}, p.env...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// values are the paths of the value files in ci/, by name.
func values(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(chartDir + "/ci/*-values.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d value files, error %v", len(files), err)
	}
	byName := map[string]string{}
	for _, f := range files {
		absolute, err := filepath.Abs(f)
		if err != nil {
			t.Fatal(err)
		}
		byName[strings.TrimSuffix(filepath.Base(f), "-values.yaml")] = absolute
	}
	return byName
}

// chart is a chart on disk.
type chart struct{ dir string }

// fullChart is a copy of the chart with a rule and a dashboard of its own, so
// that everything can be switched on.
func fullChart(t *testing.T) chart {
	t.Helper()
	c := chart{filepath.Join(t.TempDir(), chartName)}
	if err := os.CopyFS(c.dir, os.DirFS(chartDir)); err != nil {
		t.Fatal(err)
	}
	c.write(t, "files/rules/fixture.yml", rules)
	c.write(t, "files/dashboards/Fixture_one.json", dashboard)
	return c
}

func (c chart) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// kubeVersions are those that schemas were made of, oldest first.
func kubeVersions(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(tool(t, ".tools/schemas") + "/v*")
	if err != nil || len(dirs) < 2 {
		t.Fatalf("%d sets of schemas, error %v: run make chart", len(dirs), err)
	}
	for i, d := range dirs {
		dirs[i] = filepath.Base(d)
	}
	slices.Sort(dirs)
	return dirs
}

// template renders the chart for the newest version, in a namespace of its own.
func (c chart) template(t *testing.T, args ...string) (manifests, complaint string, err error) {
	t.Helper()
	versions := kubeVersions(t)
	return c.templateFor(t, versions[len(versions)-1], args...)
}

func (c chart) templateFor(t *testing.T, kubeVersion string, args ...string) (manifests, complaint string, err error) {
	t.Helper()
	return command(t, tool(t, ".tools/helm"), append([]string{
		"template", "fabric", c.dir, "--namespace=monitoring", "--kube-version=" + kubeVersion,
	}, args...)...)
}

// render is template for values that must be accepted.
func (c chart) render(t *testing.T, args ...string) objects {
	t.Helper()
	manifests, complaint, err := c.template(t, args...)
	if err != nil {
		t.Fatalf("helm template %v: %v\n%s", args, err, complaint)
	}
	return parse(t, manifests)
}

func parse(t *testing.T, manifests string) objects {
	t.Helper()
	var all objects
	d := yaml.NewDecoder(strings.NewReader(manifests))
	for {
		var o object
		switch err := d.Decode(&o); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		case o != nil: // else a comment alone
			all = append(all, o)
		}
	}
}

// removeFiles takes all rules and dashboards out of a copy of the chart.
func removeFiles(t *testing.T, c chart) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(c.dir, "files")); err != nil {
		t.Fatal(err)
	}
}
