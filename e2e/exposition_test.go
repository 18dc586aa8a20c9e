package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const prefix = "equinix_fabric_"

// family is a metric family as docs/metrics.md promises it.
type family struct {
	name, kind string
	labels     []string // sorted
}

var familyRow = regexp.MustCompile("(?m)^\\| `(" + prefix + "\\w+)` \\| (\\w+) \\| ([^|]*) \\|")

// documented are the families of docs/metrics.md.
func documented(t *testing.T) []family {
	t.Helper()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []family
	for _, row := range familyRow.FindAllSubmatch(page, -1) {
		f := family{name: string(row[1]), kind: string(row[2])}
		for _, l := range regexp.MustCompile("`(\\w+)`").FindAllSubmatch(row[3], -1) {
			f.labels = append(f.labels, string(l[1]))
		}
		slices.Sort(f.labels)
		all = append(all, f)
	}
	if len(all) < 30 {
		t.Fatalf("docs/metrics.md has only %d families, or another form than this test reads", len(all))
	}
	return all
}

// scrapeOnce reads /metrics in its text form.
func scrapeOnce(t *testing.T, base string) map[string]*dto.MetricFamily {
	t.Helper()
	a := mustAsk(t, http.MethodGet, base+"/metrics", nil)
	if a.status != http.StatusOK {
		t.Fatalf("/metrics: %d %s", a.status, a.body)
	}
	return parseText(t, a.body)
}

// parseText reads the text form of /metrics.
func parseText(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// full waits until the exporter at base is ready and has polled every window of
// every port with success but for those that are bound to fail: readiness speaks
// of the first window alone, and a failure is an answer to it, such as that of a
// traffic source that exists no more.
func full(t *testing.T, base string, failing int) {
	t.Helper()
	ready(t, base)
	eventually(t, func() error {
		families := scrapeOnce(t, base)
		count := func(name string) int { return len(families[prefix+name].GetMetric()) }
		if polled, all := count("port_poll_last_success_timestamp_seconds"), count("port_info"); polled != all-failing {
			return fmt.Errorf("%d of %d ports polled with success", polled, all)
		}
		for _, m := range families[prefix+"traffic_source_info"].GetMetric() {
			if strings.Contains(m.String(), "v4-metrics") && count("port_metrics_attached") == 0 {
				return errors.New("it is not known which ports are attached to a stream")
			}
		}
		got := count("port_traffic_max_bytes_per_second")
		want := count("port_traffic_last_bytes_per_second") * count("traffic_window_info")
		if got != want || want == 0 {
			return fmt.Errorf("%d of %d maxima polled", got, want)
		}
		if count("state_restored_ports") > count("state_last_write_timestamp_seconds") {
			return errors.New("the state file has not been written")
		}
		if count("remote_write_behind_seconds") > count("remote_write_newest_sample_timestamp_seconds") {
			return errors.New("the receiver has no sample yet")
		}
		return fullConnections(families)
	})
}

// fullConnections returns an error until the tracked connections have
// been polled like the ports.
func fullConnections(families map[string]*dto.MetricFamily) error {
	count := func(name string) int { return len(families[prefix+name].GetMetric()) }
	inService := 0
	for _, m := range families[prefix+"connection_state"].GetMetric() {
		state := label(m, "state")
		none := slices.Contains([]string{"CANCELLED", "DEPROVISIONED", "DRAFT", "FAILED", "PENDING"}, state)
		if !none {
			inService++
		}
	}
	if polled := count("connection_poll_last_success_timestamp_seconds"); polled != inService {
		return fmt.Errorf("%d of %d connections polled with success", polled, inService)
	}
	for _, m := range families[prefix+"connection_traffic_source_info"].GetMetric() {
		if strings.Contains(m.String(), "v4-metrics") && count("connection_metrics_attached") == 0 {
			return errors.New("it is not known which connections are attached to a stream")
		}
	}
	got := count("connection_traffic_max_bytes_per_second")
	if want := count("connection_traffic_last_bytes_per_second") * count("traffic_window_info"); got != want {
		return fmt.Errorf("%d of %d maxima of connections polled", got, want)
	}
	return nil
}

// samples are values by series, as PromQL spells them, with sorted labels.
type samples map[string]float64

// values are the gauges and counters of the families whose name match picks.
func values(families map[string]*dto.MetricFamily, match func(name string) bool) samples {
	all := samples{}
	for name, f := range families {
		if !match(name) {
			continue
		}
		for _, m := range f.GetMetric() {
			v := m.GetGauge().GetValue()
			if f.GetType() == dto.MetricType_COUNTER {
				v = m.GetCounter().GetValue()
			}
			all[series(name, m)] = v
		}
	}
	return all
}

func series(name string, m *dto.Metric) string {
	var labels []string
	for _, l := range m.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	slices.Sort(labels)
	return name + "{" + strings.Join(labels, ",") + "}"
}

// only is a match for values.
func only(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

// portSeries are what is known of the ports, without the times of polls.
func portSeries(families map[string]*dto.MetricFamily) samples {
	return values(families, func(name string) bool {
		return strings.HasPrefix(name, prefix+"port_") && name != prefix+"port_poll_last_success_timestamp_seconds"
	})
}

// missing are the documented families that are not there.
func missing(want []family, got map[string]*dto.MetricFamily) []string {
	var names []string
	for _, f := range want {
		if got[f.name] == nil {
			names = append(names, f.name)
		}
	}
	return names
}

// label is the value of a label, "" where it is not there.
func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// labelNames are the sorted names of the labels of a series.
func labelNames(m *dto.Metric) []string {
	names := map[string]bool{}
	for _, l := range m.GetLabel() {
		names[l.GetName()] = true
	}
	return slices.Sorted(maps.Keys(names))
}

var word = regexp.MustCompile(`\w+`)

// complete gives the families in a PromQL expression their prefix. up stands
// for Prometheus' own.
func complete(t *testing.T, expr string) string {
	t.Helper()
	short := map[string]bool{}
	for _, f := range documented(t) {
		short[strings.TrimPrefix(f.name, prefix)] = true
	}
	delete(short, "up")
	return word.ReplaceAllStringFunc(expr, func(w string) string {
		if short[w] {
			return prefix + w
		}
		return w
	})
}
