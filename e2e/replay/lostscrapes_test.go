package replay_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"gopkg.in/yaml.v3"
)

// line is a series of the state in which an alert fires, as a straight line: what
// counts goes on counting.
type line struct {
	labels          labels.Labels
	zero, perMinute float64
}

func (l line) at(d time.Duration) float64 { return l.zero + l.perMinute*d.Minutes() }

// moment is what a promtool case expects at some time.
type moment struct {
	At       model.Duration `yaml:"eval_time"`
	Expected []yaml.Node    `yaml:"exp_alerts"`
}

// firing are the series of the promtool cases "… fires and recovers" at the moment
// when the alert fires there, by target. Each case has ports, accounts and targets
// of its own, named after the alert, so that one Prometheus can hold all of them.
func firing(t *testing.T) (targets map[string][]line, alerts []string) {
	t.Helper()
	targets = map[string][]line{}
	files, err := filepath.Glob(filepath.Join(rulesDir, "tests", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		var cases struct {
			Tests []struct {
				Name     string
				Interval model.Duration
				Series   []struct{ Series, Values string } `yaml:"input_series"`
				Alerts   []moment                          `yaml:"alert_rule_test"`
			}
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(text, &cases)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases.Tests {
			alert, found := strings.CutSuffix(c.Name, " fires and recovers")
			if !found || elsewhere[alert] != "" {
				continue
			}
			alerts = append(alerts, alert)
			at := c.Alerts[slices.IndexFunc(c.Alerts, func(m moment) bool { return len(m.Expected) > 0 })].At
			n := int(at / c.Interval)
			for _, s := range c.Series {
				l, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(s.Series + " " + s.Values)
				if err != nil {
					t.Fatal(err)
				}
				if n >= len(values) || values[n].Omitted || model.SampleValue(values[n].Value).String() == "NaN" {
					continue
				}
				// A straight line; of packets twice as many, because a rate over few samples is not exact.
				slope := (values[n].Value - values[max(n-1, 0)].Value) / time.Duration(c.Interval).Minutes()
				if strings.Contains(l.Get("__name__"), "_packets_") {
					slope *= 2
				}
				l = own(alert, l)
				targets[l.Get("instance")] = append(targets[l.Get("instance")],
					line{l, values[n].Value - slope*time.Duration(at).Minutes(), slope})
			}
		}
	}
	return targets, alerts
}

// own puts the name of the alert before whatever a series is about.
func own(alert string, l labels.Labels) labels.Labels {
	b := labels.NewBuilder(l).Set("job", "equinix_fabric").Set("instance", l.Get("instance"))
	for _, name := range []string{"account", "instance", "pair", "port_uuid", "primary_uuid", "secondary_uuid", "connection_uuid"} {
		if v := l.Get(name); v != "" || name == "instance" {
			b.Set(name, alert+" "+v)
		}
	}
	return b.Labels()
}

// elsewhere are the alerts that need a Prometheus of their own.
var elsewhere = map[string]string{
	"FabricExporterDown":       "TestAnExporterThatIsDownIsOneAlertAtAnyInterval",
	"FabricExporterRestarting": "it looks at a range, and restarts are no state",
	"FabricScrapesFailing":     "it is about the failures themselves",
	"FabricThresholdsMissing":  "it is about no scrape",
	// These take hours or weeks; tests/scrapes.yml has those that are about ports.
	"FabricConnectionPending": "it is read as FabricConnectionFailed is",
	"FabricPortFullSoon":      "what it divides is recorded once an hour",
	"FabricPairFullSoon":      "as FabricPortFullSoon",
}

// TestAlertsHoldWhenScrapesFail lets everything be wrong all the time, and wants
// each alert to fire and none to resolve. Sparse scrapes are evaluated every two minutes,
// which sees their gaps.
func TestAlertsHoldWhenScrapesFail(t *testing.T) {
	t.Parallel()
	targets, alerts := firing(t)
	if len(alerts) < 35 {
		t.Fatalf("only %d alerts have a case", len(alerts))
	}
	const span = 150 * time.Minute
	none := func(int) bool { return false }
	fifth := func(i int) bool { return i%5 == 4 }
	twoOfTen := func(i int) bool { return i%10 > 7 }
	for every, losses := range map[time.Duration]map[string]func(int) bool{
		15 * time.Second: {"every fifth": fifth},
		time.Minute:      {"every fifth": fifth},
		5 * time.Minute:  {"every fifth": fifth},
		10 * time.Minute: {"none": none, "every fifth": fifth, "two of ten": twoOfTen},
	} {
		for name, lost := range losses {
			t.Run(fmt.Sprintf("%v, %s lost", every, name), func(t *testing.T) {
				t.Parallel()
				e, spells, wanted := newEngine(t, ruleFiles()...), timeline{}, alerts
				if name == "every fifth" {
					wanted = append(slices.Clone(alerts), "FabricScrapesFailing")
				}
				e.groups = slices.DeleteFunc(e.groups, func(g *rules.Group) bool {
					return slices.Contains([]string{"equinix_fabric.groups", "equinix_fabric.prices"}, g.Name())
				}) // slow, and for no alert
				for at := time.Duration(0); at <= span; at += 15 * time.Second {
					if at%every == 0 {
						e.append(scrapeAll(targets, at, int(at/every), lost))
					}
					if at%min(max(every, time.Minute), 2*time.Minute) == 0 && at > 0 {
						e.evaluate(time.Unix(0, 0).UTC().Add(at))
						spells.note(e.labelled(), at)
					}
				}
				spells.hold(t, wanted)
			})
		}
	}
}

// scrapeAll scrapes all targets, each of which loses other scrapes.
func scrapeAll(targets map[string][]line, at time.Duration, i int, lost func(int) bool) scrape {
	s := scrape{at: time.Unix(0, 0).UTC().Add(at + 7*time.Second)}
	for n, instance := range slices.Sorted(maps.Keys(targets)) {
		up := 1.0
		if i > 2 && lost(i+n) {
			up = 0
		}
		for _, l := range targets[instance] {
			if l.labels.Get("__name__") == "up" {
				up = min(up, l.zero)
			}
		}
		s.samples = append(s.samples, sample{labels: labels.FromStrings("__name__", "up", "job", "equinix_fabric", "instance", instance), value: up})
		for _, l := range targets[instance] {
			if up == 1 && l.labels.Get("__name__") != "up" {
				s.samples = append(s.samples, sample{labels: l.labels, value: l.at(at)})
			}
		}
	}
	return s
}

// labelled are the alerts that are pending or firing, by all their labels.
func (e *engine) labelled() map[string]rules.AlertState {
	active := map[string]rules.AlertState{}
	for _, g := range e.groups {
		for _, r := range g.AlertingRules() {
			for _, a := range r.ActiveAlerts() {
				active[a.Labels.String()] = a.State
			}
		}
	}
	return active
}

// hold wants each alert to have fired, and no alert to have been resolved after that.
func (l timeline) hold(t *testing.T, alerts []string) {
	t.Helper()
	fired := map[string]bool{}
	for key := range l {
		for i, s := range l.fired(key) {
			if i > 0 || s.to != 0 {
				t.Errorf("%s is resolved: %v", key, l[key])
				break
			}
			_, rest, _ := strings.Cut(key, `alertname="`)
			alert, _, _ := strings.Cut(rest, `"`)
			fired[alert] = fired[alert] || alert == "FabricScrapesFailing" || strings.Contains(key, `="`+alert+` `)
		}
	}
	for _, alert := range alerts {
		if !fired[alert] {
			t.Errorf("%s does not fire", alert)
		}
	}
}

// TestAnExporterThatIsDownIsOneAlertAtAnyInterval has two exporters of which one goes
// down for good, with or without the ports of the other one.
func TestAnExporterThatIsDownIsOneAlertAtAnyInterval(t *testing.T) {
	t.Parallel()
	const begin, span = time.Hour, 3 * time.Hour
	for every, within := range map[time.Duration]time.Duration{
		15 * time.Second: 7 * time.Minute, time.Minute: 7 * time.Minute, 5 * time.Minute: 12 * time.Minute, 10 * time.Minute: 37 * time.Minute,
	} {
		for port, alert := range map[string]string{"p1": "FabricExporterReplicaDown", "p2": "FabricExporterDown"} {
			t.Run(fmt.Sprintf("%v, %s", every, alert), func(t *testing.T) {
				t.Parallel()
				targets := map[string][]line{}
				for instance, port := range map[string]string{"a": "p1", "b": port} {
					target := []string{"job", "equinix_fabric", "instance", instance}
					for _, s := range [][]string{
						{"__name__", "equinix_fabric_up", "account", "default"},
						{"__name__", "equinix_fabric_exporter_build_info"},
						{"__name__", "equinix_fabric_shard_info", "shard", "0", "shards", "1"},
						{"__name__", "equinix_fabric_port_info", "account", "default", "port_uuid", port},
					} {
						targets[instance] = append(targets[instance], line{labels: labels.FromStrings(append(s, target...)...), zero: 1})
					}
				}
				e, spells := newEngine(t, ruleFiles()...), timeline{}
				for at := time.Duration(0); at <= span; at += 15 * time.Second {
					if at%every == 0 {
						e.append(scrapeAll(targets, at, int(at/every), func(i int) bool { return at > begin && i == int(at/every)+1 }))
					}
					if at%time.Minute == 0 && at > 0 {
						e.evaluate(time.Unix(0, 0).UTC().Add(at))
						spells.note(e.active(), at)
					}
				}
				latest := begin + every + within
				if alert == "FabricExporterReplicaDown" {
					latest += 10 * time.Minute
				}
				wanted := []want{{alert, between{begin + 5*time.Minute, latest}, between{}}}
				if port == "p2" {
					wanted = append(wanted, want{"FabricAccountNameShared default", between{30 * time.Minute, begin}, between{begin, span}})
				}
				spells.expect(t, wanted...)
			})
		}
	}
}
