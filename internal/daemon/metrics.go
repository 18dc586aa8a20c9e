package daemon

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// metrics are the metrics of the exporter itself.
type metrics struct {
	*poll.Metrics

	reloads reloadMetrics
	state   stateMetrics
	history *history.Metrics
}

// reloadMetrics show whether the configuration in force is the one in the file.
type reloadMetrics struct{ successful, timestamp prometheus.Gauge }

// stateMetrics show whether a restart would leave a gap. They are vectors without
// labels, since a vector may have no series.
type stateMetrics struct {
	written, size, ports *prometheus.GaugeVec
	failures             prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	const namespace = "equinix_fabric"
	auto := promauto.With(reg)
	gauge := func(name, help string) prometheus.Gauge {
		return auto.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	}
	optional := func(name, help string) *prometheus.GaugeVec {
		return auto.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, nil)
	}
	return &metrics{
		Metrics: poll.NewMetrics(reg),
		history: history.NewMetrics(reg),
		reloads: reloadMetrics{
			successful: gauge("config_last_reload_successful",
				"1 if the exporter accepted the configuration file when it last read it, 0 if it refused the file and keeps the previous configuration."),
			timestamp: gauge("config_last_reload_success_timestamp_seconds",
				"Unix time at which the exporter last read and accepted the configuration file."),
		},
		state: stateMetrics{
			written: optional("state_last_write_timestamp_seconds",
				"Unix time at which values were last written to the state file. Absent without state.file and before the first time."),
			size: optional("state_size_bytes",
				"Size in bytes of the state file as last written. Absent like state_last_write_timestamp_seconds."),
			ports: optional("state_restored_ports",
				"Ports whose values this process took from the state file when it started. Absent without state.file."),
			failures: auto.NewCounter(prometheus.CounterOpts{
				Namespace: namespace, Name: "state_write_failures_total",
				Help: "Failed attempts to write the state file. After a restart the exporter begins with what is in the file, at its true age, or without values.",
			}),
		},
	}
}

func (m *reloadMetrics) succeeded() {
	m.successful.Set(1)
	m.timestamp.SetToCurrentTime()
}

func (m *reloadMetrics) failed() { m.successful.Set(0) }

// use removes the series of one state file, and begins the series of another if there
// is one.
func (m *stateMetrics) use(file bool) {
	m.written.Reset()
	m.size.Reset()
	if !file {
		m.ports.Reset()
		return
	}
	m.ports.WithLabelValues() // 0 until something is restored
}

func (m *stateMetrics) restored(ports int) { m.ports.WithLabelValues().Set(float64(ports)) }

func (m *stateMetrics) wrote(at time.Time, size int) {
	m.written.WithLabelValues().Set(float64(at.UnixMilli()) / 1000)
	m.size.WithLabelValues().Set(float64(size))
}
