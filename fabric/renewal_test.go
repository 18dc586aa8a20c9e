package fabric_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// The gateway says with a 401 that a quota is used up or that there is no such
// API; no new token cures that.
func TestUnauthorizedForAnotherCauseKeepsTheToken(t *testing.T) {
	for _, body := range []string{`{"error_message":"QuotaViolation"}`, `{"fault":{"faultstring":"no apiproduct match found"}}`} {
		tok := new(tokens)
		a := always(401, body)
		err := probe(t.Context(), newClient(t, a, func(c *fabric.Config) { c.Tokens = tok }))
		if err == nil || a.count() != 1 || tok.logins != 0 {
			t.Errorf("%s: %d calls, %d logins, %v", body, a.count(), tok.logins, err)
		}
	}
}

// Trouble at the token endpoint has a schedule of its own. Retries of the call
// on top of it would keep a worker busy for nothing.
func TestCallDoesNotRetryTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := always(503, ``)
		s := newSource(t, logins)
		c := newClient(t, always(200, idle), retries(4), func(c *fabric.Config) { c.Tokens = s })
		start := time.Now()
		if err := probe(t.Context(), c); fabric.Reason(err) != "server" || logins.count() != 1 || time.Since(start) != 0 {
			t.Errorf("%d logins in %v: %v", logins.count(), time.Since(start), err)
		}
	})
}

// A login that is refused with a 401 says nothing of the token that comes with
// the right secret, and must not keep that one from being renewed.
func TestRefusedLoginIsNoRefusedToken(t *testing.T) {
	cred := fabric.Credentials{ClientID: "id", ClientSecret: "wrong"}
	n := 0
	s := newSource(t, &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if cred.ClientSecret == "wrong" {
			return reply(401, refusal)
		}
		n++
		return numbered(n, r)
	}}, func(c *fabric.TokenConfig) {
		c.Credentials = func() (fabric.Credentials, error) { return cred, nil }
	})
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			return reply(401, ``) // revoked
		}
		return reply(200, idle)
	}}
	c := newClient(t, a, func(c *fabric.Config) { c.Tokens = s })
	if err := probe(t.Context(), c); fabric.Reason(err) != "auth" || a.count() != 0 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	cred.ClientSecret = "right"
	if err := probe(t.Context(), c); err != nil {
		t.Errorf("once the secret is right: %v", err)
	}
}
