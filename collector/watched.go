package collector

import (
	"cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// watchedFamilies describe connections one by one, as the searches find them.
func watchedFamilies() []Family {
	return []Family{
		watchedFamily("connection_info",
			"Always 1, for each connection that connections.traffic of its account asks for; the labels describe it as the latest search that found it does, \"\" where the API says nothing. port_uuid, port_name: the port of the account that it is seen from; side, a or z: that the port is on; vlan: there; a_side, z_side: what the sides are called, the UUID of what has no name, else the type; a_side_type, z_side_type: COLO, SP, CLOUD_ROUTER, VD and so on. Polled every poll.connections_interval; never dropped while the searches find it.",
			[]string{
				"account", "port_uuid", "port_name", "side", "type", "connection_direction",
				"a_side", "z_side", "a_side_metro", "z_side_metro", "vlan", "redundancy_group", "redundancy_priority", "a_side_type", "z_side_type",
			}, watchedInfo),
		watchedFamily("connection_state",
			"Always 1; the state label is the lifecycle state of the connection as the API spells it, UNKNOWN where it is empty. "+fromConnections,
			[]string{"state"}, ofFacts(func(c *fleet.Connection, send emit) { send(1, cmp.Or(c.State, fleet.Unknown)) })),
		watchedFamily("connection_status",
			"Always 1; the status label is the operation status of the connection, as Equinix and as the provider sees it, UNKNOWN where it is empty. "+fromConnections,
			[]string{"side", "status"}, ofFacts(func(c *fleet.Connection, send emit) {
				send(1, "equinix", cmp.Or(c.EquinixStatus, fleet.Unknown))
				send(1, "provider", cmp.Or(c.ProviderStatus, fleet.Unknown))
			})),
		valued(3, watchedFamily("connection_operational_status", // these and another
			"1 for the operational status of the connection, UP or DOWN, 0 for the other; absent where the API does not say. "+fromConnections,
			[]string{"status"}, ofFacts(func(c *fleet.Connection, send emit) {
				sendStatus(send, c.Status, fleet.StatusUp, fleet.StatusDown)
			}))),
		watchedFamily("connection_maintenance",
			"Always 1; the status label is that of the maintenance of the connection, SCHEDULED, IN_PROGRESS, COMPLETED or DEFERRED; no series without one. "+fromConnections,
			[]string{"status"}, ofFacts(func(c *fleet.Connection, send emit) {
				if c.Maintenance != "" {
					send(1, c.Maintenance)
				}
			})),
		watchedFamily("connection_bandwidth_bytes_per_second",
			"Bandwidth of the connection in bytes per second (8 bits each), as ordered. "+fromConnections,
			nil, ofFacts(func(c *fleet.Connection, send emit) { sendBytes(send, c.Bandwidth) })),
	}
}

// watchedInfo is never stale: what the connection was last known as identifies it.
func watchedInfo(v *fleet.ConnectionView, send emit) {
	send(1, v.Account, v.Port, v.PortName, string(v.Side), v.Type, v.Direction,
		v.ASide.Name, v.ZSide.Name, v.ASide.Metro, v.ZSide.Metro, v.End(v.Side).VLAN, v.RedundancyGroup, v.RedundancyPriority,
		v.ASide.Type, v.ZSide.Type)
}

// ofFacts sends what is known of a connection while a search has found it lately.
func ofFacts(series func(*fleet.Connection, emit)) func(*fleet.ConnectionView, emit) {
	return func(v *fleet.ConnectionView, send emit) {
		if v.Facts != nil {
			series(v.Facts, send)
		}
	}
}

// watchedHealthFamilies tell how far the series of connections can be trusted,
// and how many of them there are.
func watchedHealthFamilies() []Family {
	return []Family{
		watchedFamily("connection_poll_success",
			"1 if the latest traffic poll of the connection, whatever its window, succeeded, 0 if not; absent before the first, and for a connection in a state without traffic.",
			nil, func(v *fleet.ConnectionView, send emit) {
				if succeeded, ok := v.Succeeded(); ok {
					send(one(succeeded))
				}
			}),
		watchedFamily("connection_poll_last_success_timestamp_seconds",
			"Unix time of the latest successful traffic poll of the connection in the first window.",
			nil, func(v *fleet.ConnectionView, send emit) {
				if t := v.Polls[0].LastSuccess; !t.IsZero() {
					send(unix(t))
				}
			}),
		accountFamily("connections_selected",
			"Connections that the filters of the account let through; absent where connections.traffic is off and before the first search.",
			nil, func(v accountView, send emit) {
				if v.Selected != nil {
					send(float64(*v.Selected))
				}
			}),
		accountFamily("connections_watched",
			"Connections of the account with series of their own: those selected, at most connections.max and what max_series leaves; absent as connections_selected is.",
			nil, func(v accountView, send emit) {
				if v.Selected != nil {
					send(float64(v.watched))
				}
			}),
		accountFamily("connection_traffic_source_info",
			"Always 1; the API that the traffic of connections is read from: v4-stats or v4-metrics. Absent until one has answered with data, where there are several to try.",
			[]string{"source"}, func(v accountView, send emit) {
				if v.ConnectionSource != "" {
					send(1, v.ConnectionSource)
				}
			}),
	}
}
