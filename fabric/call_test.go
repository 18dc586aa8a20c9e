package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestAttemptTimeout(t *testing.T) {
	for name, answer := range map[string]func(int, *http.Request) (*http.Response, error){
		"headers": func(_ int, r *http.Request) (*http.Response, error) { return silent(r) },
		"body": func(_ int, r *http.Request) (*http.Response, error) {
			resp, err := reply(200, ``)
			resp.Body = io.NopCloser(stuck{r.Context()})
			return resp, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []fabric.Attempt
				start := time.Now()
				err := probe(t.Context(), newClient(t, &api{answer: answer}, watch(&seen),
					func(c *fabric.Config) { c.Timeout = 3 * time.Second }))
				if fabric.Reason(err) != "timeout" || time.Since(start) != 3*time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				if len(seen) != 1 || seen[0].Took != 3*time.Second || fabric.Reason(seen[0].Err) != "timeout" {
					t.Errorf("observed %+v", seen)
				}
			})
		})
	}
}

type stuck struct{ ctx context.Context }

func TestCallerGivesUp(t *testing.T) {
	limited := with(429, ``, "Retry-After", "60")
	for _, tt := range []struct {
		name   string
		answer func(int, *http.Request) (*http.Response, error)
		edit   func(*fabric.Config)
		seen   int
	}{
		{"in a request", func(_ int, r *http.Request) (*http.Response, error) { return silent(r) }, func(*fabric.Config) {}, 1},
		{"in backoff", func(int, *http.Request) (*http.Response, error) { return reply(500, ``) }, retries(9), 1},
		{"in a pause", func(int, *http.Request) (*http.Response, error) { return limited.do() }, retries(9), 1},
		{"before the limiter", func(int, *http.Request) (*http.Response, error) { return reply(500, ``) },
			func(c *fabric.Config) { c.RequestsPerSecond, c.Burst, c.MaxRetries = 0.001, 1, 9 }, 1},
	} {
		for _, deadline := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deadline %v", tt.name, deadline), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					want := context.Canceled
					if deadline {
						ctx, cancel = context.WithTimeout(ctx, 400*time.Millisecond)
						want = context.DeadlineExceeded
					} else {
						time.AfterFunc(400*time.Millisecond, cancel)
					}
					defer cancel()
					var seen []fabric.Attempt
					err := probe(ctx, newClient(t, &api{answer: tt.answer}, watch(&seen), tt.edit))
					if !errors.Is(err, want) {
						t.Errorf("got %v", err)
					}
					if e, ok := errors.AsType[*fabric.Error](err); ok {
						t.Errorf("blames the API: %v", e)
					}
					if len(seen) != tt.seen {
						t.Errorf("observed %+v", seen)
					}
				})
			})
		}
	}
}

func TestCallerGaveUpBefore(t *testing.T) {
	var seen []fabric.Attempt
	a := always(200, idle)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := probe(ctx, newClient(t, a, watch(&seen)))
	if !errors.Is(err, context.Canceled) || a.count() != 0 || len(seen) != 0 {
		t.Errorf("%d calls, observed %v, %v", a.count(), seen, err)
	}
}

func TestUnauthorizedRenewsTheToken(t *testing.T) {
	tok := new(tokens)
	a := &api{answer: func(n int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer token-0" {
			return reply(401, ``)
		}
		return reply(200, idle)
	}}
	var seen []fabric.Attempt
	err := probe(t.Context(), newClient(t, a, watch(&seen), func(c *fabric.Config) { c.Tokens = tok }))
	if err != nil || a.count() != 2 || len(seen) != 2 || tok.logins != 1 {
		t.Errorf("%d calls, %d observed, %d logins, %v", a.count(), len(seen), tok.logins, err)
	}
}

func TestUnauthorizedDespiteAFreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tok := new(tokens)
		a := always(401, ``)
		c := newClient(t, a, retries(4), func(c *fabric.Config) { c.Tokens = tok })
		expect := func(when string, calls, logins int) {
			t.Helper()
			if err := probe(t.Context(), c); fabric.Reason(err) != "auth" {
				t.Errorf("%s: %v", when, err)
			}
			if a.count() != calls || tok.logins != logins {
				t.Errorf("%s: %d calls, %d logins; want %d, %d", when, a.count(), tok.logins, calls, logins)
			}
		}
		expect("first", 2, 1)
		expect("again", 3, 1)
		time.Sleep(5*time.Minute - 1)
		expect("just before five minutes", 4, 1)
		time.Sleep(time.Nanosecond)
		expect("after five minutes", 6, 2)
	})
}

func TestNoTokenNoRequest(t *testing.T) {
	var seen []fabric.Attempt
	a := always(200, idle)
	s := newSource(t, always(400, refusal))
	err := probe(t.Context(), newClient(t, a, retries(4), watch(&seen), func(c *fabric.Config) { c.Tokens = s }))
	if _, ok := errors.AsType[*fabric.LoginError](err); !ok || !strings.HasPrefix(err.Error(), op+": ") {
		t.Errorf("got %v", err)
	}
	if a.count() != 0 || len(seen) != 0 || fabric.Gone(err) {
		t.Errorf("%d calls, observed %v, gone %v", a.count(), seen, fabric.Gone(err))
	}
}

// One port's 401 must not take the token from the others while the token
// endpoint is down, nor make a login of every call.
func TestUnauthorizedPortWhileLoginsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := script(with(200, granted), with(503, ``))
		s := newSource(t, logins)
		a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, id("bad")) {
				return reply(401, `[{"errorCode":"EQ-3000039"}]`)
			}
			return reply(200, idle)
		}}
		c := newClient(t, a, func(c *fabric.Config) { c.Tokens = s })
		for range 6 {
			for range 10 {
				if _, err := c.PortStatsV3(t.Context(), id("bad"), from, to); fabric.Reason(err) != "auth" {
					t.Fatalf("bad port: %v", err)
				}
				if err := probe(t.Context(), c); err != nil {
					t.Fatalf("good port: %v", err)
				}
			}
			time.Sleep(time.Minute)
		}
		if logins.count() != 3 { // the first, and one for each five minutes
			t.Errorf("%d logins", logins.count())
		}
	})
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestAnswerThatAnnouncesTooManyBytesIsNotRead(t *testing.T) {
	a := &api{answer: func(int, *http.Request) (*http.Response, error) {
		resp, err := reply(200, "")
		resp.ContentLength, resp.Body = 8<<20+1, io.NopCloser(unread{t})
		return resp, err
	}}
	_, err := newClient(t, a).PortStatsV3(t.Context(), id("p"), from, to)
	if fabric.Reason(err) != fabric.ReasonDecode || !strings.Contains(err.Error(), "larger than 8 MiB") {
		t.Errorf("error %v", err)
	}
}

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
