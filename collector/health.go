package collector

import (
	"strconv"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// healthFamilies tell how far the other series can be trusted. They are never
// dropped while the port or account is configured.
func healthFamilies() []Family {
	return []Family{
		portFamily("port_poll_success",
			"1 if the latest traffic poll of the port, whatever its window, succeeded, 0 if not; absent before the first.",
			nil, func(v *fleet.View, send emit) {
				if succeeded, ok := v.Succeeded(); ok {
					send(one(succeeded))
				}
			}),
		portFamily("port_poll_last_success_timestamp_seconds",
			"Unix time of the latest successful traffic poll of the port in the first window.",
			nil, func(v *fleet.View, send emit) {
				if t := v.Polls[0].LastSuccess; !t.IsZero() {
					send(unix(t))
				}
			}),
		snapshotFamily("shard_info",
			"Always 1; which part of the ports this exporter watches: shard, from 0, of shards. Without --shard it is 0 of 1, all of them.",
			[]string{"shard", "shards"}, func(s *fleet.Snapshot, send emit) {
				send(1, strconv.Itoa(s.Shard.Index), strconv.Itoa(max(s.Shard.Count, 1)))
			}),
		snapshotFamily("shards",
			"Exporters that share the ports, this one included, as --shard says; 1 without it. The label shards of shard_info as a number.",
			nil, func(s *fleet.Snapshot, send emit) { send(float64(max(s.Shard.Count, 1))) }),
		accountFamily("up",
			"1 if a data call of the account succeeded within the last two effective traffic intervals plus one request timeout, else 0.",
			nil, func(v accountView, send emit) { send(one(v.Up(v.now))) }),
		accountFamily("login_suspended",
			"1 while logins are held back because the API refused the credentials (it locks the account after five), else 0.",
			nil, func(v accountView, send emit) { send(one(v.LoginHeld)) }),
		accountFamily("poll_interval_seconds",
			"Effective interval in seconds between two polls of the same thing: as configured, or longer where the request budget is too small for it. Class connection_traffic is there only where connections are opted in.",
			[]string{"class"}, func(v accountView, send emit) {
				send(v.Traffic.Seconds(), "traffic")
				send(v.Connections.Seconds(), "connections")
				send(v.Inventory.Seconds(), "inventory")
				if len(v.ConnectionWindows) > 0 {
					send(v.ConnectionWindows[0].Seconds(), "connection_traffic")
				}
			}),
		accountFamily("poll_configured_interval_seconds",
			"Interval in seconds between two polls of the same thing as configured; poll_interval_seconds over it is how far the exporter stretches it.",
			[]string{"class"}, func(v accountView, send emit) {
				send(v.Configured.Traffic.Seconds(), "traffic")
				send(v.Configured.Connections.Seconds(), "connections")
				send(v.Configured.Inventory.Seconds(), "inventory")
				if len(v.ConnectionWindows) > 0 {
					send(v.Configured.Traffic.Seconds(), "connection_traffic")
				}
			}),
		accountFamily("poll_calls_per_cycle",
			"Calls of the API that the configured intervals want within one interval of the first window. Where that is more than poll_budget_calls_per_cycle, the intervals of connection_traffic are stretched, and all others where the calls do not fit without it either.",
			nil, func(v accountView, send emit) { send(v.CallsPerCycle) }),
		accountFamily("poll_budget_calls_per_cycle",
			"Calls of the API that the request budget has for polling within one interval of the first window: nine tenths of api.requests_per_second.",
			nil, func(v accountView, send emit) { send(v.BudgetPerCycle) }),
		accountFamily("series_dropped",
			"Series of ports, pairs and connections of the account that are left out because together these could have more than max_series; as many as are known now, those that have gone stale included; 0 while there is room. Whole ports, pairs and connections are left out: single connections first, then pairs, then discovered ports, then configured ones, each from the end of their order.",
			nil, func(v accountView, send emit) {
				if v.MaxSeries > 0 {
					send(float64(v.dropped))
				}
			}),
		accountFamily("token_expiry_timestamp_seconds",
			"Unix time at which the access token in use expires; absent without one.",
			nil, func(v accountView, send emit) {
				if !v.TokenExpiry.IsZero() {
					send(unix(v.TokenExpiry))
				}
			}),
		accountFamily("traffic_source_info",
			"Always 1; the API that traffic is read from: v3, v4-stats or v4-metrics. Absent until one has answered with data, where there are several to try.",
			[]string{"source"}, func(v accountView, send emit) {
				if v.Source != "" {
					send(1, v.Source)
				}
			}),
	}
}
