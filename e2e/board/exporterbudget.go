package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// exporterBudget is whether the calls fit, and how old values get.
func exporterBudget(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(limited(series(spec{
			title: "Budget used", w: 8, h: 8, unit: "percentunit", empty: "nothing scraped", links: runbooks("FabricBudgetExceeded"),
			colours: steps("green", colour{l.at("budget_ratio"), "red"}),
			about: "Calls that the configured intervals want, as a share of those that the request budget has. Above 100 % the exporter polls everything less often: " +
				"raise api.requests_per_second or the intervals.",
			queries: []query{{"max by (account) (" + ofAccount("poll_calls_per_cycle") + " / " + ofAccount("poll_budget_calls_per_cycle") + ")", account}},
		}))).
		WithPanel(series(spec{
			title: "Poll intervals in force", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricPollingStretched", "FabricBudgetExceeded"),
			about:   "Time between two polls of the same thing: as configured, or longer where the budget is too small or the API too slow.",
			queries: []query{{"max by (account, class) (" + ofAccount("poll_interval_seconds") + ")", "{{account}}: {{class}}"}},
		})).
		WithPanel(series(spec{
			title: "Waiting for the budget in an hour", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricBudgetExceeded", "FabricPollingStretched"),
			about: "Time that all requests together waited, in the hour before each point, for the exporter's own budget or because Equinix asked to slow down. " +
				"Some waiting is how calls are spread; growth means that the budget is short.",
			queries: []query{{"sum by (account) (increase(" + ofAccount("api_rate_limit_wait_seconds_total") + "[1h]))", account}},
		})).
		WithPanel(series(spec{
			title: "Oldest good poll", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricDataStale"),
			about: "Time since the last good traffic poll of the port of each account that is furthest behind. Teeth up to the poll interval are healthy; " +
				"values end after five intervals without a good poll.",
			queries: []query{{"max by (account) (time() - " + accountOf("max by (port_uuid) ("+ns+"port_poll_last_success_timestamp_seconds)") + ")", account}},
		})).
		WithPanel(series(spec{
			title: "Oldest sample", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricSamplesLate"), colours: l.old(),
			about: "Age of the newest sample of the port of each account that is furthest behind: 5 to 17 minutes and the poll interval are usual. " +
				"Far above the oldest good poll, Equinix is late, not the exporter.",
			queries: []query{{"max by (account) (time() - " + accountOf("min by (port_uuid) (max by (port_uuid, direction) ("+ns+"port_traffic_last_sample_timestamp_seconds))") + ")", account}},
		})).
		WithPanel(series(spec{
			title: "Failing polls", w: 8, h: 8, unit: "none", empty: "nothing scraped", links: runbooks("FabricDataStale", "FabricPortNeverPolled"),
			about:   "Ports of which the latest traffic poll failed, by account. See the failed attempts above for the reason.",
			queries: []query{{"sum by (account) (1 - " + accountOf("min by (port_uuid) ("+ns+"port_poll_success)") + ")", account}},
		}))
}

// accountOf gives the series of ports the label account, of the chosen ones.
func accountOf(expr string) string {
	return expr + " * on (port_uuid) group_left (account) topk by (port_uuid) (1, " + ofAccount("port_info") + ")"
}

// exporterProcess is what the process needs.
func exporterProcess(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	own := func(expr string) string { return expr + " and on (instance, job) " + ns + "exporter_build_info" }
	const instance = "{{instance}}"
	return b.
		WithPanel(series(spec{
			title: "CPU", w: 6, h: 7, unit: "percentunit", empty: "nothing scraped",
			about:   "Processor time of the exporter as a share of one core.",
			queries: []query{{own("rate(process_cpu_seconds_total[" + callWindow + "])"), instance}},
		})).
		WithPanel(series(spec{
			title: "Memory", w: 6, h: 7, unit: "bytes", empty: "nothing scraped",
			about:   "Resident memory of the exporter. It grows with ports and connections, then stays.",
			queries: []query{{own("process_resident_memory_bytes"), instance}},
		})).
		WithPanel(series(spec{
			title: "Goroutines and files", w: 6, h: 7, unit: "short", empty: "nothing scraped",
			about:   "Goroutines and open files of the exporter. Steady growth is a leak: report it.",
			queries: []query{{own("go_goroutines"), instance + " goroutines"}, {own("process_open_fds"), instance + " open files"}},
		})).
		WithPanel(series(spec{
			title: "Scrape", w: 6, h: 7, unit: "s", empty: "nothing scraped", links: runbooks("FabricExporterDown"),
			about:   "Time that a scrape takes, as Prometheus sees it. A scrape asks nothing of Equinix: more than a second means an overloaded machine.",
			queries: []query{{own("scrape_duration_seconds"), instance}},
		}))
}
