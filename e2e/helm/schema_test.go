package helm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// rules and dashboard stand for those of the project in tests. Both are full of
// what a template engine could trip over.
const (
	rules = `groups:
  - name: fixture
    interval: 1m
    rules:
      - alert: PortFull
        expr: port_load{window="1d"} > 0.8
        for: 30m
        labels: {severity: "1e3"}
        annotations: {summary: '{{ $labels.port_name }} is {{ $value | humanizePercentage }} full'}
  - name: second
    rules: [{record: "port:load:max", expr: "max by (port_uuid) (port_load)"}]
  - name: thresholds
    rules:
      - {record: "equinix_fabric:threshold:fixture_seconds", expr: vector(1)}
      - {record: "equinix_fabric:threshold:fixture_ratio", expr: vector(2)}
      - {record: "equinix_fabric:threshold:fixture_other", expr: vector(3)}
  - name: lonely
    rules: [{alert: Alone, expr: up}]
`
	dashboard = `{"title": "Fixture", "panels": [{"legendFormat": "{{port_name}}", "threshold": 1e9}]}
`
)

// validation is what kubeconform says of manifests.
type validation struct {
	Resources []struct{ Kind, Name, Status, Msg string }
	Summary   struct{ Valid, Invalid, Errors, Skipped int }
}

// validate holds manifests against the schemas of a version of Kubernetes.
func validate(t *testing.T, kubeVersion, manifests string) validation {
	t.Helper()
	said, complaint, err := process{stdin: strings.NewReader(manifests)}.run(t, tool(t, ".tools/kubeconform"),
		"-strict", "-summary", "-output=json", "-schema-location",
		tool(t, ".tools/schemas/"+kubeVersion)+"/{{.ResourceKind}}{{.KindSuffix}}.json", "-")
	var v validation
	if jsonErr := json.Unmarshal([]byte(said), &v); jsonErr != nil {
		t.Fatalf("kubeconform: %v, %v: %s%s", err, jsonErr, said, complaint)
	}
	return v
}

func TestEveryRenderingIsValid(t *testing.T) {
	c := fullChart(t)
	for name, file := range values(t) {
		for _, version := range kubeVersions(t) {
			t.Run(name+" on "+version, func(t *testing.T) {
				manifests, complaint, err := c.templateFor(t, version, "--values="+file)
				if err != nil {
					t.Fatalf("%v\n%s", err, complaint)
				}
				v := validate(t, version, manifests)
				if v.Summary.Valid != len(parse(t, manifests)) || v.Summary.Valid < 3 {
					t.Errorf("%+v of %d objects", v, len(parse(t, manifests)))
				}
			})
		}
	}
}

func TestLintIsSilent(t *testing.T) {
	c := fullChart(t)
	for name, file := range values(t) {
		t.Run(name, func(t *testing.T) {
			said, complaint, err := command(t, tool(t, ".tools/helm"), "lint", "--strict", "--values="+file, c.dir)
			if err != nil || strings.Contains(said, "[WARNING]") {
				t.Errorf("%v\n%s%s", err, said, complaint)
			}
		})
	}
}

// TestSchemasRefuse holds the schemas themselves: each manifest is one change
// away from one that they accept.
func TestSchemasRefuse(t *testing.T) {
	const (
		deployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replicas: 1,
  selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: x, image: web,
  livenessProbe: {httpGet: {path: /, port: metrics}}, resources: {limits: {cpu: 2, memory: 1Gi}}}]}}}}`
		monitor = `{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: x, labels: {a: b}},
  spec: {selector: {matchLabels: {a: b}}, endpoints: [{port: metrics, scheme: https, interval: 1m, targetPort: 80}]}}`
		rule = `{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: x},
  spec: {groups: [{name: g, rules: [{alert: a, expr: up, for: 5m}]}]}}`
		policy = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x},
  spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{protocol: TCP, port: metrics}]}]}}`
	)
	for _, base := range []struct {
		manifest string
		changes  [][2]string // old, new
	}{
		{deployment, [][2]string{
			{"replicas: 1", "replica: 1"}, {"replicas: 1", `replicas: "1"`}, {"livenessProbe", "livenesProbe"},
			{"image: web", "image: 7"}, {"port: metrics", "port: [1]"}, {"port: metrics", "prt: metrics"},
			{"memory: 1Gi", "memory: {}"}, {"kind: Deployment", "kind: Deployments"}, {"selector: {matchLabels: {a: b}}, ", ""},
			{"labels: {a: b}", "labels: {a: 1}"}, {"name: x, image", "image"}, {"apps/v1", "apps/v1beta2"},
		}},
		{monitor, [][2]string{
			{"endpoints", "endpoint"}, {"interval: 1m", "interval: 1"}, {"interval: 1m", "interval: soon"},
			{"scheme: https", "scheme: gopher"}, {"labels:", "lables:"}, {"selector: {matchLabels: {a: b}}, ", ""},
		}},
		{rule, [][2]string{{"expr: up", "exp: up"}, {"expr: up, ", ""}, {"for: 5m", "for: 5"}, {"name: g, ", ""}}},
		{policy, [][2]string{{"policyTypes: [Ingress]", "policyTypes: Ingress"}, {"ports: [", "port: ["}}},
	} {
		for _, version := range kubeVersions(t) {
			if v := validate(t, version, base.manifest); v.Summary.Valid != 1 {
				t.Fatalf("%s refuses what is right: %+v", version, v)
			}
			for _, c := range base.changes {
				t.Run(fmt.Sprintf("%s for %s on %s", c[1], c[0], version), func(t *testing.T) {
					wrong := strings.Replace(base.manifest, c[0], c[1], 1)
					if v := validate(t, version, wrong); wrong == base.manifest || v.Summary.Valid != 0 || v.Summary.Skipped != 0 {
						t.Errorf("accepted: %+v\n%s", v, wrong)
					}
				})
			}
		}
	}
}
