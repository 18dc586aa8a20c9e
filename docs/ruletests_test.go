package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// ruleTest is a test of promtool.
type ruleTest struct {
	Name   string
	Alerts []struct {
		Name     string      `yaml:"alertname"`
		Expected []yaml.Node `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

// ruleTests are the tests of alerts by their names.
func ruleTests(t *testing.T) map[string]ruleTest {
	t.Helper()
	all := map[string]ruleTest{}
	for _, name := range glob(t, filepath.Join(rulesDir, "tests", "*.yml")) {
		var file struct{ Tests []ruleTest }
		if err := yaml.Unmarshal([]byte(read(t, name)), &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, test := range file.Tests {
			if _, twice := all[test.Name]; twice {
				t.Errorf("%s: there are two tests %q", name, test.Name)
			}
			all[test.Name] = test
		}
	}
	return all
}

// TestEveryAlertIsTested wants four things to be seen of every alert: that it
// fires, that it does not just below, that it recovers, and what it does
// without data. It looks at what the tests expect, not only at their names.
func TestEveryAlertIsTested(t *testing.T) {
	tests := ruleTests(t)
	for _, a := range alerts(t) {
		if got := outcome(tests[a.Alert+" fires and recovers"], a.Alert); !strings.HasSuffix(got, "f-") {
			t.Errorf("%s fires and recovers: the outcome is %q", a.Alert, got)
		}
		if got := outcome(tests[a.Alert+" does not fire just below"], a.Alert); strings.Trim(got, "-") != "" || got == "" {
			t.Errorf("%s does not fire just below: the outcome is %q", a.Alert, got)
		}
		quiet := outcome(tests[a.Alert+" does not fire without data"], a.Alert)
		loud := outcome(tests[a.Alert+" fires without data"], a.Alert)
		if quiet+loud == "" || strings.Contains(quiet, "f") || strings.Contains(loud, "-") {
			t.Errorf("%s without data: the outcome is %q or %q", a.Alert, quiet, loud)
		}
	}
}

// outcome is a letter for each moment at which a test looks at the alert: f
// where it fires, - where not.
func outcome(test ruleTest, alert string) string {
	var s strings.Builder
	for _, a := range test.Alerts {
		switch {
		case a.Name != alert:
		case len(a.Expected) > 0:
			s.WriteByte('f')
		default:
			s.WriteByte('-')
		}
	}
	return s.String()
}
