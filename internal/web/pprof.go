package web

import (
	"net/http"
	"net/http/pprof"
	"time"
)

// handlePprof adds the profiles of net/http/pprof.
func handlePprof(mux *http.ServeMux) {
	mux.Handle("GET /debug/pprof/", unhurried(pprof.Index))
	mux.Handle("GET /debug/pprof/cmdline", unhurried(pprof.Cmdline))
	mux.Handle("GET /debug/pprof/profile", unhurried(pprof.Profile))
	mux.Handle("GET /debug/pprof/symbol", unhurried(pprof.Symbol))
	mux.Handle("POST /debug/pprof/symbol", unhurried(pprof.Symbol))
	mux.Handle("GET /debug/pprof/trace", unhurried(pprof.Trace))
}

// unhurried takes the read deadline off: when it passes, net/http cancels the
// request even though it was read long ago, and with it a profile that takes
// longer. The write deadline pprof moves itself.
func unhurried(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // unsupported: there is none
		h(w, r)
	})
}
