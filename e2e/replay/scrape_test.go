package replay_test

import (
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const rulesDir = "../../deploy/prometheus"

// ruleFiles are the rule files that users load, in an order in which whatever
// is recorded is there before it is used.
func ruleFiles() []string {
	var files []string
	for _, name := range []string{"thresholds", "recording", "alerts"} {
		files = append(files, filepath.Join(rulesDir, "equinix_fabric."+name+".yml"))
	}
	return files
}

// scrape is what Prometheus would store of one scrape, up included.
type scrape struct {
	at      time.Time
	samples []sample
}

type sample struct {
	labels labels.Labels
	value  float64
}

// scrape gathers the families that are to be kept.
func (w *world) scrape() scrape {
	w.Helper()
	s := scrape{at: time.Now()}
	for _, x := range w.exporters {
		if x.down {
			s.samples = append(s.samples, sample{x.target("__name__", "up"), 0})
			continue
		}
		s.samples = append(s.samples, sample{x.target("__name__", "up"), 1})
		families, err := x.reg.Gather()
		if err != nil {
			w.Fatal(err)
		}
		for _, f := range families {
			if w.keep(f.GetName()) {
				s.samples = append(s.samples, x.samples(f)...)
			}
		}
	}
	return s
}

// samples are those of a family. Histograms are left out.
func (x *exporter) samples(f *dto.MetricFamily) (all []sample) {
	if f.GetType() == dto.MetricType_HISTOGRAM {
		return nil
	}
	for _, m := range f.GetMetric() {
		pairs := []string{model.MetricNameLabel, f.GetName()}
		for _, l := range m.GetLabel() {
			if l.GetValue() != "" {
				pairs = append(pairs, l.GetName(), l.GetValue())
			}
		}
		all = append(all, sample{x.target(pairs...), reading(f.GetType(), m)})
	}
	return all
}

func reading(kind dto.MetricType, m *dto.Metric) float64 {
	if kind == dto.MetricType_COUNTER {
		return m.GetCounter().GetValue()
	}
	return m.GetGauge().GetValue()
}

// target adds the labels of the target.
func (x *exporter) target(pairs ...string) labels.Labels {
	return labels.FromStrings(append(pairs, "job", "equinix_fabric", "instance", x.instance)...)
}

// used are the families that rules name, as a scrape with a filter would keep
// them: the others cost time only.
func used(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range ruleFiles() {
		for _, g := range parse(t, file).Groups {
			for _, r := range g.Rules {
				for _, name := range metricName.FindAllString(r.Expr, -1) {
					names[name] = true
				}
				for _, m := range familyName.FindAllStringSubmatch(r.Expr, -1) {
					for family := range strings.SplitSeq(m[1], "|") {
						names["equinix_fabric_"+family] = true
					}
				}
			}
		}
	}
	return names
}

var (
	metricName = regexp.MustCompile(`\bequinix_fabric_[a-z0-9_]+|\bprocess_start_time_seconds`)
	familyName = regexp.MustCompile(`\bfamily=~?"([a-z0-9_|]+)"`) // of equinix_fabric:exporter:latest
)

func parse(t *testing.T, file string) *rulefmt.RuleGroups {
	t.Helper()
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if errs != nil {
		t.Fatal(errs)
	}
	return groups
}
