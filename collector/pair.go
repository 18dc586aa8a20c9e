package collector

import "github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"

const fromBoth = "Worked out from the traffic of both ports, interval by interval; dropped with that of either. " +
	"Absent while a port has no link up (then it has failed over already) or where the two have intervals of different lengths"

// pairFamilies tell whether either port of a pair could carry the load of both.
func pairFamilies() []Family {
	return []Family{
		pairFamily("pair_info",
			"Always 1; the two ports that back each other up, from the redundancy groups of the inventory or from the configuration, which wins. Polled every poll.inventory_interval.",
			[]string{"primary_uuid", "secondary_uuid"}, func(v *fleet.PairView, send emit) {
				send(1, v.Primary, v.Secondary)
			}),
		pairFamily("pair_failover_utilization_ratio",
			"Rate of both ports of the pair together in the newest interval that both have, by its mean, as a share of the smaller of their effective capacities: what the other one would carry if either failed; above 1 it could not. "+fromBoth+".",
			[]string{"direction"}, func(v *fleet.PairView, send emit) {
				for _, d := range fleet.Directions() {
					sendRatio(send, v.Utilization(d), string(d))
				}
			}),
		pairFamily("pair_failover_utilization_p95_ratio",
			"95th percentile of the rate of both ports of the pair together, by the means of the window's intervals, as a share of the smaller of their effective capacities now. "+fromBoth+", or less than nine tenths of them in common.",
			[]string{"direction", "window"}, func(v *fleet.PairView, send emit) {
				for i, w := range v.Windows {
					for _, d := range fleet.Directions() {
						sendRatio(send, v.P95(d, i), string(d), w.Label())
					}
				}
			}),
		snapshotFamily("pair_ports_missing",
			"Ports of a pair of the configuration that are not watched, 0, 1 or 2: with one missing the pair has no other series. Absent until the listing of the account has come through once.",
			[]string{"account", "pair"}, func(s *fleet.Snapshot, send emit) {
				for i := range s.Accounts {
					for _, p := range s.Accounts[i].Pairs {
						if unwatched, ok := s.Unwatched(&s.Accounts[i], p); ok {
							send(float64(len(unwatched)), s.Accounts[i].Name, p.Name)
						}
					}
				}
			}),
	}
}

// sendRatio sends nothing for nil.
func sendRatio(send emit, ratio *float64, labels ...string) {
	if ratio != nil {
		send(*ratio, labels...)
	}
}
