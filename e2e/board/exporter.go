package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// exporter shows the state of the exporter: can the other dashboards be trusted?
func exporter(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidExporter, title: "Equinix Fabric / Exporter", from: "now-6h",
		description: "The exporter itself: whether the API answers, how fast and within which budget, how old values are, and what the process needs.",
	}).WithVariable(datasource()).WithVariable(accounts())
	b = exporterHealth(b)
	b = exporterCalls(b.WithRow(row("Calls of the Equinix API")))
	b = exporterBudget(b.WithRow(row("Budget and age")), l)
	b = exporterState(b.WithRow(row("Restarts, and data that is left out")))
	return exporterProcess(b.WithRow(row("The process")))
}

// ofAccount adds the choice of accounts to a family.
func ofAccount(family string) string { return of(family, `account=~"$account"`) }

const account = "{{account}}"

// exporterHealth is the first row: the state of the exporter in single values.
func exporterHealth(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	name := func(s spec) spec { s.colours = steps("text"); return s }
	return b.
		WithPanel(number(spec{
			title: "API answers", w: 5, h: 4, unit: "none", empty: "nothing scraped", alarming: true, meanings: []meaning{{"1", "yes", "green"}, {"0", "no", "red"}},
			about:   "Whether a data call of the account succeeded within the last two intervals. If not: can the exporter reach the API, and does Equinix' status page say anything?",
			queries: []query{{"min by (account) (" + ofAccount("up") + ")", account}}, links: runbooks("FabricAccountDown", "FabricExporterDown"),
		})).
		WithPanel(number(spec{
			title: "Logins", w: 4, h: 4, unit: "none", empty: "nothing scraped", alarming: true, meanings: []meaning{{"0", "allowed", "green"}, {"1", "suspended", "red"}},
			about:   "Whether the exporter holds logins back because Equinix refused the credentials; Equinix locks an account after five refusals. Correct the secret. If it is in a file, the exporter notices; if it is in the configuration, reload; if it comes from systemd or the environment, restart.",
			queries: []query{{"max by (account) (" + ofAccount("login_suspended") + ")", account}}, links: runbooks("FabricLoginRefused"),
		})).
		WithPanel(number(spec{
			title: "Token left", w: 4, h: 4, unit: "s", colours: steps("red", colour{1, "green"}), empty: "no token known", alarming: true,
			about:   "Time until the access token in use expires; the exporter gets a new one before that. If it stays at 0 or below, the token service does not answer.",
			queries: []query{{"min by (account) (" + ofAccount("token_expiry_timestamp_seconds") + ") - time()", account}}, links: runbooks("FabricTokenTrouble"),
		})).
		WithPanel(number(name(spec{
			title: "Traffic source", w: 5, h: 4, unit: "none", empty: "none known",
			about:   "The API that traffic is read from. v3 is past its announced end of life and v4-stats is deprecated; v4-metrics needs ports that are attached to a stream.",
			queries: []query{{"max by (account, source) (" + ofAccount("traffic_source_info") + ")", "{{account}}: {{source}}"}}, links: runbooks("FabricPortNotAttached"),
		})).TextMode(common.BigValueTextModeName)).
		WithPanel(number(spec{
			title: "Config", w: 3, h: 4, unit: "none", empty: "nothing scraped", alarming: true, meanings: []meaning{{"1", "accepted", "green"}, {"0", "refused", "red"}},
			about:   "Whether the configuration file was accepted when it was last read. If it was refused, the previous configuration stays in force, and a restart would fail; the log names every fault.",
			queries: []query{{"min by (instance) (" + ns + "config_last_reload_successful)", "{{instance}}"}}, links: runbooks("FabricReloadFailed"),
		}).TextMode(common.BigValueTextModeValue)).
		WithPanel(number(name(spec{
			title: "Version", w: 3, h: 4, unit: "none", empty: "nothing scraped",
			about:   "Version of the exporter.",
			queries: []query{{"count by (version) (" + ns + "exporter_build_info)", "{{version}}"}},
		})).TextMode(common.BigValueTextModeName))
}

// exporterCalls shows the calls of the API, their errors and their latency.
func exporterCalls(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const window = " Over " + callWindow + ", which is three polls by default: a shorter window may contain no request."
	buckets := "histogram_quantile(0.95, sum by (operation, le) (rate(" + ofAccount("api_request_duration_seconds_bucket") + "[" + callWindow + "])))"
	native := "histogram_quantile(0.95, sum by (operation) (rate(" + ofAccount("api_request_duration_seconds") + "[" + callWindow + "])))"
	return b.
		WithPanel(stacked(series(spec{
			title: "Calls by operation", w: 12, h: 8, unit: "reqps", empty: "nothing scraped", links: runbooks("FabricBudgetExceeded"),
			about:   "Requests to the Equinix API, every attempt." + window,
			queries: []query{{"sum by (operation) (rate(" + ofAccount("api_requests_total") + "[" + callWindow + "]))", "{{operation}}"}},
		}))).
		WithPanel(stacked(series(spec{
			title: "Calls by status code", w: 12, h: 8, unit: "reqps", empty: "nothing scraped", links: runbooks("FabricAccountDown"),
			about:   "Requests to the Equinix API by HTTP status; none means that no answer came. 429 means that the account makes too many calls, 401 and 403 that the login was refused or a right is missing." + window,
			queries: []query{{"sum by (code) (rate(" + ofAccount("api_requests_total") + "[" + callWindow + "]))", "{{code}}"}},
		}))).
		WithPanel(series(spec{
			title: "Failed attempts in an hour", w: 12, h: 8, unit: "short", empty: "nothing scraped", links: runbooks("FabricAccountDown", "FabricDataStale", "FabricTokenTrouble"),
			about: "Attempts that failed in the hour before each point, by reason. server, timeout and transport usually pass by themselves; forbidden is a missing right, not_found a mistyped UUID or an API that no longer exists, " +
				"rate_limited too many calls, decode an answer that the exporter does not understand: report it.",
			queries: []query{{"sum by (account, reason) (increase(" + ofAccount("api_errors_total") + "[1h]))", "{{account}}: {{reason}}"}},
		})).
		WithPanel(series(spec{
			title: "Latency, 95th percentile", w: 12, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricPollingStretched"),
			about:   "Time within which 95 % of the attempts were answered, by operation; from classic buckets, or from the native histogram if there are none. Slow answers stretch the poll intervals." + window,
			queries: []query{{buckets + " or " + native, "{{operation}}"}},
		}))
}

// exporterState shows what a restart would begin with, and data of the API that is not
// shown.
func exporterState(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const instance = "{{instance}}"
	return b.
		WithPanel(number(spec{
			title: "State file written", w: 6, h: 4, unit: "s", colours: steps("text"), empty: "no state file known",
			about: "Time since the state file was last written; once a minute is usual. After a restart the exporter begins with the values of that time. " +
				"Without state.file it begins without values.",
			queries: []query{{"time() - max by (instance) (" + ns + "state_last_write_timestamp_seconds)", instance}}, links: runbooks("FabricStateWriteFailing"),
		})).
		WithPanel(number(spec{
			title: "Failed writes in an hour", w: 6, h: 4, unit: "short", colours: anyIsRed(), empty: "nothing scraped",
			about:   "Times in the past hour that the state file could not be written; the log says why.",
			queries: []query{{"max by (instance) (increase(" + ns + "state_write_failures_total[1h]))", instance}}, links: runbooks("FabricStateWriteFailing"),
		})).
		WithPanel(number(spec{
			title: "Ports restored", w: 6, h: 4, unit: "none", colours: steps("text"), empty: "no state file known",
			about:   "Ports whose values the running process took from the state file when it started; 0 if there was no file, or none that could be used.",
			queries: []query{{"max by (instance) (" + ns + "state_restored_ports)", instance}},
		})).
		WithPanel(number(spec{
			title: "Series left out", w: 6, h: 4, unit: "none", colours: anyIsRed(), empty: "nothing scraped",
			about: "Series that are not shown because their account has more than max_series: whole connections first, then pairs, then ports. " +
				"Raise max_series if Prometheus can take more series, or else track fewer connections or discover fewer ports.",
			queries: []query{{"max by (account) (" + ofAccount("series_dropped") + ")", account}}, links: runbooks("FabricSeriesLeftOut"),
		})).
		WithPanel(series(spec{
			title: "Duplicates and rejects in an hour", w: 24, h: 8, unit: "short", empty: "nothing scraped",
			about: "Faults in answers of the API, in the hour before each point: ports, connections and intervals that one answer contained more than once, which are merged; " +
				"implausible intervals, and records without a UUID, which are left out. If it goes on for days, report it to Equinix' support.",
			queries: []query{
				{"sum by (account, kind) (increase(" + ofAccount("duplicates_total") + "[1h]))", "{{account}}: {{kind}} twice"},
				{"sum by (account, kind) (increase(" + ofAccount("implausible_intervals_total") + "[1h]))", "{{account}}: interval rejected, {{kind}}"},
				{"sum by (account, operation) (increase(" + ofAccount("records_skipped_total") + "[1h]))", "{{account}}: without a UUID, {{operation}}"},
			},
		}))
}

// exporterBudget shows whether the calls fit the budget, and how old values are.
func exporterBudget(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(limited(series(spec{
			title: "Budget used", w: 8, h: 8, unit: "percentunit", empty: "nothing scraped", links: runbooks("FabricBudgetExceeded"),
			colours: steps("green", colour{l.at("budget_ratio"), "red"}),
			about: "Calls that the configured intervals need, as a share of the calls that the request budget allows. Above 100 % the exporter polls less often: " +
				"raise api.requests_per_second or the intervals.",
			queries: []query{{"max by (account) (" + ofAccount("poll_calls_per_cycle") + " / " + ofAccount("poll_budget_calls_per_cycle") + ")", account}},
		}))).
		WithPanel(series(spec{
			title: "Poll intervals in force", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricPollingStretched", "FabricBudgetExceeded"),
			about:   "Time between two polls of the same thing: as configured, or longer if the budget is too small or the API too slow.",
			queries: []query{{"max by (account, class) (" + ofAccount("poll_interval_seconds") + ")", "{{account}}: {{class}}"}},
		})).
		WithPanel(series(spec{
			title: "Waiting for the budget in an hour", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricBudgetExceeded", "FabricPollingStretched"),
			about: "Time that all requests together waited, in the hour before each point, for the exporter's own budget or because Equinix asked to slow down. " +
				"Some waiting is normal, since calls are spread over time; growth means that the budget is too small.",
			queries: []query{{"sum by (account) (increase(" + ofAccount("api_rate_limit_wait_seconds_total") + "[1h]))", account}},
		})).
		WithPanel(series(spec{
			title: "Oldest successful poll", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricDataStale"),
			about: "Time since the last successful traffic poll of the port that is furthest behind, by account. A sawtooth up to the poll interval is normal; " +
				"after five intervals without a successful poll values are no longer shown.",
			queries: []query{{"max by (account) (time() - " + accountOf("max by (port_uuid) ("+ns+"port_poll_last_success_timestamp_seconds)") + ")", account}},
		})).
		WithPanel(series(spec{
			title: "Oldest sample", w: 8, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricSamplesLate"), colours: l.old(),
			about: "Age of the newest sample of the port that is furthest behind, by account: 5 to 17 minutes plus the poll interval are usual. " +
				"If it is far above the oldest successful poll, Equinix is late, not the exporter.",
			queries: []query{{"max by (account) (time() - " + accountOf("min by (port_uuid) (max by (port_uuid, direction) ("+ns+"port_traffic_last_sample_timestamp_seconds))") + ")", account}},
		})).
		WithPanel(series(spec{
			title: "Failing polls", w: 8, h: 8, unit: "none", empty: "nothing scraped", links: runbooks("FabricDataStale", "FabricPortNeverPolled"),
			about:   "Ports whose latest traffic poll failed, by account. See the failed attempts above for the reason.",
			queries: []query{{"sum by (account) (1 - " + accountOf("min by (port_uuid) ("+ns+"port_poll_success)") + ")", account}},
		}))
}

// accountOf gives the series of ports the label account, and keeps only ports of the
// chosen accounts.
func accountOf(expr string) string {
	return expr + " * on (port_uuid) group_left (account) topk by (port_uuid) (1, " + ofAccount("port_info") + ")"
}

// exporterProcess shows what the process uses.
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
			about:   "Time that a scrape takes, as Prometheus sees it. A scrape makes no call to Equinix: more than a second means an overloaded machine.",
			queries: []query{{own("scrape_duration_seconds"), instance}},
		}))
}
