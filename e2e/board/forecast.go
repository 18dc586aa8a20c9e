package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Forecasts need two weeks of history, which Equinix' windows do not have, so they come
// from the recording rules of deploy/prometheus. Ports and pairs that do not grow have
// no forecast.
const (
	forecastRatio     = "equinix_fabric:port:utilization_p95_forecast_ratio"
	pairForecastRatio = "equinix_fabric:pair:failover_utilization_p95_forecast_ratio"
	weeklyRate        = "equinix_fabric:port:traffic_p95_weekly_bytes_per_second"
	growthRate        = "equinix_fabric:port:traffic_p95_growth_hourly_bytes_per_second_squared"
	pairWeeklyRatio   = "equinix_fabric:pair:failover_utilization_p95_weekly_ratio"

	needsRules = " Needs the recording rules of deploy/prometheus and two weeks of history; what does not grow stays at the level of the past week."
)

// weeklyLevel is the level of each direction as a share of the links that are up.
const weeklyLevel = "last_over_time(" + weeklyRate + "[90m]) / on (port_uuid) group_left () (max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second) > 0)" +
	" * on (port_uuid) group_left (port_name) topk by (port_uuid) (1, " + chosenPorts + ")"

// The expected utilization: the forecast, or the level if there is no forecast. The
// forecast alone would leave out a direction that is full and cannot grow.
const (
	expectedRatio     = forecastRatio + " or on (port_uuid, direction) " + weeklyLevel
	pairExpectedRatio = pairForecastRatio + " or on (pair, direction) last_over_time(" + pairWeeklyRatio + "[90m])"
)

// hourly is a series that the rules record once an hour.
func hourly(name string) string { return "last_over_time(" + name + "[90m])" }

// timeToFull is the time until the weekly level of a port reaches the limit of the
// forecast, by a straight line through the past two weeks; 0 if it is there already.
// Times above two years are left out: they would be noise.
func timeToFull(l Limits) string {
	room := "(" + hourly(weeklyRate) + " - on (port_uuid) group_left () (" + l.number("port_utilization_forecast_ratio") +
		" * max by (port_uuid) (" + ns + "port_effective_capacity_bytes_per_second > 0)))"
	growth := hourly(growthRate)
	// A port that is full has a room of 0, whatever its growth.
	forecast := growth + " > 0 and on (port_uuid, direction) " + forecastRatio + " or clamp_min(" + growth + ", 1) and " + room + " >= 0"
	return "(min by (port_uuid) (clamp_min(-" + room + ", 0) / (" + forecast + ")) < 2 * 31536000)" +
		" * on (port_uuid) group_left (port_name) topk by (port_uuid) (1, " + ns + "port_info)"
}

// soon are the colours of a remaining time.
func (l Limits) soon() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("red", colour{l.at("forecast_horizon_seconds"), "orange"}, colour{2 * l.at("forecast_horizon_seconds"), "green"})
}

// fleetForecast shows which ports will be full, and the history that says so.
func fleetForecast(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(number(spec{
			title: "Full soon", w: 4, h: 9, unit: "none", colours: anyIsRed(), empty: "no forecast known",
			about: "Ports whose 95th percentile will be above " + l.percent("port_utilization_forecast_ratio") + " of the links that are up in " + l.horizon() +
				", by a straight line through the past two weeks. Ports that are full and do not grow are not counted here but under Nearly full. Needs the recording rules of deploy/prometheus and two weeks of history.",
			queries: []query{{howMany("max by (port_uuid) (("+forecastRatio+" or on (port_uuid, direction) 0 * ("+weeklyLevel+")) and on (port_uuid) "+chosenPorts+")", ">", l.number("port_utilization_forecast_ratio")), "ports"}},
			links:   runbooks("FabricPortFullSoon"),
		})).
		WithPanel(bars(spec{
			title: "Utilization in " + l.horizon(), w: 8, h: 9, unit: "percentunit", colours: l.full(), max: 1, empty: "no forecast known",
			about: "The 95th percentile of the ten ports that will be fullest at the end of the forecast horizon, as a share of the links that are up now: " +
				"a straight line through the weekly levels of the past two weeks, if it rises." + needsRules,
			queries: []query{{"topk(10, " + perPort(expectedRatio, "direction") + ")", "{{port_name}} {{direction}}"}},
			links:   runbooks("FabricPortFullSoon"), drill: toPort("__field.labels.port_uuid"),
		})).
		WithPanel(limited(series(spec{
			title: "Weekly levels of the busiest ports", w: 12, h: 9, unit: "percentunit", colours: l.full(), empty: "no forecast known",
			about: "The history behind the forecasts: the daily 95th percentile that one day in five of the week before exceeds, in the worse direction and as a share of the links that are up, over the past two weeks. " +
				"A level needs a week of history. Compare it with the forecast before you order an upgrade.",
			queries: []query{{"max by (port_uuid, port_name) (" + weeklyLevel + ") and on (port_uuid) " + busiest, portName}},
			links:   runbooks("FabricPortFullSoon"), drill: toPort("__field.labels.port_uuid"),
		})).TimeFrom("14d"))
}
