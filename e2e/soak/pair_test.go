package soak_test

import (
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// pairs expects the series of ports that back each other up. Their names are the
// exporter's: two pairs may have ports of the same names.
func (o *oracle) pairs(families map[string]*dto.MetricFamily) {
	names := map[string]string{} // by primary
	for _, m := range families[prefix+"pair_info"].GetMetric() {
		labels := labelsOf(m)
		names[labels["primary_uuid"]] = labels["pair"]
	}
	for _, f := range []string{"pair_info", "pair_failover_utilization_ratio", "pair_failover_utilization_p95_ratio"} {
		o.seen[f] = true
	}
	for _, e := range o.s.estates {
		if e.tap.listed.IsZero() {
			continue
		}
		w := e.at(e.tap.listed)
		missing := 0.0
		for _, uuid := range e.pair {
			missing += one(w.ports[uuid].UUID == "")
		}
		o.is(missing, "pair_ports_missing", "account", e.name, "pair", "of "+e.name)
		for _, secondary := range w.ports {
			primary, ok := w.ports[secondary.Group]
			if !ok || secondary.Priority != fabrictest.PrioritySecondary {
				continue
			}
			o.is(1, "pair_info", "primary_uuid", primary.UUID, "secondary_uuid", secondary.UUID)
			o.pair(e, names[primary.UUID], &primary, &secondary)
		}
	}
}

func (o *oracle) pair(e *estate, name string, primary, secondary *fabrictest.Port) {
	capacity := float64(min(upLinks(primary)*primary.Speed, upLinks(secondary)*secondary.Speed)) * mbit
	if capacity == 0 || o.now.Sub(e.tap.listed) > staleIntervals*inventory {
		return
	}
	for i, w := range windows {
		a, known := e.tap.answer(primary.UUID, w)
		b, both := e.tap.answer(secondary.UUID, w)
		if !known || !both || o.now.Sub(a.done) > staleIntervals*w.interval || o.now.Sub(b.done) > staleIntervals*w.interval {
			continue
		}
		for d, first := range e.recall(portTruth, primary.UUID, w, a) {
			j := join(first, e.recall(portTruth, secondary.UUID, w, b)[d])
			labels := []string{"pair", name, "direction", directions[d]}
			if i == 0 && len(j.rates) > 0 && o.now.Sub(j.newest) <= current {
				o.is(j.last/capacity, "pair_failover_utilization_ratio", labels...)
			}
			if len(j.rates) > 0 && 10*len(j.rates) >= 9*j.either {
				o.is(percentile95(j.rates)/capacity, "pair_failover_utilization_p95_ratio", append([]string{"window", w.label}, labels...)...)
			}
		}
	}
}

// joint is the traffic of two ports in the intervals that both have.
type joint struct {
	rates  []float64
	last   float64
	newest time.Time
	either int // intervals that either has
}

func join(a, b *truth) joint {
	j := joint{either: len(b.means)}
	var newest int64
	for n, p := range a.means {
		q, both := b.means[n]
		if !both {
			j.either++
			continue
		}
		j.rates = append(j.rates, p.rate+q.rate)
		if n >= newest {
			newest, j.last, j.newest = n, p.rate+q.rate, p.stamp
			if q.stamp.Before(p.stamp) {
				j.newest = q.stamp
			}
		}
	}
	return j
}
