package collector

import (
	"maps"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const fromConnections = "Polled every poll.connections_interval; dropped after poll.stale_intervals of those intervals without a good poll."

// connectionFamilies count what rides on a port.
func connectionFamilies() []Family {
	return []Family{
		valued(mostOf(fleet.ConnectionStates()), portFamily("port_connections",
			"Connections on either side of the port by lifecycle state as the API spells it, UNKNOWN where it is empty."+byName+" "+fromConnections,
			[]string{"state"}, connectionStates)),
		valued(mostOf(equinixStatuses()), portFamily("port_connections_status", // of the two sides the one with more
			"Connections on either side of the port by operation status, as Equinix and as the provider sees it; only statuses that occur."+byName+" "+fromConnections,
			[]string{"side", "status"}, func(v *fleet.View, send emit) {
				if v.Connections == nil {
					return
				}
				sendCounts(send, v.Connections.Equinix, equinixStatuses(), "equinix")
				sendCounts(send, v.Connections.Provider, providerStatuses(), "provider")
			})),
		portFamily("port_connections_bandwidth_bytes_per_second",
			"Sum in bytes per second of the bandwidth of the connections on the port that are ACTIVE, PROVISIONED, PROVISIONING or REPROVISIONING, or in a state that Equinix does not document. Where a connection has no state, its status on Equinix' side decides. Absent where the API gives no bandwidth for one of them. "+fromConnections,
			nil, func(v *fleet.View, send emit) {
				if v.Connections != nil {
					sendBytes(send, v.Connections.Bandwidth)
				}
			}),
	}
}

// connectionStates sends every documented state, at 0 where no connection is in
// it, and a bounded number of others.
func connectionStates(v *fleet.View, send emit) {
	if v.Connections == nil {
		return
	}
	counts := map[string]int{}
	for _, s := range fleet.ConnectionStates() {
		counts[s] = 0
	}
	maps.Copy(counts, v.Connections.States)
	sendCounts(send, counts, fleet.ConnectionStates())
}
