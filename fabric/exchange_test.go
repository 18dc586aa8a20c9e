package fabric_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const (
	scope        = "roleassignments:42"
	subjectToken = "eyJhbGciOi.sUbj3ct.s1g+n/ed=="
	exchanged    = `{"access_token":"granted","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":900}`
)

// fixed is a subject token that does not change.
func fixed(token string) func() (string, error) { return func() (string, error) { return token, nil } }

// newExchange is a source that exchanges what read returns.
func newExchange(t testing.TB, rt http.RoundTripper, read func() (string, error), edit ...func(*fabric.TokenConfig)) *fabric.TokenSource {
	t.Helper()
	return newSource(t, rt, append([]func(*fabric.TokenConfig){func(c *fabric.TokenConfig) {
		c.Credentials, c.Exchange = nil, &fabric.Exchange{Scope: scope, SubjectToken: read}
	}}, edit...)...)
}

func TestExchangeRequest(t *testing.T) {
	for address, want := range map[string]string{
		"":                               "https://sts.eqix.equinix.com/v1/token",
		"https://sts.example.com/x/":     "https://sts.example.com/x",
		"http://localhost:8080/v1/token": "http://localhost:8080/v1/token",
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen []fabric.Attempt
			s := newExchange(t, &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
				if r.Method != http.MethodPost || r.URL.String() != want {
					t.Errorf("%s %s, want %s", r.Method, r.URL, want)
				}
				if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" || r.Header.Get("Authorization") != "" {
					t.Errorf("headers %v", r.Header)
				}
				body, _ := io.ReadAll(r.Body)
				got, err := url.ParseQuery(string(body))
				if err != nil {
					t.Error(err)
				}
				form := url.Values{
					"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "scope": {scope},
					"subject_token": {subjectToken}, "subject_token_type": {"urn:ietf:params:oauth:token-type:id_token"},
				}
				if diff := cmp.Diff(form, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				return reply(200, exchanged)
			}}, fixed(" "+subjectToken+"\n"), func(c *fabric.TokenConfig) {
				c.Exchange.URL = address
				c.Observe = func(a fabric.Attempt) { seen = append(seen, a) }
			})
			got, err := s.TokenContext(t.Context())
			if err != nil || got.AccessToken != "granted" || got.Type() != "Bearer" || time.Until(got.Expiry) != 15*time.Minute {
				t.Errorf("got %v, %v", got, err)
			}
			if len(seen) != 1 || seen[0].Op != fabric.OpToken || seen[0].Status != 200 {
				t.Errorf("observed %+v", seen)
			}
		})
	}
}

func TestExchangeRefusals(t *testing.T) {
	for _, tt := range []struct {
		status  int
		body    string
		refused bool
	}{
		{400, `{"error":"invalid_request","error_description":"subject_token is expired"}`, true},
		{401, ``, true},
		{403, `{"error":"access_denied"}`, false},
		{429, ``, false},
		{500, `{"error":"server_error"}`, false},
	} {
		a := always(tt.status, tt.body)
		s := newExchange(t, a, fixed(subjectToken))
		_, err := s.TokenContext(t.Context())
		e, refused := errors.AsType[*fabric.LoginError](err)
		if refused != tt.refused || s.Status().Held != tt.refused || a.count() != 1 {
			t.Errorf("%d: %d calls, %v", tt.status, a.count(), err)
		}
		if !refused {
			continue
		}
		for _, word := range []string{"subject token", "scope"} {
			if !e.Exchange || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "client_") {
				t.Errorf("%d: not about the %s: %v", tt.status, word, err)
			}
		}
		if log := showings(err)["slog text"]; !strings.Contains(log, "v.exchange=true") {
			t.Errorf("%d: logged as %s", tt.status, log)
		}
		if tt.body != "" && !strings.Contains(err.Error(), "invalid_request: subject_token is expired") {
			t.Errorf("%d: reason is lost: %v", tt.status, err)
		}
	}
}

func TestExchangeScheduleAfterRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := subjectToken
		a := always(400, `{"error":"invalid_grant"}`)
		s := newExchange(t, a, func() (string, error) { return token, nil })
		for i, step := range []struct {
			after           time.Duration
			token           string
			calls, refusals int
		}{
			{0, "one", 1, 1},
			{5*time.Minute - 1, "one", 1, 1},
			{1, "one", 2, 2},
			{time.Hour, "one", 3, 3},
			{1000 * time.Hour, "one", 3, 3}, // suspended
			{0, "two", 4, 1},                // the file was replaced
			{0, "two", 4, 1},
			{0, " two\n", 4, 1}, // still the same
		} {
			time.Sleep(step.after)
			token = step.token
			_, err := s.TokenContext(t.Context())
			if fabric.Reason(err) != "auth" || a.count() != step.calls || s.Status().Refusals != step.refusals {
				t.Errorf("step %d: %d calls, %+v, %v", i, a.count(), s.Status(), err)
			}
		}
	})
}

// The scope is part of what was refused: another one is worth a try at once.
func TestExchangeWithAnotherScopeIsWorthATry(t *testing.T) {
	a := always(401, ``)
	share := fabric.NewRefusals(fabric.NewFingerprintKey(), nil, nil)
	_, _ = newExchange(t, a, fixed(subjectToken), func(c *fabric.TokenConfig) { c.Refusals = share }).TokenContext(t.Context())
	for i, scope := range []string{scope, "orgpolicies:7"} {
		next := newExchange(t, a, fixed(subjectToken), func(c *fabric.TokenConfig) { c.Exchange.Scope, c.Refusals = scope, share })
		_, _ = next.TokenContext(t.Context())
		if a.count() != i+1 {
			t.Errorf("%s: %d logins, want %d", scope, a.count(), i+1)
		}
	}
}

func TestExchangeReadsTheTokenAtEachLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		a := &api{answer: func(n int, r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			if want := fmt.Sprintf("subject_token=token-%d&", n+1); !strings.Contains(string(body), want) {
				t.Errorf("login %d: %s", n, body)
			}
			return reply(200, exchanged)
		}}
		s := newExchange(t, a, func() (string, error) { reads++; return fmt.Sprintf("token-%d", reads), nil })
		for range 3 {
			if _, err := s.TokenContext(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(16 * time.Minute)
		}
		if a.count() != 3 || reads != 3 {
			t.Errorf("%d logins, %d reads", a.count(), reads)
		}
	})
}

func TestExchangeRetriesAConflict(t *testing.T) {
	conflict := with(409, `{"error":"conflict","error_description":"try again"}`)
	for _, tt := range []struct {
		retries, conflicts, calls int
		fails                     bool
	}{{4, 1, 2, false}, {4, 2, 3, false}, {2, 3, 3, true}, {0, 1, 1, true}} {
		synctest.Test(t, func(t *testing.T) {
			answers := make([]prepared, tt.conflicts, tt.conflicts+1)
			for i := range answers {
				answers[i] = conflict
			}
			a := script(append(answers, with(200, exchanged))...)
			s := newExchange(t, a, fixed(subjectToken), func(c *fabric.TokenConfig) { c.MaxRetries = tt.retries })
			start := time.Now()
			_, err := s.TokenContext(t.Context())
			if (err != nil) != tt.fails || a.count() != tt.calls || s.Status().Held {
				t.Errorf("%d conflicts: %d calls, %v", tt.conflicts, a.count(), err)
			}
			if tt.calls > 1 && time.Since(start) < 500*time.Millisecond {
				t.Errorf("%d conflicts: no backoff", tt.conflicts)
			}
		})
	}
	// A conflict of any other call is no passing trouble.
	a := always(409, ``)
	if err := probe(t.Context(), newClient(t, a, retries(3))); err == nil || a.count() != 1 {
		t.Errorf("%d calls, %v", a.count(), err)
	}
}

func TestExchangeWithoutSubjectToken(t *testing.T) {
	missing := errors.New("open token: no such file")
	for name, read := range map[string]func() (string, error){
		"unreadable": func() (string, error) { return "", missing },
		"empty":      fixed(" \n"),
	} {
		a := always(200, exchanged)
		s := newExchange(t, a, read)
		_, err := s.TokenContext(t.Context())
		if _, ok := errors.AsType[*fabric.CredentialsError](err); !ok || a.count() != 0 || s.Status().Held {
			t.Errorf("%s: %d calls, %v", name, a.count(), err)
		}
		if !strings.Contains(err.Error(), "subject token") || name == "unreadable" && !errors.Is(err, missing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewTokenSourceRefusesAnExchange(t *testing.T) {
	for name, edit := range map[string]func(*fabric.TokenConfig){
		"beside credentials": func(c *fabric.TokenConfig) {
			c.Credentials = func() (fabric.Credentials, error) { return fabric.Credentials{}, nil }
		},
		"no subject token": func(c *fabric.TokenConfig) { c.Exchange.SubjectToken = nil },
		"no scope":         func(c *fabric.TokenConfig) { c.Exchange.Scope = " " },
		"plain http":       func(c *fabric.TokenConfig) { c.Exchange.URL = "http://sts.example.com/v1/token" },
		"password":         func(c *fabric.TokenConfig) { c.Exchange.URL = "https://u:s3cr3t@sts.example.com/" },
		"query":            func(c *fabric.TokenConfig) { c.Exchange.URL = "https://sts.example.com/?key=s3cr3t" },
		"no host":          func(c *fabric.TokenConfig) { c.Exchange.URL = "/v1/token" },
	} {
		cfg := fabric.TokenConfig{Exchange: &fabric.Exchange{Scope: scope, SubjectToken: fixed("t")}}
		edit(&cfg)
		_, err := fabric.NewTokenSource(cfg)
		if err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExchangeDoesNotShowSecrets(t *testing.T) {
	for name, a := range map[string]*api{
		"granted":   always(200, exchanged),
		"refusal":   echo(400, `{"error":"invalid_request","error_description":%q}`, "bad token "+subjectToken),
		"form":      echo(500, `subject_token=%s`, url.QueryEscape(subjectToken)),
		"conflict":  echo(409, `{"error":%q}`, subjectToken),
		"decode":    echo(200, `{"access_token":{"x":%q}}`, subjectToken),
		"transport": {answer: func(int, *http.Request) (*http.Response, error) { return nil, errors.New("x " + subjectToken) }},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []fabric.Attempt
			s := newExchange(t, a, fixed(subjectToken), func(c *fabric.TokenConfig) {
				c.Observe = func(a fabric.Attempt) { seen = append(seen, a) }
			})
			if _, err := s.TokenContext(t.Context()); err != nil {
				mustNotShow(t, "error", err, subjectToken)
			}
			mustNotShow(t, "source", s, subjectToken, "granted")
			mustNotShow(t, "status", s.Status(), subjectToken, "granted")
			mustNotShow(t, "attempt", seen, subjectToken, "granted")
		})
	}
}
