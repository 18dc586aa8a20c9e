package helm_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// holdInStep compares the files below dir with those that are wanted, by their
// paths in it. Files whose names do not match are ignored.
// With -update it makes dir what it should be.
func holdInStep(t *testing.T, dir, pattern string, want map[string]string) {
	t.Helper()
	got := read(t, dir, pattern)
	if *update {
		for name := range got {
			remove(t, filepath.Join(dir, name))
		}
		for name, content := range want {
			chart{dir}.write(t, name, content)
		}
		got = read(t, dir, pattern)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("run make helm (-%s +wanted):\n%s", dir, diff)
	}
}

// read are the contents of the files below dir by their paths in it. A
// directory that is not there is empty.
func read(t *testing.T, dir, pattern string) map[string]string {
	t.Helper()
	content := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ok, err := filepath.Match(pattern, entry.Name()); err != nil || !ok || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		content[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return content
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// groups begins a file of rules. Tests of rules, and configurations of
// Prometheus, have other keys.
var groups = regexp.MustCompile(`(?m)^groups:`)

// rulesIn are the files of rules that lie in dir itself.
func rulesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := read(t, dir, "*.yml")
	maps.DeleteFunc(files, func(name, content string) bool { return strings.Contains(name, "/") || !groups.MatchString(content) })
	return files
}

func TestRulesInStep(t *testing.T) {
	holdInStep(t, chartDir+"/files/rules", "*.yml", rulesIn(t, root+"/deploy/prometheus"))
}

func TestDashboardsInStep(t *testing.T) {
	dashboards := read(t, root+"/dashboards", "*.json")
	maps.DeleteFunc(dashboards, func(name, _ string) bool { return strings.Contains(name, "/") })
	holdInStep(t, chartDir+"/files/dashboards", "*.json", dashboards)
}

// TestKubernetesInStep holds deploy/kubernetes against what the chart renders.
func TestKubernetesInStep(t *testing.T) {
	single := []string{"--values=" + root + "/deploy/helm/kubernetes-values.yaml"}
	if len(read(t, chartDir+"/files/rules", "*.yml")) > 0 {
		single = append(single, "--set=prometheusRule.enabled=true")
	}
	want := map[string]string{}
	for name, content := range plain(t, single...) {
		dir := "exporter/"
		if slices.Contains([]string{"servicemonitor.yaml", "prometheusrule.yaml"}, name) {
			dir = "monitoring/" // of no use, and refused, without the operator
		}
		want[dir+name] = content
	}
	for name, content := range plain(t, "--values="+root+"/deploy/helm/kubernetes-sharded-values.yaml") {
		want["sharded/"+name] = content
	}
	for dir, file := range kustomizations(want) {
		want[dir+"/"+kustomization] = file
	}
	holdInStep(t, root+"/deploy/kubernetes", "*.yaml", want)
}

const kustomization = "kustomization.yaml"

// kustomizations are the files that list what is in each directory.
func kustomizations(manifests map[string]string) map[string]string {
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(manifests)) {
		dir, file, _ := strings.Cut(name, "/")
		if files[dir] == "" {
			files[dir] = "# Made by make helm. kubectl apply -k takes this directory as a base, too.\n" +
				"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: monitoring\nresources:\n"
		}
		files[dir] += "  - " + file + "\n"
	}
	return files
}

var (
	source = regexp.MustCompile(`(?m)^---\n# Source: \S+/templates/(\S+)\n`)
	// Helm's own labels, and a checksum that would not be kept up to date.
	helmOnly = regexp.MustCompile(`(?m)^ +((helm.sh/chart|app.kubernetes.io/managed-by|checksum/config): .*)\n`)
)

// plain renders the chart for kubectl: manifests by the name of their template.
func plain(t *testing.T, args ...string) map[string]string {
	t.Helper()
	versions := kubeVersions(t)
	manifests, complaint, err := command(t, tool(t, ".tools/helm"), append([]string{
		"template", chartName, chartDir, "--namespace=monitoring", "--kube-version=" + versions[len(versions)-1],
	}, args...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint)
	}
	byName := map[string]string{}
	starts := source.FindAllStringSubmatchIndex(manifests, -1)
	for i, at := range starts {
		end := len(manifests)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		byName[manifests[at[2]:at[3]]] = "# Rendered from the chart in deploy/helm by make helm.\n" +
			helmOnly.ReplaceAllString(manifests[at[1]:end], "")
	}
	return byName
}

func TestPlainManifestsAreValid(t *testing.T) {
	for name, content := range read(t, root+"/deploy/kubernetes", "*.yaml") {
		if strings.HasSuffix(name, kustomization) {
			continue // a file of kustomize, not an object
		}
		for _, version := range kubeVersions(t) {
			if v := validate(t, version, content); v.Summary.Valid != 1 || strings.Contains(content, "Helm") {
				t.Errorf("%s on %s: %+v", name, version, v)
			}
		}
	}
}

// TestCopiesFollowTheirSources holds the comparison itself.
func TestCopiesFollowTheirSources(t *testing.T) {
	dir := t.TempDir()
	c := chart{dir}
	if got := rulesIn(t, filepath.Join(dir, "nowhere")); len(got) != 0 {
		t.Errorf("nowhere there is %v", got)
	}
	c.write(t, "a.yml", "# Rules.\ngroups: []\n")
	c.write(t, "prometheus.yml", "scrape_configs: []\n")
	c.write(t, "tests/a.yml", "groups: []\n")
	c.write(t, "a.txt", "groups: []\n")
	if diff := cmp.Diff(map[string]string{"a.yml": "# Rules.\ngroups: []\n"}, rulesIn(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
