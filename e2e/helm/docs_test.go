package helm_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// TestPageShowsWhatWorks holds the examples of docs/kubernetes.md: values must
// render, and be accepted by the exporter; configurations by promtool.
func TestPageShowsWhatWorks(t *testing.T) {
	page := read(t, root+"/docs", "kubernetes.md")["kubernetes.md"]
	configurations, rendered := 0, 0
	for _, block := range yamlBlock.FindAllStringSubmatch(page, -1) {
		file := filepath.Join(t.TempDir(), "example.yml")
		if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(block[1], "# kustomization.yaml") {
			continue // a file of kustomize, not values
		}
		if strings.Contains(block[1], "scrape_configs:") {
			configurations++
			checkPrometheus(t, file)
			continue
		}
		rendered++
		c := newCell(t, chart{chartDir}.render(t, "--values="+file))
		if said, complaint, err := command(t, exporter(t), append(c.args(), "check")...); err != nil {
			t.Errorf("%v: %s%s\n%s", err, said, complaint, block[1])
		}
	}
	if configurations != 1 || rendered != 7 {
		t.Errorf("%d configurations and %d sets of values on the page", configurations, rendered)
	}
}

// TestFileForThePodCanBeChecked: the files that a configuration names are in the pod,
// so check refuses it elsewhere, unless it is to look at the file alone.
func TestFileForThePodCanBeChecked(t *testing.T) {
	config := func(args ...string) string {
		data := chart{chartDir}.render(t, args...).one(t, "ConfigMap").at("data").string("config.yml")
		file := filepath.Join(t.TempDir(), "config.yml")
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return "--config.file=" + file
	}
	if _, complaint, err := command(t, exporter(t), "check", config()); err == nil || !strings.Contains(complaint, "/var/run/secrets/equinix/client_id") {
		t.Errorf("check: %v %s", err, complaint)
	}
	for _, name := range []string{"defaults", "existing-secret", "token-exchange", "minimal"} {
		if said, complaint, err := command(t, exporter(t), "check", "--syntax-only", config("--values="+values(t)[name])); err != nil {
			t.Errorf("%s: %v %s%s", name, err, said, complaint)
		}
	}
	if _, complaint, err := command(t, exporter(t), "check", "--syntax-only", config("--set=config.poll.intervall=5m")); err == nil || !strings.Contains(complaint, "poll.intervall") {
		t.Errorf("check of a broken file: %v %s", err, complaint)
	}
}

func checkPrometheus(t *testing.T, file string) {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal(err)
	}
	if said, complaint, err := command(t, promtool, "check", "config", "--agent", file); err != nil {
		t.Errorf("promtool check config: %v: %s%s", err, said, complaint)
	}
}

// TestCallsOfThePageAreComputed holds the numbers of the page's table against
// the formulas of docs/api-calls.md.
func TestCallsOfThePageAreComputed(t *testing.T) {
	page := read(t, root+"/docs", "kubernetes.md")["kubernetes.md"]
	for _, c := range []struct {
		pods, shards int
		want         string
	}{{1, 1, "13,761"}, {2, 1, "27,522"}, {1, 3, "13,879"}} {
		if got := thousands(c.pods * callsAnHour(1000, 5000, c.shards)); got != c.want || !strings.Contains(page, "**"+c.want+"**") {
			t.Errorf("%d pods of %d shards make %s calls an hour; the page says %s", c.pods, c.shards, got, c.want)
		}
	}
}

// callsAnHour of all shards, for windows asked for every 5 minutes and every
// hour, connections every 5 minutes, inventory every 15.
func callsAnHour(ports, connections, shards int) int {
	pages := func(n int) int { return (n + 99) / 100 }
	perShard := func(n int) int { return (n + shards - 1) / shards }
	return ports*12 + ports + shards*(12*(pages(perShard(connections))+pages(perShard(ports)))+4*pages(ports)+1)
}

func thousands(n int) string {
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// TestCommandsOfThePagesInstall renders what the "helm install" of each page would
// install.
func TestCommandsOfThePagesInstall(t *testing.T) {
	install := regexp.MustCompile("(?m)^helm install fabric deploy/helm/equinix-fabric-exporter -n monitoring((?: *\\\\\\n| +--set [^ \\n`]+)+)$")
	pages := 0
	for dir, name := range map[string]string{root + "/docs": "kubernetes.md", chartDir: "README.md"} {
		for _, m := range install.FindAllStringSubmatch(read(t, dir, name)[name], -1) {
			pages++
			args := strings.Fields(strings.ReplaceAll(m[1], "\\\n", " "))
			image := chart{chartDir}.render(t, args...).workload(t).container(t).string("image")
			if image != "registry.example.com/equinix_fabric_exporter:1.2.3" {
				t.Errorf("%s %v: image %s", name, args, image)
			}
		}
	}
	if pages != 2 {
		t.Errorf("%d commands found", pages)
	}
}
