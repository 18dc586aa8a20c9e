package daemon

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

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

// stateMetrics tell whether a restart would leave a gap.
type stateMetrics struct {
	written, size, ports *prometheus.GaugeVec // without labels: a vector may be empty
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

// use ends the series of a file, and begins those of another where there is one.
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
