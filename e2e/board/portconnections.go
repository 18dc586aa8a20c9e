package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// theRest is the traffic of a port without the connections shown in the panel.
const theRest = "all others"

// portConnections shows the connections of the port, and how much bandwidth is sold.
func portConnections(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	// Seen from this port. Another shard may see one from its other side.
	on := of("connection_info", `port_uuid="$port"`)
	top := func(direction string) string {
		now := lately(ns+`connection_traffic_last_bytes_per_second{direction="`+direction+`"}`) + " and on (connection_uuid, instance, job) " + lately(on)
		return "max by (connection_uuid) (" + freshest("connection", `{direction="`+direction+`"}`, on) + ")" +
			" and on (connection_uuid) topk(10, max by (connection_uuid) (" + now + "))"
	}
	fills := func(direction string) *timeseries.PanelBuilder {
		all := lastOfPort(direction)
		return stacked(series(spec{
			title: "Busiest connections: " + direction, w: 12, h: 9, unit: "bps", empty: notKnown, links: runbooks("FabricConnectionFull"),
			about: "Last polled " + direction + " rates of the ten busiest connections of the port, 5 to 17 minutes old, stacked, and the remaining traffic of the port. " +
				"Only tracked connections have a name here: those that connections.traffic in the exporter's configuration selects.",
			queries: []query{
				{inBits(group(top(direction)) + " * on (connection_uuid) group_left (connection_name) topk by (connection_uuid) (1, " + on + ")"), "{{connection_name}}"},
				{inBits("clamp_min(" + all + " - on () group_left () sum(" + top(direction) + "), 0) or " + all), theRest},
			},
		})).OverrideByName(theRest, painted("text"))
	}
	return b.
		WithPanel(bars(spec{
			title: "Connections by state", w: 8, h: 8, unit: "none", colours: steps("blue"), empty: "not known",
			about: "Connections on either side of the port by lifecycle state, as Equinix spells it. Polled every 5 minutes by default. " +
				"FAILED needs attention; a connection that stays PENDING waits for approval. The Connections dashboard names them.",
			queries: []query{{"sort_desc(" + ofPort("port_connections", "state") + " > 0)", "{{state}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionPending"),
		})).
		WithPanel(series(spec{
			title: "Bandwidth sold against line rate", w: 8, h: 8, unit: "bps", empty: "not known", links: runbooks("FabricPortOversubscribed"),
			about: "Bandwidth of the live connections together, bandwidth that is allocated according to Equinix, and the line rate. Sold does not mean used: above the line rate the connections cannot all use " +
				"their bandwidth at once, which may be intended with an UNLIMITED package.",
			queries: []query{
				{inBits(ofPort("port_connections_bandwidth_bytes_per_second", "")), "sold to live connections"},
				{inBits(ofPort("port_allocated_bandwidth_bytes_per_second", "")), "allocated according to Equinix"},
				{inBits(ofPort("port_capacity_bytes_per_second", "")), "line rate"},
			},
		}).OverrideByName("line rate", dashed("red"))).
		WithPanel(bars(spec{
			title: "Connections by operation status", w: 8, h: 8, unit: "none", colours: steps("blue"), empty: "not known",
			about:   "Connections of the port by operation status, as Equinix and as the provider at the other end sees it. Polled every 5 minutes by default.",
			queries: []query{{"sort_desc(" + ofPort("port_connections_status", "side, status") + ")", "{{side}}: {{status}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionPending"),
		})).
		WithPanel(fills("inbound")).
		WithPanel(fills("outbound"))
}
