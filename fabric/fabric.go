// Package fabric is a client of the read side of the Equinix Fabric API. It
// knows how the API authenticates, pages, fails and limits, and which of its
// documented types are wrong; what leaves the package is normalised: rates and
// capacities in bit/s, times in UTC, states spelled as the API spells them,
// and nil where the API said nothing. It never changes anything at Equinix.
package fabric

import "time"

// DefaultBaseURL is the production API.
const DefaultBaseURL = "https://api.equinix.com"

// The operations of the client, as they appear in [Error] and [Attempt] and,
// one level up, in metric labels. The set is closed. OpSearchPorts is not called any
// more; it stays because series with that label exist.
const (
	OpToken              = "token"
	OpUserPortsV3        = "v3_user_ports"
	OpPortStatsV3        = "v3_port_stats"
	OpPorts              = "v4_ports"
	OpPort               = "v4_port"
	OpSearchPorts        = "v4_ports_search"
	OpPortStatsV4        = "v4_port_stats"
	OpSearchConnections  = "v4_connections_search"
	OpSearchMetrics      = "v4_metrics_search"
	OpSearchStreamAssets = "v4_stream_assets_search"
	OpConnectionStatsV4  = "v4_connection_stats"
)

// Operations lists every operation in the order of the constants.
func Operations() []string {
	return []string{
		OpToken, OpUserPortsV3, OpPortStatsV3, OpPorts, OpPort, OpSearchPorts,
		OpPortStatsV4, OpSearchConnections, OpSearchMetrics, OpSearchStreamAssets, OpConnectionStatsV4,
	}
}

// Attempt is one HTTP exchange with the API, as told to Config.Observe.
type Attempt struct {
	Op     string
	Status int           // HTTP status, 0 where no answer came
	Took   time.Duration // from sending to the decoded body
	Waited time.Duration // spent beforehand waiting for the own request budget
	Err    error         // nil where the answer was good and could be decoded
}
