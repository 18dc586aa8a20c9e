package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is a series without the labels that all series around it have.
type row struct {
	name, labels string // without their prefix; in PromQL
	value        float64
}

// add puts in rows that have common labels.
func (s samples) add(common string, rows ...row) {
	for _, r := range rows {
		labels := strings.FieldsFunc(common+","+r.labels, func(c rune) bool { return c == ',' })
		slices.Sort(labels)
		s[prefix+r.name+"{"+strings.Join(labels, ",")+"}"] = r.value
	}
}

// wantMinimal is what follows from the fixtures, worked out by hand: 1 Mbit/s
// is 125,000 bytes/s. newest is the time of the newest interval.
func wantMinimal(newest time.Time) samples {
	at := float64(newest.Unix())
	w := samples{}
	w.add(`account="default"`,
		row{"up", ``, 1},
		row{"login_suspended", ``, 0},
		row{"poll_interval_seconds", `class="traffic"`, 300},
		row{"poll_interval_seconds", `class="connections"`, 300},
		row{"poll_interval_seconds", `class="inventory"`, 900},
		row{"poll_configured_interval_seconds", `class="traffic"`, 300},
		row{"poll_configured_interval_seconds", `class="connections"`, 300},
		row{"poll_configured_interval_seconds", `class="inventory"`, 900},
		// Four ports every 5m and every hour, one batch of them searched on two
		// pages, one page of a listing every 15m: 4 + 4/12 + 1 + 2 + 1/3.
		row{"poll_calls_per_cycle", ``, 4 + 4./12 + 3 + 1./3},
		row{"poll_budget_calls_per_cycle", ``, 0.9 * 5 * 300},
		row{"traffic_source_info", `source="v3"`, 1},
		row{"port_conflicts_total", ``, 0},
		row{"duplicates_total", `kind="port"`, 0},
		row{"duplicates_total", `kind="link"`, 0},
		row{"duplicates_total", `kind="connection"`, 0},
		row{"duplicates_total", `kind="sample"`, 0},
		row{"records_skipped_total", `operation="v4_ports"`, 0},
		row{"records_skipped_total", `operation="v3_user_ports"`, 0},
		row{"records_skipped_total", `operation="v4_connections_search"`, 0},
		row{"records_skipped_total", `operation="v4_stream_assets_search"`, 0},
		row{"records_skipped_total", `operation="v3_buyer_connections"`, 0},
		row{"implausible_intervals_total", `kind="future"`, 0},
		row{"implausible_intervals_total", `kind="rate"`, 0},
		row{"implausible_intervals_total", `kind="packets"`, 0},
		row{"implausible_intervals_total", `kind="above_line"`, 0},
		row{"series_dropped", ``, 0},
	)
	w.add(``,
		row{"traffic_window_info", `resolution="5m",window="1d"`, 1},
		row{"traffic_window_info", `resolution="1h",window="30d"`, 1},
		row{"shards", ``, 1},
		row{"shard_info", `shard="0",shards="1"`, 1},
		row{"config_last_reload_successful", ``, 1},
		row{"state_write_failures_total", ``, 0},
	)
	wantUplink(w, at)
	wantBranch(w, at)
	wantSpare(w, at)
	// A mistyped uuid must not look like a port without connections.
	wantPort(w, typoUUID, typoUUID, row{"port_poll_success", ``, 0})
	return w
}

// wantPort wants rows of a port of which there is no inventory.
func wantPort(w samples, name, uuid string, rows ...row) {
	const nothing = `account="default",metro="",metro_name="",ibx="",equinix_region="",encapsulation="",package="",` +
		`speed="",redundancy_priority="",redundancy_group="",lag="",project=""`
	rows = append(rows, row{"port_info", nothing, 1})
	w.add(fmt.Sprintf(`port_uuid=%q,port_name=%q`, uuid, name), rows...)
}

func wantUplink(w samples, at float64) {
	wantPort(w, "uplink-1", uplinkUUID, slices.Concat(wantMonth(), []row{
		{"port_poll_success", ``, 1},
		{"port_capacity_bytes_per_second", ``, 1_250_000_000},
		{"port_effective_capacity_bytes_per_second", ``, 1_250_000_000},
		{"port_traffic_max_bytes_per_second", `direction="inbound",window="1d"`, 10_187_500},
		{"port_traffic_max_bytes_per_second", `direction="outbound",window="1d"`, 30_000_000},
		{"port_traffic_avg_bytes_per_second", `direction="inbound",window="1d"`, 2_562_500},
		{"port_traffic_avg_bytes_per_second", `direction="outbound",window="1d"`, 13_125_000},
		{"port_traffic_p95_bytes_per_second", `direction="inbound",window="1d"`, 4_750_000},   // 38 of 1 to 40: two dropped
		{"port_traffic_p95_bytes_per_second", `direction="outbound",window="1d"`, 23_750_000}, // 190 of 10 to 200: one dropped
		{"port_traffic_last_bytes_per_second", `direction="inbound"`, 906_250},
		{"port_traffic_last_bytes_per_second", `direction="outbound"`, 6_000_000},
		{"port_traffic_last_sample_timestamp_seconds", `direction="inbound"`, at},
		{"port_traffic_last_sample_timestamp_seconds", `direction="outbound"`, at},
		{"port_connections", `state="ACTIVE"`, 60},
		{"port_connections", `state="CANCELLED"`, 10},
		{"port_connections", `state="DEPROVISIONED"`, 4},
		{"port_connections", `state="DEPROVISIONING"`, 0},
		{"port_connections", `state="DRAFT"`, 10},
		{"port_connections", `state="FAILED"`, 3},
		{"port_connections", `state="PENDING"`, 2},
		{"port_connections", `state="PROVISIONED"`, 30},
		{"port_connections", `state="PROVISIONING"`, 5},
		{"port_connections", `state="REPROVISIONING"`, 5},
		{"port_connections", `state="UNKNOWN"`, 1},
		{"port_connections_status", `side="equinix",status="PROVISIONED"`, 100},
		{"port_connections_status", `side="equinix",status="UNKNOWN"`, 30},
		{"port_connections_status", `side="provider",status="AVAILABLE"`, 100},
		{"port_connections_status", `side="provider",status="UNKNOWN"`, 30},
		// 60 × 50 + 30 × 100 + 5 × 200 + 5 × 500 + 50 of the one of which nothing is said = 9,550 Mbit/s
		{"port_connections_bandwidth_bytes_per_second", ``, 1_193_750_000},
	})...)
}

func wantBranch(w samples, at float64) {
	const trickle = 1_060_088.0 / 3600 // bytes/s
	wantPort(w, branchUUID, branchUUID, slices.Concat(wantMonth(), wantStates(1), []row{
		{"port_poll_success", ``, 1},
		{"port_capacity_bytes_per_second", ``, 125_000_000},
		{"port_effective_capacity_bytes_per_second", ``, 125_000_000},
		{"port_traffic_max_bytes_per_second", `direction="inbound",window="1d"`, 2_437_500},
		{"port_traffic_max_bytes_per_second", `direction="outbound",window="1d"`, trickle},
		{"port_traffic_avg_bytes_per_second", `direction="inbound",window="1d"`, 1_250_000},
		{"port_traffic_avg_bytes_per_second", `direction="outbound",window="1d"`, trickle},
		{"port_traffic_p95_bytes_per_second", `direction="inbound",window="1d"`, 2_375_000}, // 19 of 1 to 19: none dropped
		{"port_traffic_p95_bytes_per_second", `direction="outbound",window="1d"`, trickle},
		{"port_traffic_last_bytes_per_second", `direction="inbound"`, 375_000},
		{"port_traffic_last_bytes_per_second", `direction="outbound"`, trickle},
		{"port_traffic_last_sample_timestamp_seconds", `direction="inbound"`, at},
		{"port_traffic_last_sample_timestamp_seconds", `direction="outbound"`, at},
		{"port_connections_status", `side="equinix",status="PROVISIONED"`, 1},
		{"port_connections_status", `side="provider",status="AVAILABLE"`, 1},
		{"port_connections_bandwidth_bytes_per_second", ``, 12_500_000},
	})...)
}

func wantSpare(w samples, at float64) {
	wantPort(w, "spare", spareUUID, slices.Concat(wantMonth(), wantStates(0), []row{
		{"port_poll_success", ``, 1},
		{"port_capacity_bytes_per_second", ``, 125_000_000},
		{"port_effective_capacity_bytes_per_second", ``, 125_000_000},
		{"port_traffic_max_bytes_per_second", `direction="inbound",window="1d"`, 0},
		{"port_traffic_max_bytes_per_second", `direction="outbound",window="1d"`, 0},
		{"port_traffic_avg_bytes_per_second", `direction="inbound",window="1d"`, 0},
		{"port_traffic_avg_bytes_per_second", `direction="outbound",window="1d"`, 0},
		{"port_traffic_p95_bytes_per_second", `direction="inbound",window="1d"`, 0},
		{"port_traffic_p95_bytes_per_second", `direction="outbound",window="1d"`, 0},
		{"port_traffic_last_bytes_per_second", `direction="inbound"`, 0},
		{"port_traffic_last_bytes_per_second", `direction="outbound"`, 0},
		{"port_traffic_last_sample_timestamp_seconds", `direction="inbound"`, at},
		{"port_traffic_last_sample_timestamp_seconds", `direction="outbound"`, at},
		{"port_connections_bandwidth_bytes_per_second", ``, 0},
	})...)
}

// wantMonth is the second window, which is the same for every port.
func wantMonth() []row {
	return []row{
		{"port_traffic_max_bytes_per_second", `direction="inbound",window="30d"`, 11_250_000},
		{"port_traffic_max_bytes_per_second", `direction="outbound",window="30d"`, 11_400_000},
		{"port_traffic_avg_bytes_per_second", `direction="inbound",window="30d"`, 3_750_000},
		{"port_traffic_avg_bytes_per_second", `direction="outbound",window="30d"`, 3_900_000},
		{"port_traffic_p95_bytes_per_second", `direction="inbound",window="30d"`, 7_500_000},
		{"port_traffic_p95_bytes_per_second", `direction="outbound",window="30d"`, 7_700_000},
	}
}

// wantStates is every state that Equinix documents, at 0 but for PROVISIONED.
func wantStates(provisioned float64) []row {
	rows := []row{{"port_connections", `state="PROVISIONED"`, provisioned}}
	for _, s := range []string{
		"ACTIVE", "CANCELLED", "DEPROVISIONED", "DEPROVISIONING", "DRAFT", "FAILED",
		"PENDING", "PROVISIONING", "REPROVISIONING", "UNKNOWN",
	} {
		rows = append(rows, row{"port_connections", `state="` + s + `"`, 0})
	}
	return rows
}
