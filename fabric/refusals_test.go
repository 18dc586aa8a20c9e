package fabric_test

import (
	"errors"
	"fmt"
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
			_, err := s.TokenContext(t.Context())
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
		s.Resume()
		expect("resumed", 4, 4, true)
		for range 10 {
			s.Resume()
			time.Sleep(time.Hour)
			expect("one try in all", 4, 4, true)
		}
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
				if _, err := s.TokenContext(t.Context()); err == nil || a.count() != calls {
					t.Fatalf("%d calls, want %d; %v", a.count(), calls, err)
				}
				if calls < 3 {
					s.Resume() // the next try has its time
				}
			}
		}
		s.Resume()
		if _, err := s.TokenContext(t.Context()); err != nil {
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
		if _, err := s.TokenContext(t.Context()); err == nil {
			t.Fatal("no error")
		}
	}
	if a.count() != 1 {
		t.Errorf("%d logins", a.count())
	}
}

// Each secret is counted by itself, however often they take turns, until a login of
// the client succeeds.
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
		for i, step := range []struct {
			after           time.Duration
			secret          string
			calls, refusals int
			next            time.Duration // 0 when suspended or granted
		}{
			{0, "A", 1, 1, 5 * time.Minute},
			{0, "A", 1, 1, 5 * time.Minute},
			{0, "B", 2, 1, 5 * time.Minute},
			{0, "A", 2, 1, 5 * time.Minute},
			{5 * time.Minute, "B", 3, 2, time.Hour},
			{0, "A", 4, 2, time.Hour},
			{time.Hour, "A", 5, 3, 0},
			{0, "A", 5, 3, 0},
			{0, "C", 6, 1, 5 * time.Minute},
			{1000 * time.Hour, "A", 6, 3, 0},
			{0, "right", 7, 0, 0},
		} {
			time.Sleep(step.after)
			cred.ClientSecret = step.secret
			_, _ = s.TokenContext(t.Context())
			st := s.Status()
			if a.count() != step.calls || st.Refusals != step.refusals || st.Suspended != (step.refusals >= 3) {
				t.Errorf("step %d: %d calls, %+v", i, a.count(), st)
			}
			if (step.next == 0) != st.NextTry.IsZero() || step.next != 0 && time.Until(st.NextTry) != step.next {
				t.Errorf("step %d: next try %v", i, st.NextTry)
			}
		}
		cred.ClientSecret = "A"
		tok, _ := s.TokenContext(t.Context())
		s.Invalidate(tok)
		_, _ = s.TokenContext(t.Context())
		if n := s.Status().Refusals; n != 1 {
			t.Errorf("%d refusals after a success, want the first", n)
		}
	})
}

// A source that replaces another, in this process or in the next one, goes on with
// its count.
func TestRefusalsOutliveTheSource(t *testing.T) {
	for _, tt := range []struct {
		name         string
		refusals     int
		secret       string
		resume       bool
		after, calls int // refusals and logins of the new source, called twice
		wait         time.Duration
	}{
		{name: "held", refusals: 1, secret: secret, after: 1},
		{name: "held, resumed", refusals: 2, secret: secret, resume: true, after: 2},
		{name: "held, in time", refusals: 1, secret: secret, wait: 5 * time.Minute, after: 2, calls: 1},
		{name: "held, other secret", refusals: 1, secret: "other", after: 1, calls: 1},
		{name: "suspended", refusals: 3, secret: secret, after: 3},
		{name: "suspended, resumed", refusals: 3, secret: secret, resume: true, after: 4, calls: 1},
		{name: "suspended, resumed again", refusals: 4, secret: secret, resume: true, after: 4},
		{name: "suspended, other secret", refusals: 3, secret: "other", after: 1, calls: 1},
	} {
		for _, restarted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/restarted=%v", tt.name, restarted), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					key := fabric.NewFingerprintKey()
					refusals := fabric.NewRefusals(key, nil, nil)
					share := func(c *fabric.TokenConfig) {
						c.Refusals = refusals
						c.Credentials = func() (fabric.Credentials, error) {
							return fabric.Credentials{ClientID: "id", ClientSecret: tt.secret}, nil
						}
					}
					old := newSource(t, always(401, ``), func(c *fabric.TokenConfig) { c.Refusals = refusals })
					for _, wait := range []time.Duration{0, 5 * time.Minute, time.Hour, 0}[:tt.refusals] {
						time.Sleep(wait)
						old.Resume()
						_, _ = old.TokenContext(t.Context())
					}
					old.Close()
					if restarted {
						kept := refusals.Holds()
						refusals = fabric.NewRefusals(key, nil, nil)
						refusals.Merge(kept)
						refusals.Merge(kept)
					}
					a := always(401, ``)
					next := newSource(t, a, share)
					if tt.resume {
						next.Resume()
					}
					time.Sleep(tt.wait)
					for range 2 {
						_, _ = next.TokenContext(t.Context())
					}
					if got := next.Status().Refusals; got != tt.after || a.count() != tt.calls {
						t.Errorf("%d refusals, %d logins", got, a.count())
					}
				})
			})
		}
	}
}

// A clock that is set back between two processes must not hold logins for ever.
func TestAMergedWaitIsAnHourAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := fabric.NewFingerprintKey()
		first := fabric.NewRefusals(key, nil, nil)
		share := func(r *fabric.Refusals) func(*fabric.TokenConfig) {
			return func(c *fabric.TokenConfig) { c.Refusals = r }
		}
		_, _ = newSource(t, always(401, ``), share(first)).TokenContext(t.Context())
		kept := first.Holds()
		for f, h := range kept {
			h.Next = h.Next.AddDate(1, 0, 0)
			kept[f] = h
		}
		second := fabric.NewRefusals(key, nil, nil)
		second.Merge(kept)
		a := always(401, ``)
		s := newSource(t, a, share(second))
		_, _ = s.TokenContext(t.Context())
		time.Sleep(time.Hour)
		_, _ = s.TokenContext(t.Context())
		if a.count() != 1 {
			t.Errorf("%d logins after an hour, want 1", a.count())
		}
	})
}

// Whoever closes a source may end the process then: the caller who keeps the count
// must have been told by that time, however slow the disk, and nothing is tried
// meanwhile.
func TestCloseWaitsUntilARefusalIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := 0
		refusals := fabric.NewRefusals(fabric.NewFingerprintKey(), nil, func() { time.Sleep(time.Second); kept++ })
		word, a := secret, script(with(401, ``), with(200, granted))
		s := newSource(t, a, func(c *fabric.TokenConfig) {
			c.Refusals = refusals
			c.Credentials = func() (fabric.Credentials, error) {
				return fabric.Credentials{ClientID: "id", ClientSecret: word}, nil
			}
		})
		go func() { _, _ = s.TokenContext(t.Context()) }()
		synctest.Wait() // it is being kept
		word = "changed meanwhile"
		if _, err := s.TokenContext(t.Context()); err == nil || a.count() != 1 || kept != 1 {
			t.Errorf("%d logins, kept %d times, %v", a.count(), kept, err)
		}
		go func() { _, _ = s.TokenContext(t.Context()) }()
		synctest.Wait()
		s.Close()
		if kept != 2 || len(refusals.Holds()) != 0 {
			t.Errorf("kept %d times before Close returned, want twice: %v", kept, refusals.Holds())
		}
	})
}
