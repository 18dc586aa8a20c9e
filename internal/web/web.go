// Package web is what the exporter shows over HTTP: the metrics, its health, a
// landing page with the load of the ports, and, if a flag asks for them, reloading
// and profiles.
package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Options are what the pages show. All but Reload, Pprof and Prefix are required.
type Options struct {
	Load       func() *fleet.Snapshot // the newest state of the fleet; nil before the first
	Gatherer   prometheus.Gatherer    // what /metrics shows
	Registerer prometheus.Registerer  // takes the metrics about /metrics itself
	Alive      func() error           // nil while the poll loops run, else what is wrong

	Reload func(ctx context.Context) error // reads the configuration again; nil: refused
	Pprof  bool                            // serve profiles under /debug/pprof/
	Prefix Prefix                          // of every path

	Log *slog.Logger
}

// strictPolicy allows a page nothing. A page that needs more sets a policy itself.
const strictPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler returns the routes of the exporter. TLS and passwords are added by
// [Listener.Serve].
func Handler(o Options) http.Handler {
	mux, p := http.NewServeMux(), o.Prefix.Route
	o.Prefix.redirects(mux)
	mux.Handle("GET "+p+"/{$}", buffered(o.landing))
	mux.Handle("GET "+p+"/metrics", metrics(o))
	mux.HandleFunc("GET "+p+"/-/healthy", o.healthy)
	mux.HandleFunc("GET "+p+"/-/ready", o.ready)
	// Another site must not make the browser of a user who is logged in reload.
	reload := http.NewCrossOriginProtection().Handler(http.HandlerFunc(o.reload))
	mux.Handle("POST "+p+"/-/reload", reload)
	mux.Handle("PUT "+p+"/-/reload", reload)
	if o.Pprof { // it moves the write deadline by the length of a profile itself
		// Index takes the name of a profile from the path.
		mux.Handle("GET "+p+"/debug/pprof/", http.StripPrefix(p, http.HandlerFunc(pprof.Index)))
		mux.HandleFunc("GET "+p+"/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET "+p+"/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET "+p+"/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("POST "+p+"/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET "+p+"/debug/pprof/trace", pprof.Trace)
	}
	limited := http.MaxBytesHandler(mux, 1<<20) // only pprof reads a body at all
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Browsers are to treat every answer as the type that it names.
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if w.Header().Get("Content-Security-Policy") == "" { // the web configuration may have set one
			w.Header().Set("Content-Security-Policy", strictPolicy)
		}
		limited.ServeHTTP(w, r)
	})
}

func (o Options) healthy(w http.ResponseWriter, _ *http.Request) {
	if err := o.Alive(); err != nil {
		http.Error(w, "not healthy: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	say(w, "healthy")
}

func (o Options) ready(w http.ResponseWriter, _ *http.Request) {
	if snap := o.Load(); snap == nil || !snap.Ready {
		http.Error(w, "not ready: "+progress(snap), http.StatusServiceUnavailable)
		return
	}
	say(w, "ready")
}

// progress says how far the first round of polls has come.
func progress(snap *fleet.Snapshot) string {
	if snap == nil || len(snap.Accounts) == 0 {
		return "nothing polled yet"
	}
	waiting := 0
	for _, p := range snap.Ports {
		if !p.Complete() {
			waiting++
		}
	}
	return fmt.Sprintf("%d of %d ports wait for their first poll", waiting, len(snap.Ports))
}

func (o Options) reload(w http.ResponseWriter, r *http.Request) {
	if o.Reload == nil {
		http.Error(w, "reloading over HTTP is off; start the exporter with --web.enable-reload, or send it SIGHUP", http.StatusForbidden)
		return
	}
	if err := o.Reload(r.Context()); err != nil {
		http.Error(w, "not reloaded: "+err.Error(), http.StatusBadRequest)
		return
	}
	say(w, "reloaded")
}

// say answers 200 with one line of text.
func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text+"\n") // an error means that the client has left
}
