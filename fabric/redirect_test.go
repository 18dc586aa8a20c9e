package fabric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// No redirect is followed, wherever it leads: neither the token of a call nor
// what a login sends goes anywhere but to the address that was configured.
func TestNoRedirectIsFollowed(t *testing.T) {
	elsewhere := func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was followed, with %d headers", r.Method, r.URL, len(r.Header))
	}
	other, plain := httptest.NewTLSServer(http.HandlerFunc(elsewhere)), httptest.NewServer(http.HandlerFunc(elsewhere))
	defer other.Close()
	defer plain.Close()
	var calls atomic.Int64
	var status int
	var target string
	origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Location", target)
		w.WriteHeader(status)
	}))
	defer origin.Close()
	tr, ok := origin.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatalf("transport %T", origin.Client().Transport)
	}
	send := map[string]func() error{
		"call": func() error {
			return probe(t.Context(), newClient(t, tr, retries(3), func(c *fabric.Config) { c.BaseURL = origin.URL }))
		},
		"login": func() error {
			_, err := newSource(t, tr, func(c *fabric.TokenConfig) { c.BaseURL, c.MaxRetries = origin.URL, 3 }).Token()
			return err
		},
		"exchange": func() error {
			_, err := newExchange(t, tr, fixed(subjectToken), func(c *fabric.TokenConfig) {
				c.Exchange.URL, c.MaxRetries = origin.URL+"/v1/token", 3
			}).Token()
			return err
		},
	}
	for name, do := range send {
		for _, code := range []int{301, 302, 303, 307, 308} {
			for where, root := range map[string]string{"another host": other.URL, "plain HTTP": plain.URL, "the same host": origin.URL} {
				t.Run(fmt.Sprintf("%s, %d to %s", name, code, where), func(t *testing.T) {
					calls.Store(0)
					status, target = code, root+"/elsewhere?with=a+secret"
					err := do()
					if err == nil || !strings.Contains(err.Error(), "redirected to "+root+", which is not followed") || strings.Contains(err.Error(), "a+secret") {
						t.Errorf("error %v", err)
					}
					if n := calls.Load(); n != 1 {
						t.Errorf("%d requests", n)
					}
				})
			}
		}
	}
}
