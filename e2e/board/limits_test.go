package board_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/board"
)

// edited is a rule file with something replaced.
func edited(t *testing.T, file, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("no %q in %s", from, file)
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPanelsTakeTheLimitsOfTheAlerts(t *testing.T) {
	l, err := board.ReadLimits(edited(t, thresholds, "vector(0.8)", "vector(0.123)"), recording, alerts)
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
	l, err := board.ReadLimits(edited(t, thresholds, "vector(2592000)", "vector(5184000)"), recording, alerts)
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

// A state that the rules take for a failed one is one for the panels too.
func TestPanelsTakeTheConditionsOfTheAlerts(t *testing.T) {
	l, err := board.ReadLimits(thresholds, edited(t, recording, "REJECTED|", "REJECTED|EXPLODED|"), edited(t, alerts, `status="PARTIAL"`, `status="HALF"`))
	if err != nil {
		t.Fatal(err)
	}
	files, err := board.Build(l)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"connections.json": `equinix_fabric_connection_status{status=~\"FAILED|ERROR|REJECTED|EXPLODED|AUTO`,
		"fleet.json":       `max by (port_uuid) (equinix_fabric_port_operational_status{status=\"HALF\"} == 1)`,
	} {
		if text := string(files[file]); !strings.Contains(text, want) || strings.Contains(text, "equinix_fabric:exporter") {
			t.Errorf("%s lacks %s, or wants the rules to be loaded", file, want)
		}
	}
}

func TestBuildWantsAllLimits(t *testing.T) {
	l, err := board.ReadLimits(edited(t, thresholds, "threshold:port_utilization_p95_ratio", "threshold:something_else"), recording, alerts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := board.Build(l); err == nil || !strings.Contains(err.Error(), "port_utilization_p95_ratio") {
		t.Errorf("error %v", err)
	}
	if l, err = board.ReadLimits(thresholds, recording); err != nil {
		t.Fatal(err)
	}
	if _, err := board.Build(l); err == nil || !strings.Contains(err.Error(), "FabricConnectionDown") {
		t.Errorf("without the alerts: error %v", err)
	}
	if _, err := board.Build(board.Limits{}); err == nil {
		t.Error("built without limits")
	}
}

func TestReadLimitsRefusesWhatIsNotANumber(t *testing.T) {
	for _, expr := range []string{"vector(many)", "0.8", "vector(time())"} {
		if _, err := board.ReadLimits(edited(t, thresholds, "vector(0.8)", expr)); err == nil || !strings.Contains(err.Error(), "port_utilization_p95_ratio") {
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
