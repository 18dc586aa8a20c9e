package board

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// exporterState is what a restart would begin with, and what is not shown though
// the API told of it.
func exporterState(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const instance = "{{instance}}"
	return b.
		WithPanel(number(spec{
			title: "State file written", w: 4, h: 4, unit: "s", colours: steps("text"), empty: "no state.file",
			about: "Time since the state file was last written; once a minute is usual. A restart begins with values that are older by this. " +
				"Without state.file it begins with nothing.",
			queries: []query{{"time() - max by (instance) (" + ns + "state_last_write_timestamp_seconds)", instance}}, links: runbooks("FabricStateWriteFailing"),
		})).
		WithPanel(number(spec{
			title: "Writes that failed", w: 4, h: 4, unit: "short", colours: anyIsRed(), empty: "nothing scraped",
			about:   "Times in the past hour that the state file could not be written; the log says why.",
			queries: []query{{"max by (instance) (increase(" + ns + "state_write_failures_total[1h]))", instance}}, links: runbooks("FabricStateWriteFailing"),
		})).
		WithPanel(number(spec{
			title: "Ports restored", w: 4, h: 4, unit: "none", colours: steps("text"), empty: "no state.file",
			about:   "Ports whose values the running process took from the state file when it started; 0 where there was no file, or none to trust.",
			queries: []query{{"max by (instance) (" + ns + "state_restored_ports)", instance}},
		})).
		WithPanel(number(spec{
			title: "Series left out", w: 4, h: 4, unit: "none", colours: anyIsRed(), empty: "nothing scraped",
			about: "Series that are not shown because their account could have more than max_series: whole connections first, then pairs, then ports. " +
				"Raise max_series if Prometheus can take them, else watch fewer connections or discover fewer ports.",
			queries: []query{{"max by (account) (" + ofAccount("series_dropped") + ")", account}}, links: runbooks("FabricSeriesLeftOut"),
		})).
		WithPanel(series(spec{
			title: "Told more than once", w: 8, h: 4, unit: "short", min: new(0.0),
			about: "Ports, connections and intervals of traffic that one answer of the API held more than once, in the hour before each point. " +
				"They are merged, so no number is wrong by them. What goes on for days is for Equinix' support.",
			queries: []query{{"sum by (account, kind) (increase(" + ofAccount("duplicates_total") + "[1h]))", "{{account}}: {{kind}}"}},
		}))
}
