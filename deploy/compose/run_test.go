package compose_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"
)

const loopback = "--web.listen-address=127.0.0.1:0"

// TestPrometheusScrapesTheDemo runs the exporter of the demo and Prometheus with
// the commands and files of their containers; only addresses are others.
func TestPrometheusScrapesTheDemo(t *testing.T) {
	t.Parallel()
	p := load(t, "demo")
	demo := newContainer(t, p, "exporter-demo")
	binary := exporter(t)
	target := start(t, demo.root, binary, append(demo.args(), loopback)...).address(t)
	check := demo.service.HealthCheck.Test
	if check[1] != "/equinix_fabric_exporter" {
		t.Errorf("the image has no %s", check[1])
	}
	output(t, demo.root, binary, append(check[2:], "--web.listen-address="+target)...)

	server := newContainer(t, p, "prometheus")
	const file = "/etc/prometheus/prometheus.yml"
	output(t, server.root, program(t, "promtool"), "check", "config", server.path(file))
	server.edit(t, file, "exporter:10345", target)
	// A busy machine may fail some scrapes within so short a time; one suffices.
	server.edit(t, file, "scrape_interval: 1m", "scrape_interval: 5s")
	base := "http://" + start(t, server.root, program(t, "prometheus"), append(server.args(), loopback)...).address(t)
	eventually(t, func() error {
		answer, err := get(t, base+"/api/v1/query?query=up%7Bjob%3D%22equinix_fabric%22%7D")
		if err == nil && !strings.Contains(answer, `,"1"]`) {
			err = fmt.Errorf("up is %s", answer)
		}
		return err
	})
	server.healthy(t, base)
}

func TestAlertmanagerStarts(t *testing.T) {
	t.Parallel()
	c := newContainer(t, load(t, "demo"), "alertmanager")
	output(t, c.root, program(t, "amtool"), "check-config", c.path("/etc/alertmanager/alertmanager.yml"))
	l := start(t, c.root, program(t, "alertmanager", "prometheus-alertmanager"), append(c.args(), loopback)...)
	c.healthy(t, "http://"+l.address(t))
}

func TestExporterAcceptsItsConfiguration(t *testing.T) {
	t.Parallel()
	c := newContainer(t, load(t, "real"), "exporter")
	const dir = "/etc/equinix_fabric_exporter" // where the image looks for config.yml
	c.edit(t, dir+"/config.yml", "/run/secrets/", c.path("/run/secrets")+"/")
	// The volume is mounted where the file is to be, else check would warn.
	c.edit(t, dir+"/config.yml", "/var/lib/", c.path("/var/lib")+"/")
	out := output(t, c.path(dir), exporter(t), "check")
	if !strings.Contains(out, "config.yml is valid: 1 account,") || strings.Contains(out, "state") {
		t.Error(out)
	}
}

func TestGrafanaFindsPrometheusAndDashboards(t *testing.T) {
	t.Parallel()
	p := load(t, "demo")
	c := newContainer(t, p, "grafana")
	// Grafana logs an error for each of these that it cannot read.
	for _, dir := range []string{"alerting", "dashboards", "datasources", "plugins"} {
		if _, err := os.ReadDir(c.path("/etc/grafana/provisioning/" + dir)); err != nil {
			t.Error(err)
		}
	}
	var sources struct {
		Datasources []struct{ Type, URL string }
	}
	var providers struct {
		Providers []struct{ Options struct{ Path string } }
	}
	for file, into := range map[string]any{"datasources/prometheus.yml": &sources, "dashboards/equinix_fabric.yml": &providers} {
		text, err := os.ReadFile(c.path("/etc/grafana/provisioning/" + file))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if len(sources.Datasources) != 1 || sources.Datasources[0].URL != "http://prometheus:9090" || p.Services["prometheus"].Name == "" {
		t.Errorf("data sources: %+v", sources)
	}
	mounted := false
	for _, v := range c.service.Volumes {
		mounted = mounted || v.Type == types.VolumeTypeBind && v.Target == providers.Providers[0].Options.Path
	}
	if !mounted {
		t.Errorf("nothing is mounted where dashboards are looked for: %+v", providers)
	}
}
