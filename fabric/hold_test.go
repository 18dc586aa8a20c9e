package fabric_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

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
	synctest.Test(t, func(t *testing.T) {
		bad := with(401, ``)
		a := script(bad, bad, bad, with(200, granted))
		s := newSource(t, a)
		for _, wait := range []time.Duration{0, 5 * time.Minute, time.Hour} {
			time.Sleep(wait)
			calls := a.count() + 1
			for range 3 {
				if _, err := s.Token(); err == nil || a.count() != calls {
					t.Fatalf("%d calls, want %d; %v", a.count(), calls, err)
				}
				if calls < 3 {
					s.Resume() // the next try has its time
				}
			}
		}
		s.Resume()
		if _, err := s.Token(); err != nil {
			t.Fatal(err)
		}
		st := s.Status()
		if st.Held || st.Refusals != 0 || st.Err != nil || st.Expiry.IsZero() || !st.NextTry.IsZero() {
			t.Errorf("status %+v", st)
		}
	})
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

// The API counts by account, so a new secret is good for one try and no more.
func TestLoginWithChangedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cred := fabric.Credentials{ClientID: "id"}
		a := &api{answer: func(int, *http.Request) (*http.Response, error) {
			if cred.ClientSecret == "right" {
				return reply(200, granted)
			}
			return reply(401, ``)
		}}
		s := newSource(t, a, func(c *fabric.TokenConfig) {
			c.Credentials = func() (fabric.Credentials, error) { return cred, nil }
		})
		for _, step := range []struct {
			after           time.Duration
			secret          string
			calls, refusals int
			next            time.Duration // 0 where suspended or granted
		}{
			{0, "A", 1, 1, 5 * time.Minute},
			{0, "A", 1, 1, 5 * time.Minute},
			{0, "B", 2, 2, time.Hour},
			{5 * time.Minute, "B", 2, 2, 55 * time.Minute},
			{0, "C", 3, 3, 0},
			{1000 * time.Hour, "C", 3, 3, 0},
			{0, "D", 4, 4, 0},
			{time.Hour, "D", 4, 4, 0},
			{0, "right", 5, 0, 0},
		} {
			time.Sleep(step.after)
			cred.ClientSecret = step.secret
			_, _ = s.Token()
			st := s.Status()
			if a.count() != step.calls || st.Refusals != step.refusals || st.Suspended != (step.refusals >= 3) {
				t.Errorf("%+v: %d calls, %+v", step, a.count(), st)
			}
			if (step.next == 0) != st.NextTry.IsZero() || step.next != 0 && time.Until(st.NextTry) != step.next {
				t.Errorf("%+v: next try %v", step, st.NextTry)
			}
		}
	})
}

func TestInheritHold(t *testing.T) {
	for _, tt := range []struct {
		name         string
		refusals     int
		secret       string
		after, calls int // refusals and logins of the new source, called twice
		wait         time.Duration
	}{
		{name: "held", refusals: 1, secret: secret, after: 1},
		{name: "held, in time", refusals: 1, secret: secret, wait: 5 * time.Minute, after: 2, calls: 1},
		{name: "held, other secret", refusals: 1, secret: "other", after: 2, calls: 1},
		{name: "suspended", refusals: 3, secret: secret, after: 4, calls: 1},
		{name: "suspended, other secret", refusals: 3, secret: "other", after: 4, calls: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old := newSource(t, always(401, ``))
				for _, wait := range []time.Duration{0, 5 * time.Minute, time.Hour}[:tt.refusals] {
					time.Sleep(wait)
					_, _ = old.Token()
				}
				old.Close()
				a := always(401, ``)
				next := newSource(t, a, func(c *fabric.TokenConfig) {
					c.Credentials = func() (fabric.Credentials, error) {
						return fabric.Credentials{ClientID: "id", ClientSecret: tt.secret}, nil
					}
				})
				next.InheritHold(old)
				time.Sleep(tt.wait)
				for range 2 {
					_, _ = next.Token()
				}
				if got := next.Status().Refusals; got != tt.after || a.count() != tt.calls {
					t.Errorf("%d refusals, %d logins", got, a.count())
				}
			})
		})
	}
}
