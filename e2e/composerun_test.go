package e2e_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const loopback = "--web.listen-address=127.0.0.1:0"

// container is a directory that stands for the root of a container: it has what
// the service mounts there.
type container struct {
	service types.ServiceConfig
	root    string
}

// newContainer copies the mounts of a service, so that a test may change them.
// Volumes become empty directories, secrets files with the text "secret". Nothing
// can be written by group and others, as in a clone made with a umask of 022.
func newContainer(t *testing.T, p *types.Project, service string) container {
	t.Helper()
	c := container{p.Services[service], t.TempDir()}
	for _, v := range c.service.Volumes {
		target := c.path(v.Target)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		if v.Type == types.VolumeTypeBind {
			need.Run(t, "", "cp", "-r", v.Source, target)
		} else if err := os.Mkdir(target, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range c.service.Secrets {
		if err := os.MkdirAll(c.path("/run/secrets"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, c.path("/run/secrets"), s.Source, "secret")
	}
	err := filepath.WalkDir(c.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// path is where a path of the container is on this machine.
func (c container) path(inside string) string { return filepath.Join(c.root, inside) }

// edit replaces a text in a file of the container.
func (c container) edit(t *testing.T, inside, from, to string) {
	t.Helper()
	text, err := os.ReadFile(c.path(inside))
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %q: %v", inside, from, err)
	}
	write(t, c.root, inside, strings.ReplaceAll(string(text), from, to))
}

// args are the command of the service, with the paths of the container as they
// are on this machine.
func (c container) args() []string {
	args := slices.Clone([]string(c.service.Command))
	for i, a := range args {
		if flag, path, ok := strings.Cut(a, "=/"); ok {
			args[i] = flag + "=" + c.path(path)
		}
	}
	return append(args, loopback)
}

// healthy asks a server at base what its health check asks inside the container.
func (c container) healthy(t *testing.T, base string) {
	t.Helper()
	check := c.service.HealthCheck.Test
	_, path, ok := strings.Cut(strings.TrimPrefix(check[len(check)-1], "http://"), "/")
	if !ok || check[1] != "wget" { // which the images have
		t.Fatalf("health check %v", check)
	}
	eventually(t, func() error {
		a, err := ask(t, http.MethodGet, base+"/"+path, nil)
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("%s: %d %s", path, a.status, a.body)
		}
		return err
	})
}

// The exporter of the demo and Prometheus run with the commands and files of their
// containers; only addresses are others.
func TestComposePrometheusScrapesTheDemo(t *testing.T) {
	t.Parallel()
	p := loadCompose(t, "demo")
	demo := newContainer(t, p, "exporter-demo")
	target := start(t, nil, demo.args()...).address(t)
	check := demo.service.HealthCheck.Test
	if check[1] != "/equinix_fabric_exporter" {
		t.Errorf("the image has no %s", check[1])
	}
	need.Run(t, demo.root, exporterPath, append(check[2:], "--web.listen-address="+target)...)

	server := newContainer(t, p, "prometheus")
	const file = "/etc/prometheus/prometheus.yml"
	need.Run(t, server.root, need.Program(t, "prometheus", "promtool"), "check", "config", server.path(file))
	server.edit(t, file, "exporter:10345", target)
	// A busy machine may fail some scrapes within so short a time; one suffices.
	server.edit(t, file, "scrape_interval: 1m", "scrape_interval: 5s")
	base := launch(t, nil, need.Program(t, "prometheus", "prometheus"), server.args()...).url(t)
	eventually(t, func() error {
		a, err := ask(t, http.MethodGet, base+"/api/v1/query?query=up%7Bjob%3D%22equinix_fabric%22%7D", nil)
		if err == nil && !strings.Contains(string(a.body), `,"1"]`) {
			err = fmt.Errorf("up is %s", a.body)
		}
		return err
	})
	server.healthy(t, base)
}

// The exporter and the backfill of the demo send to Prometheus, all with the commands and files
// of their containers; then Prometheus has every interval of two weeks at its time, with its
// value.
func TestComposeShowsTwoWeeks(t *testing.T) {
	t.Parallel()
	p := loadCompose(t, "demo")
	server := newContainer(t, p, "prometheus")
	base := launch(t, nil, need.Program(t, "prometheus", "prometheus"), server.args()...).url(t)
	server.healthy(t, base)
	demo := newContainer(t, p, "exporter-demo")
	demo.send(t, base)
	ready(t, start(t, nil, demo.args()...).url(t))
	backfill := container{p.Services["backfill-demo"], demo.root} // the volume is the same
	if backfill.service.NetworkMode != "service:exporter-demo" {
		t.Errorf("the simulated API listens on loopback; network_mode %s", backfill.service.NetworkMode)
	}
	need.Run(t, demo.root, exporterPath, backfill.args()...)

	now := time.Now()
	from, to := now.Add(-14*24*time.Hour+time.Hour), now.Add(-time.Hour)
	const unit = 1e6 / 8 // of Mbit/s, in bytes per second
	classic := fabrictest.New(fabrictest.Options{})
	checked := 0
	for _, port := range classic.Fleet().Ports {
		for d, direction := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
			want := map[float64]float64{}
			for _, s := range classic.Truth(port.UUID, d, from, to, 5*time.Minute, now) {
				want[float64(s.End.Unix())] = s.Mean * unit
			}
			checked += comparePoints(t, base, port.UUID, direction, from, to, want)
		}
	}
	fleet := fabrictest.DemoMetrics(1)
	metrics := fabrictest.New(fabrictest.Options{Fleet: &fleet})
	for _, port := range fleet.Ports {
		if port.Stream.Status != fabrictest.Attached || !port.Stream.MetricsEnabled {
			continue
		}
		for name, direction := range map[string]string{fabrictest.MetricPortRx: "inbound", fabrictest.MetricPortTx: "outbound"} {
			want := map[float64]float64{}
			for _, point := range metrics.MetricTruth(port.UUID, name, from, to, 5*time.Minute, now) {
				want[float64(point.End.UnixMilli())/1000] = point.Value / 8
			}
			checked += comparePoints(t, base, port.UUID, direction, from, to, want)
		}
	}
	if least := 14 * 2 * 13 * 24 * 12; checked < least { // of 17 ports with traffic
		t.Errorf("only %d points were compared", checked)
	}
}

// send replaces the address of Prometheus in the command of the service.
func (c *container) send(t *testing.T, base string) {
	t.Helper()
	c.service.Command = slices.Clone(c.service.Command)
	for i, a := range c.service.Command {
		if a, ok := strings.CutPrefix(a, "--demo.remote-write=http://prometheus:9090/"); ok {
			c.service.Command[i] = "--demo.remote-write=" + base + "/" + a
			return
		}
	}
	t.Errorf("the demo sends nothing: %q", c.service.Command)
}

// comparePoints compares the means of a port that Prometheus has between two times with want,
// and returns how many there are.
func comparePoints(t *testing.T, base, uuid, direction string, from, to time.Time, want map[float64]float64) int {
	t.Helper()
	selector := fmt.Sprintf(`equinix_fabric_port_interval_mean_bytes_per_second{port_uuid=%q,direction=%q,resolution="5m"}[%dms] @ %.3f`,
		uuid, direction, to.Sub(from).Milliseconds(), float64(to.UnixMilli())/1000)
	a := mustAsk(t, http.MethodGet, base+"/api/v1/query?query="+url.QueryEscape(selector), nil)
	var body struct {
		Data struct{ Result []struct{ Values [][2]any } }
	}
	if err := json.Unmarshal(a.body, &body); err != nil || a.status != http.StatusOK {
		t.Fatalf("%s: %d %v", selector, a.status, err)
	}
	got := map[float64]float64{}
	for _, series := range body.Data.Result {
		for _, v := range series.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			value, err := strconv.ParseFloat(text, 64)
			if _, twice := got[at]; twice || err != nil {
				t.Fatalf("%s: %v at %v: twice, or %v", uuid, v[1], at, err)
			}
			got[at] = value
		}
	}
	maps.DeleteFunc(want, func(at, _ float64) bool { return at < float64(from.Unix()) }) // the interval under way then
	if !maps.Equal(got, want) {
		t.Errorf("%s %s: %d points, want %d, or their values differ", uuid, direction, len(got), len(want))
	}
	return len(got)
}

func TestComposeAlertmanagerStarts(t *testing.T) {
	t.Parallel()
	c := newContainer(t, loadCompose(t, "demo"), "alertmanager")
	need.Run(t, c.root, need.Program(t, "prometheus-alertmanager", "amtool"), "check-config", c.path("/etc/alertmanager/alertmanager.yml"))
	c.healthy(t, launch(t, nil, alertmanagerPath(t), c.args()...).url(t))
}

func TestComposeExporterAcceptsItsConfiguration(t *testing.T) {
	t.Parallel()
	c := newContainer(t, loadCompose(t, "real"), "exporter")
	const dir = "/etc/equinix_fabric_exporter" // where the image looks for config.yml
	c.edit(t, dir+"/config.yml", "/run/secrets/", c.path("/run/secrets")+"/")
	// The volume is mounted where the file is to be, else check would warn.
	c.edit(t, dir+"/config.yml", "/var/lib/", c.path("/var/lib")+"/")
	out := need.Run(t, c.path(dir), exporterPath, "check")
	if !strings.Contains(out, "config.yml is valid: 1 account,") || strings.Contains(out, "state") {
		t.Error(out)
	}
}

func TestComposeGrafanaFindsPrometheusAndDashboards(t *testing.T) {
	t.Parallel()
	p := loadCompose(t, "demo")
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
