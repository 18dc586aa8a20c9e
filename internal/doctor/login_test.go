package doctor_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// Five refusals in a row lock the account, so the doctor tries once.
func TestCredentials(t *testing.T) {
	echo := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"errorCode":"S1006","errorMessage":"%s of jdoe@example.com does not match\u001b[2J"}`, fabrictest.DemoClientSecret)
	}
	for _, tt := range []struct {
		name, status string
		words        []string
		logins       int
		fault        func(*fabrictest.API)
	}{
		{"good", "ok", []string{"good for 59m"}, 1, func(*fabrictest.API) {}},
		{"wrong secret", "fail", []string{"login refused", "S1006", "Login Failure, please try again.", "client_secret"}, 1, func(api *fabrictest.API) { api.SetClientSecret("another") }},
		{"locked", "fail", []string{"login refused", "account is locked", "unlock"}, 1, func(api *fabrictest.API) { api.LockLogin() }},
		{"refused as a server error", "fail", []string{"login refused", "HTTP 500"}, 1, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpToken, Status: 500, Body: `{"errorTitle":"Login Failure","errorCode":"S1006"}`})
		}},
		{"echoed", "fail", []string{"[redacted]", "[e-mail]"}, 1, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpToken, Handler: echo})
		}},
		{"trouble at Equinix", "fail", []string{"HTTP 503", "try again later"}, 2, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpToken, Status: 503})
		}},
		{"no API there", "fail", []string{"HTTP 404", "api_url"}, 1, func(api *fabrictest.API) { api.SetGone(fabrictest.OpToken) }},
		{"unreachable", "fail", []string{"closed", "proxy"}, 2, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpToken, Drop: true})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				tt.fault(api)
				r, err := examine(t, dated(api, 0), account(discovery))
				if (err == nil) != (tt.status == "ok") {
					t.Errorf("Run: %v", err)
				}
				r.only(t, "credentials", tt.status)
				c := r.wants(t, "credentials", tt.status, tt.words...)
				if n := api.Count(fabrictest.OpToken); n != tt.logins {
					t.Errorf("%d logins, want %d", n, tt.logins)
				}
				for _, secret := range []string{fabrictest.DemoClientSecret, "jdoe", "\x1b"} {
					if strings.Contains(c.Detail, secret) {
						t.Errorf("shows %q: %s", secret, c.Detail)
					}
				}
				if tt.status == "ok" {
					return
				}
				for _, name := range []string{"ports", "discover", "traffic_source", "attachment", "samples", "connections", "budget"} {
					r.only(t, name, "skip")
				}
				if n := api.Count(""); n != tt.logins {
					t.Errorf("%d calls without a token", n-tt.logins)
				}
			})
		})
	}
}

// A revoked token is renewed once; if the API refuses the new one too, the check fails.
func TestTokenIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		api.Inject(refusal("", "", http.StatusUnauthorized, "EQ-3000039"))
		api.Inject(fabrictest.Fault{Op: fabrictest.OpToken})
		login := fabrictest.New(fabrictest.Options{})
		transport := wire(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/token") {
				return login.Transport().RoundTrip(r)
			}
			return api.Transport().RoundTrip(r)
		})
		r, err := examine(t, transport, account(discovery))
		if err == nil {
			t.Error("no error")
		}
		r.wants(t, "ports", "fail", "EQ-3000039", "access to Fabric")
		if n := login.Count(fabrictest.OpToken); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
	})
}

func exchange(file string) string {
	return fmt.Sprintf(`accounts:
  - token_exchange: {subject_token_file: %s, scope: "roleassignments:70042", sts_url: https://sts.example.com/v1/token}
    discover: {enabled: true}
`, file)
}

func TestTokenExchange(t *testing.T) {
	for _, tt := range []struct {
		name, token, status string
		words               []string
		calls               int
	}{
		{"good", fabrictest.DemoSubjectToken, "ok", []string{"good for 59m"}, 1},
		{"refused", "someone-else", "fail", []string{"login refused", "invalid_grant", "scope"}, 1},
		{"file is gone", "", "fail", []string{"subject_token_file", "no such file", "readable"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				file := filepath.Join(t.TempDir(), "token")
				if err := os.WriteFile(file, []byte("x"+tt.token), 0o600); err != nil {
					t.Fatal(err)
				}
				o := options(t, api.Transport(), exchange(file))
				load := o.Load
				cfg, err := load()
				if err != nil {
					t.Fatal(err)
				}
				o.Load = func() (*config.Config, error) { return cfg, nil }
				// The file changes after the configuration was read.
				err = os.WriteFile(file, []byte(tt.token), 0o600)
				if tt.token == "" {
					err = os.Remove(file)
				}
				if err != nil {
					t.Fatal(err)
				}
				r, err := run(t.Context(), t, o)
				if (err == nil) != (tt.status == "ok") {
					t.Errorf("Run: %v", err)
				}
				c := r.wants(t, "credentials", tt.status, tt.words...)
				if n := api.Count(fabrictest.OpExchange); n != tt.calls {
					t.Errorf("%d exchanges, want %d", n, tt.calls)
				}
				if tt.token != "" && strings.Contains(c.Detail, tt.token) {
					t.Errorf("shows the token: %s", c.Detail)
				}
			})
		})
	}
}

func TestSecretFileIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(fabrictest.DemoClientSecret), 0o600); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(account(discovery), "client_secret: "+fabrictest.DemoClientSecret, "client_secret_file: "+file, 1)
		o := options(t, api.Transport(), text)
		cfg, err := o.Load()
		if err = errors.Join(err, os.Remove(file)); err != nil {
			t.Fatal(err)
		}
		o.Load = func() (*config.Config, error) { return cfg, nil }
		r, err := run(t.Context(), t, o)
		if err == nil {
			t.Error("no error")
		}
		r.wants(t, "credentials", "fail", "client_secret_file", file, "readable")
		if n := api.Count(""); n != 0 {
			t.Errorf("%d calls without a secret", n)
		}
	})
}

func TestClock(t *testing.T) {
	for ahead, want := range map[time.Duration]struct{ status, words string }{
		0:                   {"ok", "agrees with the clock of the API"},
		30 * time.Second:    {"ok", "30s ahead of the clock of the API"},
		90 * time.Second:    {"warn", "1m30s ahead of the clock of the API | synchronise"},
		-90 * time.Second:   {"warn", "1m30s behind the clock of the API"},
		6 * time.Minute:     {"fail", "6m ahead of the clock of the API: windows are asked for at the wrong time | synchronise"},
		-49 * time.Hour:     {"fail", "2d1h behind the clock of the API"},
		-1500 * time.Second: {"fail", "25m behind"},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			r, err := examine(t, dated(api, ahead), account(discovery+"api: {burst: 100}\n")) // no time passes
			if (err == nil) != (want.status != "fail") {
				t.Errorf("Run: %v", err)
			}
			r.only(t, "clock", want.status)
			r.wants(t, "clock", want.status, want.words)
		})
	}
}

// The token endpoint dates its refusals, too: a wrong clock may be their cause.
func TestClockOfARefusedLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		r, err := examine(t, dated(api, time.Hour), account(discovery))
		if err == nil || err.Error() != "2 checks failed" {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "clock", "fail", "1h ahead")
	})
}

func TestClockWithoutADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := examine(t, fabrictest.New(fabrictest.Options{}).Transport(), account(discovery))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "clock", "skip")
		r.wants(t, "clock", "skip", "no answer had a date")
	})
}
