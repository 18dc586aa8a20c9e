package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// noPoints is shown if Prometheus has no points of intervals.
const noPoints = "no points known: needs remote_write or backfill"

// portIntervals shows the intervals of Equinix at their own time, which come by
// remote_write and backfill, and the percentiles that rules compute from them.
func portIntervals(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(intervalBand("inbound", "blue")).
		WithPanel(intervalBand("outbound", "purple")).
		WithPanel(rows(spec{
			title: "95th percentile", w: 12, h: 6, unit: "none", empty: noPoints, links: runbooks("FabricPortNearlyFull"),
			about: "The highest mean of 5 minutes once the top 5 % are dropped, of the past 7 and 30 days and of the calendar month so far (UTC), as for billing. " +
				"Utilization is the worse direction as a share of the links that are up. Points is the share of the intervals that Prometheus has; of a month, the share of the whole month. " +
				"With few points, the percentile is of those days only. Needs remote_write or backfill, and the recording rules of deploy/prometheus.",
		}, nil,
			column{title: "port_uuid", label: "port_uuid", hidden: true},
			column{title: "Of", label: "window", width: 70},
			column{title: "Inbound", expr: inBits(intervalP95("inbound")), unit: "bps"},
			column{title: "Outbound", expr: inBits(intervalP95("outbound")), unit: "bps"},
			column{title: "Utilization", expr: shareOfPort(intervalP95(".+")),
				unit: "percentunit", colours: l.full(), width: 90},
			column{title: "Points", expr: `min by (port_uuid, window) (equinix_fabric:port:interval_coverage_ratio{port_uuid="$port"})`,
				unit: "percentunit", bar: true, empty: "not known"},
		)).
		WithPanel(byInterval(series(spec{
			title: "Packets dropped and damaged by interval", w: 12, h: 6, unit: "short", empty: noPoints, links: runbooks("FabricPortDropping"),
			about: "Packets that Equinix dropped on the port, and packets with errors, in each interval at its own time; if the range is long, in several intervals together. " +
				"Only v4-metrics counts packets. Drops in single intervals come from bursts; drops in all of them mean that the port is too small.",
			queries: []query{
				{inIntervals("sum", "packets_dropped", "inbound"), "dropped inbound"},
				{inIntervals("sum", "packets_dropped", "outbound"), "dropped outbound"},
				{inIntervals("sum", "packets_errored", "inbound"), "errors inbound"},
				{inIntervals("sum", "packets_errored", "outbound"), "errors outbound"},
			},
		})))
}

// intervalP95 is the 95th percentile that the rules compute from points, for each window.
func intervalP95(direction string) string {
	return `max by (port_uuid, window) (equinix_fabric:port:interval_p95_bytes_per_second{port_uuid="$port",direction=~"` + direction + `"})`
}

// intervalBand is one direction between the mean and the maximum of each interval.
func intervalBand(direction, colour string) *timeseries.PanelBuilder {
	what := map[string]string{"inbound": "receives", "outbound": "sends"}[direction]
	title := map[string]string{"inbound": "Inbound by interval: mean and maximum", "outbound": "Outbound by interval: mean and maximum"}[direction]
	return byInterval(series(spec{
		title: title, w: 12, h: 9, unit: "bps", empty: noPoints, links: runbooks("FabricPortNearlyFull", "FabricPortSaturated"),
		about: "What the port " + what + " in each interval of Equinix, at the end of the interval as Equinix gives it: a band from the mean to the maximum. " +
			"If the range is long, each point is several intervals: their mean and their highest maximum. v4-metrics has no maximum, so there is only a line. " +
			"Unlike the panels above, it has no holes if the exporter or Prometheus was away, once the points have been sent.",
		queries: []query{
			{inBits(inIntervals("max", "max_bytes_per_second", direction)), "maximum"},
			{inBits(inIntervals("avg", "mean_bytes_per_second", direction)), "mean"},
		},
	})).
		OverrideByName("maximum", append(painted(colour), property("custom.fillBelowTo", "mean"), property("custom.fillOpacity", 15))).
		OverrideByName("mean", append(painted(colour), property("custom.fillOpacity", 0), property("custom.lineWidth", 2)))
}

// inIntervals is a value of the port in the intervals that end in each step of a graph:
// their average, sum or highest. Points of an hour are drawn over the hour that they are
// about, if there are none of 5 minutes.
func inIntervals(over, family, direction string) string {
	points := func(resolution, window string) string {
		return ns + "port_interval_" + family + `{port_uuid="$port",direction="` + direction + `",resolution="` + resolution + `"}[` + window + "]"
	}
	per := func(expr string) string { return "max by (port_uuid, direction) (" + expr + ")" }
	return per(over+"_over_time("+points("5m", "$__interval")+")") +
		" or " + per(over+"_over_time("+points("1h", "$__interval")+")") +
		" or " + per("last_over_time("+points("1h", "1h")+" offset -1h)")
}

// byInterval makes steps of at least 5 minutes, and draws lines across a step that no
// interval ends in: v4-metrics gives ends of intervals that jitter.
func byInterval(b *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return b.Interval("5m").SpanNulls(common.BoolOrFloat64{Float64: new(660_000.0)})
}
