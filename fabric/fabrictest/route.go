package fabrictest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path"
	"time"
)

// The operations of the API, as they appear in [Request] and [Fault].
const (
	OpToken                 = "token"
	OpExchange              = "token_exchange"
	OpUserPortsV3           = "v3_user_ports"
	OpPortStatsV3           = "v3_port_stats"
	OpBuyerConnectionsV3    = "v3_buyer_connections"
	OpPorts                 = "v4_ports"
	OpPort                  = "v4_port"
	OpSearchPorts           = "v4_ports_search"
	OpPortStatsV4           = "v4_port_stats"
	OpPortMetrics           = "v4_port_metrics"
	OpSearchConnections     = "v4_connections_search"
	OpConnection            = "v4_connection"
	OpConnectionStatsV4     = "v4_connection_stats"
	OpConnectionMetrics     = "v4_connection_metrics"
	OpCreateConnection      = "v4_connection_create"
	OpUpdateConnection      = "v4_connection_update"
	OpConnectionAction      = "v4_connection_action"
	OpDeleteConnection      = "v4_connection_delete"
	OpValidateConnection    = "v4_connection_validate"
	OpSearchMetrics         = "v4_metrics_search"
	OpMetroMetrics          = "v4_metrics"
	OpSearchStreamAssets    = "v4_stream_assets_search"
	OpMetros                = "v4_metros"
	OpMetro                 = "v4_metro"
	OpServiceProfiles       = "v4_service_profiles"
	OpServiceProfile        = "v4_service_profile"
	OpSearchServiceProfiles = "v4_service_profiles_search"
	OpHealth                = "v4_health"
	OpUnknown               = "unknown" // any other path or method
)

// maxBody bounds what is read of a request; the largest honest one is a search
// over a hundred identifiers.
const maxBody = 1 << 20

// call is one request on its way through the API.
type call struct {
	http  *http.Request
	body  []byte
	uuid  string // from the path, or the code of a metro; "" where it has none
	now   time.Time
	fault Fault // alters the answer; zero for none
}

type route struct {
	method, path, op string
	open             bool // needs no token
	answer           func(*API, *call) reply
}

var routes = []route{
	{"POST", "/oauth2/v1/token", OpToken, true, (*API).token},
	{"POST", "/v1/token", OpExchange, true, (*API).exchange},
	{"GET", "/ecx/v3/port/userport", OpUserPortsV3, false, (*API).userPortsV3},
	{"GET", "/ecx/v3/stats/port/{uuid}", OpPortStatsV3, false, (*API).portStatsV3},
	{"GET", "/ecx/v3/l2/buyer/connections", OpBuyerConnectionsV3, false, (*API).buyerConnections},
	{"GET", "/fabric/v4/ports", OpPorts, false, (*API).listPorts},
	{"GET", "/fabric/v4/ports/{uuid}", OpPort, false, (*API).port},
	{"POST", "/fabric/v4/ports/search", OpSearchPorts, false, (*API).searchPorts},
	{"GET", "/fabric/v4/ports/{uuid}/stats", OpPortStatsV4, false, (*API).portStatsV4},
	{"GET", "/fabric/v4/ports/{uuid}/metrics", OpPortMetrics, false, (*API).portMetrics},
	{"POST", "/fabric/v4/connections/search", OpSearchConnections, false, (*API).searchConnections},
	{"GET", "/fabric/v4/connections/{uuid}", OpConnection, false, (*API).connection},
	{"GET", "/fabric/v4/connections/{uuid}/stats", OpConnectionStatsV4, false, (*API).connectionStatsV4},
	{"GET", "/fabric/v4/connections/{uuid}/metrics", OpConnectionMetrics, false, (*API).connectionMetrics},
	{"POST", "/fabric/v4/connections", OpCreateConnection, false, (*API).createConnection},
	{"PATCH", "/fabric/v4/connections/{uuid}", OpUpdateConnection, false, (*API).updateConnection},
	{"POST", "/fabric/v4/connections/{uuid}/actions", OpConnectionAction, false, (*API).actOnConnection},
	{"DELETE", "/fabric/v4/connections/{uuid}", OpDeleteConnection, false, (*API).deleteConnection},
	// The documents spell it both ways.
	{"POST", "/fabric/v4/connections/validate", OpValidateConnection, false, (*API).validateConnection},
	{"POST", "/fabric/v4/connection/validate", OpValidateConnection, false, (*API).validateConnection},
	{"POST", "/fabric/v4/metrics/search", OpSearchMetrics, false, (*API).searchMetrics},
	{"GET", "/fabric/v4/metrics", OpMetroMetrics, false, (*API).metroMetrics},
	{"POST", "/fabric/v4/streamAssets/search", OpSearchStreamAssets, false, (*API).searchStreamAssets},
	{"GET", "/fabric/v4/metros", OpMetros, false, (*API).listMetros},
	{"GET", "/fabric/v4/metros/{uuid}", OpMetro, false, (*API).metro},
	{"GET", "/fabric/v4/serviceProfiles", OpServiceProfiles, false, (*API).listProfiles},
	{"GET", "/fabric/v4/serviceProfiles/{uuid}", OpServiceProfile, false, (*API).profile},
	{"POST", "/fabric/v4/serviceProfiles/search", OpSearchServiceProfiles, false, (*API).searchProfiles},
	{"GET", "/fabric/v4/health", OpHealth, true, (*API).health},
}

func (a *API) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.Handle(rt.method+" "+rt.path, a.handle(rt))
	}
	mux.Handle("/", a.handle(fallback))
	return mux
}

// fallback takes what no other route takes.
var fallback = route{op: OpUnknown, open: true, answer: (*API).unknown}

// clean reports whether a path is spelled without "//", "." and a slash at its end.
func clean(p string) bool { return p == path.Clean(p) }

// handle wraps a route with what all have in common: faults, the token check
// and the log.
func (a *API) handle(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			panic(http.ErrAbortHandler) // the caller went away in mid-request
		}
		a.lapse()
		c := &call{http: r, body: body, uuid: r.PathValue("uuid"), now: a.now()}
		a.settle(c.now)
		c.fault = a.faults.take(rt, c)
		if c.fault.Do != nil {
			c.fault.Do(a)
			c.now = a.now()
		}
		sw := &statusWriter{ResponseWriter: w}
		defer func() { a.log.add(newRequest(rt.op, c, sw.status)) }()
		a.respond(rt, c, sw)
	}
}

func (a *API) respond(rt route, c *call, w http.ResponseWriter) {
	f := c.fault
	if a.shift.Load() != 0 { // a server dates its answers by the clock of the machine
		w.Header().Set("Date", c.now.UTC().Format(http.TimeFormat))
	}
	if !pause(c.http.Context(), f.Delay) || f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Handler != nil {
		r := c.http.Clone(c.http.Context())
		r.Body = io.NopCloser(bytes.NewReader(c.body))
		f.Handler(w, r)
		return
	}
	answer := a.answer(rt, c)
	if f.Rewrite != nil && answer.status == http.StatusOK {
		answer.body = rewrite(answer.body, f.Rewrite, f.altered)
	}
	if f.Halve {
		answer.body = answer.body[:len(answer.body)/2]
	}
	if f.Drip > 0 {
		answer.drip(c.http.Context(), w, f.Drip)
		return
	}
	answer.send(w, f.Truncate)
}

// answer is what the API says to a call before the faults of answers.
func (a *API) answer(rt route, c *call) reply {
	if answer, ok := c.fault.reply(); ok {
		return answer
	}
	if a.faults.isGone(rt.op) {
		return gatewayFault()
	}
	if !rt.open && !a.login.valid(c.http.Header.Get("Authorization"), c.now) {
		return unauthorized()
	}
	return rt.answer(a, c)
}

// unknown answers with the gateway's fault body for a path it does not know, and
// with the API's own 500 for the wrong method.
func (a *API) unknown(c *call) reply {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		r := c.http.Clone(c.http.Context())
		r.Method = method
		if _, pattern := a.mux.Handler(r); pattern != "/" && clean(r.URL.Path) {
			return apiErrors(http.StatusInternalServerError, apiError{
				Code:    "EQ-3034003",
				Message: "Method not supported,Please check the URL passed",
			})
		}
	}
	return gatewayFault()
}

// pause waits for d and reports whether the request still stands then.
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

// statusWriter remembers the status that went out, 0 for none.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
