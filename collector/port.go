package collector

import (
	"cmp"
	"maps"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// portRows describe the port as the inventory has it.
func portRows() []row[fleet.View] {
	return []row[fleet.View]{
		{
			name: "port_info", labels: []string{
				"account", "metro", "metro_name", "ibx", "equinix_region", "encapsulation", "package", "speed",
				"redundancy_priority", "redundancy_group", "lag", "project",
			},
			help: "Always 1. The labels describe the port as in its latest inventory, \"\" if the API says nothing. Polled every poll.inventory_interval; never dropped.",
			samples: func(v *fleet.View, send emit) {
				i := v.Port.Inventory // never stale: the labels identify the port
				if i == nil {
					i = &fleet.Inventory{}
				}
				send(1, v.Account, i.Metro, i.MetroName, i.IBX, i.Region, i.Encapsulation, i.Package, i.Speed,
					i.RedundancyPriority, i.RedundancyGroup, i.LAG, i.Project)
			},
		},
		{
			name: "port_operational_status", class: inventory, labels: []string{"status"}, usual: 3,
			help: "1 for the operational status of the port, 0 for the others: UP, DOWN, or PARTIAL if some links of a LAG are down.",
			samples: listed(func(i *fleet.Inventory, send emit) {
				send.status(i.OperationalStatus(), fleet.StatusUp, fleet.StatusDown, fleet.StatusPartial)
			}),
		},
		{
			name: "port_lifecycle_state", class: inventory, labels: []string{"state"},
			help:    "Always 1. The label state is the lifecycle state of the port as the API spells it, UNKNOWN if the API gives none.",
			samples: listed(func(i *fleet.Inventory, send emit) { send(1, cmp.Or(i.State, fleet.Unknown)) }),
		},
		{
			name:    "port_capacity_bytes_per_second",
			help:    "Line rate of the port in bytes per second (8 bits each), from the inventory, or from the traffic statistics if the inventory does not have it. Dropped when both have gone stale.",
			samples: func(v *fleet.View, send emit) { send.bytes(v.Capacity()) },
		},
		{
			name: "port_effective_capacity_bytes_per_second", class: inventory,
			help:    "Line rate in bytes per second of the physical links of the port that are up. If the API lists no links, the line rate of the port; if it does not say of each link whether it is up, the line rate of the port while the port is UP, 0 while it is DOWN, else absent.",
			samples: func(v *fleet.View, send emit) { send.bytes(v.EffectiveCapacity()) },
		},
		{
			name: "port_lag_links", class: inventory, labels: []string{"status"}, usual: 2,
			help: "Physical links of the port by status, UNKNOWN if the API does not say. UP and DOWN are always there, 0 included, if the API lists links." + byName,
			samples: listed(func(i *fleet.Inventory, send emit) {
				if len(i.Links) == 0 {
					return
				}
				counts := map[string]int{fleet.StatusUp: 0, fleet.StatusDown: 0}
				for _, l := range i.Links {
					counts[cmp.Or(l.Status, fleet.Unknown)]++
				}
				send.counts(counts, linkStatuses())
			}),
		},
		{
			name: "port_lag_failover_utilization_ratio", labels: []string{"direction"},
			help: "Last polled rate of the port divided by the line rate that is left if its fastest link that is up fails as well; above 1 the LAG would be full. Only for ports with several links of which more than one is up. Dropped with port_traffic_last_bytes_per_second or with the inventory.",
			samples: func(v *fleet.View, send emit) {
				for _, d := range fleet.Directions() {
					send.value(v.LAGFailover(d), string(d))
				}
			},
		},
		{
			name: "port_maintenance", class: inventory, labels: []string{"status"},
			help:    "Always 1. The label status is the status of the port's maintenance: SCHEDULED, IN_PROGRESS, COMPLETED or DEFERRED. Absent without maintenance.",
			samples: listed(func(i *fleet.Inventory, send emit) { send.one(i.Maintenance) }),
		},
		{
			name: "port_price_poll_success",
			help: "1 if the latest question for the list price of the port was answered, with or without a price, else 0. Present only if prices of the account are on, after the first question.",
			samples: func(v *fleet.View, send emit) {
				if v.PricePoll.Tried() {
					send.yes(v.PricePoll.OK)
				}
			},
		},
		{
			name: "port_allocated_bandwidth_bytes_per_second", class: inventory,
			help:    "Bandwidth in bytes per second that is allocated to the connections of the port, as Equinix states it; not traffic.",
			samples: listed(func(i *fleet.Inventory, send emit) { send.bytes(i.Allocated) }),
		},
		{
			name: "port_available_bandwidth_bytes_per_second", class: inventory,
			help:    "Bandwidth in bytes per second that is free to be allocated to further connections of the port, as Equinix states it; not traffic. Absent if the API does not say.",
			samples: listed(func(i *fleet.Inventory, send emit) { send.bytes(i.Available) }),
		},
	}
}

// listed sends samples of the inventory while it is fresh.
func listed(samples func(*fleet.Inventory, emit)) func(*fleet.View, emit) {
	return func(v *fleet.View, send emit) {
		if v.Inventory != nil {
			samples(v.Inventory, send)
		}
	}
}

// connectionCountRows count the connections on a port.
func connectionCountRows() []row[fleet.View] {
	counted := func(samples func(*fleet.Connections, emit)) func(*fleet.View, emit) {
		return func(v *fleet.View, send emit) {
			if v.Connections != nil {
				samples(v.Connections, send)
			}
		}
	}
	return []row[fleet.View]{
		{
			name: "port_connections", class: connections, labels: []string{"state"}, usual: len(fleet.ConnectionStates()),
			help: "Connections on either side of the port by lifecycle state as the API spells it, UNKNOWN if the API gives none. Documented states are always there, 0 included. If the v4 search is refused they come from v3, which knows only connections that the account has ordered." + byName,
			samples: counted(func(c *fleet.Connections, send emit) {
				counts := map[string]int{}
				for _, s := range fleet.ConnectionStates() {
					counts[s] = 0
				}
				maps.Copy(counts, c.States)
				send.counts(counts, fleet.ConnectionStates())
			}),
		},
		{
			name: "port_connections_status", class: connections, labels: []string{"side", "status"},
			help: "Connections on either side of the port by operation status, as Equinix and as the provider sees it; only statuses that occur." + byName,
			samples: counted(func(c *fleet.Connections, send emit) {
				send.counts(c.Equinix, equinixStatuses(), "equinix")
				send.counts(c.Provider, providerStatuses(), "provider")
			}),
		},
		{
			name: "port_connections_bandwidth_bytes_per_second", class: connections,
			help:    "Sum in bytes per second of the bandwidth of the connections on the port whose state is ACTIVE, PROVISIONED, PROVISIONING, REPROVISIONING, or one that Equinix does not document. For a connection without a state, its status on Equinix' side decides. Absent if the API gives no bandwidth for one of these connections.",
			samples: counted(func(c *fleet.Connections, send emit) { send.bytes(c.Bandwidth) }),
		},
	}
}

// packetRows are counters, shown while the traffic of the first window is fresh.
func packetRows() []row[fleet.View] {
	const counting = " on the port. The count of each interval is added once, by its end time, from the first poll on. Only if the source has them (v4-metrics), and while the line rate, which bounds them, is known."
	packets := func(of func(*fleet.Port) map[fleet.Direction]fleet.Counter) func(*fleet.View, emit) {
		return func(v *fleet.View, send emit) {
			for _, d := range fleet.Directions() {
				if c := of(v.Port)[d]; v.Traffic[0] != nil && c.Began() {
					send(c.Total, string(d))
				}
			}
		}
	}
	return []row[fleet.View]{
		{
			name: "port_packets_dropped_total", class: traffic, labels: []string{"direction"}, counter: true,
			help:    "Packets that Equinix dropped" + counting,
			samples: packets(func(p *fleet.Port) map[fleet.Direction]fleet.Counter { return p.Dropped }),
		},
		{
			name: "port_packets_errored_total", class: traffic, labels: []string{"direction"}, counter: true,
			help:    "Packets with errors" + counting,
			samples: packets(func(p *fleet.Port) map[fleet.Direction]fleet.Counter { return p.Errored }),
		},
	}
}
