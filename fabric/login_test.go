package fabric_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestLoginRefusals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		refused bool
	}{
		{"400", 400, ``, true},
		{"401", 401, `whatever`, true},
		{"500 with S-code", 500, refusal, true},
		{"500 in snake_case", 500, `{"error_domain":"d","error_title":"Login Failure","error_code":"S1006"}`, true},
		{"403 locked", 403, `{"errorMessage":"User account is locked"}`, true},
		{"503 login failure as text", 503, `Login failure`, true},
		{"503 blocked by a firewall", 503, `Your request was blocked`, false},
		{"500 as HTML", 500, "<html><style>" + strings.Repeat("a{b:c} ", 40) + "</style><body>Login Failure, please try again.</body>", true},
		{"500 far into the body", 500, strings.Repeat(" ", 60<<10) + `"S1006"`, true},
		{"500 with a title only", 500, `{"errorTitle":"Login Failure","errorCode":"1006","errorMessage":"Invalid credentials"}`, true},
		{"500 with nested errors", 500, `{"errors":[{"errorCode":"S1006","errorMessage":"bad credentials"}]}`, true},
		{"500 with a second error", 500, `[{"errorCode":"EQ-1","errorMessage":"x"},{"errorCode":"S1006","errorMessage":"bad"}]`, true},
		{"500 in one word", 500, `{"errorCode":"LoginFailure"}`, true},
		{"500 with a dash", 502, `log-in-failure`, true},
		{"500 with an escape", 502, `{"errorMessage":"log\u0020in failure"}`, true},
		{"500 in lower case", 500, `{"errorCode":"s1006","errorMessage":"no"}`, true},
		{"500 account_locked", 500, `{"errorMessage":"account_locked"}`, true},
		{"429 locked", 429, `Locked`, true},
		{"200 with S-code", 200, refusal, true},
		{"200 as HTML", 200, `<html>Your account is LOCKED`, true},
		{"fault as 200", 200, `{"fault":{"faultstring":"login failure"}}`, true},
		{"500 unlocked", 500, `the account is unlocked, S1006`, false},
		{"200 without token", 200, `{"errorMessage":"blocked"}`, false},
		{"quota with S-code", 500, `[{"errorCode":"QuotaViolation"},{"errorCode":"S1006"}]`, false},
		{"500", 500, `[{"errorCode":"EQ-1","errorMessage":"Internal error."}]`, false},
		{"403", 403, `{}`, false},
		{"429", 429, ``, false},
		{"quota as 401", 401, `{"fault":{"faultstring":"Spike arrest violation"}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []fabric.Attempt
				a := always(tt.status, tt.body)
				s := newSource(t, a, func(c *fabric.TokenConfig) {
					c.MaxRetries = 2
					c.Observe = func(at fabric.Attempt) { seen = append(seen, at) }
				})
				_, err := s.TokenContext(t.Context())
				le, refused := errors.AsType[*fabric.LoginError](err)
				if refused != tt.refused || s.Status().Held != tt.refused {
					t.Fatalf("refused %v, held %v: %v", refused, s.Status().Held, err)
				}
				if !refused {
					return
				}
				if a.count() != 1 {
					t.Errorf("tried %d times", a.count())
				}
				if fabric.Reason(err) != "auth" || fabric.Reason(seen[0].Err) != "auth" {
					t.Errorf("reasons %q, %q", fabric.Reason(err), fabric.Reason(seen[0].Err))
				}
				if le.Refusals != 1 || le.Suspended || time.Until(le.NextTry) != 5*time.Minute {
					t.Errorf("got %+v", le)
				}
			})
		})
	}
}

func TestLoginWithoutCredentials(t *testing.T) {
	missing := errors.New("open secret: no such file")
	for name, answer := range map[string]func() (fabric.Credentials, error){
		"unreadable":   func() (fabric.Credentials, error) { return fabric.Credentials{}, missing },
		"empty secret": func() (fabric.Credentials, error) { return fabric.Credentials{ClientID: "id"}, nil },
		"empty id":     func() (fabric.Credentials, error) { return fabric.Credentials{ClientSecret: "s"}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			a := always(200, granted)
			read := answer
			s := newSource(t, a, func(c *fabric.TokenConfig) {
				c.Credentials = func() (fabric.Credentials, error) { return read() }
			})
			_, err := s.TokenContext(t.Context())
			if _, ok := errors.AsType[*fabric.CredentialsError](err); !ok || a.count() != 0 || s.Status().Held {
				t.Fatalf("%d calls, %v", a.count(), err)
			}
			if name == "unreadable" && !errors.Is(err, missing) {
				t.Errorf("cause is lost: %v", err)
			}
			read = func() (fabric.Credentials, error) { return fabric.Credentials{ClientID: "i", ClientSecret: "s"}, nil }
			if _, err := s.TokenContext(t.Context()); err != nil {
				t.Errorf("once they are there: %v", err)
			}
		})
	}
}

func TestLoginDuringServerTrouble(t *testing.T) {
	for name, failure := range map[string]prepared{
		"500": with(500, ``), "429": with(429, ``),
		"transport": {do: func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := script(failure, failure, failure, failure, failure, failure, with(200, granted))
				s := newSource(t, a, func(c *fabric.TokenConfig) { c.MaxRetries = 2 })
				start := time.Now()
				_, first := s.TokenContext(t.Context())
				if first == nil || a.count() != 3 {
					t.Fatalf("%d calls, %v", a.count(), first)
				}
				if d := time.Since(start); d < 1500*time.Millisecond || d > 3*time.Second {
					t.Errorf("backed off %v", d)
				}
				time.Sleep(30*time.Second - 1)
				if _, err := s.TokenContext(t.Context()); err != first || a.count() != 3 { //nolint:errorlint // the remembered one
					t.Errorf("not remembered: %d calls, %v", a.count(), err)
				}
				time.Sleep(time.Nanosecond)
				if _, err := s.TokenContext(t.Context()); err == nil || a.count() != 6 {
					t.Errorf("second round: %d calls, %v", a.count(), err)
				}
				s.Resume()
				if _, err := s.TokenContext(t.Context()); err != nil {
					t.Errorf("after Resume: %v", err)
				}
			})
		})
	}
}

// Callers wait for a short Retry-After, and hear of a long one at once.
func TestLoginHonoursRetryAfter(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			s := newSource(t, script(with(status, ``, "Retry-After", "7"), with(200, granted)),
				func(c *fabric.TokenConfig) { c.MaxRetries = 1 })
			start := time.Now()
			if _, err := s.TokenContext(t.Context()); err != nil || time.Since(start) != 7*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			a := script(with(status, ``, "Retry-After", "77"), with(200, granted))
			s := newSource(t, a, func(c *fabric.TokenConfig) { c.MaxRetries = 9 })
			start := time.Now()
			_, first := s.TokenContext(t.Context())
			time.Sleep(77*time.Second - 1)
			if _, err := s.TokenContext(t.Context()); first == nil || err != first || a.count() != 1 { //nolint:errorlint // the remembered one
				t.Errorf("%d calls, %v, then %v", a.count(), first, err)
			}
			time.Sleep(time.Nanosecond)
			if _, err := s.TokenContext(t.Context()); err != nil || time.Since(start) != 77*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
}

func TestLoginTriesForTenSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := always(500, ``)
		s := newSource(t, a, func(c *fabric.TokenConfig) { c.MaxRetries = 100 })
		start := time.Now()
		if _, err := s.TokenContext(t.Context()); err == nil || time.Since(start) > 10*time.Second || a.count() < 3 {
			t.Errorf("%d calls in %v: %v", a.count(), time.Since(start), err)
		}
	})
}

func TestLoginTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, &api{answer: func(_ int, r *http.Request) (*http.Response, error) { return silent(r) }},
			func(c *fabric.TokenConfig) { c.MaxRetries = 3 }) // of which a timeout is not worth one
		start := time.Now()
		_, err := s.TokenContext(t.Context())
		if fabric.Reason(err) != "timeout" || time.Since(start) != 30*time.Second || !strings.Contains(err.Error(), "no answer within 30s") {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
