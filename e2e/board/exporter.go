package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// exporter tells whether the other dashboards can be trusted.
func exporter(l Limits) *dashboard.DashboardBuilder {
	b := newDashboard(about{
		uid: uidExporter, title: "Equinix Fabric / Exporter", from: "now-6h",
		description: "The exporter itself: whether the API answers, how fast and within which budget, how old values are, and what the process needs.",
	}).WithVariable(datasource()).WithVariable(accounts())
	b = exporterHealth(b)
	b = exporterCalls(b.WithRow(row("Calls of the Equinix API")))
	b = exporterBudget(b.WithRow(row("Budget and age")), l)
	b = exporterState(b.WithRow(row("A restart, and what is left out")))
	return exporterProcess(b.WithRow(row("The process")))
}

// ofAccount adds the choice of accounts to a family.
func ofAccount(family string) string { return of(family, `account=~"$account"`) }

const account = "{{account}}"

// exporterHealth is the first line.
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
			about:   "Whether logins are held back because Equinix refused the credentials; it locks an account after five refusals. Correct the secret: in a file it is noticed, in the configuration it needs a reload, from systemd or the environment a restart.",
			queries: []query{{"max by (account) (" + ofAccount("login_suspended") + ")", account}}, links: runbooks("FabricLoginRefused"),
		})).
		WithPanel(number(spec{
			title: "Token left", w: 4, h: 4, unit: "s", colours: steps("red", colour{1, "green"}), empty: "no token known", alarming: true,
			about:   "Time until the access token in use expires; the exporter gets a new one before that. 0 or less that lasts: the token service does not answer.",
			queries: []query{{"min by (account) (" + ofAccount("token_expiry_timestamp_seconds") + ") - time()", account}}, links: runbooks("FabricTokenTrouble"),
		})).
		WithPanel(number(name(spec{
			title: "Traffic source", w: 5, h: 4, unit: "none", empty: "none known",
			about:   "The API that traffic is read from. v3 is past its announced end of life and v4-stats is deprecated; v4-metrics needs ports that are attached to a stream.",
			queries: []query{{"max by (account, source) (" + ofAccount("traffic_source_info") + ")", "{{account}}: {{source}}"}}, links: runbooks("FabricPortNotAttached"),
		})).TextMode(common.BigValueTextModeName)).
		WithPanel(number(spec{
			title: "Config", w: 3, h: 4, unit: "none", empty: "nothing scraped", alarming: true, meanings: []meaning{{"1", "accepted", "green"}, {"0", "refused", "red"}},
			about:   "Whether the latest reading of the configuration file was accepted. If it was refused the one before is in force, and a restart would fail; the log names every fault.",
			queries: []query{{"min by (instance) (" + ns + "config_last_reload_successful)", "{{instance}}"}}, links: runbooks("FabricReloadFailed"),
		}).TextMode(common.BigValueTextModeValue)).
		WithPanel(number(name(spec{
			title: "Version", w: 3, h: 4, unit: "none", empty: "nothing scraped",
			about:   "Version of the exporter.",
			queries: []query{{"count by (version) (" + ns + "exporter_build_info)", "{{version}}"}},
		})).TextMode(common.BigValueTextModeName))
}

// exporterCalls is how the API does.
func exporterCalls(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	const window = " Over " + callWindow + ", which is three polls by default: within a scrape or two there may be none."
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
			about:   "Requests to the Equinix API by HTTP status; none is where no answer came. 429 means that the account makes too many calls, 401 and 403 that rights or the login are missing." + window,
			queries: []query{{"sum by (code) (rate(" + ofAccount("api_requests_total") + "[" + callWindow + "]))", "{{code}}"}},
		}))).
		WithPanel(series(spec{
			title: "Failed attempts in an hour", w: 12, h: 8, unit: "short", empty: "nothing scraped", links: runbooks("FabricAccountDown", "FabricDataStale", "FabricTokenTrouble"),
			about: "Attempts that failed in the hour before each point, by reason. server, timeout and transport pass; forbidden is a missing right, not_found a mistyped UUID or an API that is gone, " +
				"rate_limited too many calls, decode an answer that the exporter does not understand: report it.",
			queries: []query{{"sum by (account, reason) (increase(" + ofAccount("api_errors_total") + "[1h]))", "{{account}}: {{reason}}"}},
		})).
		WithPanel(series(spec{
			title: "Latency, 95th percentile", w: 12, h: 8, unit: "s", empty: "nothing scraped", links: runbooks("FabricPollingStretched"),
			about:   "Time within which 95 % of the attempts were answered, by operation; from classic buckets, else from the native histogram. Slow answers stretch the poll intervals." + window,
			queries: []query{{buckets + " or " + native, "{{operation}}"}},
		}))
}
