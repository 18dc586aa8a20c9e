package collector

import (
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// accountView is an account at the moment of a scrape.
type accountView struct {
	*fleet.Account

	snap    *fleet.Snapshot
	now     time.Time
	tracked int // connections of the account that have series
	dropped int // series
}

// accountRows describe the state of an account: they say whether its other series are
// current. They never expire while the account is configured.
func accountRows() []row[accountView] {
	return []row[accountView]{
		{
			name:    "up",
			help:    "1 if a data call of the account succeeded within the last two effective traffic intervals plus one request timeout, else 0.",
			samples: func(v *accountView, send emit) { send.yes(v.Up(v.now)) },
		},
		{
			name:    "login_suspended",
			help:    "1 while the exporter holds logins back because the API refused the credentials (it locks the account after five refusals), else 0.",
			samples: func(v *accountView, send emit) { send.yes(v.LoginHeld) },
		},
		{
			name:    "token_expiry_timestamp_seconds",
			help:    "Unix time at which the access token in use expires. Absent without a token.",
			samples: func(v *accountView, send emit) { send.time(v.TokenExpiry) },
		},
		{
			name: "traffic_source_info", labels: []string{"source"},
			help:    "Always 1. The label source is the API that port traffic is read from: v3, v4-stats or v4-metrics. If there are several to try, absent until one has answered with data.",
			samples: func(v *accountView, send emit) { send.one(v.Source) },
		},
		{
			name: "connection_traffic_source_info", labels: []string{"source"},
			help:    "Always 1. The label source is the API that connection traffic is read from: v4-stats or v4-metrics. If there are several to try, absent until one has answered with data. none if the connections come from v3, which does not know their traffic, and no other source exists: it is then not polled.",
			samples: func(v *accountView, send emit) { send.one(v.ConnectionSource) },
		},
		{
			name: "poll_interval_seconds", labels: []string{"class"},
			help: "Effective interval in seconds between two polls of the same thing: as configured, or longer if the request budget is too small for that. Class connection_traffic is present only if connections.traffic is on, prices only if prices are.",
			samples: func(v *accountView, send emit) {
				send(v.Traffic.Seconds(), traffic)
				send(v.Connections.Seconds(), connections)
				send(v.Inventory.Seconds(), inventory)
				if len(v.ConnectionWindows) > 0 {
					send(v.ConnectionWindows[0].Seconds(), connectionTraffic)
				}
				if v.Prices > 0 {
					send(v.Prices.Seconds(), prices)
				}
			},
		},
		{
			name: "poll_configured_interval_seconds", labels: []string{"class"},
			help: "Configured interval in seconds between two polls of the same thing. poll_interval_seconds divided by it is the factor by which the exporter stretches it.",
			samples: func(v *accountView, send emit) {
				send(v.Configured.Traffic.Seconds(), traffic)
				send(v.Configured.Connections.Seconds(), connections)
				send(v.Configured.Inventory.Seconds(), inventory)
				if len(v.ConnectionWindows) > 0 {
					send(v.Configured.Traffic.Seconds(), connectionTraffic)
				}
				if v.Prices > 0 {
					send(v.Prices.Seconds(), prices)
				}
			},
		},
		{
			name:    "poll_calls_per_cycle",
			help:    "API calls that the configured intervals need within one interval of the first window. If they exceed poll_budget_calls_per_cycle, the intervals of connection_traffic are stretched, and all other intervals too if the calls do not fit even without it.",
			samples: func(v *accountView, send emit) { send(v.CallsPerCycle) },
		},
		{
			name:    "poll_budget_calls_per_cycle",
			help:    "API calls that the request budget allows for polling within one interval of the first window: nine tenths of api.requests_per_second.",
			samples: func(v *accountView, send emit) { send(v.BudgetPerCycle) },
		},
		{
			name: "pair_ports_missing", labels: []string{"pair"},
			help: "Ports of a configured pair that the exporter does not poll: 0, 1 or 2. While one is missing the pair has no other series. Absent until the ports of the account have been listed once.",
			samples: func(v *accountView, send emit) {
				for _, p := range v.Pairs {
					if missing, known := v.snap.MissingPairPorts(v.Account, p); known {
						send(float64(len(missing)), p.Name)
					}
				}
			},
		},
		{
			name: "connections_selected",
			help: "Connections that the filters of the account let through. Absent if connections.traffic is off, and before the first search.",
			samples: func(v *accountView, send emit) {
				if v.Selected != nil {
					send(float64(*v.Selected))
				}
			},
		},
		{
			name: "connections_watched",
			help: "Connections of the account with series of their own: the selected ones, up to connections.max, without those that max_series leaves out. Absent like connections_selected.",
			samples: func(v *accountView, send emit) {
				if v.Selected != nil {
					send(float64(v.tracked))
				}
			},
		},
		{
			name: "series_dropped",
			help: "Series of the ports, pairs and connections of the account that max_series leaves out: the most that each has had. 0 while nothing is left out. Left out first: single connections, then pairs, then discovered ports, then configured ports, and of each kind the last by UUID or name.",
			samples: func(v *accountView, send emit) {
				if v.MaxSeries > 0 {
					send(float64(v.dropped))
				}
			},
		},
	}
}

// fleetRows describe the exporter as a whole.
func fleetRows() []row[fleet.Snapshot] {
	return []row[fleet.Snapshot]{
		{
			name: "traffic_window_info", labels: []string{"window", "resolution"},
			help: "Always 1, for each window of poll.windows. The label resolution is the length of the intervals in it.",
			samples: func(s *fleet.Snapshot, send emit) {
				for _, w := range s.Windows {
					send(1, w.Label(), w.ResolutionLabel())
				}
			},
		},
		{
			name: "shard_info", labels: []string{"shard", "shards"},
			help: "Always 1. The labels say which part of the ports this exporter polls: shard, from 0, of shards. Without --shard it is 0 of 1.",
			samples: func(s *fleet.Snapshot, send emit) {
				send(1, strconv.Itoa(s.Shard.Index), strconv.Itoa(max(s.Shard.Count, 1)))
			},
		},
		{
			name:    "shards",
			help:    "Number of exporters that share the ports, this one included, as --shard says; 1 without it. The label shards of shard_info as a number.",
			samples: func(s *fleet.Snapshot, send emit) { send(float64(max(s.Shard.Count, 1))) },
		},
	}
}
