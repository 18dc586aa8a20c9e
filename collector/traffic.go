package collector

import "github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"

const fromTraffic = "Polled on the interval of its window; dropped after poll.stale_intervals of those intervals without a good poll."

// trafficFamilies are what the statistics calls say.
func trafficFamilies() []Family {
	perWindow := []string{"direction", "window"}
	return []Family{
		snapshotFamily("traffic_window_info",
			"Always 1; the windows that traffic is asked for, and the resolution of the intervals in them.",
			[]string{"window", "resolution"}, func(s *fleet.Snapshot, send emit) {
				for _, w := range s.Windows {
					send(1, w.Label(), w.ResolutionLabel())
				}
			}),
		portFamily("port_traffic_max_bytes_per_second",
			"Highest rate of an interval in the window, in bytes per second, as the source gives it (v4-metrics knows only the means of intervals). "+fromTraffic,
			perWindow, windowed(func(s *fleet.Rates) *float64 { return s.Max })),
		portFamily("port_traffic_avg_bytes_per_second",
			"Mean rate over the window in bytes per second, as the source gives it. "+fromTraffic,
			perWindow, windowed(func(s *fleet.Rates) *float64 { return s.Mean })),
		portFamily("port_traffic_p95_bytes_per_second",
			"95th percentile of the interval means of the window in bytes per second: the highest once the top 5 % are dropped. Absent where the source answers with longer intervals than asked for. "+fromTraffic,
			perWindow, windowed(func(s *fleet.Rates) *float64 { return s.P95 })),
		portFamily("port_traffic_last_bytes_per_second",
			"Last polled rate in bytes per second, as the source gives it; where it gives none, the mean of the newest interval. Typically 5 to 17 minutes old; port_traffic_last_sample_timestamp_seconds has the time of the newest interval. Dropped when that interval is older than 3 times its length plus 45 minutes, or with the other traffic of the first window.",
			[]string{"direction"}, trafficLast),
		portFamily("port_traffic_last_sample_timestamp_seconds",
			"Unix time of the newest interval that Equinix has for the port, as the API stamps it. Polled; never dropped once known.",
			[]string{"direction"}, trafficLastTimestamp),
		counted(portFamily("port_packets_dropped_total",
			"Packets that Equinix dropped on the port: the count of each interval once, by its end time, from the first poll on. Only where the source has them (v4-metrics), and while the line rate, which bounds them, is known. "+fromTraffic,
			[]string{"direction"}, packets(func(p *fleet.Port) map[fleet.Direction]fleet.Counter { return p.Dropped }))),
		counted(portFamily("port_packets_errored_total",
			"Packets with errors on the port: the count of each interval once, by its end time, from the first poll on. Only where the source has them (v4-metrics), and while the line rate, which bounds them, is known. "+fromTraffic,
			[]string{"direction"}, packets(func(p *fleet.Port) map[fleet.Direction]fleet.Counter { return p.Errored }))),
		portFamily("port_metrics_attached",
			"1 if the port is attached to a stream with metrics enabled, or if v4-metrics currently returns data for it; else 0. Present only while v4-metrics is the source. Polled every poll.inventory_interval.",
			nil, func(v *fleet.View, send emit) {
				if v.Attached != nil {
					send(one(*v.Attached))
				}
			}),
	}
}

// windowed sends one figure of each fresh window, both directions.
func windowed(figure func(*fleet.Rates) *float64) func(*fleet.View, emit) {
	return func(v *fleet.View, send emit) { sendWindows(send, v.Windows, v.Traffic, figure) }
}

// sendWindows sends one figure of traffic by window, both directions.
func sendWindows(send emit, windows []fleet.Window, traffic []*fleet.Traffic, figure func(*fleet.Rates) *float64) {
	for i, t := range traffic {
		if t == nil {
			continue
		}
		for _, d := range fleet.Directions() {
			sendBytes(send, figure(t.Rates(d)), string(d), windows[i].Label())
		}
	}
}

// packets sends counters while the traffic of the primary window is fresh.
func packets(of func(*fleet.Port) map[fleet.Direction]fleet.Counter) func(*fleet.View, emit) {
	return func(v *fleet.View, send emit) {
		if v.Traffic[0] == nil {
			return
		}
		for _, d := range fleet.Directions() {
			if c := of(v.Port)[d]; c.Began() {
				send(c.Total, string(d))
			}
		}
	}
}

func trafficLast(v *fleet.View, send emit) {
	for _, d := range fleet.Directions() {
		sendBytes(send, v.Last(d), string(d))
	}
}

func trafficLastTimestamp(v *fleet.View, send emit) {
	for _, d := range fleet.Directions() {
		if t := v.Newest(d); !t.IsZero() {
			send(unix(t), string(d))
		}
	}
}
