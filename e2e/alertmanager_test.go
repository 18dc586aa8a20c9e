package e2e_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/rules"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

const (
	ruleDir  = "../deploy/prometheus"
	runbooks = "https://github.com/fabric-exporter/equinix_fabric_exporter/blob/main/docs/runbooks/"
)

// The whole way of an alert in real time: a port of the demo is down, the rules
// fire, Alertmanager has the alert, and holds it back once somebody works on the
// port. Only the "for" of the rules is shorter than what users load.
func TestAlertsReachAlertmanager(t *testing.T) {
	t.Parallel()
	_, demo := startDemo(t)
	ready(t, demo)
	am := startAlertmanager(t)
	runRules(t, newServer(t, strings.TrimPrefix(demo, "http://")), am)

	const down = "FR5-STANDBY-10G"
	port := am.alert(t, "FabricPortDown", down)
	wantLabels := map[string]string{
		"alertname": "FabricPortDown", "severity": "critical", "account": "classic", "metro": "FR", "port_name": down,
		"port_uuid": port.Labels["port_uuid"],
	}
	if fmt.Sprint(port.Labels) != fmt.Sprint(wantLabels) || port.Labels["port_uuid"] == "" {
		t.Errorf("labels %v, want %v", port.Labels, wantLabels)
	}
	notes := port.Annotations
	if notes["summary"] != down+" is down" || !strings.Contains(notes["description"], down+" (FR, account classic)") {
		t.Errorf("annotations %v", notes)
	}
	if receivers := fmt.Sprint(port.Receivers); receivers != "[{pager}]" || notes["runbook_url"] != runbooks+"FabricPortDown.md" {
		t.Errorf("goes to %s, with %s", receivers, notes["runbook_url"])
	}
	lag := am.alert(t, "FabricLAGLinkLost", "AM3-BACKBONE-LAG-40G")
	if text := lag.Annotations["description"]; !strings.Contains(text, "30Gbit/s of 40Gbit/s are left") || fmt.Sprint(lag.Receivers) != "[{tickets}]" {
		t.Errorf("goes to %v: %s", lag.Receivers, text)
	}
	am.alert(t, "FabricPortNotAttached", "SY3-BRANCH-1G")

	am.post(t, map[string]string{"alertname": "FabricPortMaintenance", "severity": "info", "port_uuid": port.Labels["port_uuid"]})
	eventually(t, func() error {
		if a := am.alert(t, "FabricPortDown", down); a.Status.State != "suppressed" || len(a.Status.InhibitedBy) != 1 {
			return fmt.Errorf("with maintenance in progress: %+v", a.Status)
		}
		return nil
	})
	if a := am.alert(t, "FabricLAGLinkLost", "AM3-BACKBONE-LAG-40G"); a.Status.State == "suppressed" {
		t.Errorf("maintenance of another port holds it back: %+v", a.Status)
	}
}

// What rides on a port that Equinix works on is down with it. Each alert has
// ports of its own here: one may explain another.
func TestMaintenanceHoldsBackWhatItExplains(t *testing.T) {
	t.Parallel()
	am := startAlertmanager(t)
	post := func(name, port string) {
		am.post(t, map[string]string{"alertname": name, "severity": "critical", "port_uuid": port, "port_name": port})
	}
	explained := []string{"FabricPortDown", "FabricLAGLinkLost", "FabricLAGWouldNotSurvive", "FabricConnectionDown"}
	for _, name := range append(explained, "FabricPortSaturated") {
		post(name, "worked on, "+name)
		post(name, "left alone, "+name)
		post("FabricPortMaintenance", "worked on, "+name)
	}
	eventually(t, func() error {
		for _, name := range explained {
			if a := am.alert(t, name, "worked on, "+name); a.Status.State != "suppressed" {
				return fmt.Errorf("%s: %+v", name, a.Status)
			}
		}
		return nil
	})
	for _, name := range explained {
		if a := am.alert(t, name, "left alone, "+name); a.Status.State == "suppressed" {
			t.Errorf("%s of another port: %+v", name, a.Status)
		}
	}
	if a := am.alert(t, "FabricPortSaturated", "worked on, FabricPortSaturated"); a.Status.State == "suppressed" {
		t.Errorf("a full port: %+v", a.Status)
	}
}

// alertmanager is a running Alertmanager by its root URL.
type alertmanager struct{ url string }

// amAlert is an alert as Alertmanager shows it.
type amAlert struct {
	Labels, Annotations map[string]string
	Receivers           []struct{ Name string }
	Status              struct {
		State       string
		InhibitedBy []string
	}
}

// startAlertmanager runs Alertmanager with the example configuration until the
// test ends.
func startAlertmanager(t *testing.T) alertmanager {
	t.Helper()
	return alertmanager{launch(t, nil, alertmanagerPath(t), "--config.file="+filepath.Join(ruleDir, "alertmanager.yml"),
		"--storage.path="+t.TempDir(), "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=").url(t)}
}

// alertmanagerPath finds Alertmanager. make test builds it; Debian calls it by the longer name.
func alertmanagerPath(t *testing.T) string {
	t.Helper()
	return need.Program(t, "prometheus-alertmanager", "alertmanager", "prometheus-alertmanager")
}

// alert waits until Alertmanager has that alert of that port.
func (am alertmanager) alert(t *testing.T, name, port string) (found amAlert) {
	t.Helper()
	eventually(t, func() error {
		a, err := ask(t, http.MethodGet, am.url+"/api/v2/alerts", nil)
		if err != nil {
			return err
		}
		var alerts []amAlert
		if err := json.Unmarshal(a.body, &alerts); err != nil {
			return fmt.Errorf("%s: %w", a.body, err)
		}
		i := slices.IndexFunc(alerts, func(a amAlert) bool { return a.Labels["alertname"] == name && a.Labels["port_name"] == port })
		if i < 0 {
			return fmt.Errorf("no %s of %s among %d alerts", name, port, len(alerts))
		}
		found = alerts[i]
		return nil
	})
	return found
}

// post makes an alert that lasts.
func (am alertmanager) post(t *testing.T, labels map[string]string) {
	t.Helper()
	body, err := json.Marshal([]map[string]any{{"labels": labels}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, am.url+"/api/v2/alerts", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("post an alert: %s", resp.Status)
	}
}

// runRules evaluates the rules every second, with every "for" cut down to one,
// and tells Alertmanager, until the test ends.
func runRules(t *testing.T, s *server, am alertmanager) {
	t.Helper()
	log := prom.Warnings(t)
	m := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation, Context: t.Context(), Logger: log, Registerer: prometheus.NewRegistry(),
		Appendable: s.db, Queryable: s.db, QueryFunc: rules.EngineQueryFunc(s.engine, s.db),
		NotifyFunc: rules.SendAlerts(newNotifier(t, am, log), "http://prometheus.example"), ResendDelay: time.Second,
	})
	var files []string
	for _, name := range []string{"thresholds", "recording", "alerts"} {
		name = "equinix_fabric." + name + ".yml"
		text, err := os.ReadFile(filepath.Join(ruleDir, name))
		if err != nil {
			t.Fatal(err)
		}
		short := regexp.MustCompile(`(?m)^( +for): .*`).ReplaceAllString(string(text), "$1: 1s")
		files = append(files, write(t, t.TempDir(), name, short))
	}
	if err := m.Update(time.Second, files, labels.EmptyLabels(), "", nil); err != nil {
		t.Fatal(err)
	}
	ran := make(chan struct{})
	go func() { defer close(ran); m.Run() }()
	t.Cleanup(func() { m.Stop(); <-ran })
}

// newNotifier sends to Alertmanager until the test ends.
func newNotifier(t *testing.T, am alertmanager, log *slog.Logger) *notifier.Manager {
	t.Helper()
	address := strings.TrimPrefix(am.url, "http://")
	cfg, err := config.Load(fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}", address), log)
	if err != nil {
		t.Fatal(err)
	}
	n := notifier.NewManager(&notifier.Options{QueueCapacity: 10_000, Registerer: prometheus.NewRegistry()}, model.UTF8Validation, log)
	if err := n.ApplyConfig(cfg); err != nil {
		t.Fatal(err)
	}
	targets := make(chan map[string][]*targetgroup.Group, 1)
	targets <- map[string][]*targetgroup.Group{
		"config-0": {{Source: "e2e", Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(address)}}}},
	}
	ran := make(chan struct{})
	go func() { defer close(ran); n.Run(targets) }()
	t.Cleanup(func() { n.Stop(); <-ran })
	return n
}
