package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Prefix is the prefix of the exporter's paths. The zero value is no prefix.
type Prefix struct {
	Route    string // of each path that the exporter serves: "" or like /fabric
	External string // of each path as browsers see it, behind a reverse proxy
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

// prefixPath is path without a trailing slash, "" for the root; ok is false if no
// request could have that path, or http.ServeMux would treat it as a pattern.
func prefixPath(p string) (prefix string, ok bool) {
	if p = strings.Trim(p, "/"); p == "" {
		return "", true
	}
	return "/" + p, path.Clean(p) == p && !strings.ContainsAny(p, "{}?#% ")
}

// redirects redirect browsers from the root to the landing page, and from the prefix
// without a trailing slash to the prefix with one, which the links of the page need.
func (p Prefix) redirects(mux *http.ServeMux) {
	if p.Route == "" {
		return
	}
	mux.Handle("GET /{$}", http.RedirectHandler(p.Route+"/", http.StatusFound))
	mux.Handle("GET "+p.Route, http.RedirectHandler(p.External+"/", http.StatusFound))
}
