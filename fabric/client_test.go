package fabric_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*fabric.Config)
	}{
		{"no tokens", func(c *fabric.Config) { c.Tokens = nil }},
		{"plain http", func(c *fabric.Config) { c.BaseURL = "http://api.example.com" }},
		{"other scheme", func(c *fabric.Config) { c.BaseURL = "ftp://localhost" }},
		{"no host", func(c *fabric.Config) { c.BaseURL = "https:///x" }},
		{"no URL", func(c *fabric.Config) { c.BaseURL = "https://a b:s3cr3t@" }},
		{"password", func(c *fabric.Config) { c.BaseURL = "https://u:s3cr3t@api.example.com" }},
		{"query", func(c *fabric.Config) { c.BaseURL = "https://api.example.com?key=s3cr3t" }},
		{"negative rate", func(c *fabric.Config) { c.RequestsPerSecond = -1 }},
		{"rate without number", func(c *fabric.Config) { c.RequestsPerSecond = math.NaN() }},
		{"endless rate", func(c *fabric.Config) { c.RequestsPerSecond = math.Inf(1) }},
		{"negative burst", func(c *fabric.Config) { c.Burst = -1 }},
		{"negative concurrency", func(c *fabric.Config) { c.Concurrency = -1 }},
		{"negative retries", func(c *fabric.Config) { c.MaxRetries = -1 }},
		{"negative timeout", func(c *fabric.Config) { c.Timeout = -1 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := fabric.Config{Tokens: new(tokens)}
			tt.edit(&cfg)
			_, err := fabric.New(cfg)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("shows a password: %v", err)
			}
		})
	}
	for _, u := range []string{"", "https://api.example.com/", "http://127.0.0.1:8080/x", "http://[::1]", "http://localhost"} {
		if _, err := fabric.New(fabric.Config{Tokens: new(tokens), BaseURL: u}); err != nil {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestRequestHeaders(t *testing.T) {
	for want, edit := range map[string]func(*fabric.Config){
		"equinix_fabric_exporter": func(*fabric.Config) {},
		"mine/1":                  func(c *fabric.Config) { c.UserAgent = "mine/1" },
	} {
		a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
			for name, want := range map[string]string{
				"User-Agent": want, "Accept": "application/json",
				"Content-Type": "application/json", "Authorization": "Bearer token-0",
			} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			return reply(200, idle)
		}}
		if err := probe(t.Context(), newClient(t, a, edit)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnswersThatAreNoJSON(t *testing.T) {
	for _, tt := range []struct{ name, media, body, want string }{
		{"html", "text/html; charset=utf-8", "<html>", "v3_port_stats: decode: content type text/html: invalid character '<' looking for beginning of value"},
		{"empty", "application/json", "", "v3_port_stats: decode: unexpected end of JSON input"},
		{"array", "application/json", "[]", "v3_port_stats: decode: array where object is expected"},
		{"string", "application/json", `"x"`, `v3_port_stats: decode: string where object is expected`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := probe(t.Context(), newClient(t, always(200, tt.body, "Content-Type", tt.media)))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAnswerThatIsTooLarge(t *testing.T) {
	a := &api{answer: func(int, *http.Request) (*http.Response, error) {
		resp, err := reply(200, ``)
		resp.Body = io.NopCloser(io.LimitReader(spaces{}, 40<<20))
		return resp, err
	}}
	err := probe(t.Context(), newClient(t, a, retries(3)))
	if fabric.Reason(err) != "decode" || !strings.Contains(err.Error(), "8 MiB") || a.count() != 1 {
		t.Errorf("%d calls, %v", a.count(), err)
	}
}

type spaces struct{}

// The real transport, over a real connection: redirects are not followed and
// compressed answers are read.
func TestNewTransportOverLoopback(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed, with the token")
	}))
	defer elsewhere.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	tr := fabric.NewTransport(nil)
	defer tr.CloseIdleConnections()
	if tr.TLSClientConfig.MinVersion != 0x0303 || tr.Proxy == nil {
		t.Error("TLS below 1.2, or no proxy")
	}
	err := probe(t.Context(), newClient(t, tr, func(c *fabric.Config) { c.BaseURL = srv.URL }))
	if err == nil || !strings.Contains(err.Error(), "redirected to "+elsewhere.URL) {
		t.Errorf("got %v", err)
	}
}
