package poll

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const namespace = "equinix_fabric"

// Metrics are the metrics of the exporter's own calls. They accumulate beside
// the snapshots and survive a reload.
type Metrics struct {
	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	errors      *prometheus.CounterVec
	waited      *prometheus.CounterVec
	conflicts   *prometheus.CounterVec
	duplicates  *prometheus.CounterVec
	implausible *prometheus.CounterVec
	skipped     *prometheus.CounterVec
}

// The kinds of things that an answer may hold twice.
const (
	kindPort       = "port"
	kindLink       = "link" // a physical port of a port
	kindConnection = "connection"
	kindSample     = "sample"
)

// NewMetrics returns metrics registered with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return promauto.With(reg).NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	return &Metrics{
		requests: counter("api_requests_total",
			"HTTP requests to the Equinix API by operation and status code, every attempt counted. Code none: no answer came.",
			"account", "operation", "code"),
		durations: promauto.With(reg).NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "api_request_duration_seconds",
			Help:                            "Time in seconds from sending a request to the Equinix API to its decoded answer, per attempt; native and classic histogram.",
			Buckets:                         []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"account", "operation"}),
		errors: counter("api_errors_total",
			"Failed attempts at the Equinix API by operation and reason: auth, forbidden, not_found, rate_limited, timeout, server, client, decode, transport.",
			"account", "operation", "reason"),
		waited: counter("api_rate_limit_wait_seconds_total",
			"Time in seconds that requests have waited for the exporter's own request budget, or because the API asked to slow down.",
			"account"),
		conflicts: counter("port_conflicts_total",
			"Ports that were left out of an account because an earlier account of the configuration has them; counted once after each start and reload.",
			"account"),
		duplicates: counter("duplicates_total",
			"Repetitions within one answer of the API. Kind port, connection and link (a physical port of a port): the first entry counts. Kind sample, an interval of traffic: the last entry counts.",
			"account", "kind"),
		skipped: counter("records_skipped_total",
			"Records left out of a listing because they have no valid UUID, counted each time the listing is read. Ports left out have no series; connections left out are in no count or sum.",
			"account", "operation"),
		implausible: counter("implausible_intervals_total",
			"Intervals of traffic with implausible values, by kind. Left out are future (the interval is not due yet), rate (below 0 or above ten times the line rate) and packets (more than the line carries). Shown is above_line (a rate above 1.1 times the line rate). An interval counts once for each window that has it, and again after a start or reload.",
			"account", "kind"),
	}
}

// Forget ends the series of an account that is no longer configured.
func (m *Metrics) Forget(account string) {
	labels := prometheus.Labels{"account": account}
	m.durations.DeletePartialMatch(labels)
	for _, v := range []*prometheus.CounterVec{m.requests, m.errors, m.waited, m.conflicts, m.duplicates, m.implausible, m.skipped} {
		v.DeletePartialMatch(labels)
	}
}

// Observer returns the observer of an account's attempts, for
// fabric.Config.Observe. Its series except for requests and durations exist from
// 0 on.
func (m *Metrics) Observer(account string) func(fabric.Attempt) {
	for _, op := range fabric.Operations() {
		for _, reason := range fabric.Reasons() {
			m.errors.WithLabelValues(account, op, reason)
		}
	}
	waited := m.waited.WithLabelValues(account)
	m.conflicts.WithLabelValues(account)
	for _, kind := range []string{kindPort, kindLink, kindConnection, kindSample} {
		m.duplicates.WithLabelValues(account, kind)
	}
	for _, how := range fleet.ImplausibleKinds() {
		m.implausible.WithLabelValues(account, string(how))
	}
	return func(a fabric.Attempt) {
		if errors.Is(a.Err, context.Canceled) {
			return // the exporter gave up, on a reload or at its end: not a failure
		}
		code := "none"
		if a.Status != 0 {
			code = strconv.Itoa(a.Status)
		}
		m.requests.WithLabelValues(account, a.Op, code).Inc()
		m.durations.WithLabelValues(account, a.Op).Observe(a.Took.Seconds())
		waited.Add(a.Waited.Seconds())
		if a.Err != nil {
			m.errors.WithLabelValues(account, a.Op, fabric.Reason(a.Err)).Inc()
		}
	}
}

// Skipped returns what counts the records that an account's listings leave out, for
// fabric.Config.Skipped, and logs the first of each operation. Its series exist from 0
// on.
func (m *Metrics) Skipped(account string, log *slog.Logger) func(op string, records int, first error) {
	for _, op := range []string{fabric.OpPorts, fabric.OpUserPortsV3, fabric.OpSearchConnections, fabric.OpSearchStreamAssets, fabric.OpBuyerConnectionsV3} {
		m.skipped.WithLabelValues(account, op)
	}
	log = log.With("component", "poll")
	var logged sync.Map // operations
	return func(op string, records int, first error) {
		m.skipped.WithLabelValues(account, op).Add(float64(records))
		if _, again := logged.LoadOrStore(op, true); !again {
			log.Warn("listing has records without a valid UUID; leaving them out", "account", account, "operation", op, "records", records, "err", first)
		}
	}
}

// unusable counts an answer that was read, and then found to be implausible.
func (m *Metrics) unusable(account string, err *fabric.DecodeError) {
	m.errors.WithLabelValues(account, err.Op, fabric.Reason(err)).Inc()
}
