package fabric_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestClosedTokenSourceSendsNothing(t *testing.T) {
	a := always(200, granted)
	s := newSource(t, a)
	if _, err := s.TokenContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	if tok, err := s.TokenContext(t.Context()); tok != nil || !errors.Is(err, context.Canceled) || a.count() != 1 {
		t.Errorf("%d calls, %v, %v", a.count(), tok, err)
	}
}

func TestCloseEndsTheLogin(t *testing.T) {
	slow := func(d time.Duration, answer prepared) func(int, *http.Request) (*http.Response, error) {
		return func(_ int, r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(d):
				return answer.do()
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
	}
	for _, tt := range []struct {
		name     string
		answer   func(int, *http.Request) (*http.Response, error)
		took     time.Duration // to close, a second after the login began
		refusals int
	}{
		{"that waits for its next try", slow(0, with(503, ``, "Retry-After", "9")), 0, 0},
		{"that nobody answers", slow(time.Minute, with(401, ``)), 2 * time.Second, 0},
		{"that is refused meanwhile", slow(2*time.Second, with(401, ``)), time.Second, 1},
		{"that fails meanwhile", slow(2*time.Second, with(500, ``)), time.Second, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answer: tt.answer}
				s := newSource(t, a, func(c *fabric.TokenConfig) { c.MaxRetries = 9 })
				go func() {
					if _, err := s.TokenContext(t.Context()); err == nil {
						t.Error("no error")
					}
				}()
				time.Sleep(time.Second)
				start := time.Now()
				s.Close()
				if got := time.Since(start); got != tt.took {
					t.Errorf("closed after %v, want %v", got, tt.took)
				}
				if got := s.Status().Refusals; got != tt.refusals {
					t.Errorf("%d refusals are counted, want %d", got, tt.refusals)
				}
				time.Sleep(time.Hour)
				if a.count() != 1 {
					t.Errorf("%d calls", a.count())
				}
			})
		})
	}
}

// A 401 may be about one port, and the token endpoint may be down just then.
func TestInvalidatedTokenServesUntilThereIsAnother(t *testing.T) {
	for name, failure := range map[string]prepared{"trouble": with(503, ``), "refusal": with(401, ``)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				second := with(200, `{"access_token":"second"}`)
				a := script(with(200, granted), failure, second)
				s := newSource(t, a)
				expect := func(when, want string, calls int) {
					t.Helper()
					if tok, err := s.TokenContext(t.Context()); err != nil || tok.AccessToken != want || a.count() != calls {
						t.Fatalf("%s: %d calls, %v, %v", when, a.count(), tok, err)
					}
				}
				expect("at first", "granted", 1)
				first, _ := s.TokenContext(t.Context())
				s.Invalidate(first)
				expect("login fails", "granted", 2)
				if s.Status().Err == nil || s.Status().Expiry.IsZero() {
					t.Errorf("status %+v", s.Status())
				}
				for range 9 {
					s.Invalidate(first)
					expect("at once", "granted", 2)
				}
				time.Sleep(5 * time.Minute)
				s.Invalidate(first)
				expect("later", "second", 3)
			})
		})
	}
}

// A file of a network share may be read for ever, and nothing can end that.
func TestCloseLeavesALoginBehindThatReadsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, gone := always(200, granted), make(chan struct{})
		s := newSource(t, a, func(c *fabric.TokenConfig) {
			c.Credentials = func() (fabric.Credentials, error) {
				<-gone
				return fabric.Credentials{ClientID: "id", ClientSecret: secret}, nil
			}
		})
		go func() { _, _ = s.TokenContext(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		s.Close()
		if got, want := time.Since(start), 3*time.Second; got != want {
			t.Errorf("closed after %v, want %v", got, want)
		}
		close(gone)
		synctest.Wait()
		if _, err := s.TokenContext(t.Context()); !errors.Is(err, context.Canceled) || a.count() != 0 {
			t.Errorf("%d calls, %v", a.count(), err)
		}
	})
}
