package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

func TestPrefixIsThatOfPrometheus(t *testing.T) {
	for _, tt := range []struct {
		route, external string
		want            web.Prefix
	}{
		{"", "", web.Prefix{}},
		{"", "https://example.com", web.Prefix{}},
		{"", "https://example.com/", web.Prefix{}},
		{"", "https://example.com/fabric/", web.Prefix{Route: "/fabric", External: "/fabric"}},
		{"", "/fabric", web.Prefix{Route: "/fabric", External: "/fabric"}},
		{"fabric", "", web.Prefix{Route: "/fabric", External: "/fabric"}},
		{"/a/b/", "", web.Prefix{Route: "/a/b", External: "/a/b"}},
		{"/", "https://example.com/fabric", web.Prefix{External: "/fabric"}}, // the proxy takes it away
		{"/in", "https://example.com/out", web.Prefix{Route: "/in", External: "/out"}},
	} {
		if got, err := web.NewPrefix(tt.route, tt.external); got != tt.want || err != nil {
			t.Errorf("NewPrefix(%q, %q) = %+v, %v, want %+v", tt.route, tt.external, got, err, tt.want)
		}
	}
	for _, bad := range [][2]string{
		{"/a//b", ""}, {"/a/../b", ""}, {"/{a}", ""}, {"/a?b", ""}, {"", "example.com/fabric"},
		{"", "ftp://example.com/"}, {"", `"https://example.com/"`}, {"", "https://example.com/{a}"},
	} {
		if got, err := web.NewPrefix(bad[0], bad[1]); err == nil {
			t.Errorf("NewPrefix(%q, %q) = %+v, want an error", bad[0], bad[1], got)
		}
	}
}

// link is a link of the landing page.
var link = regexp.MustCompile(`href="([^"]*)">/`)

func TestEveryPathIsBelowThePrefix(t *testing.T) {
	o := newOptions(t, newSnapshot(time.Now()))
	o.Prefix, o.Pprof = web.Prefix{Route: "/fabric", External: "/fabric"}, true
	o.Reload = func(context.Context) error { return nil }
	h := web.Handler(o)
	for path, text := range map[string]string{
		"/": "Equinix Fabric exporter", "/ports/" + uuid: "SV-PRI-01", "/metrics": "promhttp_metric_handler", "/-/healthy": "healthy", "/-/ready": "ready",
		"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile",
	} {
		check(t, do(t, h, http.MethodGet, "/fabric"+path), http.StatusOK, text)
		if path != "/" {
			check(t, do(t, h, http.MethodGet, path), http.StatusNotFound, "")
		}
	}
	check(t, do(t, h, http.MethodPost, "/fabric/-/reload"), http.StatusOK, "reloaded")
	for from, to := range map[string]string{"/": "/fabric/", "/fabric": "/fabric/", "/fabric//metrics": "/fabric/metrics"} {
		resp := do(t, h, http.MethodGet, from)
		if got := resp.Header.Get("Location"); got != to || resp.StatusCode/100 != 3 {
			t.Errorf("%s: %d to %q, want a redirect to %s", from, resp.StatusCode, got, to)
		}
	}
	page, err := url.Parse("http://exporter/fabric/")
	if err != nil {
		t.Fatal(err)
	}
	links := link.FindAllStringSubmatch(body(t, do(t, h, http.MethodGet, "/fabric/")), -1)
	if len(links) < 4 {
		t.Errorf("links %q", links)
	}
	for _, l := range links {
		to, err := page.Parse(l[1])
		if err != nil {
			t.Fatal(err)
		}
		check(t, do(t, h, http.MethodGet, to.Path), http.StatusOK, "")
	}
}

// TestRedirectBehindAProxyThatRenames: what leads to the landing page leads there
// as browsers see it, and never in a circle.
func TestRedirectBehindAProxyThatRenames(t *testing.T) {
	o := newOptions(t, nil)
	o.Prefix = web.Prefix{Route: "/in", External: "/out"}
	h := web.Handler(o)
	for from, to := range map[string]string{"/in": "/out/", "/": "/in/"} {
		if got := do(t, h, http.MethodGet, from).Header.Get("Location"); got != to {
			t.Errorf("%s leads to %q, want %s", from, got, to)
		}
	}
}

func TestHealthcheckBelowThePrefix(t *testing.T) {
	o := newOptions(t, nil)
	o.Prefix = web.Prefix{Route: "/fabric", External: "/fabric"}
	f := flags("")
	address := serve(t, web.Handler(o), f)
	f.WebListenAddresses = &[]string{address}
	for _, h := range []web.HealthcheckOptions{{Prefix: o.Prefix}, {Prefix: o.Prefix, URL: "http://" + address}, {URL: "http://" + address + "/fabric/-/healthy"}} {
		if err := web.Healthcheck(t.Context(), f, h); err != nil {
			t.Errorf("%+v: %v", h, err)
		}
	}
	if err := web.Healthcheck(t.Context(), f, web.HealthcheckOptions{}); err == nil {
		t.Error("healthy without the prefix")
	}
}
