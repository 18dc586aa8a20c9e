package collector

import "github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"

// seenFrom is the help about the directions of a connection.
const seenFrom = " Directions as seen from the side in connection_info; v4-metrics does not say from which side its directions are seen, which is taken to be the a-side."

// trafficRows are the families about traffic and its polls, for ports or for
// connections: what is port or connection, class the class of polls, and directions a
// sentence of help about directions.
func trafficRows(what, class, directions string) []row[fleet.MeteredView] {
	direction, perWindow := []string{"direction"}, []string{"direction", "window"}
	windowed := func(figure func(*fleet.Rates) *float64) func(*fleet.MeteredView, emit) {
		return func(v *fleet.MeteredView, send emit) {
			for i, t := range v.Traffic {
				for _, d := range fleet.Directions() {
					if t != nil {
						send.bytes(figure(t.Rates(d)), string(d), v.Windows[i].Label())
					}
				}
			}
		}
	}
	return []row[fleet.MeteredView]{
		{
			name: what + "_traffic_max_bytes_per_second", class: class, labels: perWindow,
			help:    "Highest rate of the " + what + " in an interval of the window, in bytes per second, as the source gives it (v4-metrics knows only the means of intervals)." + directions,
			samples: windowed(func(r *fleet.Rates) *float64 { return r.Max }),
		},
		{
			name: what + "_traffic_avg_bytes_per_second", class: class, labels: perWindow,
			help:    "Mean rate of the " + what + " over the window in bytes per second, as the source gives it." + directions,
			samples: windowed(func(r *fleet.Rates) *float64 { return r.Mean }),
		},
		{
			name: what + "_traffic_p95_bytes_per_second", class: class, labels: perWindow,
			help:    "95th percentile of the mean rates of the " + what + " in the intervals of the window, in bytes per second: the highest mean after the top 5 % are dropped. Absent if the source answers with longer intervals than asked for." + directions,
			samples: windowed(func(r *fleet.Rates) *float64 { return r.P95 }),
		},
		{
			name: what + "_traffic_last_bytes_per_second", class: class, labels: direction,
			help: "Last polled rate of the " + what + " in bytes per second, as the source gives it, or the mean of the newest interval if it gives none. Typically 5 to 17 minutes old: " + what + "_traffic_last_sample_timestamp_seconds is the time of the newest interval. Dropped when that interval is older than 3 times its length plus 45 minutes." + directions,
			samples: func(v *fleet.MeteredView, send emit) {
				for _, d := range fleet.Directions() {
					send.bytes(v.Last(d), string(d))
				}
			},
		},
		{
			name: what + "_traffic_last_sample_timestamp_seconds", labels: direction,
			help: "Unix time of the newest interval that Equinix has for the " + what + ", as the API stamps it. Never dropped once known, while the " + what + " is polled.",
			samples: func(v *fleet.MeteredView, send emit) {
				for _, d := range fleet.Directions() {
					send.time(v.Newest(d), string(d))
				}
			},
		},
		{
			name: what + "_metrics_attached",
			help: "1 if the " + what + " is attached to a stream with metrics enabled, or if v4-metrics currently returns data for it; else 0. Present only while v4-metrics is the source of its traffic. Polled every poll.inventory_interval.",
			samples: func(v *fleet.MeteredView, send emit) {
				if v.Attached != nil {
					send.yes(*v.Attached)
				}
			},
		},
		{
			name: what + "_poll_success",
			help: "1 if the latest traffic poll of the " + what + ", of any window, succeeded, else 0. Absent before the first poll, and if it is not polled for traffic.",
			samples: func(v *fleet.MeteredView, send emit) {
				if succeeded, tried := v.Subject.Succeeded(); tried {
					send.yes(succeeded)
				}
			},
		},
		{
			name: what + "_monthly_price", class: prices, labels: []string{"currency"},
			help: "Monthly recurring charge of the " + what + " by the price list of Equinix, in the currency of the label: without taxes, for the shortest term, and not what a contract says. Absent if the API gives none.",
			samples: func(v *fleet.MeteredView, send emit) {
				if p := v.Price; p != nil && p.Monthly != nil {
					send(*p.Monthly, p.Currency)
				}
			},
		},
		{
			name:    what + "_poll_last_success_timestamp_seconds",
			help:    "Unix time of the latest successful traffic poll of the " + what + " for the first window.",
			samples: func(v *fleet.MeteredView, send emit) { send.time(v.Subject.Polls[0].LastSuccess) },
		},
	}
}
