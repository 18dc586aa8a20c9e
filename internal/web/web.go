// Package web is what the exporter shows over HTTP: the metrics, its health,
// a landing page that says how the ports are doing, and, where they are asked
// for, reloading and profiles.
package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Options say what a handler shows. All but Reload, Pprof and Prefix are required.
type Options struct {
	Load       func() *fleet.Snapshot // the newest state of the fleet; nil before the first
	Gatherer   prometheus.Gatherer    // what /metrics shows
	Registerer prometheus.Registerer  // takes the metrics about /metrics itself
	Alive      func() error           // nil while the poll loops live, else what is wrong

	Reload func(ctx context.Context) error // reads the configuration again; nil: refused
	Pprof  bool                            // serve profiles under /debug/pprof/
	Prefix Prefix                          // of every path

	Log *slog.Logger
}

// Handler returns the routes of the exporter. It knows nothing of TLS and
// passwords: those are the business of [Listener.Serve].
func Handler(o Options) http.Handler {
	mux, out, p := http.NewServeMux(), new(outbox), o.Prefix.Route
	o.Prefix.redirects(mux)
	mux.Handle("GET "+p+"/{$}", newRenderer(landing(o), func(http.Header) variant { return variant{} }, out))
	mux.Handle("GET "+p+"/metrics", metrics(o, out))
	mux.HandleFunc("GET "+p+"/-/healthy", o.healthy)
	mux.HandleFunc("GET "+p+"/-/ready", o.ready)
	// The browser of a user who is logged in must not be made to reload by
	// another site.
	reload := http.NewCrossOriginProtection().Handler(http.HandlerFunc(o.reload))
	mux.Handle("POST "+p+"/-/reload", reload)
	mux.Handle("PUT "+p+"/-/reload", reload)
	if o.Pprof {
		handlePprof(mux, p)
	}
	return guard(mux)
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

// nothingYet is the state of affairs before the first snapshot.
const nothingYet = "nothing polled yet"

// progress says how far the first round of polls has come.
func progress(snap *fleet.Snapshot) string {
	if snap == nil || len(snap.Accounts) == 0 {
		return nothingYet
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
	_, _ = io.WriteString(w, text+"\n") // who asked is gone; nobody else to tell
}
