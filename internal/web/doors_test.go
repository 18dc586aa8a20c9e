package web_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect, "PROPFIND",
}

// What was not asked for is closed, whatever the method: profiles are not there
// at all, and a reload says how to open it.
func TestDoorsAreClosedUnlessAskedFor(t *testing.T) {
	h := web.Handler(newOptions(t, nil))
	for _, method := range methods {
		for _, path := range []string{
			"/debug/pprof", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/profile", "/debug/pprof/symbol",
			"/debug/pprof/trace", "/debug/pprof/heap", "/debug/pprof/goroutine?debug=2", "/debug/vars", "/debug/requests", "/-/quit",
		} {
			check(t, do(t, h, method, path), http.StatusNotFound, "")
		}
		want := http.StatusMethodNotAllowed
		if method == http.MethodPost || method == http.MethodPut {
			want = http.StatusForbidden
		}
		check(t, do(t, h, method, "/-/reload"), want, "")
	}
}

// An open door takes the methods that it is for.
func TestOpenDoorsTakeTheirMethodsOnly(t *testing.T) {
	reloads := 0
	o := newOptions(t, nil)
	o.Pprof, o.Reload = true, func(context.Context) error { reloads++; return nil }
	h := web.Handler(o)
	for path, allowed := range map[string][]string{
		"/-/reload":             {http.MethodPost, http.MethodPut},
		"/debug/pprof/":         {http.MethodGet, http.MethodHead},
		"/debug/pprof/heap":     {http.MethodGet, http.MethodHead},
		"/debug/pprof/cmdline":  {http.MethodGet, http.MethodHead},
		"/debug/pprof/symbol":   {http.MethodGet, http.MethodHead, http.MethodPost},
		"/debug/pprof/nonsense": {},
	} {
		for _, method := range methods {
			status := do(t, h, method, path).StatusCode
			switch {
			case slices.Contains(allowed, method) && status != http.StatusOK,
				!slices.Contains(allowed, method) && status != http.StatusMethodNotAllowed && status != http.StatusNotFound:
				t.Errorf("%s %s: %d", method, path, status)
			}
		}
	}
	if reloads != 2 {
		t.Errorf("%d reloads, want two", reloads)
	}
}

func TestEveryAnswerTiesTheBrowserDown(t *testing.T) {
	o := newOptions(t, nil)
	o.Pprof = true
	h := web.Handler(o)
	for _, path := range []string{"/", "/ports/x", "/metrics", "/-/healthy", "/-/ready", "/-/reload", "/debug/pprof/", "/debug/pprof/heap", "/nothing"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := do(t, h, method, path).Header
			if got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s %s: %v", method, path, got)
			}
			policy := got.Get("Content-Security-Policy")
			form := "form-action 'none'"
			if method == http.MethodGet && (path == "/" || path == "/ports/x") { // they search
				form = "form-action 'self'"
			}
			for _, want := range []string{"default-src 'none'", form, "frame-ancestors 'none'"} {
				if !strings.Contains(policy, want) {
					t.Errorf("%s %s: policy %q lacks %s", method, path, policy, want)
				}
			}
		}
	}
}
