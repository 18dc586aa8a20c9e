package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// What the recording rules of deploy/prometheus make of two weeks and more:
// nothing else here needs them. A forecast takes history that Equinix' windows do
// not have. Ports and pairs that do not grow have none.
const (
	forecastRatio     = "equinix_fabric:port:utilization_p95_forecast_ratio"
	pairForecastRatio = "equinix_fabric:pair:failover_utilization_p95_forecast_ratio"
	weeklyRate        = "equinix_fabric:port:traffic_p95_weekly_bytes_per_second"
	pairWeeklyRatio   = "equinix_fabric:pair:failover_utilization_p95_weekly_ratio"

	needsRules = " Needs the recording rules of deploy/prometheus and two weeks of history; what does not grow stays at the level of the past week."
)

// weeklyLevel is the level of each direction as a share of the links that are up.
const weeklyLevel = "last_over_time(" + weeklyRate + "[90m]) / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second) > 0)" +
	" * on (port_uuid) group_left (port_name) topk by (port_uuid) (1, " + chosenPorts + ")"

// What is to be expected: the forecast, and where there is none the level. The
// forecast alone would leave out a direction that is full and cannot grow.
const (
	expectedRatio     = forecastRatio + " or on (port_uuid, direction) " + weeklyLevel
	pairExpectedRatio = pairForecastRatio + " or on (pair, direction) last_over_time(" + pairWeeklyRatio + "[90m])"
)

// hourly is a series that the rules record once an hour.
func hourly(name string) string { return "last_over_time(" + name + "[90m])" }

// timeToFull is the time until the weekly level of a port reaches the limit of the
// forecast, in a straight line through the past two weeks; 0 where it is there.
// Nothing is said of more than two years, which would be noise.
func timeToFull(l Limits) string {
	room := "(" + hourly(weeklyRate) + " - on (port_uuid) group_left () (" + l.number("port_utilization_forecast_ratio") +
		" * max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second > 0)))"
	growth := "deriv(" + weeklyRate + "[2w])"
	// What is full need not grow: its room is 0, which may be divided by anything.
	forecast := growth + " > 0 and on (port_uuid, direction) " + forecastRatio + " or clamp_min(" + growth + ", 1) and " + room + " >= 0"
	return "(min by (port_uuid) (clamp_min(-" + room + ", 0) / (" + forecast + ")) < 2 * 31536000)" +
		" * on (port_uuid) group_left (port_name) topk by (port_uuid) (1, " + ns + "port_info)"
}

// soon are the colours of a time that is left.
func (l Limits) soon() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("red", colour{l.at("forecast_horizon_seconds"), "orange"}, colour{2 * l.at("forecast_horizon_seconds"), "green"})
}

// fleetForecast is what will be full, and why one should think so.
func fleetForecast(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(number(spec{
			title: "Full soon", w: 4, h: 9, unit: "none", colours: anyIsRed(), empty: "no forecast known",
			about: "Ports that grow so that their 95th percentile will be above " + l.percent("port_utilization_forecast_ratio") + " of the links that are up in " + l.horizon() +
				", in a straight line through the past two weeks. Ports that are full and do not grow are not among them: Nearly full counts those. Needs the recording rules of deploy/prometheus and two weeks of history.",
			queries: []query{{howMany("max by (port_uuid) (("+forecastRatio+" or on (port_uuid, direction) 0 * ("+weeklyLevel+")) and on (port_uuid) "+chosenPorts+")", ">", l.number("port_utilization_forecast_ratio")), "ports"}},
			links:   runbooks("FabricPortFullSoon"),
		})).
		WithPanel(bars(spec{
			title: "Utilization in " + l.horizon(), w: 8, h: 9, unit: "percentunit", colours: l.full(), max: 1, empty: "no forecast known",
			about: "The 95th percentile of the ten ports that will be fullest at the end of the forecast horizon, as a share of the links that are up now: " +
				"a straight line through the weekly levels of the past two weeks where it rises." + needsRules,
			queries: []query{{"topk(10, " + perPort(expectedRatio, "direction") + ")", "{{port_name}} {{direction}}"}},
			links:   runbooks("FabricPortFullSoon"), drill: toPort("__field.labels.port_uuid"),
		})).
		WithPanel(limited(series(spec{
			title: "Weekly levels of the busiest ports", w: 12, h: 9, unit: "percentunit", colours: l.full(), empty: "no forecast known",
			about: "What forecasts are made from: the 95th percentile of a day that is exceeded on one day in five of the week before, over the past two weeks in the worse direction, as a share of the links that are up. " +
				"It takes a week until there is a level. Compare it with the forecast before you order an upgrade.",
			queries: []query{{"max by (port_uuid, port_name) (" + weeklyLevel + ") and on (port_uuid) " + busiest, portName}},
			links:   runbooks("FabricPortFullSoon"), drill: toPort("__field.labels.port_uuid"),
		})).TimeFrom("14d"))
}
