package board

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// exporterState is what a restart would begin with, and what is not shown though
// the API told of it.
func exporterState(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const instance = "{{instance}}"
	return b.
		WithPanel(number(spec{
			title: "State file written", w: 6, h: 4, unit: "s", colours: steps("text"), empty: "no state file known",
			about: "Time since the state file was last written; once a minute is usual. A restart begins with values that are older by this. " +
				"Without state.file it begins with nothing.",
			queries: []query{{"time() - max by (instance) (" + ns + "state_last_write_timestamp_seconds)", instance}}, links: runbooks("FabricStateWriteFailing"),
		})).
		WithPanel(number(spec{
			title: "Failed writes in an hour", w: 6, h: 4, unit: "short", colours: anyIsRed(), empty: "nothing scraped",
			about:   "Times in the past hour that the state file could not be written; the log says why.",
			queries: []query{{"max by (instance) (increase(" + ns + "state_write_failures_total[1h]))", instance}}, links: runbooks("FabricStateWriteFailing"),
		})).
		WithPanel(number(spec{
			title: "Ports restored", w: 6, h: 4, unit: "none", colours: steps("text"), empty: "no state file known",
			about:   "Ports whose values the running process took from the state file when it started; 0 where there was no file, or none to trust.",
			queries: []query{{"max by (instance) (" + ns + "state_restored_ports)", instance}},
		})).
		WithPanel(number(spec{
			title: "Series left out", w: 6, h: 4, unit: "none", colours: anyIsRed(), empty: "nothing scraped",
			about: "Series that are not shown because their account could have more than max_series: whole connections first, then pairs, then ports. " +
				"Raise max_series if Prometheus can take them, else watch fewer connections or discover fewer ports.",
			queries: []query{{"max by (account) (" + ofAccount("series_dropped") + ")", account}}, links: runbooks("FabricSeriesLeftOut"),
		})).
		WithPanel(series(spec{
			title: "Duplicates and rejects in an hour", w: 24, h: 8, unit: "short", empty: "nothing scraped",
			about: "What was wrong in answers of the API, in the hour before each point: ports, connections and intervals that one answer held more than once, which are merged; " +
				"intervals that cannot be, and records without a UUID, which are left out. What goes on for days is for Equinix' support.",
			queries: []query{
				{"sum by (account, kind) (increase(" + ofAccount("duplicates_total") + "[1h]))", "{{account}}: {{kind}} twice"},
				{"sum by (account, kind) (increase(" + ofAccount("implausible_intervals_total") + "[1h]))", "{{account}}: interval rejected, {{kind}}"},
				{"sum by (account, operation) (increase(" + ofAccount("records_skipped_total") + "[1h]))", "{{account}}: without a UUID, {{operation}}"},
			},
		}))
}
