package soak_test

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// interval is that of everything but the listings and the second window.
const (
	interval  = 5 * time.Minute
	inventory = 15 * time.Minute
	timeout   = 30 * time.Second
)

// accounts expects what /metrics says of the accounts and of the calls.
func (o *oracle) accounts(families map[string]*dto.MetricFamily) {
	for _, e := range o.s.estates {
		t := e.tap
		t.mu.Lock()
		age := o.now.Sub(t.lastGood)
		o.expect(expectation{value: one(age <= 2*interval+timeout)}, "up", "account", e.name)
		o.is(0, "login_suspended", "account", e.name)
		for _, family := range []string{"poll_interval_seconds", "poll_configured_interval_seconds"} {
			o.is(interval.Seconds(), family, "account", e.name, "class", "traffic")
			o.is(interval.Seconds(), family, "account", e.name, "class", "connections")
			o.is(inventory.Seconds(), family, "account", e.name, "class", "inventory")
			o.is(pricesEvery.Seconds(), family, "account", e.name, "class", "prices")
			if e.connections {
				o.is(interval.Seconds(), family, "account", e.name, "class", "connection_traffic")
			}
		}
		if e.connections {
			o.is(1, "connection_traffic_source_info", "account", e.name, "source", e.source)
		}
		o.is(1, "traffic_source_info", "account", e.name, "source", e.source)
		o.is(0, "port_conflicts_total", "account", e.name)
		o.is(0, "series_dropped", "account", e.name)
		for _, kind := range []string{"future", "rate", "packets", "above_line"} {
			o.is(0, "implausible_intervals_total", "account", e.name, "kind", kind)
		}
		for _, op := range []string{"v4_ports", "v3_user_ports", "v4_connections_search", "v4_stream_assets_search", "v3_buyer_connections"} {
			o.is(0, "records_skipped_total", "account", e.name, "operation", op)
		}
		for c, n := range t.calls {
			o.is(n, "api_requests_total", "account", e.name, "operation", c.operation, "code", c.code)
		}
		byOperation := map[string]float64{}
		for c, n := range t.calls {
			byOperation[c.operation] += n
		}
		for op, n := range byOperation {
			o.is(n, "api_request_duration_seconds", "account", e.name, "operation", op)
		}
		o.failures(families, e)
		t.mu.Unlock()
	}
	for _, name := range []string{"duplicates_total", "token_expiry_timestamp_seconds", "api_rate_limit_wait_seconds_total", "poll_calls_per_cycle"} {
		o.plausible(families, name, 0, math.Inf(1))
	}
	o.plausible(families, "poll_budget_calls_per_cycle", 0.9*1000*300, 0.9*1000*300)
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// failures expects the failed calls of each operation, whatever their reasons.
func (o *oracle) failures(families map[string]*dto.MetricFamily, e *estate) {
	o.seen["api_errors_total"] = true
	sums := map[string]float64{}
	for _, m := range families[prefix+"api_errors_total"].GetMetric() {
		labels := labelsOf(m)
		if labels["account"] != e.name {
			continue
		}
		sums[labels["operation"]] += number(m)
		o.expect(expectation{any: true}, "api_errors_total", "account", e.name, "operation", labels["operation"], "reason", labels["reason"])
	}
	for _, op := range fabric.Operations() {
		if sums[op] != e.tap.failed[op] {
			o.s.fault("account %s: %v failures of %s are counted, there were %v", e.name, sums[op], op, e.tap.failed[op])
		}
	}
}

// plausible expects the series of a family that cannot be predicted within
// bounds.
func (o *oracle) plausible(families map[string]*dto.MetricFamily, name string, least, most float64) {
	o.seen[name] = true
	for _, m := range families[prefix+name].GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			labels = append(labels, l.GetName(), l.GetValue())
		}
		if v := number(m); v < least || v > most {
			o.s.fault("%s = %v, want %v to %v", series(name, labels...), v, least, most)
		}
		o.expect(expectation{any: true}, name, labels...)
	}
}

// itself expects what the exporter says of itself.
func (o *oracle) itself(families map[string]*dto.MetricFamily) {
	now := float64(o.now.Unix())
	o.is(1, "config_last_reload_successful")
	o.is(0, "state_write_failures_total")
	o.plausible(families, "config_last_reload_success_timestamp_seconds", float64(o.s.began.Unix()), now)
	for _, name := range []string{
		"remote_write_samples_total", "remote_write_failures_total", "remote_write_newest_sample_timestamp_seconds", "remote_write_behind_seconds",
	} {
		o.plausible(families, name, 0, math.Inf(1))
	}
	o.is(1, "traffic_window_info", "window", "1d", "resolution", "5m")
	o.is(1, "traffic_window_info", "window", "8d", "resolution", "1h")
	o.is(1, "shard_info", "shard", "0", "shards", "1")
	o.is(1, "shards")
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}
