package board

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// What the recording rules say of capacity that is paid for.
const (
	idlePort  = "equinix_fabric:port:idle"
	asymmetry = `equinix_fabric:port:asymmetry_ratio{window="$window"}`
)

// fleetUnused is what one might give back, or balance.
func fleetUnused(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(bars(spec{
			title: "Ports that carry next to nothing", w: 12, h: 9, unit: "percentunit", max: 1, empty: "no idle port known",
			colours: steps("text"),
			about: "Ports of which the 95th percentile is below " + l.percent("idle_utilization_p95_ratio") + " of the line in every window of a week or longer, by that of the chosen window. " +
				"Is it a standby? Else it costs, and could go. Needs the recording rules of deploy/prometheus, and a window of a week or more.",
			queries: []query{{"max by (port_uuid, port_name) (" + perPort(utilization(p95Rate)) + ") and on (port_uuid) (" + idlePort + " == 1)", portName}},
			drill:   toPort("__field.labels.port_uuid"),
		})).
		WithPanel(bars(spec{
			title: "Most one-sided ports", w: 12, h: 9, unit: "percentunit", max: 1, empty: "no traffic known",
			colours: steps("text"),
			about: "The ten ports whose directions differ most by the means of the chosen window: 0 % where both are alike, 100 % where one is silent. " +
				"A pair of which one port receives and the other sends may have an unintended routing. Needs the recording rules of deploy/prometheus.",
			queries: []query{{"topk(10, " + perPort(asymmetry) + ")", portName}},
			drill:   toPort("__field.labels.port_uuid"),
		}))
}
