package soak_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const prefix = "equinix_fabric_"

// expectation is what a series must say.
type expectation struct {
	value float64
	maybe bool // it need not be there
	any   bool // whatever it says: the truth changed while it was asked for
}

// oracle works out what one scrape must say. It takes from the exporter what
// that claims to know when, never what it knows.
type oracle struct {
	s    *soak
	now  time.Time
	snap *fleet.Snapshot
	want map[string]expectation
	seen map[string]bool // families that the oracle has an opinion on
}

// series writes a series as the comparison knows it. Labels come in pairs.
func series(family string, labels ...string) string {
	pairs := make([]string, 0, len(labels)/2)
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+"="+labels[i+1])
	}
	slices.Sort(pairs)
	return family + "{" + strings.Join(pairs, ",") + "}"
}

func (o *oracle) expect(e expectation, family string, labels ...string) {
	o.seen[family] = true
	o.want[series(family, labels...)] = e
}

// is expects a value.
func (o *oracle) is(v float64, family string, labels ...string) {
	o.expect(expectation{value: v}, family, labels...)
}

// knownLabels are the labels of the info families that the oracle knows; the others are
// prose.
var knownLabels = map[string][]string{
	"port_info":       {"port_uuid", "port_name", "account", "metro", "ibx", "encapsulation", "package", "redundancy_priority", "redundancy_group"},
	"connection_info": {"connection_uuid", "connection_name", "account", "port_uuid", "port_name"},
	"pair_info":       {"primary_uuid", "secondary_uuid"},
}

// compare holds a scrape against the oracle.
func (s *soak) compare(families map[string]*dto.MetricFamily) {
	s.t.Helper()
	o := &oracle{s: s, now: time.Now(), snap: s.daemon.Snapshot(), want: map[string]expectation{}, seen: map[string]bool{}}
	o.accounts(families)
	for _, e := range s.estates {
		o.ports(e)
		o.tracked(e)
	}
	o.pairs(families)
	o.itself(families)
	for _, name := range slices.Sorted(maps.Keys(families)) {
		short, ours := strings.CutPrefix(name, prefix)
		if !ours {
			continue
		}
		if !o.seen[short] {
			s.fault("there is no expectation for %s", name)
		}
		for _, m := range families[name].GetMetric() {
			o.check(short, m)
		}
	}
	for key, e := range o.want {
		if !e.maybe {
			s.fault("%s is missing, want %v", key, e.value)
		}
	}
}

// check holds one series against its expectation, and takes that away.
func (o *oracle) check(family string, m *dto.Metric) {
	o.s.t.Helper()
	var labels []string
	for _, l := range m.GetLabel() {
		if known := knownLabels[family]; known == nil || slices.Contains(known, l.GetName()) {
			labels = append(labels, l.GetName(), l.GetValue())
		}
	}
	key, v := series(family, labels...), number(m)
	e, ok := o.want[key]
	switch {
	case !ok:
		o.s.fault("%s = %v, want no such series", key, v)
	case !e.any && math.Abs(v-e.value) > tolerance(family, e.value):
		o.s.fault("%s = %v, want %v", key, v, e.value)
	default:
		o.s.compared[family]++
	}
	delete(o.want, key)
}

// tolerance is for sums in another order; a time is no sum.
func tolerance(family string, v float64) float64 {
	if strings.HasSuffix(family, "_timestamp_seconds") {
		return 1e-3
	}
	return 1e-9 * math.Abs(v)
}

// number is the value of a series; of a histogram, its count.
func number(m *dto.Metric) float64 {
	switch {
	case m.Gauge != nil:
		return m.GetGauge().GetValue()
	case m.Counter != nil:
		return m.GetCounter().GetValue()
	case m.Histogram != nil:
		return float64(m.GetHistogram().GetSampleCount())
	default:
		return m.GetUntyped().GetValue()
	}
}

// fault tells of a wrong number; of the first few, lest the log be unreadable.
func (s *soak) fault(format string, args ...any) {
	s.t.Helper()
	if s.wrong++; s.wrong <= 30 {
		s.t.Errorf("after %v: %s", s.elapsed().Round(time.Second), fmt.Sprintf(format, args...))
	}
}
