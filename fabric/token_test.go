package fabric_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const (
	refusal = `{"errorDomain":"apps","errorTitle":"Login Failure","errorCode":"S1006","developerMessage":"d","errorMessage":"Login Failure, please try again."}`
	granted = `{"access_token":"granted","token_timeout":"3600","token_type":"Bearer"}`
)

// numbered grants token-0, token-1 …
func numbered(n int, _ *http.Request) (*http.Response, error) {
	return reply(200, fmt.Sprintf(`{"access_token":"token-%d","token_timeout":"3600"}`, n))
}

func newSource(t testing.TB, rt http.RoundTripper, edit ...func(*fabric.TokenConfig)) *fabric.TokenSource {
	t.Helper()
	cfg := fabric.TokenConfig{
		BaseURL: base, Transport: rt,
		Credentials: func() (fabric.Credentials, error) {
			return fabric.Credentials{ClientID: "id", ClientSecret: secret}, nil
		},
	}
	for _, e := range edit {
		e(&cfg)
	}
	s, err := fabric.NewTokenSource(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokenRequest(t *testing.T) {
	s := newSource(t, &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.String() != base+"/oauth2/v1/token" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if got := r.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type %q", got)
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("a login carries a token")
		}
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		want := map[string]string{"grant_type": "client_credentials", "client_id": "id", "client_secret": secret}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, granted)
	}})
	got, err := s.TokenContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessToken != "granted" || got.Type() != "Bearer" {
		t.Errorf("got %q of type %q", got.AccessToken, got.Type())
	}
}

func TestTokenLifetime(t *testing.T) {
	for _, tt := range []struct {
		body string
		want time.Duration
	}{
		{`"token_timeout":"3599"`, 3599 * time.Second},
		{`"token_timeout":1800`, 30 * time.Minute},
		{`"expires_in":60`, time.Minute},
		{`"expires_in":60,"token_timeout":"1800"`, 30 * time.Minute},
		{`"token_timeout":"1800","refresh_token":7,"refresh_token_timeout":{}`, 30 * time.Minute},
		{`"expires_in":1`, time.Minute},
		{`"token_timeout":"0.001"`, time.Minute},
		{`"token_timeout":"soon"`, time.Hour},
		{`"token_timeout":{}`, time.Hour},
		{`"token_timeout":null`, time.Hour},
		{`"token_timeout":"-5"`, time.Hour},
		{`"token_timeout":"NaN"`, time.Hour},
		{`"token_timeout":1e300`, 24 * time.Hour},
		{`"x":1`, time.Hour},
	} {
		t.Run(tt.body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSource(t, always(200, `{"access_token":"a",`+tt.body+`}`))
				if _, err := s.TokenContext(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := time.Until(s.Status().Expiry); got != tt.want {
					t.Errorf("lives %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestTokenAnswerWithoutToken(t *testing.T) {
	for _, body := range []string{`{}`, `{"access_token":""}`, `{"access_token":null}`, `{"access_token":[]}`, `{"access_token":"a\nb"}`, `[]`, `<html>`, ``} {
		t.Run(body, func(t *testing.T) {
			a := always(200, body)
			_, err := newSource(t, a, func(c *fabric.TokenConfig) { c.MaxRetries = 3 }).TokenContext(t.Context())
			if fabric.Reason(err) != fabric.ReasonDecode || a.count() != 1 {
				t.Errorf("%d calls, %v", a.count(), err)
			}
		})
	}
}

func TestTokenIsRenewedEarlyInTheBackground(t *testing.T) {
	for _, tt := range []struct{ life, renewed time.Duration }{
		{time.Hour, 55 * time.Minute},
		{10 * time.Minute, 9 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
				return reply(200, fmt.Sprintf(`{"access_token":"token-%d","token_timeout":%v}`, n, tt.life.Seconds()))
			}}
			s := newSource(t, a)
			expect := func(want string) {
				t.Helper()
				if tok, err := s.TokenContext(t.Context()); err != nil || tok.AccessToken != want {
					t.Fatalf("got %v %v, want %s", tok, err, want)
				}
			}
			expect("token-0")
			time.Sleep(tt.renewed - time.Nanosecond)
			expect("token-0")
			synctest.Wait()
			if a.count() != 1 {
				t.Fatal("renewed too early")
			}
			time.Sleep(time.Nanosecond)
			expect("token-0") // does not wait for the renewal
			synctest.Wait()
			expect("token-1")
		})
	}
}

func TestTokenOutlivesFailedRenewals(t *testing.T) {
	for name, failure := range map[string]prepared{
		"trouble": with(503, ``), "refusal": with(400, refusal),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := script(with(200, granted), failure)
				s := newSource(t, a)
				for range 2 {
					if _, err := s.TokenContext(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(56 * time.Minute)
				}
				// 112 minutes in: expired, and now the failure shows.
				if _, err := s.TokenContext(t.Context()); err == nil {
					t.Error("an expired token is given out")
				}
				if s.Status().Err == nil {
					t.Error("status knows no error")
				}
			})
		})
	}
}

func TestTokenSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(n int, r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(10 * time.Second):
				return numbered(n, r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}}
		s := newSource(t, a)
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.TokenContext(first); !errors.Is(err, context.Canceled) {
				t.Errorf("first caller: %v", err)
			}
		})
		synctest.Wait() // the first caller's login is under way
		for range 20 {
			wg.Go(func() {
				if tok, err := s.TokenContext(t.Context()); err != nil || tok.AccessToken != "token-0" {
					t.Errorf("got %v, %v", tok, err)
				}
			})
		}
		time.Sleep(time.Second)
		cancel() // must not take the login from the others
		start := time.Now()
		synctest.Wait()
		if time.Since(start) != 0 {
			t.Error("the cancelled caller waited")
		}
		wg.Wait()
		if a.count() != 1 {
			t.Errorf("%d logins", a.count())
		}
	})
}

func TestTokenContextOfADeadCaller(t *testing.T) {
	a := always(200, granted)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newSource(t, a).TokenContext(ctx); !errors.Is(err, context.Canceled) || a.count() != 0 {
		t.Errorf("%d calls, %v", a.count(), err)
	}
}

func TestInvalidateForgetsOnlyTheCurrentToken(t *testing.T) {
	s := newSource(t, &api{answer: numbered})
	first, _ := s.TokenContext(t.Context())
	s.Invalidate(&oauth2.Token{AccessToken: "another"})
	s.Invalidate(nil)
	if again, _ := s.TokenContext(t.Context()); again != first {
		t.Error("a token that was not invalidated is gone")
	}
	s.Invalidate(first)
	if !s.Status().Expiry.IsZero() {
		t.Error("status shows an invalid token")
	}
	second, _ := s.TokenContext(t.Context())
	s.Invalidate(first) // late news from another goroutine
	if again, _ := s.TokenContext(t.Context()); again != second || second.AccessToken != "token-1" {
		t.Errorf("got %v, then %v", second.AccessToken, again.AccessToken)
	}
}

func TestNewTokenSourceRefuses(t *testing.T) {
	cred := func() (fabric.Credentials, error) { return fabric.Credentials{}, nil }
	for name, cfg := range map[string]fabric.TokenConfig{
		"no credentials":   {},
		"plain http":       {BaseURL: "http://api.example.com", Credentials: cred},
		"negative retries": {MaxRetries: -1, Credentials: cred},
		"negative timeout": {Timeout: -1, Credentials: cred},
	} {
		if _, err := fabric.NewTokenSource(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
