package helm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNonsenseIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []string
		want []string
	}{
		{"unknown value", []string{"replica=2"}, []string{"'replica' not allowed"}},
		{"unknown value below", []string{"web.tls=x"}, []string{"at '/web'", "'tls' not allowed"}},
		{"wrong type", []string{"replicas=two"}, []string{"at '/replicas'"}},
		{"no shard", []string{"shards=0"}, []string{"at '/shards'"}},
		{"level", []string{"log.level=loud"}, []string{"at '/log/level'"}},
		{"interval", []string{"serviceMonitor.interval=1"}, []string{"at '/serviceMonitor/interval'"}},
		{"everybody may scrape", []string{"networkPolicy.from=null"}, []string{"at '/networkPolicy'", "'from'"}},
		{"name with a dot", []string{"nameOverride=a.b", "fullnameOverride=9f"}, []string{"at '/nameOverride'", "at '/fullnameOverride'"}},
		{"number in the environment", []string{"extraEnv[0].name=A", "extraEnv[0].value=1"}, []string{"at '/extraEnv/0/value'"}},
		{"TLS misspelt", []string{"serviceMonitor.endpoint.tlsConfg.ca=x"}, []string{"at '/serviceMonitor/endpoint'", "'tlsConfg' not allowed"}},
		{"TLS misspelt within", []string{"podMonitor.endpoint.tlsConfig.insecureSkipVerfiy=true"}, []string{"at '/podMonitor/endpoint/tlsConfig'", "'insecureSkipVerfiy' not allowed"}},
		{"host of nothing", []string{"ingress.enabled=true"}, []string{"ingress.hosts: is required"}},
		{
			"one claim for all shards", []string{"shards=2", "state.persistentVolume.enabled=true", "state.persistentVolume.existingClaim=x"},
			[]string{"state.persistentVolume.existingClaim: each shard has a claim of its own"},
		},
		{"labels that select", []string{`commonLabels.app\.kubernetes\.io/name=x`}, []string{"invalid propertyName 'app.kubernetes.io/name'"}},
		{
			"replicas of shards", []string{"shards=2", "replicas=2"},
			[]string{"replicas: shards have one pod each"},
		},
		{
			"one file of two replicas", []string{"replicas=2", "state.persistentVolume.enabled=true", "strategy.type=RollingUpdate"},
			[]string{"state.persistentVolume.enabled: replicas would write to the same file", "strategy: with state.persistentVolume"},
		},
		{
			"volume of nothing", []string{"state.enabled=false", "state.persistentVolume.enabled=true"},
			[]string{"state.persistentVolume.enabled: nothing is kept without state.enabled"},
		},
		{"state twice", []string{"config.state.file=/tmp/x"}, []string{"config.state: is what the chart writes"}},
		{"size", []string{"state.persistentVolume.size=much"}, []string{"at '/state/persistentVolume/size'"}},
		{
			"two configurations", []string{"existingConfig.configMap=a", "existingConfig.secret=b"},
			[]string{"existingConfig: give configMap or secret, not both"},
		},
		{"secret twice", []string{"credentials.stringData.client_id=x"}, []string{"credentials.stringData: set credentials.existingSecret"}},
		{"token for everybody", []string{"tokenExchange.enabled=true"}, []string{"tokenExchange.audience: is required"}},
		{"scraped twice", []string{"serviceMonitor.enabled=true", "podMonitor.enabled=true"}, []string{"podMonitor.enabled: "}},
		{
			"several at once", []string{"web.probeUsername=x", "config.accounts[0].client_secret=canary"},
			[]string{
				"web.probeUsername, web.probePasswordKey: belong together", "web.probeUsername: there is no web.configSecret",
				"config.accounts[0].client_secret: does not belong in a ConfigMap",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var args []string
			for _, s := range c.set {
				args = append(args, "--set="+s)
			}
			_, complaint, err := chart{chartDir}.template(t, args...)
			if (err != nil) != (len(c.want) > 0) {
				t.Errorf("error %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(complaint, w) {
					t.Errorf("want %q in:\n%s", w, complaint)
				}
			}
			if strings.Contains(complaint, "canary") {
				t.Errorf("shows the secret: %s", complaint)
			}
		})
	}
}

func TestSecretsLandInSecretsOnly(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		found := 0
		for _, o := range os {
			content := fmt.Sprint(o)
			if !strings.Contains(content, "canary-") {
				continue
			}
			if found++; o.kind() != "Secret" {
				t.Errorf("%s %s: %s", o.kind(), o.name(), content)
			}
		}
		if want := name == "created-secret"; (found == 1) != want {
			t.Errorf("the secret is in %d objects", found)
		}
	})
}

func TestPodsRestartWithTheirConfigurationOnly(t *testing.T) {
	sum := func(args ...string) any {
		w := chart{chartDir}.render(t, args...).workload(t)
		return w.at("spec", "template", "metadata", "annotations")["checksum/config"]
	}
	first, same, changed := sum(), sum("--set=serviceMonitor.enabled=true"), sum("--set=config.poll.interval=10m")
	if first == nil || first != same || first == changed {
		t.Errorf("checksums %v, %v of the same and %v of another configuration", first, same, changed)
	}
	if own := sum("--set=existingConfig.configMap=x"); own != nil {
		t.Errorf("checksum %v of a configuration that the chart does not know", own)
	}
}

func TestRulesAndDashboardsArePassedOnAsTheyAre(t *testing.T) {
	os := fullChart(t).render(t, "--set=prometheusRule.enabled=true", "--set=dashboards.enabled=true")
	byName := map[string]object{}
	for _, g := range os.one(t, "PrometheusRule").at("spec").list("groups") {
		byName[g.string("name")] = g
	}
	want := parse(t, rules)[0].list("groups")
	if len(want) != 4 {
		t.Fatalf("%d groups in the fixture", len(want))
	}
	for _, g := range want {
		if diff := cmp.Diff(g, byName[g.string("name")]); diff != "" {
			t.Errorf("group %s (-want +got):\n%s", g.string("name"), diff)
		}
	}
	found := false
	for _, o := range os.all("ConfigMap") {
		if o.at("metadata", "labels")["grafana_dashboard"] == "1" && o.name() == "fabric-equinix-fabric-exporter-fixture-one" {
			found = o.at("data").string("equinix_fabric_Fixture_one.json") == dashboard
		}
	}
	if !found {
		t.Error("no ConfigMap holds the dashboard")
	}
}

func TestNothingToEnableIsAFault(t *testing.T) {
	c := fullChart(t)
	removeFiles(t, c)
	for value, want := range map[string]string{
		"prometheusRule.enabled=true": "this chart was made without rules",
		"dashboards.enabled=true":     "this chart was made without dashboards",
	} {
		if _, complaint, err := c.template(t, "--set="+value); err == nil || !strings.Contains(complaint, want) {
			t.Errorf("%s: %v, %s", value, err, complaint)
		}
	}
	c.write(t, "files/rules/broken.yml", "groups: [\n")
	if _, complaint, err := c.template(t, "--set=prometheusRule.enabled=true"); err == nil || !strings.Contains(complaint, "broken.yml: no groups") {
		t.Errorf("a broken file: %v, %s", err, complaint)
	}
}
