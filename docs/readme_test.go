package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// readmeBlock is a block of YAML in the README, indented in a list or not.
var readmeBlock = regexp.MustCompile("(?ms)^ *```yaml\n(.*?)^ *```$")

// TestReadmeShowsWhatWorks compares the README with what it quotes: check accepts its
// configuration, its alert is one of the rules, and its families exist.
func TestReadmeShowsWhatWorks(t *testing.T) {
	readme := read(t, "../README.md")
	configurations, quoted := 0, 0
	for _, m := range readmeBlock.FindAllStringSubmatch(readme, -1) {
		switch {
		case strings.Contains(m[1], "accounts:"):
			configurations++
			path := filepath.Join(t.TempDir(), "config.yml")
			if err := os.WriteFile(path, []byte(m[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := (&config.File{Path: path, Alone: true}).Load(); err != nil {
				t.Error(err)
			}
		case strings.Contains(m[1], "alert:"):
			quoted++
			var shown []rule
			if err := yaml.Unmarshal([]byte(m[1]), &shown); err != nil || len(shown) != 1 {
				t.Fatalf("%v: %s", err, m[1])
			}
			if !slices.ContainsFunc(alerts(t), func(a rule) bool { return a.Alert == shown[0].Alert && a.Expr == shown[0].Expr }) {
				t.Errorf("no rule is like %v", shown[0])
			}
		}
	}
	if configurations != 1 || quoted != 1 {
		t.Errorf("%d configurations and %d alerts", configurations, quoted)
	}
	known := documented(t)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|").FindAllStringSubmatch(readme, -1) {
		if known["equinix_fabric_"+m[1]] == nil {
			t.Errorf("there is no family %s", m[1])
		}
	}
}

func TestReadmeSaysHowManyPortsThereIsRoomFor(t *testing.T) {
	cfg, err := config.Parse("test.yml", []byte("accounts: [{client_id: x, client_secret: y, discover: {enabled: true}}]"), ".", nil)
	if err != nil {
		t.Fatal(err)
	}
	series, _, _ := collector.UsualSeries(len(cfg.Poll.Windows))
	room := cfg.Accounts[0].MaxSeries / series
	if room < 10_000 {
		t.Errorf("room for %d ports by default", room)
	}
	if want := fmt.Sprintf("enough for %d,%03d\n  ports with one window", room/1000, room%1000); !strings.Contains(read(t, "../README.md"), want) {
		t.Errorf("README does not say %q", want)
	}
}

// TestReadmeShowsAnAlertAsItArrives: the text in the README is the one that promtool
// finds in the test of the alert.
func TestReadmeShowsAnAlertAsItArrives(t *testing.T) {
	var quote []string
	for line := range strings.Lines(read(t, "../README.md")) {
		if text, ok := strings.CutPrefix(line, ">"); ok {
			quote = append(quote, strings.TrimSpace(text))
		}
	}
	name := regexp.MustCompile(`\*\*(\w+)\*\*`).FindStringSubmatch(strings.Join(quote, " "))
	if name == nil {
		t.Fatalf("no alert in %q", quote)
	}
	var expected []yaml.Node
	for _, a := range ruleTests(t)[name[1]+" fires and recovers"].Alerts {
		expected = append(expected, a.Expected...)
	}
	if len(expected) == 0 {
		t.Fatalf("no test expects %s", name[1])
	}
	var alert struct {
		Annotations struct{ Summary, Description string } `yaml:"exp_annotations"`
	}
	if err := expected[0].Decode(&alert); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{alert.Annotations.Summary, alert.Annotations.Description} {
		if !strings.Contains(strings.Join(quote, " "), text) {
			t.Errorf("the README does not show %q", text)
		}
	}
}
