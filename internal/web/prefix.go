package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Prefix is what stands before the exporter's paths. The zero value is nothing.
type Prefix struct {
	Route    string // before each path that is answered: "" or like /fabric
	External string // the same as browsers see it, if there is a proxy in front
}

// NewPrefix reads --web.route-prefix and --web.external-url as Prometheus does: the
// route prefix defaults to the path of the external URL. Either may be "".
func NewPrefix(route, external string) (Prefix, error) {
	u, err := url.Parse(external)
	pathOnly := external == "" || strings.HasPrefix(external, "/") && u != nil && u.Host == ""
	if err != nil || !pathOnly && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return Prefix{}, errors.New("--web.external-url: write it like https://example.com/fabric")
	}
	outside, ok := prefixPath(u.Path)
	if !ok {
		return Prefix{}, fmt.Errorf("--web.external-url: %q is not a path like /fabric", u.Path)
	}
	if route == "" {
		return Prefix{outside, outside}, nil
	}
	inside, ok := prefixPath(route)
	switch {
	case !ok:
		return Prefix{}, fmt.Errorf("--web.route-prefix: %q is not a path like /fabric", route)
	case external == "":
		return Prefix{inside, inside}, nil
	}
	return Prefix{inside, outside}, nil
}

// prefixPath is a path without a slash at its end, "" for the root; ok is false if
// no request could have it, or http.ServeMux would take it for a pattern.
func prefixPath(p string) (prefix string, ok bool) {
	if p = strings.Trim(p, "/"); p == "" {
		return "", true
	}
	return "/" + p, path.Clean(p) == p && !strings.ContainsAny(p, "{}?#% ")
}

// redirects lead browsers from the root to the landing page, and from the prefix
// without a slash at its end to the one with it, which the page's links need.
func (p Prefix) redirects(mux *http.ServeMux) {
	if p.Route == "" {
		return
	}
	mux.Handle("GET /{$}", http.RedirectHandler(p.Route+"/", http.StatusFound))
	mux.Handle("GET "+p.Route, http.RedirectHandler(p.External+"/", http.StatusFound))
}
