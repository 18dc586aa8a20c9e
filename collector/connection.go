package collector

import (
	"cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// connectionRows describe single connections, as the latest search found them.
func connectionRows() []row[fleet.ConnectionView] {
	return []row[fleet.ConnectionView]{
		{
			name: "connection_info", usual: 1, labels: []string{
				"account", "port_uuid", "port_name", "side", "type", "connection_direction",
				"a_side", "z_side", "a_side_metro", "z_side_metro", "vlan", "redundancy_group", "redundancy_priority", "a_side_type", "z_side_type",
			},
			help: "Always 1, for each connection that connections.traffic of its account asks for. The labels describe it as the latest search found it, \"\" if the API says nothing. port_uuid and port_name: the port of the account that it is seen from, \"\" if it is on none (connections.all). side: the side of the connection that this port is on, a or z, and a if there is no port. vlan: the VLAN on that side. a_side and z_side: the name of what is on that side, its UUID if it has no name, else its type. a_side_type and z_side_type: COLO, SP, CLOUD_ROUTER, VD and so on. Polled every poll.connections_interval; never dropped while the searches find it.",
			samples: func(v *fleet.ConnectionView, send emit) { // never stale: the labels identify the connection
				send(1, v.Account, v.Port, v.PortName, string(v.Side), v.Type, v.Direction,
					v.ASide.Name, v.ZSide.Name, v.ASide.Metro, v.ZSide.Metro, v.End(v.Side).VLAN, v.RedundancyGroup, v.RedundancyPriority,
					v.ASide.Type, v.ZSide.Type)
			},
		},
		{
			name: "connection_state", class: connections, labels: []string{"state"},
			help:    "Always 1. The label state is the lifecycle state of the connection as the API spells it, UNKNOWN if the API gives none.",
			samples: found(func(c *fleet.Connection, send emit) { send(1, cmp.Or(c.State, fleet.Unknown)) }),
		},
		{
			name: "connection_status", class: connections, labels: []string{"side", "status"},
			help: "Always 1. The label status is the operation status of the connection, as Equinix and as the provider sees it, UNKNOWN if the API gives none.",
			samples: found(func(c *fleet.Connection, send emit) {
				send(1, "equinix", cmp.Or(c.EquinixStatus, fleet.Unknown))
				send(1, "provider", cmp.Or(c.ProviderStatus, fleet.Unknown))
			}),
		},
		{
			name: "connection_operational_status", class: connections, labels: []string{"status"}, usual: 2,
			help:    "1 for the operational status of the connection, UP or DOWN, 0 for the other. Absent if the API does not say.",
			samples: found(func(c *fleet.Connection, send emit) { send.status(c.Status, fleet.StatusUp, fleet.StatusDown) }),
		},
		{
			name: "connection_maintenance", class: connections, labels: []string{"status"},
			help:    "Always 1. The label status is the status of the connection's maintenance: SCHEDULED, IN_PROGRESS, COMPLETED or DEFERRED. Absent without maintenance.",
			samples: found(func(c *fleet.Connection, send emit) { send.one(c.Maintenance) }),
		},
		{
			name: "connection_bandwidth_bytes_per_second", class: connections,
			help:    "Bandwidth of the connection in bytes per second (8 bits each), as ordered.",
			samples: found(func(c *fleet.Connection, send emit) { send.bytes(c.Bandwidth) }),
		},
		{
			name: "connection_packets_dropped_total", class: connectionTraffic, labels: []string{"side", "direction"}, counter: true,
			help: "Packets that a side of the connection dropped because they exceeded its bandwidth. The count of each interval is added once, by its end time, from the first poll on. Only if the source has them (v4-metrics), which does not say from which side inbound and outbound are seen.",
			samples: func(v *fleet.ConnectionView, send emit) { // while the traffic of the first window is fresh
				for _, s := range fleet.Sides() {
					for _, d := range fleet.Directions() {
						if c := v.Dropped[s][d]; v.Traffic[0] != nil && c.Began() {
							send(c.Total, string(s), string(d))
						}
					}
				}
			},
		},
	}
}

// found sends samples of the latest search while its result is fresh.
func found(samples func(*fleet.Connection, emit)) func(*fleet.ConnectionView, emit) {
	return func(v *fleet.ConnectionView, send emit) {
		if v.Facts != nil {
			samples(v.Facts, send)
		}
	}
}
