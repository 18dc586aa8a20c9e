package helm_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// schemaOf is values.schema.json.
func schemaOf(t *testing.T) object {
	t.Helper()
	var schema object
	if err := json.Unmarshal([]byte(read(t, chartDir, "values.schema.json")["values.schema.json"]), &schema); err != nil {
		t.Fatal(err)
	}
	return objectOf(schema).(object)
}

// objectOf gives nested maps the type that at follows.
func objectOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return objectOf(object(v))
	case object:
		for k := range v {
			v[k] = objectOf(v[k])
		}
		return v
	}
	return v
}

// walk calls visit for every value that the schema describes, by its path.
func walk(schema object, path []string, visit func(path []string, schema any)) {
	for key, s := range schema.at("properties") {
		below := append(slices.Clone(path), key)
		visit(below, s)
		if s, ok := s.(object); ok {
			walk(s, below, visit)
		}
	}
}

// nested is a value at a path, as JSON.
func nested(path []string, value any) string {
	for _, key := range slices.Backward(path) {
		value = map[string]any{key: value}
	}
	content, err := json.Marshal(value)
	if err != nil {
		panic(err) // of maps and strings
	}
	return string(content)
}

// valuesFile writes a file of values.
func valuesFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return "--values=" + file
}

// allOn are the arguments for a release with every object that the chart has.
func allOn(t *testing.T) []string {
	t.Helper()
	return []string{
		"--values=" + values(t)["everything"], "--values=" + values(t)["exposed"],
		valuesFile(t, `{replicas: 1, strategy: null, state: {persistentVolume: {enabled: true}}}`),
	}
}

// TestNoKeyIsGivenTwice gives the same label in every map of labels, and the same
// annotation: parse refuses a key that is there twice. The more specific one counts.
func TestNoKeyIsGivenTwice(t *testing.T) {
	c, args := fullChart(t), allOn(t)
	walk(schemaOf(t), nil, func(path []string, schema any) {
		s, _ := schema.(object)
		switch s.string("$ref") {
		case "#/definitions/labels":
			args = append(args, valuesFile(t, nested(path, map[string]string{"team": strings.Join(path, ".")})))
		case "#/definitions/annotations":
			keys := []string{"checksum/config", "helm.sh/resource-policy", "kubectl.kubernetes.io/default-container", "team", "severity"}
			same := map[string]string{}
			for _, key := range keys {
				same[key] = strings.Join(path, ".")
			}
			args = append(args, valuesFile(t, nested(path, same)))
		}
	})
	manifests, complaint, err := c.template(t, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint)
	}
	os := parse(t, manifests) // refuses keys that are there twice
	w := os.workload(t)
	for where, got := range map[string]any{
		"commonLabels":                       w.at("metadata", "labels")["team"],
		"podLabels":                          w.podLabels()["team"],
		"podAnnotations":                     w.at("spec", "template", "metadata", "annotations")["checksum/config"],
		"deploymentAnnotations":              w.at("metadata", "annotations")["team"],
		"service.labels":                     os.one(t, "Service").at("metadata", "labels")["team"],
		"serviceMonitor.labels":              os.one(t, "ServiceMonitor").at("metadata", "labels")["team"],
		"prometheusRule.labels":              os.one(t, "PrometheusRule").at("metadata", "labels")["team"],
		"ingress.labels":                     os.one(t, "Ingress").at("metadata", "labels")["team"],
		"route.main.annotations":             os.one(t, "HTTPRoute").at("metadata", "annotations")["team"],
		"state.persistentVolume.annotations": os.one(t, "PersistentVolumeClaim").at("metadata", "annotations")["helm.sh/resource-policy"],
	} {
		if got != where {
			t.Errorf("%v is in place of %s", got, where)
		}
	}
	if v := validate(t, kubeVersions(t)[0], manifests); v.Summary.Valid != len(os) {
		t.Errorf("%+v", v)
	}
	// An empty label is a label too.
	if got, ok := c.render(t, "--set=commonLabels.team=a,podLabels.team=").workload(t).podLabels()["team"]; got != "" || !ok {
		t.Errorf("podLabels.team is %v", got)
	}
}

// TestEachBlockMayBeNull renders with each block of values.yaml taken away, and with
// all single values at once: so they are with --reuse-values from a chart that did not
// know them yet. What cannot be left out is refused by name.
func TestEachBlockMayBeNull(t *testing.T) {
	var defaults object
	if err := yaml.Unmarshal([]byte(read(t, chartDir, "values.yaml")["values.yaml"]), &defaults); err != nil {
		t.Fatal(err)
	}
	needed := []string{"config", "image", "image.repository", "networkPolicy.from"}
	single, base := []string{"--values=" + values(t)["everything"]}, allOn(t)
	try := func(name string, args ...string) {
		manifests, complaint, err := chart{chartDir}.template(t, args...)
		if slices.Contains(needed, name) {
			if _, key, _ := strings.Cut("."+name, "."); err == nil || !strings.Contains(complaint, key[strings.LastIndex(key, ".")+1:]) {
				t.Errorf("%s: %v\n%s", name, err, complaint)
			}
			return
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, complaint)
			return
		}
		if v := validate(t, kubeVersions(t)[0], manifests); v.Summary.Valid != len(parse(t, manifests)) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	var each func(path []string, v any)
	each = func(path []string, v any) {
		name, file := strings.Join(path, "."), valuesFile(t, nested(path, nil))
		block, ok := v.(object)
		switch {
		case slices.Contains(needed, name), ok && len(block) > 0:
			try(name, append(slices.Clone(base), file)...)
		case path[len(path)-1] != "enabled" && path[0] != "web" && path[0] != "tokenExchange": // which need each other
			single = append(single, file)
		}
		if path[0] == "config" || path[0] == "resources" || path[0] == "podSecurityContext" || path[0] == "securityContext" {
			return // of the exporter and of Kubernetes
		}
		for key := range block {
			each(append(slices.Clone(path), key), block[key])
		}
	}
	for key, v := range defaults {
		each([]string{key}, v)
	}
	try("all single values", single...)
}

// TestReleaseNamesFit: a Service must begin with a letter and have no dots, and a
// label is a string, whatever the release is called.
func TestReleaseNamesFit(t *testing.T) {
	fits := regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	for _, release := range []string{"9f", "my.exporter", "123", "1e3", "true", "no", strings.Repeat("a", 40) + "-equinix.0-x", "equinix-fabric-exporter"} {
		for _, set := range []string{"shards=1", "fullnameOverride=no,state.persistentVolume.enabled=true"} {
			manifests, complaint, err := command(t, tool(t, ".tools/helm"), "template", release, chartDir, "--namespace=123", "--kube-version="+kubeVersions(t)[0], "--values="+values(t)["tls"], "--set="+set)
			if err != nil {
				t.Fatalf("%s: %v\n%s", release, err, complaint)
			}
			os := parse(t, manifests)
			if v := validate(t, kubeVersions(t)[0], manifests); v.Summary.Valid != len(os) {
				t.Errorf("%s: %+v", release, v)
			}
			for _, o := range os {
				if !fits.MatchString(o.name()) || len(o.name()) > 63 {
					t.Errorf("%s: %s %s", release, o.kind(), o.name())
				}
			}
			if got := os.workload(t).podLabels()["app.kubernetes.io/instance"]; got != release {
				t.Errorf("%s: the instance is %v", release, got)
			}
		}
	}
}

// TestChartWithinAChart: a parent switches it on by condition, and has a registry for
// all images.
func TestChartWithinAChart(t *testing.T) {
	parent := chart{t.TempDir()}
	parent.write(t, "Chart.yaml", `apiVersion: v2
name: parent
version: 1.0.0
dependencies: [{name: `+chartName+`, version: ">=0", condition: `+chartName+`.enabled}]
`)
	if err := os.CopyFS(filepath.Join(parent.dir, "charts", chartName), os.DirFS(chartDir)); err != nil {
		t.Fatal(err)
	}
	on := "--set=" + chartName + ".enabled=true,global.imageRegistry=mirror.example.com,global.imagePullSecrets[0].name=a,global.imagePullSecrets[1]=b"
	os := parent.render(t, on, "--set="+chartName+".image.tag=1.2.3,"+chartName+".image.pullSecrets[0]=c")
	w := os.workload(t)
	if image := w.container(t).string("image"); image != "mirror.example.com/fabric-exporter/equinix_fabric_exporter:1.2.3" {
		t.Errorf("image %s", image)
	}
	if got := fmt.Sprint(w.podSpec().list("imagePullSecrets")); got != "[map[name:a] map[name:b] map[name:c]]" {
		t.Errorf("pull secrets %s", got)
	}
	if manifests, complaint, err := parent.template(t, "--set="+chartName+".enabled=false"); err != nil || strings.Contains(manifests, "kind:") {
		t.Errorf("switched off: %v %s%s", err, complaint, manifests)
	}
}

func TestRegistryOfTheImage(t *testing.T) {
	for set, want := range map[string]string{
		"image.registry=registry.example.com":                                  "registry.example.com/fabric-exporter/equinix_fabric_exporter:0.0.0",
		"image.repository=registry.example.com/x,global.imageRegistry=mirror":  "registry.example.com/x:0.0.0",
		"image.repository=localhost/x":                                         "localhost/x:0.0.0",
		"image.registry=,image.repository=library/x":                           "library/x:0.0.0",
		"global.imageRegistry=mirror.example.com:5000,image.repository=team/x": "mirror.example.com:5000/team/x:0.0.0",
	} {
		if got := (chart{chartDir}).render(t, "--set="+set).workload(t).container(t).string("image"); got != want {
			t.Errorf("%s: image %s, want %s", set, got, want)
		}
	}
}

// TestNamesOfOtherChartsAreExplained holds every name that the schema lets through
// for this alone.
func TestNamesOfOtherChartsAreExplained(t *testing.T) {
	found := 0
	ours := regexp.MustCompile(`: is called (\S+) in this chart`)
	paths := map[string]bool{}
	var theirs [][]string
	walk(schemaOf(t), nil, func(path []string, schema any) {
		paths[strings.Join(path, ".")] = true
		if schema == true {
			theirs = append(theirs, path)
		}
	})
	for _, path := range theirs {
		found++
		name := strings.Join(path, ".")
		_, complaint, err := chart{chartDir}.template(t, valuesFile(t, nested(path, "x")))
		m := ours.FindStringSubmatch(complaint)
		if err == nil || m == nil || !strings.Contains(complaint, name+": is called") {
			t.Errorf("%s: %v %s", name, err, complaint)
			continue
		}
		if block, _, _ := strings.Cut(m[1], ".endpoint."); !paths[block] {
			t.Errorf("%s: there is no %s", name, m[1])
		}
	}
	if found < 20 {
		t.Errorf("%d names", found)
	}
}

// TestEndpointKeysAreTheOperators holds the keys of an endpoint that the schema lets
// through: a server drops an unknown one, such as a misspelt tlsConfig, with a warning.
func TestEndpointKeysAreTheOperators(t *testing.T) {
	newest := kubeVersions(t)[len(kubeVersions(t))-1]
	for value, list := range map[string]string{"serviceMonitor": "endpoints", "podMonitor": "podMetricsEndpoints"} {
		var definition object
		file := tool(t, ".tools/schemas/"+newest+"/"+strings.ToLower(value)+"-monitoring-v1.json")
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, &definition); err != nil {
			t.Fatal(err)
		}
		want := objectOf(definition).(object).at("properties", "spec", "properties", list, "items")
		got := schemaOf(t).at("properties", value, "properties", "endpoint")
		for _, key := range []string{"", "tlsConfig"} {
			if key != "" {
				got, want = got.at("properties", key), want.at("properties", key)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want.at("properties"))), slices.Sorted(maps.Keys(got.at("properties")))); diff != "" || got["additionalProperties"] != false {
				t.Errorf("%s.endpoint %s (-operator +schema):\n%s", value, key, diff)
			}
		}
	}
}

// TestConfigurationMayBeText: --set-file gives the text of a file.
func TestConfigurationMayBeText(t *testing.T) {
	const text = "# A file.\naccounts:\n  - {name: '1e3', discover: {enabled: true}, connections: {enabled: true, max_series: 1000000}}\n"
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := chart{chartDir}
	asText := c.render(t, "--set-file=config="+file, "--set=replicas=2").one(t, "ConfigMap")
	asMap := c.render(t, valuesFile(t, "config:\n  "+strings.ReplaceAll(text, "\n", "\n  ")), "--set=replicas=2").one(t, "ConfigMap")
	if diff := cmp.Diff(asMap, asText); diff != "" || !strings.Contains(asText.at("data").string("config.yml"), "max_series: 1000000\n") {
		t.Errorf("(-mapping +text):\n%s\n%v", diff, asText)
	}
	for text, want := range map[string]string{
		"accounts: [": "config: is not a mapping in YAML", "poll: {}": "config.accounts: is required",
		"accounts: [{client_secret: canary}]": "config.accounts[0].client_secret: does not belong",
	} {
		if _, complaint, err := c.template(t, valuesFile(t, nested([]string{"config"}, text))); err == nil || !strings.Contains(complaint, want) || strings.Contains(complaint, "canary") {
			t.Errorf("%s: %v %s", text, err, complaint)
		}
	}
}

// TestRulesCanBeAdapted changes the rules of the fixture, as every user may change
// those of the project.
func TestRulesCanBeAdapted(t *testing.T) {
	c := fullChart(t)
	rule := func(args ...string) object {
		return c.render(t, append(args, "--set=prometheusRule.enabled=true,prometheusRule.namespace=rules")...).one(t, "PrometheusRule")
	}
	find := func(o object, key, name string) object {
		for _, g := range o.at("spec").list("groups") {
			for _, r := range g.list("rules") {
				if r[key] == name {
					return r
				}
			}
		}
		return nil
	}
	adapted := rule(`--set-json=prometheusRule={"thresholds": {"fixture_seconds": 2592000, "fixture_ratio": 0.85}, "disabled": ["Alone"], "ruleLabels": {"team": "network", "severity": "info"}}`)
	plain := rule()
	if ns := adapted.at("metadata")["namespace"]; ns != "rules" {
		t.Errorf("namespace %v", ns)
	}
	for name, want := range map[string]string{"fixture_seconds": "vector(2592000)", "fixture_ratio": "vector(0.85)", "fixture_other": "vector(3)"} {
		if got := find(adapted, "record", "equinix_fabric:threshold:"+name).string("expr"); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if find(plain, "alert", "Alone") == nil || find(adapted, "alert", "Alone") != nil || strings.Contains(fmt.Sprint(adapted), "name:lonely") {
		t.Error("the alert that is disabled is there, or its empty group")
	}
	if got := find(adapted, "alert", "PortFull").at("labels"); !cmp.Equal(got, object{"severity": "info", "team": "network"}) {
		t.Errorf("labels %v", got)
	}
	if got := find(adapted, "record", "port:load:max"); !cmp.Equal(got, find(plain, "record", "port:load:max")) || got == nil {
		t.Errorf("a recorded series has %v", got)
	}
	for set, want := range map[string]string{
		"prometheusRule.disabled={PortFull,Typo,fixture_ratio}": "prometheusRule.disabled: no alert is called Typo, fixture_ratio",
		"prometheusRule.thresholds.typo=1":                      "prometheusRule.thresholds: no threshold is called typo",
		"prometheusRule.thresholds.fixture_ratio=much":          "at '/prometheusRule/thresholds/fixture_ratio'",
	} {
		if _, complaint, err := c.template(t, "--set=prometheusRule.enabled=true,"+set); err == nil || !strings.Contains(complaint, want) {
			t.Errorf("%s: %v %s", set, err, complaint)
		}
	}
}

// TestEachThresholdCanBeSet takes the names from the project's own file.
func TestEachThresholdCanBeSet(t *testing.T) {
	names := regexp.MustCompile(`(?m)record: equinix_fabric:threshold:(\S+)`).FindAllStringSubmatch(rulesIn(t, root+"/deploy/prometheus")["equinix_fabric.thresholds.yml"], -1)
	thresholds := map[string]int{}
	for _, m := range names {
		thresholds[m[1]] = 4711
	}
	args := []string{"--set=prometheusRule.enabled=true", valuesFile(t, nested([]string{"prometheusRule", "thresholds"}, thresholds))}
	text := fmt.Sprint(chart{chartDir}.render(t, args...).one(t, "PrometheusRule"))
	if n := strings.Count(text, "vector(4711)"); n != len(thresholds) || n < 10 {
		t.Errorf("%d of %d thresholds", n, len(thresholds))
	}
}

func TestObjectsForOthersMayBeElsewhere(t *testing.T) {
	os := fullChart(t).render(t, "--set=serviceMonitor.enabled=true,serviceMonitor.namespace=a,prometheusRule.enabled=true,prometheusRule.namespace=b,dashboards.enabled=true,dashboards.namespace=c")
	for _, o := range os {
		want := map[string]string{"ServiceMonitor": "a", "PrometheusRule": "b"}[o.kind()]
		if strings.Contains(fmt.Sprint(o.at("data")), "equinix_fabric_port.json") || o.at("metadata", "labels")["grafana_dashboard"] == "1" {
			want = "c"
		}
		if want == "" {
			want = "monitoring"
		}
		if ns := o.at("metadata").string("namespace"); ns != want {
			t.Errorf("%s %s is in %s", o.kind(), o.name(), ns)
		}
	}
}
