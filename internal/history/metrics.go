package history

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are the exporter's own metrics of remote write.
type Metrics struct {
	samples, failures *prometheus.CounterVec
	newest, behind    *prometheus.Desc

	mu     sync.Mutex
	queues []*queue
}

const namespace = "equinix_fabric"

// NewMetrics returns metrics that are registered with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	auto := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	m := &Metrics{
		samples: counter("remote_write_samples_total",
			"Samples that a receiver of remote_write accepted (sent), or refused for good (refused).", "receiver", "outcome"),
		failures: counter("remote_write_failures_total",
			"Requests that a receiver of remote_write did not accept for a reason that may pass; the samples are sent again.", "receiver", "reason"),
		newest: prometheus.NewDesc(namespace+"_remote_write_newest_sample_timestamp_seconds",
			"Unix time of the newest sample that a receiver of remote_write has accepted or refused. Absent before the first.", []string{"receiver"}, nil),
		behind: prometheus.NewDesc(namespace+"_remote_write_behind_seconds",
			"How much older the newest sample at a receiver of remote_write is than the newest interval known from Equinix: the most of all ports and connections.", []string{"receiver"}, nil),
	}
	reg.MustRegister(m)
	return m
}

// use shows these queues, and removes the series of all others.
func (m *Metrics) use(queues []*queue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := map[string]bool{}
	for _, q := range queues {
		names[q.Name] = true
		for _, outcome := range []string{"sent", "refused"} {
			m.samples.WithLabelValues(q.Name, outcome)
		}
		for _, r := range Reasons() {
			m.failures.WithLabelValues(q.Name, string(r))
		}
	}
	for _, q := range m.queues {
		if !names[q.Name] {
			m.samples.DeletePartialMatch(prometheus.Labels{"receiver": q.Name})
			m.failures.DeletePartialMatch(prometheus.Labels{"receiver": q.Name})
		}
	}
	m.queues = queues
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.newest; ch <- m.behind }

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.queues {
		newest, behind := q.position()
		if newest > 0 {
			ch <- prometheus.MustNewConstMetric(m.newest, prometheus.GaugeValue, float64(newest)/1000, q.Name)
		}
		ch <- prometheus.MustNewConstMetric(m.behind, prometheus.GaugeValue, float64(behind)/1000, q.Name)
	}
}

// position is the time of the newest sample that the receiver has, and by how much it is
// behind what is known, both in milliseconds.
func (q *queue) position() (newest, behind int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.progress {
		newest, behind = max(newest, p.acked), max(behind, p.newest-max(p.acked, p.mark))
	}
	return newest, behind
}
