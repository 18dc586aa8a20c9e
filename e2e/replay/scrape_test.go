package replay_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
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

// scrape is what Prometheus would store of one scrape, its own series included.
type scrape struct {
	at      time.Time
	samples []sample
}

type sample struct {
	labels labels.Labels
	value  float64
	at     time.Time // of a point that was sent; zero means that of the scrape
}

// scrape gathers the families that are to be kept.
func (w *world) scrape() scrape {
	w.Helper()
	s := scrape{at: time.Now()}
	for _, name := range w.points {
		for _, p := range points(w.api, name, s.at.Add(-w.every-time.Hour), s.at) {
			if h := p.labels.Hash(); p.at.After(w.sent[h]) {
				w.sent[h] = p.at
				s.samples = append(s.samples, p)
			}
		}
	}
	for _, x := range w.exporters {
		if x.down {
			s.samples = append(s.samples, sample{labels: x.target("__name__", "up"), value: 0})
			continue
		}
		began := time.Now()
		families, err := x.reg.Gather()
		if err != nil {
			w.Fatal(err)
		}
		s.samples = append(s.samples,
			sample{labels: x.target("__name__", "up"), value: 1},
			sample{labels: x.target("__name__", "scrape_duration_seconds"), value: time.Since(began).Seconds()})
		for _, f := range families {
			if w.all || w.names[f.GetName()] {
				s.samples = append(s.samples, x.samples(f)...)
			}
		}
	}
	return s
}

// samples are those of a family. Of a histogram they are its classic buckets.
func (x *exporter) samples(f *dto.MetricFamily) (all []sample) {
	for _, m := range f.GetMetric() {
		var pairs []string
		for _, l := range m.GetLabel() {
			if l.GetValue() != "" {
				pairs = append(pairs, l.GetName(), l.GetValue())
			}
		}
		put := func(v float64, suffix string, more ...string) {
			more = append(more, model.MetricNameLabel, f.GetName()+suffix)
			all = append(all, sample{labels: x.target(append(more, pairs...)...), value: v})
		}
		if f.GetType() != dto.MetricType_HISTOGRAM {
			put(reading(f.GetType(), m), "")
			continue
		}
		h := m.GetHistogram()
		for _, b := range h.GetBucket() {
			put(float64(b.GetCumulativeCount()), "_bucket", "le", strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64))
		}
		put(float64(h.GetSampleCount()), "_bucket", "le", "+Inf")
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
		for _, g := range prom.ParseRules(t, file).Groups {
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
