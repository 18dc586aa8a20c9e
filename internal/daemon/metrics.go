package daemon

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// reloadMetrics show whether the configuration in force is the one in the file.
type reloadMetrics struct {
	successful, timestamp prometheus.Gauge
}

// The families about the configuration, for the documentation.
const (
	ReloadSuccessfulName = "equinix_fabric_config_last_reload_successful"
	ReloadSuccessfulHelp = "1 if the latest reading of the configuration file was accepted, 0 if it was refused and the one before it is still in force."
	ReloadTimestampName  = "equinix_fabric_config_last_reload_success_timestamp_seconds"
	ReloadTimestampHelp  = "Unix time of the latest reading of the configuration file that was accepted."
)

func newReloadMetrics(reg prometheus.Registerer) *reloadMetrics {
	m := &reloadMetrics{
		successful: prometheus.NewGauge(prometheus.GaugeOpts{Name: ReloadSuccessfulName, Help: ReloadSuccessfulHelp}),
		timestamp:  prometheus.NewGauge(prometheus.GaugeOpts{Name: ReloadTimestampName, Help: ReloadTimestampHelp}),
	}
	reg.MustRegister(m.successful, m.timestamp)
	return m
}

func (m *reloadMetrics) succeeded() {
	m.successful.Set(1)
	m.timestamp.SetToCurrentTime()
}

func (m *reloadMetrics) failed() { m.successful.Set(0) }

// The families about the state file, for the documentation.
const (
	StateWriteName    = "equinix_fabric_state_last_write_timestamp_seconds"
	StateWriteHelp    = "Unix time of the latest writing of values to the state file; absent without state.file and before the first."
	StateSizeName     = "equinix_fabric_state_size_bytes"
	StateSizeHelp     = "Size of the state file in bytes as it was last written; absent as state_last_write_timestamp_seconds is."
	StateFailuresName = "equinix_fabric_state_write_failures_total"
	StateFailuresHelp = "Times that the state file could not be written. A restart then begins with what is in it, at its true age, or with nothing."
	StateRestoredName = "equinix_fabric_state_restored_ports"
	StateRestoredHelp = "Ports whose values this process took from the state file when it started; absent without state.file."
)

// stateMetrics show whether a restart would leave a gap.
type stateMetrics struct {
	written, size, ports *prometheus.GaugeVec // vectors without labels, which may be empty
	failures             prometheus.Counter
}

func newStateMetrics(reg prometheus.Registerer) *stateMetrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, nil)
	}
	m := &stateMetrics{
		written: gauge(StateWriteName, StateWriteHelp), size: gauge(StateSizeName, StateSizeHelp),
		ports:    gauge(StateRestoredName, StateRestoredHelp),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: StateFailuresName, Help: StateFailuresHelp}),
	}
	reg.MustRegister(m.written, m.size, m.ports, m.failures)
	return m
}

// use ends the series about a file and, if there is another one, begins its own.
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
