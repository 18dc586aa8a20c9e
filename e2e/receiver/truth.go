package receiver

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// The traffic sources, as the configuration spells them.
const (
	V3      = "v3"
	Stats   = "v4-stats"
	Metrics = "v4-metrics"
)

const prefix = "equinix_fabric_"

// Truth is where the exporter reads from.
type Truth struct {
	API    *fabrictest.API
	Source string
	// Sides are the sides from which connections with traffic are seen, by UUID.
	Sides map[string]string
	// Only are the ports and connections that matter; nil for all.
	Only map[string]bool
}

// directions are the values of a label, by what they are called in the API.
var directions = map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"}

// Between returns every point that the API gives at the time now for intervals with an
// end after from and not after to: of its ports, and of the connections in Sides.
func (tr Truth) Between(from, to, now time.Time, resolution time.Duration) Points {
	all := Points{}
	f := tr.API.Fleet()
	for _, p := range f.Ports {
		if !p.Foreign && tr.has(p.UUID, p.Stream) {
			tr.port(all, p.UUID, cmp.Or(p.Name, p.UUID), window{from, to, now, resolution})
		}
	}
	for _, c := range f.Connections {
		if side, ok := tr.Sides[c.UUID]; ok && tr.has(c.UUID, c.Stream) {
			tr.connection(all, c.UUID, cmp.Or(c.Name, c.UUID), side, window{from, to, now, resolution})
		}
	}
	return all
}

// has reports whether there are points of a port or connection.
func (tr Truth) has(uuid string, s fabrictest.Stream) bool {
	attached := s.UUID != "" && s.Status == fabrictest.Attached && s.MetricsEnabled
	return (tr.Only == nil || tr.Only[uuid]) && (attached || tr.Source != Metrics)
}

type window struct {
	from, to, now time.Time
	resolution    time.Duration
}

// label is the value of the label of that name.
func (w window) label() string {
	return map[time.Duration]string{5 * time.Minute: "5m", time.Hour: "1h"}[w.resolution]
}

func (tr Truth) port(all Points, uuid, name string, w window) {
	l := []string{"port_uuid", uuid, "port_name", name, "resolution", w.label()}
	if tr.Source != Metrics {
		for d, direction := range directions {
			samples := tr.API.Truth(uuid, d, w.from, w.to, w.resolution, w.now)
			all.add(w, prefix+"port_interval", samples, append(l, "direction", direction))
		}
		return
	}
	for metric, family := range map[string]struct {
		name, direction string
		unit            float64
	}{
		fabrictest.MetricPortRx:        {"port_interval_mean_bytes_per_second", "inbound", 1. / 8},
		fabrictest.MetricPortTx:        {"port_interval_mean_bytes_per_second", "outbound", 1. / 8},
		fabrictest.MetricPortDroppedRx: {"port_interval_packets_dropped", "inbound", 1},
		fabrictest.MetricPortDroppedTx: {"port_interval_packets_dropped", "outbound", 1},
		fabrictest.MetricPortErredRx:   {"port_interval_packets_errored", "inbound", 1},
		fabrictest.MetricPortErredTx:   {"port_interval_packets_errored", "outbound", 1},
	} {
		points := tr.API.MetricTruth(uuid, metric, w.from, w.to, w.resolution, w.now)
		all.addMetric(w, prefix+family.name, points, family.unit, append(l, "direction", family.direction))
	}
}

func (tr Truth) connection(all Points, uuid, name, side string, w window) {
	l := []string{"connection_uuid", uuid, "connection_name", name, "resolution", w.label()}
	if tr.Source != Metrics {
		for d, direction := range directions {
			samples := tr.API.ConnectionTruth(uuid, side, d, w.from, w.to, w.resolution, w.now)
			all.add(w, prefix+"connection_interval", samples, append(l, "direction", direction))
		}
		return
	}
	for metric, family := range map[string]struct {
		name, direction, side string
		unit                  float64
	}{
		fabrictest.MetricConnectionRx:        {"connection_interval_mean_bytes_per_second", "inbound", "", 1. / 8},
		fabrictest.MetricConnectionTx:        {"connection_interval_mean_bytes_per_second", "outbound", "", 1. / 8},
		fabrictest.MetricConnectionDroppedRA: {"connection_interval_packets_dropped", "inbound", "a", 1},
		fabrictest.MetricConnectionDroppedTA: {"connection_interval_packets_dropped", "outbound", "a", 1},
		fabrictest.MetricConnectionDroppedRZ: {"connection_interval_packets_dropped", "inbound", "z", 1},
		fabrictest.MetricConnectionDroppedTZ: {"connection_interval_packets_dropped", "outbound", "z", 1},
	} {
		if side == fabrictest.ZSide && family.side == "" { // rates are given as seen from the a-side, whatever ours is
			family.direction = map[string]string{"inbound": "outbound", "outbound": "inbound"}[family.direction]
		}
		points := tr.API.MetricTruth(uuid, metric, w.from, w.to, w.resolution, w.now)
		all.addMetric(w, prefix+family.name, points, family.unit, append(l, "direction", family.direction, "side", family.side))
	}
}

// add adds the mean and the maximum of statistics, which are in Mbit/s.
func (ps Points) add(w window, family string, samples []fabrictest.Sample, l []string) {
	mean, high := series(family+"_mean_bytes_per_second", l), series(family+"_max_bytes_per_second", l)
	for _, s := range samples {
		if s.End.After(w.from) && !s.End.After(w.to) {
			ps[mean] = append(ps[mean], Point{s.End.UnixMilli(), s.Mean * 1e6 / 8})
			ps[high] = append(ps[high], Point{s.End.UnixMilli(), s.Max * 1e6 / 8})
		}
	}
}

func (ps Points) addMetric(w window, family string, points []fabrictest.Datapoint, unit float64, l []string) {
	key := series(family, l)
	for _, p := range points {
		if p.End.After(w.from) && !p.End.After(w.to) {
			ps[key] = append(ps[key], Point{p.End.UnixMilli(), p.Value * unit})
		}
	}
}

// series writes a series as Prometheus does. A label without a value is no label.
func series(family string, l []string) string {
	b := labels.NewBuilder(labels.FromStrings(l...))
	return b.Set(model.MetricNameLabel, family).Labels().String()
}

// Count is the number of all samples.
func (ps Points) Count() int {
	n := 0
	for _, list := range ps {
		n += len(list)
	}
	return n
}

// Compare fails the test unless every point of must is in got at its time, with its
// value, and once, and got has nothing that is not in may.
func Compare(t *testing.T, got, must, may Points) {
	t.Helper()
	if faults := Differences(got, must, may); len(faults) > 0 {
		t.Errorf("%d points of %d are wrong, %d are required, %d allowed:\n%s",
			len(faults), got.Count(), must.Count(), may.Count(), strings.Join(faults[:min(len(faults), 4)], "\n"))
	}
}

// Differences are the faults that [Compare] finds, one a line.
func Differences(got, must, may Points) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000") }
	for _, s := range slices.Sorted(maps.Keys(got)) {
		allowed := byTime(may[s])
		previous := int64(math.MinInt64)
		for _, p := range got[s] {
			switch v, ok := allowed[p.Ms]; {
			case p.Ms <= previous:
				fault("%s at %s: twice, or out of order", s, at(p.Ms))
			case !ok:
				fault("%s at %s: %v, want no such point", s, at(p.Ms), p.V)
			case math.Float64bits(v) != math.Float64bits(p.V):
				fault("%s at %s: %v, want %v", s, at(p.Ms), p.V, v)
			}
			previous = p.Ms
		}
	}
	for _, s := range slices.Sorted(maps.Keys(must)) {
		there := byTime(got[s])
		for _, p := range must[s] {
			if _, ok := there[p.Ms]; !ok {
				fault("%s at %s: missing, want %v", s, at(p.Ms), p.V)
			}
		}
	}
	return faults
}

func byTime(list []Point) map[int64]float64 {
	m := make(map[int64]float64, len(list))
	for _, p := range list {
		m[p.Ms] = p.V
	}
	return m
}
