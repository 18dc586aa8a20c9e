package board

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// fleetFreshness is how far the numbers can be trusted.
func fleetFreshness(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(bars(spec{
			title: "Oldest samples", w: 8, h: 9, unit: "s", colours: l.old(), empty: "no samples known",
			about: "Age of the newest sample of the ten ports that are furthest behind. Equinix publishes samples when they are 5 to 17 minutes old; the exporter asks every 5 minutes by default. " +
				"One port far behind: look at that port. All of them: Equinix is late, or the exporter cannot reach it.",
			queries: []query{{"topk(10, " + named(sampleAge) + ")", "{{port_name}}"}},
			links:   runbooks("FabricSamplesLate", "FabricPortWithoutSamples"), drill: toPort("__field.labels.port_uuid"),
		})).
		WithPanel(series(spec{
			title: "Age of the samples by account", w: 8, h: 9, unit: "s", colours: l.old(), empty: "no samples known",
			about:   "Age of the newest sample of the port of each account that is furthest behind. A slope of one is no news at all; teeth are what a healthy account shows.",
			queries: []query{{"max by (account) (" + located(sampleAge) + ")", "{{account}}"}},
			links:   runbooks("FabricSamplesLate"),
		})).
		WithPanel(number(spec{
			title: "Failing polls", w: 4, h: 9, unit: "none", colours: anyIsRed(), empty: "no polls known", alarming: true,
			about:   "Chosen ports of which the latest poll failed, by account. What they show is the last that was known, and ends after five intervals. The Exporter dashboard says why.",
			queries: []query{{"sum by (account) (1 - " + group(withLabels("min by (port_uuid) ("+ns+"port_poll_success)", "account")) + ")", "{{account}}"}},
			links:   runbooks("FabricDataStale", "FabricPortNeverPolled"),
		})).
		WithPanel(number(spec{
			title: "Without data", w: 4, h: 9, unit: "none", colours: anyIsRed(), empty: "no ports known", alarming: true,
			about: "Chosen ports of which no fresh rate is known in one direction or both, by account: their polls fail, Equinix has no samples of them, or they are not attached to a stream with metrics enabled. " +
				"Nothing above speaks for them.",
			queries: []query{{"sum by (account) (" + located(unheard) + ")", "{{account}}"}},
			links:   runbooks("FabricPortWithoutSamples", "FabricPortNotAttached"),
		}))
}
