package fabrictest

import (
	"context"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// The operations that the exporter uses, as they appear in [Request] and [Fault];
// routes has the others too.
const (
	OpToken              = "token"
	OpExchange           = "token_exchange"
	OpUserPortsV3        = "v3_user_ports"
	OpPortStatsV3        = "v3_port_stats"
	OpPorts              = "v4_ports"
	OpPort               = "v4_port"
	OpSearchPorts        = "v4_ports_search"
	OpPortStatsV4        = "v4_port_stats"
	OpSearchConnections  = "v4_connections_search"
	OpConnectionStatsV4  = "v4_connection_stats"
	OpSearchMetrics      = "v4_metrics_search"
	OpSearchStreamAssets = "v4_stream_assets_search"
	OpSearchPrices       = "v4_prices_search"
	OpPricesV3           = "v3_connection_prices"
	OpBuyerConnectionsV3 = "v3_buyer_connections"
	OpUnknown            = "unknown" // any other path or method

	opControl = "" // switches faults; not part of the Fabric API
)

// route is one call of the API.
type route struct {
	method, path, op string // {id} matches any one segment
	open             bool   // requires no token
	handle           func(*API, *call) reply
}

// routes are all calls that the API answers.
var routes = []route{
	{"POST", "/oauth2/v1/token", OpToken, true, (*API).token},
	{"POST", "/v1/token", OpExchange, true, (*API).exchange},
	{"GET", "/ecx/v3/port/userport", OpUserPortsV3, false, (*API).userPortsV3},
	{"GET", "/ecx/v3/stats/port/{id}", OpPortStatsV3, false, (*API).portStatsV3},
	{"GET", "/ecx/v3/l2/buyer/connections", OpBuyerConnectionsV3, false, (*API).buyerConnections},
	{"GET", "/ecx/v3/l2/connections/prices", OpPricesV3, false, (*API).pricesV3},
	{"GET", "/fabric/v4/ports", OpPorts, false, (*API).listPorts},
	{"POST", "/fabric/v4/ports/search", OpSearchPorts, false, (*API).searchPorts},
	{"GET", "/fabric/v4/ports/{id}", OpPort, false, (*API).port},
	{"GET", "/fabric/v4/ports/{id}/stats", OpPortStatsV4, false, (*API).portStatsV4},
	{"GET", "/fabric/v4/ports/{id}/metrics", "v4_port_metrics", false, (*API).assetMetrics},
	{"POST", "/fabric/v4/connections", "v4_connection_create", false, (*API).createConnection},
	{"POST", "/fabric/v4/connections/search", OpSearchConnections, false, (*API).searchConnections},
	{"POST", "/fabric/v4/connections/validate", "v4_connection_validate", false, (*API).validateConnection},
	{"POST", "/fabric/v4/connection/validate", "v4_connection_validate", false, (*API).validateConnection}, // documented too
	{"GET", "/fabric/v4/connections/{id}", "v4_connection", false, (*API).connection},
	{"PATCH", "/fabric/v4/connections/{id}", "v4_connection_update", false, (*API).updateConnection},
	{"DELETE", "/fabric/v4/connections/{id}", "v4_connection_delete", false, (*API).deleteConnection},
	{"POST", "/fabric/v4/connections/{id}/actions", "v4_connection_action", false, (*API).actOnConnection},
	{"GET", "/fabric/v4/connections/{id}/stats", OpConnectionStatsV4, false, (*API).connectionStatsV4},
	{"GET", "/fabric/v4/connections/{id}/metrics", "v4_connection_metrics", false, (*API).assetMetrics},
	{"POST", "/fabric/v4/metrics/search", OpSearchMetrics, false, (*API).searchMetrics},
	{"GET", "/fabric/v4/metrics", "v4_metrics", false, (*API).metroMetrics},
	{"POST", "/fabric/v4/streamAssets/search", OpSearchStreamAssets, false, (*API).searchStreamAssets},
	{"POST", "/fabric/v4/prices/search", OpSearchPrices, false, (*API).searchPrices},
	{"GET", "/fabric/v4/metros", "v4_metros", false, (*API).listMetros},
	{"GET", "/fabric/v4/metros/{id}", "v4_metro", false, (*API).metro},
	{"GET", "/fabric/v4/serviceProfiles", "v4_service_profiles", false, (*API).listProfiles},
	{"POST", "/fabric/v4/serviceProfiles/search", "v4_service_profiles_search", false, (*API).searchProfiles},
	{"GET", "/fabric/v4/serviceProfiles/{id}", "v4_service_profile", false, (*API).profile},
	{"GET", "/fabric/v4/health", "v4_health", true, (*API).health},

	{"GET", "/control/faults", opControl, true, (*API).showFaults},
	{"POST", "/control/faults", opControl, true, (*API).postFault},
	{"DELETE", "/control/faults", opControl, true, (*API).deleteFault},
	{"DELETE", "/control/faults/{id}", opControl, true, (*API).deleteFault},
}

// call is one request on its way through the API.
type call struct {
	route

	http  *http.Request
	body  []byte
	id    string // what {id} matches; "" without {id}
	now   time.Time
	fault Fault // of the answer; the zero Fault if there is none
}

// maxBody is how much of a request is read; the largest valid request is a search for
// a hundred identifiers.
const maxBody = 1 << 20

// answer answers one request. Every request passes through it, from [API.ServeHTTP]
// or [API.Transport].
func (a *API) answer(r *http.Request) reply {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return reply{} // the client closed the connection before the end of the request
	}
	c := &call{http: r, body: body}
	c.route, c.id = find(r.Method, r.URL.Path)
	if c.op == opControl { // neither logged nor hit by faults
		return c.handle(a, c).complete()
	}
	a.endDue()
	c.now = a.now()
	a.advance(c.now)
	c.fault = a.faults.meet(c)
	if c.fault.Do != nil {
		c.fault.Do(a)
		c.now = a.now()
	}
	out := a.respond(c)
	if out.status != 0 && a.shift.Load() != 0 { // a server dates its answers by its own clock
		out.header.Set("Date", c.now.UTC().Format(http.TimeFormat))
	}
	a.log.add(c, out.status)
	return out
}

// respond is the answer to a call, changed by its fault.
func (a *API) respond(c *call) reply {
	f, ctx := c.fault, c.http.Context()
	if !pause(ctx, f.Delay) || f.Drop {
		return reply{}
	}
	var out reply
	switch {
	case f.Handler != nil:
		out = record(f.Handler, c)
	case f.Status != 0 || f.Body != "":
		out = reply{status: f.Status, header: f.Header.Clone(), body: []byte(f.Body)}
	case a.faults.isGone(c.op):
		out = gatewayFault()
	case !c.open && !a.login.valid(c.http.Header.Get("Authorization"), c.now):
		out = apiError(http.StatusUnauthorized, "EQ-3000039", "User not found in request or invalid.",
			"correlationId", "5c0d2f1e-user-token")
	default:
		out = c.handle(a, c)
		if f.Rewrite != nil && out.status == http.StatusOK {
			out.body = rewrite(out.body, f.Rewrite, f.altered)
		}
	}
	if f.Halve {
		out.body = out.body[:len(out.body)/2]
	}
	return out.complete().broken(ctx, f)
}

// find is the route of a request and its {id}. If there is no route, it returns one
// that refuses: the API answers a wrong method with a 500, and the gateway refuses an
// unknown path.
func find(method, at string) (rt route, id string) {
	segments := strings.Split(at, "/")
	refusal := gatewayFault()
	for _, rt := range routes {
		id, ok := rt.match(segments)
		if !ok || at != path.Clean(at) {
			continue
		}
		if rt.method == method {
			return rt, id
		}
		refusal = apiError(http.StatusInternalServerError, "EQ-3034003", "Method not supported,Please check the URL passed")
	}
	return route{op: OpUnknown, open: true, handle: func(*API, *call) reply { return refusal }}, ""
}

// match reports whether a path, split at its slashes, belongs to the route, and returns its {id}.
func (rt route) match(segments []string) (id string, ok bool) {
	want := strings.Split(rt.path, "/")
	if len(want) != len(segments) {
		return "", false
	}
	for i, s := range want {
		if s == "{id}" {
			id = segments[i]
		} else if s != segments[i] {
			return "", false
		}
	}
	return id, true
}

// pause waits for d and reports whether ctx has not ended by then.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
