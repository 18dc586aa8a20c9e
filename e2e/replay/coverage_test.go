package replay_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

// untested are the alerts that no story here is about, with the reason.
var untested = map[string]string{
	"FabricReceiverBehind":   "the exporters of the stories send to no receiver",
	"FabricReceiverRefusing": "the exporters of the stories send to no receiver",
}

// wanted finds the alerts that stories expect to fire.
var wanted = regexp.MustCompile(`\bwant\{\s*"(Fabric\w+)`)

// TestEveryAlertHasAStory keeps a new alert from being forgotten.
func TestEveryAlertHasAStory(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range wanted.FindAllStringSubmatch(string(text), -1) {
			tested[m[1]] = true
		}
	}
	alerts := map[string]bool{}
	files, err = filepath.Glob(filepath.Join(rulesDir, "*alerts*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		for _, g := range prom.ParseRules(t, file).Groups {
			for _, r := range g.Rules {
				alerts[r.Alert] = true
				if tested[r.Alert] == (untested[r.Alert] != "") {
					t.Errorf("%s: wanted by a test: %t, reason why not: %q", r.Alert, tested[r.Alert], untested[r.Alert])
				}
			}
		}
	}
	for name := range untested {
		if !alerts[name] {
			t.Errorf("there is no alert %s", name)
		}
	}
}

// A file of thresholds that lacks one, such as that of an older version.
func TestAMissingThresholdFires(t *testing.T) {
	t.Parallel()
	files := ruleFiles()
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(text), "      # Effective traffic interval")
	files[0] = filepath.Join(t.TempDir(), "thresholds.yml")
	if err := os.WriteFile(files[0], []byte(before), 0o600); err != nil || !found {
		t.Fatalf("the threshold to leave out was found: %t; %v", found, err)
	}
	line := newEngine(t, files...).newTimeline(record(t, story{api: estate(), config: v3, span: 30 * time.Minute}))
	line.expect(t, want{"FabricThresholdsMissing", after(0, 15*time.Minute, time.Minute), between{}})
}
