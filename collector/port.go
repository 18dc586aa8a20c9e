package collector

import (
	"cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// portFamilies describe the port itself, as the inventory knows it.
func portFamilies() []Family {
	return []Family{
		portFamily("port_info",
			"Always 1; the labels describe the port as its latest inventory does, \"\" where the API says nothing. Polled every poll.inventory_interval; never dropped.",
			[]string{
				"account", "metro", "metro_name", "ibx", "equinix_region", "encapsulation", "package", "speed",
				"redundancy_priority", "redundancy_group", "lag", "project",
			}, portInfo),
		valued(4, portFamily("port_operational_status", // these and another
			"1 for the operational status of the port, 0 for the others: UP, DOWN, or PARTIAL where some links of a LAG are down. "+fromInventory,
			[]string{"status"}, portStatus)),
		portFamily("port_lifecycle_state",
			"Always 1; the state label is the lifecycle state of the port as the API spells it, UNKNOWN where it is empty. "+fromInventory,
			[]string{"state"}, func(v *fleet.View, send emit) {
				if v.Inventory != nil {
					send(1, cmp.Or(v.Inventory.State, fleet.Unknown))
				}
			}),
		portFamily("port_capacity_bytes_per_second",
			"Line rate of the port in bytes per second (8 bits each), from the inventory, else from the traffic statistics. Polled with them; dropped after poll.stale_intervals of their intervals without a good poll of either.",
			nil, func(v *fleet.View, send emit) { sendBytes(send, v.Capacity()) }),
		portFamily("port_effective_capacity_bytes_per_second",
			"Line rate in bytes per second of the physical links of the port that are up; the line rate of the port where the API names no links. "+fromInventory,
			nil, func(v *fleet.View, send emit) { sendBytes(send, v.EffectiveCapacity()) }),
		valued(mostOf(linkStatuses()), portFamily("port_lag_links",
			"Physical links of the port by status, UNKNOWN where the API does not say; UP and DOWN always there, 0 included, where the API names links."+byName+" "+fromInventory,
			[]string{"status"}, lagLinks)),
		portFamily("port_lag_failover_utilization_ratio",
			"Last polled rate of the port as a share of the line rate that is left when one more of its links fails, the fastest that is up; above 1 the LAG would be full. Only of ports with several links, while more than one is up. Dropped with port_traffic_last_bytes_per_second or with the inventory.",
			[]string{"direction"}, func(v *fleet.View, send emit) {
				for _, d := range fleet.Directions() {
					sendRatio(send, v.LAGFailover(d), string(d))
				}
			}),
		portFamily("port_maintenance",
			"Always 1; the status label is that of the maintenance of the port, SCHEDULED, IN_PROGRESS, COMPLETED or DEFERRED; no series without one. "+fromInventory,
			[]string{"status"}, func(v *fleet.View, send emit) {
				if v.Inventory != nil && v.Inventory.Maintenance != "" {
					send(1, v.Inventory.Maintenance)
				}
			}),
		portFamily("port_allocated_bandwidth_bytes_per_second",
			"Bandwidth in bytes per second that Equinix says is allocated to the connections of the port; not traffic. "+fromInventory,
			nil, func(v *fleet.View, send emit) {
				if v.Inventory != nil {
					sendBytes(send, v.Inventory.Allocated)
				}
			}),
	}
}

const fromInventory = "Polled every poll.inventory_interval; dropped after poll.stale_intervals of those intervals without a good poll."

// portInfo is never stale: what the port was last known as identifies it.
func portInfo(v *fleet.View, send emit) {
	i := v.Port.Inventory
	if i == nil {
		i = &fleet.Inventory{}
	}
	send(1, v.Account, i.Metro, i.MetroName, i.IBX, i.Region, i.Encapsulation, i.Package, i.Speed,
		i.RedundancyPriority, i.RedundancyGroup, i.LAG, i.Project)
}

func lagLinks(v *fleet.View, send emit) {
	if v.Inventory == nil || len(v.Inventory.Links) == 0 {
		return
	}
	counts := map[string]int{fleet.StatusUp: 0, fleet.StatusDown: 0}
	for _, l := range v.Inventory.Links {
		counts[cmp.Or(l.Status, fleet.Unknown)]++
	}
	sendCounts(send, counts, linkStatuses())
}

func portStatus(v *fleet.View, send emit) {
	if v.Inventory == nil {
		return
	}
	sendStatus(send, v.Inventory.OperationalStatus(), fleet.StatusUp, fleet.StatusDown, fleet.StatusPartial)
}

// sendStatus sends 1 for the current status and 0 for the others that there are;
// nothing where the current one is not known.
func sendStatus(send emit, current string, all ...string) {
	if current == "" {
		return
	}
	known := false
	for _, s := range all {
		known = known || s == current
		send(one(s == current), s)
	}
	if !known { // a status that Equinix adds one day must not read as none
		send(1, current)
	}
}
