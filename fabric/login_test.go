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
				_, err := s.Token()
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

func TestLoginScheduleAfterRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := always(400, refusal)
		s := newSource(t, a, func(c *fabric.TokenConfig) { c.MaxRetries = 4 })
		expect := func(when string, calls, refusals int, suspended bool) {
			t.Helper()
			_, err := s.Token()
			le, ok := errors.AsType[*fabric.LoginError](err)
			if !ok || a.count() != calls || le.Refusals != refusals || le.Suspended != suspended {
				t.Fatalf("%s: %d calls, %v", when, a.count(), err)
			}
			st := s.Status()
			if !st.Held || st.Suspended != suspended || st.Refusals != refusals || !st.NextTry.Equal(le.NextTry) || st.Err == nil {
				t.Fatalf("%s: status %+v", when, st)
			}
		}
		expect("first", 1, 1, false)
		expect("at once", 1, 1, false)
		time.Sleep(5*time.Minute - 1)
		expect("before five minutes", 1, 1, false)
		time.Sleep(time.Nanosecond)
		expect("after five minutes", 2, 2, false)
		time.Sleep(time.Hour - 1)
		expect("before an hour", 2, 2, false)
		time.Sleep(time.Nanosecond)
		expect("after an hour", 3, 3, true)
		time.Sleep(1000 * time.Hour)
		expect("for ever", 3, 3, true)
		s.Resume()
		expect("resumed", 4, 4, true)
		time.Sleep(time.Hour)
		expect("one try only", 4, 4, true)
	})
}

func TestLoginResumeAndSuccess(t *testing.T) {
	s := newSource(t, script(with(401, ``), with(200, granted)))
	if _, err := s.Token(); err == nil {
		t.Fatal("no error")
	}
	s.Resume()
	if _, err := s.Token(); err != nil {
		t.Fatal(err)
	}
	st := s.Status()
	if st.Held || st.Refusals != 0 || st.Err != nil || st.Expiry.IsZero() || !st.NextTry.IsZero() {
		t.Errorf("status %+v", st)
	}
}

// A Resume while nothing is held must not be saved up for a later refusal.
func TestLoginResumeIsNotSavedUp(t *testing.T) {
	a := always(401, ``)
	s := newSource(t, a)
	s.Resume()
	for range 3 {
		if _, err := s.Token(); err == nil {
			t.Fatal("no error")
		}
	}
	if a.count() != 1 {
		t.Errorf("%d logins", a.count())
	}
}

func TestLoginWithChangedCredentials(t *testing.T) {
	cred := fabric.Credentials{ClientID: "id", ClientSecret: "old"}
	a := script(with(401, ``), with(401, ``), with(200, granted))
	s := newSource(t, a, func(c *fabric.TokenConfig) {
		c.Credentials = func() (fabric.Credentials, error) { return cred, nil }
	})
	for _, step := range []struct {
		secret          string
		calls, refusals int
	}{{"old", 1, 1}, {"old", 1, 1}, {"new", 2, 1}, {"new", 2, 1}, {"right", 3, 0}} {
		cred.ClientSecret = step.secret
		_, _ = s.Token()
		if a.count() != step.calls || s.Status().Refusals != step.refusals {
			t.Errorf("%s: %d calls, %+v", step.secret, a.count(), s.Status())
		}
	}
}

func TestInheritHold(t *testing.T) {
	a := always(401, ``)
	old := newSource(t, a)
	_, _ = old.Token()
	next := newSource(t, a)
	next.InheritHold(old)
	for range 2 { // one try is granted, and it counts on
		_, _ = next.Token()
	}
	if got := next.Status().Refusals; got != 2 || a.count() != 2 {
		t.Errorf("%d refusals, %d logins", got, a.count())
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
			_, err := s.Token()
			if _, ok := errors.AsType[*fabric.CredentialsError](err); !ok || a.count() != 0 || s.Status().Held {
				t.Fatalf("%d calls, %v", a.count(), err)
			}
			if name == "unreadable" && !errors.Is(err, missing) {
				t.Errorf("cause is lost: %v", err)
			}
			read = func() (fabric.Credentials, error) { return fabric.Credentials{ClientID: "i", ClientSecret: "s"}, nil }
			if _, err := s.Token(); err != nil {
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
				_, first := s.Token()
				if first == nil || a.count() != 3 {
					t.Fatalf("%d calls, %v", a.count(), first)
				}
				if d := time.Since(start); d < 1500*time.Millisecond || d > 3*time.Second {
					t.Errorf("backed off %v", d)
				}
				time.Sleep(30*time.Second - 1)
				if _, err := s.Token(); err != first || a.count() != 3 { //nolint:errorlint // the remembered one
					t.Errorf("not remembered: %d calls, %v", a.count(), err)
				}
				time.Sleep(time.Nanosecond)
				if _, err := s.Token(); err == nil || a.count() != 6 {
					t.Errorf("second round: %d calls, %v", a.count(), err)
				}
				s.Resume()
				if _, err := s.Token(); err != nil {
					t.Errorf("after Resume: %v", err)
				}
			})
		})
	}
}

func TestLoginHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, script(with(429, ``, "Retry-After", "77"), with(200, granted)),
			func(c *fabric.TokenConfig) { c.MaxRetries = 1 })
		start := time.Now()
		if _, err := s.Token(); err != nil || time.Since(start) != 77*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestLoginTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, &api{answer: func(_ int, r *http.Request) (*http.Response, error) { return silent(r) }})
		start := time.Now()
		_, err := s.Token()
		if fabric.Reason(err) != "timeout" || time.Since(start) != 30*time.Second || !strings.Contains(err.Error(), "no answer within 30s") {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
