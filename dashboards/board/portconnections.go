package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// portConnections is what rides on the port, and how much of it is sold.
func portConnections(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	top := func(direction string) string {
		// Seen from this port. Another shard may see one from its other side.
		on := of("connection_info", `port_uuid="$port"`)
		now := ns + `connection_traffic_last_bytes_per_second{direction="` + direction + `"} @ end() and on (connection_uuid, instance, job) ` + on + " @ end()"
		return "8 * max by (connection_uuid) (" + freshest("connection", `{direction="`+direction+`"}`, on) + ")" +
			" * on (connection_uuid) group_left (connection_name) topk by (connection_uuid) (1, " + on + ")" +
			" and on (connection_uuid) topk(10, max by (connection_uuid) (" + now + "))"
	}
	const watched = " Only connections with series of their own are here (connections.traffic in the exporter's configuration)."
	const none = "no watched connection of this port has traffic"
	return b.
		WithPanel(bars(spec{
			title: "Connections by state", w: 8, h: 8, unit: "none", colours: steps("blue"), min: new(0.0), empty: "not known",
			about: "Connections on either side of the port by lifecycle state, as Equinix spells it. Asked every 5 minutes by default. " +
				"FAILED needs somebody; PENDING that lasts waits for an approval. The Connections dashboard names them.",
			queries: []query{{"sort_desc(" + ofPort("port_connections", "state") + " > 0)", "{{state}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionPending"),
		})).
		WithPanel(series(spec{
			title: "Bandwidth sold against line rate", w: 8, h: 8, unit: "bps", min: new(0.0), links: runbooks("FabricPortOversubscribed"),
			about: "Bandwidth of the live connections together, what Equinix itself says is allocated, and the line rate. Sold is not used: above the line rate not everybody can have " +
				"at once what they ordered, which an UNLIMITED package may want.",
			queries: []query{
				{inBits(ofPort("port_connections_bandwidth_bytes_per_second", "")), "sold to live connections"},
				{inBits(ofPort("port_allocated_bandwidth_bytes_per_second", "")), "allocated, says Equinix"},
				{inBits(ofPort("port_capacity_bytes_per_second", "")), "line rate"},
			},
		}).OverrideByName("line rate", dashed("red"))).
		WithPanel(bars(spec{
			title: "Connections by operation status", w: 8, h: 8, unit: "none", colours: steps("blue"), min: new(0.0), empty: "not known",
			about:   "Connections of the port by operation status, as Equinix and as the provider at the other end sees it. Asked every 5 minutes by default.",
			queries: []query{{"sort_desc(" + ofPort("port_connections_status", "side, status") + ")", "{{side}}: {{status}}"}},
			links:   runbooks("FabricConnectionFailed", "FabricConnectionPending"),
		})).
		WithPanel(stacked(series(spec{
			title: "Who fills it: inbound", w: 12, h: 9, unit: "bps", empty: none, min: new(0.0), links: runbooks("FabricConnectionFull"),
			about:   "Last polled inbound rates of the ten busiest connections of the port, 5 to 17 minutes old, on top of each other." + watched,
			queries: []query{{top("inbound"), "{{connection_name}}"}},
		}))).
		WithPanel(stacked(series(spec{
			title: "Who fills it: outbound", w: 12, h: 9, unit: "bps", empty: none, min: new(0.0), links: runbooks("FabricConnectionFull"),
			about:   "Last polled outbound rates of the ten busiest connections of the port, 5 to 17 minutes old, on top of each other." + watched,
			queries: []query{{top("outbound"), "{{connection_name}}"}},
		})))
}
