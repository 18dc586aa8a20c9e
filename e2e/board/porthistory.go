package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// portHistory is what the port was when.
func portHistory(b *dashboard.DashboardBuilder, l Limits) *dashboard.DashboardBuilder {
	return b.
		WithPanel(states(spec{
			title: "Status over time", w: 12, h: 4, unit: "none", empty: "not known", meanings: statusMeanings, links: runbooks("FabricPortDown", "FabricLAGLinkLost"),
			about:   "Operational status over time, as the inventory said: UP, PARTIAL where some links of a LAG are down, DOWN. It is read every 15 minutes by default, so shorter outages may not show. A gap means that nothing was known.",
			queries: []query{{status(`,port_uuid="$port"`), "operational status"}},
		})).
		WithPanel(states(spec{
			title: "Lifecycle state over time", w: 12, h: 4, unit: "none", empty: "not known",
			about:   "Lifecycle state over time, a stripe for each that occurred, as the API spells it. ACTIVE is what a port in service is.",
			queries: []query{{ofPort("port_lifecycle_state", "state"), "{{state}}"}},
		}).ShowValue(common.VisibilityModeNever)).
		WithPanel(series(spec{
			title: "Physical links", w: 12, h: 8, unit: "none", empty: "no links known", links: runbooks("FabricLAGLinkLost", "FabricPortDown"),
			about:   "Physical links of the port by status. A port that is no LAG has one. For each that is down, check the cross connect and your own end.",
			queries: []query{{ofPort("port_lag_links", "status"), "{{status}}"}},
		}).OverrideByName("UP", painted("green")).OverrideByName("DOWN", painted("red"))).
		WithPanel(limited(series(spec{
			title: "Utilization", w: 12, h: 8, unit: "percentunit", empty: notKnown, colours: l.busy(), links: runbooks("FabricPortSaturated", "FabricLAGWouldNotSurvive"),
			about: "Last polled rate as a share of the links that are up, and of a LAG what it would be with one link less. Dashed: where the alerts begin.",
			queries: []query{
				{shareOfPort(lastOfPort("inbound")), "{{direction}}"},
				{shareOfPort(lastOfPort("outbound")), "{{direction}}"},
				{ofPort("port_lag_failover_utilization_ratio", "direction"), "{{direction}}, one link less"},
			},
		})))
}
