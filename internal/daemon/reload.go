package daemon

import "github.com/prometheus/client_golang/prometheus"

// reloadMetrics tell whether the configuration that runs is the one in the file.
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
