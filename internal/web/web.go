// Package web serves the HTTP pages of the exporter: the metrics, its health, a
// landing page with the load of the ports and, if enabled by flags, reloading and
// profiles.
package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// Options configure the pages. All but Reload, Pprof, Prefix and Units are required.
type Options struct {
	Load       func() *fleet.Snapshot // the newest state of the fleet; nil before the first
	Series     *collector.Collector   // of the fleet, for /metrics
	Gatherer   prometheus.Gatherer    // what else /metrics shows: the exporter's own metrics
	Registerer prometheus.Registerer  // for the metrics about /metrics itself
	Alive      func() error           // nil while the poll loops run, else what is wrong

	Reload func(ctx context.Context) error // reloads the configuration; nil: the page is forbidden
	Pprof  bool                            // serve profiles under /debug/pprof/
	Prefix Prefix                          // of every path
	Units  human.Units                     // of rates on the pages, unless their query says otherwise

	Log *slog.Logger
}

// strictPolicy allows a page to load nothing. A page that needs more sets its own policy.
const strictPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler returns the routes of the exporter. TLS and passwords are added by
// [Listener.Serve].
func Handler(o Options) http.Handler {
	mux, p := http.NewServeMux(), o.Prefix.Route
	o.Prefix.redirects(mux)
	pages := buffered(o.page)
	mux.Handle("GET "+p+"/{$}", pages)
	mux.Handle("GET "+p+"/ports/{uuid}", pages)
	mux.Handle("GET "+p+"/metrics", metrics(o))
	mux.HandleFunc("GET "+p+"/-/healthy", o.healthy)
	mux.HandleFunc("GET "+p+"/-/ready", o.ready)
	// Another site must not be able to trigger a reload through the browser of a logged-in user.
	reload := http.NewCrossOriginProtection().Handler(http.HandlerFunc(o.reload))
	mux.Handle("POST "+p+"/-/reload", reload)
	mux.Handle("PUT "+p+"/-/reload", reload)
	if o.Pprof { // it extends the write deadline by the length of a profile
		// Index takes the name of a profile from the path.
		mux.Handle("GET "+p+"/debug/pprof/", http.StripPrefix(p, http.HandlerFunc(pprof.Index)))
		mux.HandleFunc("GET "+p+"/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET "+p+"/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET "+p+"/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("POST "+p+"/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET "+p+"/debug/pprof/trace", pprof.Trace)
	}
	limited := http.MaxBytesHandler(mux, 1<<20) // only pprof reads a body
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Browsers must not guess the type of an answer.
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

// progress says how many ports wait for their first poll.
func progress(snap *fleet.Snapshot) string {
	if snap == nil || len(snap.Ports) == 0 {
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
		http.Error(w, "reload over HTTP is off; start the exporter with --web.enable-reload, or send it SIGHUP", http.StatusForbidden)
		return
	}
	if err := o.Reload(r.Context()); err != nil {
		http.Error(w, "not reloaded: "+err.Error(), http.StatusBadRequest)
		return
	}
	say(w, "reloaded")
}

// say answers with status 200 and one line of text.
func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text+"\n") // an error means that the client is gone
}
