package collector

import "github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"

// pairRows describe pairs, and whether one port could carry the traffic of both.
func pairRows() []row[fleet.PairView] {
	const fromBoth = " Added up from the traffic of both ports, interval by interval, and dropped with the traffic of either. " +
		"Absent while a port has no link up (it has failed over already), if the intervals of the two ports differ in length"
	return []row[fleet.PairView]{
		{
			name: "pair_info", labels: []string{"primary_uuid", "secondary_uuid"},
			help:    "Always 1. The labels name the two ports that back each other up, from the redundancy groups of the inventory or from the configuration, which wins. A pair without a configured name is called after its ports (primary + secondary), followed by the UUID of the primary port if another pair has that name. Polled every poll.inventory_interval.",
			samples: func(v *fleet.PairView, send emit) { send(1, v.Primary, v.Secondary) },
		},
		{
			name: "pair_failover_utilization_ratio", labels: []string{"direction"},
			help: "Mean rate of both ports of the pair together, in the newest interval that both have, divided by the smaller of their effective capacities: the load of one port if the other fails. Above 1 it could not carry it." + fromBoth + ".",
			samples: func(v *fleet.PairView, send emit) {
				for _, d := range fleet.Directions() {
					send.value(v.Utilization(d), string(d))
				}
			},
		},
		{
			name: "pair_failover_utilization_p95_ratio", labels: []string{"direction", "window"},
			help: "95th percentile of the mean rates of both ports of the pair together in the intervals of the window, divided by the smaller of their effective capacities now." + fromBoth + ", or if they have fewer than nine tenths of the intervals in common.",
			samples: func(v *fleet.PairView, send emit) {
				for i, w := range v.Windows {
					for _, d := range fleet.Directions() {
						send.value(v.P95(d, i), string(d), w.Label())
					}
				}
			},
		},
	}
}
