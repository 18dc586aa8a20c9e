package board_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/board"
)

// edited is the thresholds' file with something replaced.
func edited(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(thresholds)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("no %q in %s", from, thresholds)
	}
	path := filepath.Join(t.TempDir(), "thresholds.yml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPanelsTakeTheLimitsOfTheAlerts(t *testing.T) {
	l, err := board.ReadLimits(edited(t, "vector(0.8)", "vector(0.123)"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := board.Build(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"value": 0.123`, "> bool 0.123", "12.3 %"} {
		if !strings.Contains(string(files["fleet.json"]), want) {
			t.Errorf("%q is missing in the Fleet dashboard", want)
		}
	}
}

func TestTitlesNameTheHorizon(t *testing.T) {
	l, err := board.ReadLimits(edited(t, "vector(2592000)", "vector(5184000)"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := board.Build(l)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(files["port.json"]), `"title": "In 60 days"`) {
		t.Error("the horizon of 60 days is not in the Port dashboard")
	}
}

func TestBuildWantsAllLimits(t *testing.T) {
	l, err := board.ReadLimits(edited(t, "threshold:port_utilization_p95_ratio", "threshold:something_else"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := board.Build(l); err == nil || !strings.Contains(err.Error(), "port_utilization_p95_ratio") {
		t.Errorf("error %v", err)
	}
	if _, err := board.Build(board.Limits{}); err == nil {
		t.Error("built without limits")
	}
}

func TestReadLimitsRefusesWhatIsNoFigure(t *testing.T) {
	for _, expr := range []string{"vector(many)", "0.8", "vector(time())"} {
		if _, err := board.ReadLimits(edited(t, "vector(0.8)", expr)); err == nil || !strings.Contains(err.Error(), "port_utilization_p95_ratio") {
			t.Errorf("%s: error %v", expr, err)
		}
	}
	if _, err := board.ReadLimits("nowhere.yml"); err == nil {
		t.Error("read a file that is not there")
	}
	if _, err := board.ReadLimits("limits_test.go"); err == nil {
		t.Error("read Go as YAML")
	}
}
