package helm_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// budget is what a pod may ask of Equinix. Nil is left to the exporter.
type budget struct {
	Rate  any `yaml:"requests_per_second"`
	Burst any `yaml:"burst"`
}

// budgetOf is the budget in the rendered configuration.
func budgetOf(t *testing.T, os objects) budget {
	t.Helper()
	var c struct{ API budget }
	if err := yaml.Unmarshal([]byte(os.one(t, "ConfigMap").at("data").string("config.yml")), &c); err != nil {
		t.Fatal(err)
	}
	return c.API
}

// TestPodsShareTheBudgetOfAnAccount: pods know nothing of each other, so the sum of
// what they may ask must not grow with their number.
func TestPodsShareTheBudgetOfAnAccount(t *testing.T) {
	c := fullChart(t)
	for set, want := range map[string]budget{
		"shards=1": {},
		"shards=1,config.api.requests_per_second=9": {9, nil},
		"shards=2":   {2.5, 5},
		"replicas=2": {2.5, 5},
		"shards=4,config.api.requests_per_second=10,config.api.burst=7": {2.5, 1},
		"shards=3,config.api.burst=2":                                   {5.0 / 3, 1},
		"replicas=5,config.api.timeout=10s":                             {1, 2},
	} {
		if got := budgetOf(t, c.render(t, "--set="+set)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: each pod has %v, want %v", set, got, want)
		}
	}
}

func TestFractionOfACallIsShared(t *testing.T) {
	os := fullChart(t).render(t, "--set=shards=2", "--set-json=config.api.requests_per_second=0.5")
	if got := budgetOf(t, os); got.Rate != 0.25 {
		t.Errorf("each pod has %v", got)
	}
}

// What is wrong stays as wrong as it is, so that the exporter says so.
func TestNonsenseBudgetIsLeftForTheExporter(t *testing.T) {
	c := fullChart(t)
	for set, want := range map[string]budget{
		"config.api.requests_per_second=fast,config.api.burst=many": {"fast", "many"},
		"config.api.requests_per_second=0,config.api.burst=0":       {0, 0},
		"config.api.requests_per_second=-4,config.api.burst=-2":     {-2, -2},
	} {
		if got := budgetOf(t, c.render(t, "--set=shards=2,"+set)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", set, got, want)
		}
	}
	if got := budgetOf(t, c.render(t, "--set=shards=2", `--set-json=config.api.burst=2.5`)); got.Burst != 2.5 {
		t.Errorf("burst %v", got.Burst)
	}
	manifests, complaint, err := c.template(t, "--set=shards=2,config.api=nonsense")
	if err != nil || !strings.Contains(manifests, "api: nonsense") {
		t.Errorf("error %v %s", err, complaint)
	}
}

// TestDefaultBudgetIsTheExporters holds the defaults that the chart divides against
// those of the exporter.
func TestDefaultBudgetIsTheExporters(t *testing.T) {
	page := read(t, root+"/docs", "configuration.md")["configuration.md"]
	b := budgetOf(t, fullChart(t).render(t, "--set=shards=2"))
	for key, half := range map[string]any{"requests_per_second": b.Rate, "burst": b.Burst} {
		m := regexp.MustCompile("(?m)^\\| `api." + key + "` .*Default (\\d+)").FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("docs/configuration.md has no default of api.%s", key)
		}
		whole, err := strconv.ParseFloat(m[1], 64)
		if err != nil || fmt.Sprint(half) != fmt.Sprint(whole/2) {
			t.Errorf("half of api.%s is %v, the default %s", key, half, m[1])
		}
	}
}

// A pod must be restarted to get another part of the budget.
func TestNumberOfPodsRollsOut(t *testing.T) {
	c := fullChart(t)
	sum := func(set string) string {
		return c.render(t, "--set="+set).workload(t).at("spec", "template", "metadata", "annotations").string("checksum/config")
	}
	if two, three := sum("shards=2"), sum("shards=3"); two == "" || two == three {
		t.Errorf("checksums %q and %q", two, three)
	}
}
