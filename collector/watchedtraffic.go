package collector

import "github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"

// seenFrom says what the directions of a connection mean.
const seenFrom = "Directions as seen from the side of connection_info; v4-metrics does not say where its own are seen from, which is taken to be the a-side. "

// watchedTrafficFamilies are what the statistics calls say of connections.
func watchedTrafficFamilies() []Family {
	perWindow := []string{"direction", "window"}
	return []Family{
		watchedFamily("connection_traffic_max_bytes_per_second",
			"Highest rate of an interval of the connection in the window, in bytes per second, as the source gives it (v4-metrics knows only the means of intervals). "+seenFrom+fromTraffic,
			perWindow, watchedWindows(func(s *fleet.Rates) *float64 { return s.Max })),
		watchedFamily("connection_traffic_avg_bytes_per_second",
			"Mean rate of the connection over the window in bytes per second, as the source gives it. "+seenFrom+fromTraffic,
			perWindow, watchedWindows(func(s *fleet.Rates) *float64 { return s.Mean })),
		watchedFamily("connection_traffic_p95_bytes_per_second",
			"95th percentile of the interval means of the connection in the window in bytes per second: the highest once the top 5 % are dropped. Absent where the source answers with longer intervals than asked for. "+seenFrom+fromTraffic,
			perWindow, watchedWindows(func(s *fleet.Rates) *float64 { return s.P95 })),
		watchedFamily("connection_traffic_last_bytes_per_second",
			"Last polled rate of the connection in bytes per second, as the source gives it; where it gives none, the mean of the newest interval. "+seenFrom+"Typically 5 to 17 minutes old; connection_traffic_last_sample_timestamp_seconds has the time of the newest interval. Dropped when that interval is older than 3 times its length plus 45 minutes, or with the other traffic of the first window.",
			[]string{"direction"}, func(v *fleet.ConnectionView, send emit) {
				for _, d := range fleet.Directions() {
					sendBytes(send, v.Last(d), string(d))
				}
			}),
		watchedFamily("connection_traffic_last_sample_timestamp_seconds",
			"Unix time of the newest interval that Equinix has for the connection, as the API stamps it. Polled; never dropped once known, while the connection may have traffic.",
			[]string{"direction"}, func(v *fleet.ConnectionView, send emit) {
				for _, d := range fleet.Directions() {
					if t := v.Newest(d); !t.IsZero() {
						send(unix(t), string(d))
					}
				}
			}),
		counted(watchedFamily("connection_packets_dropped_total",
			"Packets that a side of the connection dropped because they exceeded its bandwidth: the count of each interval once, by its end time, from the first poll on. Only where the source has them (v4-metrics), which does not say from which side inbound and outbound are seen. "+fromTraffic,
			[]string{"side", "direction"}, watchedDrops)),
		watchedFamily("connection_metrics_attached",
			"1 if the connection is attached to a stream with metrics enabled, or if v4-metrics currently returns data for it; else 0. Present only while v4-metrics is the source of the traffic of connections. Polled every poll.inventory_interval.",
			nil, func(v *fleet.ConnectionView, send emit) {
				if v.Attached != nil {
					send(one(*v.Attached))
				}
			}),
	}
}

// watchedWindows sends one figure of each fresh window, both directions.
func watchedWindows(figure func(*fleet.Rates) *float64) func(*fleet.ConnectionView, emit) {
	return func(v *fleet.ConnectionView, send emit) { sendWindows(send, v.Windows, v.Traffic, figure) }
}

// watchedDrops sends counters while the traffic of the primary window is fresh.
func watchedDrops(v *fleet.ConnectionView, send emit) {
	if v.Traffic[0] == nil {
		return
	}
	for _, s := range fleet.Sides() {
		for _, d := range fleet.Directions() {
			if c := v.Dropped[s][d]; c.Began() {
				send(c.Total, string(s), string(d))
			}
		}
	}
}
