package collector

import (
	"maps"
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const fromConnections = "Polled every poll.connections_interval; dropped after poll.stale_intervals of those intervals without a good poll."

// connectionFamilies count what rides on a port.
func connectionFamilies() []Family {
	return []Family{
		portFamily("port_connections",
			"Connections on either side of the port by lifecycle state as the API spells it, UNKNOWN where it is empty. "+fromConnections,
			[]string{"state"}, connectionStates),
		portFamily("port_connections_status",
			"Connections on either side of the port by operation status, as Equinix and as the provider sees it; only statuses that occur. "+fromConnections,
			[]string{"side", "status"}, func(v *fleet.View, send emit) {
				if v.Connections == nil {
					return
				}
				sendCounts(send, v.Connections.Equinix, "equinix")
				sendCounts(send, v.Connections.Provider, "provider")
			}),
		portFamily("port_connections_bandwidth_bytes_per_second",
			"Sum in bytes per second of the bandwidth of the connections on the port that are ACTIVE, PROVISIONED, PROVISIONING or REPROVISIONING; absent where the API gives none for one of them. "+fromConnections,
			nil, func(v *fleet.View, send emit) {
				if v.Connections != nil {
					sendBytes(send, v.Connections.Bandwidth)
				}
			}),
	}
}

// connectionStates sends every documented state, at 0 where no connection is in
// it, and whatever other state occurs.
func connectionStates(v *fleet.View, send emit) {
	if v.Connections == nil {
		return
	}
	documented := fleet.ConnectionStates()
	for _, s := range documented {
		send(float64(v.Connections.States[s]), s)
	}
	for _, s := range slices.Sorted(maps.Keys(v.Connections.States)) {
		if !slices.Contains(documented, s) {
			send(float64(v.Connections.States[s]), s)
		}
	}
}

// sendCounts sends a series for each key, the label that follows the others.
func sendCounts(send emit, counts map[string]int, labels ...string) {
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		send(float64(counts[key]), slices.Concat(labels, []string{key})...)
	}
}
