package web

import (
	"net/http"
	"net/http/pprof"
)

// handlePprof adds the profiles of net/http/pprof, which moves the write
// deadline by the length of a profile itself.
func handlePprof(mux *http.ServeMux, prefix string) {
	// Index takes the name of a profile from the path.
	mux.Handle("GET "+prefix+"/debug/pprof/", http.StripPrefix(prefix, http.HandlerFunc(pprof.Index)))
	mux.HandleFunc("GET "+prefix+"/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET "+prefix+"/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET "+prefix+"/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST "+prefix+"/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET "+prefix+"/debug/pprof/trace", pprof.Trace)
}
