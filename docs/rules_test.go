package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const (
	rulesDir    = "../deploy/prometheus"
	runbooksDir = "runbooks"
	runbookURL  = "https://github.com/fabric-exporter/equinix_fabric_exporter/blob/main/docs/runbooks/"
)

// rule is a rule of Prometheus: one of Alert and Record is given.
type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

// readRules returns the rules of all rule files.
func readRules(t *testing.T) []rule {
	t.Helper()
	var rules []rule
	for _, name := range glob(t, filepath.Join(rulesDir, "equinix_fabric.*.yml")) {
		var file struct {
			Groups []struct{ Rules []rule }
		}
		if err := yaml.Unmarshal([]byte(read(t, name)), &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, g := range file.Groups {
			rules = append(rules, g.Rules...)
		}
	}
	return rules
}

// alerts are the rules that are alerts.
func alerts(t *testing.T) []rule {
	t.Helper()
	all := slices.DeleteFunc(readRules(t), func(r rule) bool { return r.Alert == "" })
	if len(all) == 0 {
		t.Fatal("there is no alert")
	}
	return all
}

func TestEveryAlertHasARunbookAndTheOtherWayRound(t *testing.T) {
	index := read(t, filepath.Join(runbooksDir, "README.md"))
	pages := map[string]bool{}
	for _, name := range glob(t, filepath.Join(runbooksDir, "*.md")) {
		pages[strings.TrimSuffix(filepath.Base(name), ".md")] = true
	}
	delete(pages, "README")
	for _, a := range alerts(t) {
		if a.Annotations["runbook_url"] != runbookURL+a.Alert+".md" {
			t.Errorf("%s: runbook_url is %s", a.Alert, a.Annotations["runbook_url"])
		}
		if !pages[a.Alert] {
			t.Errorf("%s has no page in docs/runbooks", a.Alert)
			continue
		}
		delete(pages, a.Alert)
		page := read(t, filepath.Join(runbooksDir, a.Alert+".md"))
		for _, part := range []string{"# " + a.Alert + "\n", "\n## What it means\n", "\n## Check\n", "\n## Do\n"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s.md has no %q", a.Alert, part)
			}
		}
		if line := fmt.Sprintf("| [%s](%s.md) | %s |", a.Alert, a.Alert, a.Labels["severity"]); !strings.Contains(index, line) {
			t.Errorf("the index of the runbooks has no %s", line)
		}
	}
	for page := range pages {
		t.Errorf("docs/runbooks/%s.md is of no alert", page)
	}
}

func TestEveryAlertDescribesTheFault(t *testing.T) {
	for _, a := range alerts(t) {
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) || len(a.Labels) != 1 {
			t.Errorf("%s: labels %v", a.Alert, a.Labels)
		}
		summary, description := a.Annotations["summary"], a.Annotations["description"]
		if summary == "" || strings.Contains(summary, "\n") || strings.Contains(summary, "uuid") {
			t.Errorf("%s: summary %q is not a line with names", a.Alert, summary)
		}
		if description == "" || !strings.HasSuffix(description, ".") {
			t.Errorf("%s: description %q is not made of sentences", a.Alert, description)
		}
	}
}

var (
	metricName   = regexp.MustCompile(`\bequinix_fabric_[a-z0-9_]+`)
	recordedName = regexp.MustCompile(`\bequinix_fabric:[a-z0-9_:]+`)
)

// sent are the points of intervals that rules and dashboards may read. They come by remote
// write and backfill and are never on /metrics, so docs/metrics.md does not list them.
var sent = []string{
	"equinix_fabric_port_interval_mean_bytes_per_second", "equinix_fabric_port_interval_max_bytes_per_second",
	"equinix_fabric_port_interval_packets_dropped", "equinix_fabric_port_interval_packets_errored",
}

// TestRulesAndRunbooksNameWhatThereIs holds every metric that they name against
// docs/metrics.md, and every recorded series against the rules.
func TestRulesAndRunbooksNameWhatThereIs(t *testing.T) {
	known := map[string]bool{"equinix_fabric_exporter": true} // the program
	for _, name := range sent {
		known[name] = true
	}
	for name := range documented(t) {
		known[name] = true
	}
	for _, r := range readRules(t) {
		known[r.Record] = true
	}
	named := 0
	for _, file := range slices.Concat(
		glob(t, filepath.Join(rulesDir, "*.yml")), glob(t, filepath.Join(rulesDir, "*.md")), glob(t, filepath.Join(runbooksDir, "*.md")),
	) {
		text := read(t, file)
		for _, name := range slices.Concat(metricName.FindAllString(text, -1), recordedName.FindAllString(text, -1)) {
			named++
			if !known[name] && name != "equinix_fabric:threshold:" && !strings.HasSuffix(name, "_") { // the beginning of a regular expression
				t.Errorf("%s: there is no %s", filepath.Base(file), name)
			}
		}
	}
	if named < 300 {
		t.Errorf("only %d names were found", named)
	}
}

var (
	selector    = regexp.MustCompile(`(?:\b(equinix_fabric_[a-z0-9_]+)\{|\bequinix_fabric:exporter:latest\{\s*family="([a-z0-9_]+)",)([^}]*)\}`)
	matcherName = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// TestRulesSelectByLabelsThatThereAre: a rule that selects by another one never
// finds anything, and its tests would have invented the same label.
func TestRulesSelectByLabelsThatThereAre(t *testing.T) {
	families := documented(t)
	for _, r := range readRules(t) {
		for _, s := range selector.FindAllStringSubmatch(r.Expr, -1) {
			name := s[1]
			if s[2] != "" {
				name = "equinix_fabric_" + s[2]
			}
			labels, known := families[name]
			for _, m := range matcherName.FindAllStringSubmatch(s[3], -1) {
				if known && !slices.Contains(labels, m[1]) {
					t.Errorf("%s%s selects %s by %s; its labels are %v", r.Alert, r.Record, name, m[1], labels)
				}
			}
		}
	}
}

var (
	nameMatcher   = regexp.MustCompile(`__name__=~"([^"]+)"`)
	familyMatcher = regexp.MustCompile(`\bfamily=~?["']([a-z0-9_|]+)["']`)
	instant       = regexp.MustCompile(`\bequinix_fabric_[a-z0-9_]+`)
	overRange     = regexp.MustCompile(`\bequinix_fabric_[a-z0-9_]+(?:\{[^}]*\})?\[|\btimestamp\(equinix_fabric_[a-z0-9_]+(?:\{[^}]*\})?\)`)
)

// TestRulesReadExportersThroughTheLatestScrape keeps a rule from reading what is gone
// after a failed scrape, and equinix_fabric:exporter:latest from keeping what no rule
// reads.
func TestRulesReadExportersThroughTheLatestScrape(t *testing.T) {
	var kept []*regexp.Regexp
	used := map[string]bool{}
	for _, r := range readRules(t) {
		if r.Record == "equinix_fabric:exporter:latest" {
			for _, m := range nameMatcher.FindAllStringSubmatch(r.Expr, -1) {
				kept = append(kept, regexp.MustCompile("^(?:"+m[1]+")$"))
			}
			continue
		}
		for _, m := range familyMatcher.FindAllStringSubmatch(r.Expr+r.Annotations["description"], -1) {
			for family := range strings.SplitSeq(m[1], "|") {
				used["equinix_fabric_"+family] = true
			}
		}
		for _, name := range instant.FindAllString(overRange.ReplaceAllString(r.Expr, ""), -1) {
			t.Errorf("%s%s reads %s itself, which is gone after a failed scrape", r.Alert, r.Record, name)
		}
	}
	for name := range documented(t) {
		keeps := slices.ContainsFunc(kept, func(re *regexp.Regexp) bool { return re.MatchString(name) })
		if keeps != used[name] {
			t.Errorf("%s: kept: %t, read by a rule: %t", name, keeps, used[name])
		}
		delete(used, name)
	}
	for name := range used {
		t.Errorf("rules read %s, which is not in metrics.md", name)
	}
}

// documented are the families of docs/metrics.md with their labels.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	families := map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| [a-z]+ \\| ([^|]*) \\|")
	for _, m := range row.FindAllStringSubmatch(read(t, "metrics.md"), -1) {
		families[m[1]] = strings.Split(strings.Trim(m[2], "`"), "`, `")
	}
	if len(families) < 30 {
		t.Fatalf("metrics.md has only %d families", len(families))
	}
	return families
}

func TestThresholdsAreOneFigureEachAndAllInUse(t *testing.T) {
	const prefix = "equinix_fabric:threshold:"
	rules, defined, used := readRules(t), map[string]bool{}, map[string]bool{}
	figure := regexp.MustCompile(`^vector\((-?[0-9.]+)\)$`)
	for _, r := range rules {
		for _, name := range recordedName.FindAllString(r.Expr, -1) {
			used[name] = used[name] || strings.HasPrefix(name, prefix) && name != prefix
		}
		if !strings.HasPrefix(r.Record, prefix) {
			continue
		}
		if !figure.MatchString(r.Expr) || defined[r.Record] {
			t.Errorf("%s: %s is not one figure, given once", r.Record, r.Expr)
		}
		defined[r.Record] = true
	}
	maps.DeleteFunc(used, func(_ string, threshold bool) bool { return !threshold })
	if !maps.Equal(defined, used) {
		t.Errorf("thresholds defined: %v\nused: %v", slices.Sorted(maps.Keys(defined)), slices.Sorted(maps.Keys(used)))
	}
	i := slices.IndexFunc(rules, func(r rule) bool { return r.Alert == "FabricThresholdsMissing" })
	if i < 0 || !strings.HasSuffix(rules[i].Expr, "< "+strconv.Itoa(len(defined))) {
		t.Errorf("FabricThresholdsMissing does not count to %d", len(defined))
	}
}

// The landing page must show in red and orange what the dashboards do, and the alerts.
func TestThePageComparesWithTheThresholds(t *testing.T) {
	ofPage := map[string]float64{
		"port_utilization_ratio": fleet.PortUtilization, "port_utilization_p95_ratio": fleet.PortUtilizationP95,
		"port_utilization_forecast_ratio":     fleet.PortUtilizationForecast,
		"pair_failover_utilization_p95_ratio": fleet.PairFailoverP95, "pair_failover_utilization_forecast_ratio": fleet.PairFailoverForecast,
		"idle_utilization_p95_ratio":     fleet.IdleUtilizationP95,
		"lag_failover_utilization_ratio": fleet.LAGFailover, "connection_utilization_ratio": fleet.ConnectionUtilization,
	}
	for _, r := range readRules(t) {
		name := strings.TrimPrefix(r.Record, "equinix_fabric:threshold:")
		want, compared := ofPage[name]
		if compared && r.Expr != fmt.Sprintf("vector(%v)", want) {
			t.Errorf("%s is %s, and %v in internal/fleet/level.go", r.Record, r.Expr, want)
		}
		delete(ofPage, name)
	}
	for name := range ofPage {
		t.Errorf("there is no threshold %s", name)
	}
	page := read(t, "web.md")
	for what, from := range map[string][2]float64{
		"last polled rate of a port":  {fleet.PortUtilizationP95, fleet.PortUtilization},
		"p95 of a port":               {fleet.PortUtilizationP95, fleet.PortUtilizationForecast},
		"both ports of a pair on one": {fleet.PairFailoverP95, fleet.PairFailoverForecast},
		"a LAG with one link less":    {fleet.LAGFailover, fleet.PairFailoverForecast},
	} {
		if row := fmt.Sprintf("| %s | %.0f %% | %.0f %% |", what, 100*from[0], 100*from[1]); !strings.Contains(page, row) {
			t.Errorf("web.md lacks %s", row)
		}
	}
	if row := fmt.Sprintf("| rate of a connection | | %.0f %% |", 100*fleet.ConnectionUtilization); !strings.Contains(page, row) {
		t.Errorf("web.md lacks %s", row)
	}
	i := slices.IndexFunc(readRules(t), func(r rule) bool { return r.Record == "equinix_fabric:port:down" })
	if i < 0 || !strings.Contains(readRules(t)[i].Expr, fmt.Sprintf("state=~%q", fleet.PortComesOrGoes)) {
		t.Error("equinix_fabric:port:down is not about the states of internal/fleet/level.go")
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
