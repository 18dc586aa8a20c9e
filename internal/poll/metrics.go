package poll

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const namespace = "equinix_fabric"

// Metrics are the counters of the exporter's own calls. They accumulate beside
// the snapshots and survive a reload.
type Metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	errors    *prometheus.CounterVec
	waited    *prometheus.CounterVec
	conflicts *prometheus.CounterVec

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

// Family is one family of Metrics, for the documentation.
type Family struct {
	Name, Type, Help string
	Labels           []string
}

var (
	requestsFamily = Family{
		"api_requests_total", "counter",
		"HTTP requests to the Equinix API by operation and status code, none where no answer came; every attempt counts.",
		[]string{"account", "operation", "code"},
	}
	durationsFamily = Family{
		"api_request_duration_seconds", "histogram",
		"Time in seconds from sending a request to the Equinix API to its decoded answer, per attempt; native and classic histogram.",
		[]string{"account", "operation"},
	}
	errorsFamily = Family{
		"api_errors_total", "counter",
		"Failed attempts at the Equinix API by operation and reason: auth, forbidden, not_found, rate_limited, timeout, server, client, decode, transport.",
		[]string{"account", "operation", "reason"},
	}
	waitedFamily = Family{
		"api_rate_limit_wait_seconds_total", "counter",
		"Time in seconds that requests have waited for the exporter's own request budget, or because the API asked to slow down.",
		[]string{"account"},
	}
	conflictsFamily = Family{
		"port_conflicts_total", "counter",
		"Ports that were left out of an account because an earlier account of the configuration has them; counted once after each start and reload.",
		[]string{"account"},
	}
	duplicatesFamily = Family{
		"duplicates_total", "counter",
		"Things that one answer of the API held more than once, each repetition counted: port or connection, of which one entry counts, the same one each time, link, a physical port of a port, of which the first does, and sample, an interval of traffic, of which the last does.",
		[]string{"account", "kind"},
	}
	skippedFamily = Family{
		"records_skipped_total", "counter",
		"Records left out of a listing because they have no valid UUID, counted each time the listing is read. Ports left out have no series; connections left out are in no count or sum.",
		[]string{"account", "operation"},
	}
	implausibleFamily = Family{
		"implausible_intervals_total", "counter",
		"Intervals of traffic that are not plausible: future, not due yet; rate, below 0 or above ten times the line rate; packets, more than the line carries; these are left out. above_line, a rate above 1.1 times the line rate, is shown. An interval counts once for each window that has it, and anew after a start or reload.",
		[]string{"account", "kind"},
	}
)

// Families lists the families of Metrics with their full names.
func Families() []Family {
	all := []Family{requestsFamily, durationsFamily, errorsFamily, waitedFamily, conflictsFamily, duplicatesFamily, skippedFamily, implausibleFamily}
	for i := range all {
		all[i].Name = namespace + "_" + all[i].Name
	}
	return all
}

// NewMetrics returns metrics registered with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: counter(requestsFamily),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: durationsFamily.Name, Help: durationsFamily.Help,
			Buckets:                         []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, durationsFamily.Labels),
		errors:    counter(errorsFamily),
		waited:    counter(waitedFamily),
		conflicts: counter(conflictsFamily),

		duplicates:  counter(duplicatesFamily),
		implausible: counter(implausibleFamily),
		skipped:     counter(skippedFamily),
	}
	reg.MustRegister(m.requests, m.durations, m.errors, m.waited, m.conflicts, m.duplicates, m.implausible, m.skipped)
	return m
}

func counter(f Family) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: f.Name, Help: f.Help}, f.Labels)
}

// Observer returns the observer of an account's attempts, for
// fabric.Config.Observe. Its series but those of requests exist from 0 on.
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
			return // the exporter gave up, on a reload or at its end; nobody failed
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
	for _, op := range []string{fabric.OpPorts, fabric.OpUserPortsV3, fabric.OpSearchConnections, fabric.OpSearchStreamAssets} {
		m.skipped.WithLabelValues(account, op)
	}
	log = log.With("component", "poll")
	var logged sync.Map // operations
	return func(op string, records int, first error) {
		m.skipped.WithLabelValues(account, op).Add(float64(records))
		if _, again := logged.LoadOrStore(op, true); !again {
			log.Warn("listing has records without a usable UUID; leaving them out", "account", account, "operation", op, "records", records, "err", first)
		}
	}
}

// unusable counts an answer that was read, and then found to be impossible.
func (m *Metrics) unusable(account string, err *fabric.DecodeError) {
	m.errors.WithLabelValues(account, err.Op, fabric.Reason(err)).Inc()
}

// Forget ends the series of an account that is no longer configured.
func (m *Metrics) Forget(account string) {
	labels := prometheus.Labels{"account": account}
	m.requests.DeletePartialMatch(labels)
	m.durations.DeletePartialMatch(labels)
	m.errors.DeletePartialMatch(labels)
	m.waited.DeletePartialMatch(labels)
	m.conflicts.DeletePartialMatch(labels)
	m.duplicates.DeletePartialMatch(labels)
	m.implausible.DeletePartialMatch(labels)
	m.skipped.DeletePartialMatch(labels)
}
