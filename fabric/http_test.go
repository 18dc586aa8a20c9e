package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

func TestClockSkew(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		ahead  time.Duration // of the local clock
		took   time.Duration
	}{
		{"equal", 200, 0, 0},
		{"local clock is ahead", 200, 90 * time.Second, 4 * time.Second},
		{"local clock is behind", 200, -time.Hour, 2 * time.Second},
		{"forbidden", 403, time.Minute, 6 * time.Second},
		{"server trouble", 503, time.Minute, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, &api{answer: func(int, *http.Request) (*http.Response, error) {
					time.Sleep(tt.took / 2)
					date := time.Now().Add(-tt.ahead).UTC().Format(http.TimeFormat)
					time.Sleep(tt.took / 2)
					return reply(tt.status, `{}`, "Date", date)
				}})
				if skew, ok := c.ClockSkew(); ok {
					t.Errorf("before any answer: %v", skew)
				}
				_ = probe(t.Context(), c)
				if skew, ok := c.ClockSkew(); !ok || skew != tt.ahead {
					t.Errorf("got %v, %v, want %v", skew, ok, tt.ahead)
				}
			})
		})
	}
}

func TestClockSkewIsThatOfTheLatestDatedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dated := func(ahead time.Duration) prepared {
			return prepared{do: func() (*http.Response, error) {
				return reply(200, `{}`, "Date", time.Now().Add(-ahead).UTC().Format(http.TimeFormat))
			}}
		}
		lost := prepared{do: func() (*http.Response, error) { return nil, errors.New("no route") }}
		c := newClient(t, script(with(200, `{}`), dated(time.Minute), dated(3*time.Second), with(200, `{}`, "Date", "today"), lost))
		want := []time.Duration{0, time.Minute, 3 * time.Second, 3 * time.Second, 3 * time.Second}
		for i, want := range want {
			_ = probe(t.Context(), c)
			if skew, ok := c.ClockSkew(); skew != want || ok != (i > 0) {
				t.Errorf("answer %d: got %v, %v, want %v", i, skew, ok, want)
			}
		}
	})
}

// densities are bodies of a megabyte or so that would be many times as large in
// memory.
func densities() map[string]string {
	const n = 400_000
	many := func(before, one, after string) string {
		return before + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + after
	}
	return map[string]string{
		"empty samples": many(`{"capacity":1,"inboundStats":[`, `{}`, `]}`),
		"no samples":    many(`{"capacity":1,"inboundStats":[`, `0`, `]}`),
		"arrays":        many(`{"capacity":1,"inboundStats":[`, `[]`, `]}`),
		"members":       many(`{"capacity":1,`, `"a":1`, `}`),
		"depth":         `{"capacity":1,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`,
		"entities":      many(`{"pagination":{"total":400000},"data":[`, `{}`, `]}`),
		"their arrays":  `{"data":[{"uuid":"` + id("p") + `","physicalPorts":` + many(`[`, `{}`, `]}]}`),
	}
}

// Two bytes of an answer may be more than a hundred in memory: an answer is refused
// for what it would become, before it is read.
func TestDenseAnswersAreRefused(t *testing.T) {
	for name, body := range densities() {
		t.Run(name, func(t *testing.T) {
			call := probe
			if strings.Contains(body, `"data"`) {
				call = func(ctx context.Context, c *fabric.Client) error {
					_, err := drain(c.Ports(ctx))
					return err
				}
			}
			a := always(200, body, "Content-Type", "application/json")
			c := newClient(t, a, retries(3))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := call(t.Context(), c)
			runtime.ReadMemStats(&after)
			if fabric.Reason(err) != fabric.ReasonDecode || !strings.Contains(err.Error(), "more than 300000 values") || a.count() != 1 {
				t.Errorf("%d calls, %v, want one", a.count(), err)
			}
			// The body is read into a buffer that doubles, up to four times as large.
			if took, most := after.TotalAlloc-before.TotalAlloc, uint64(12*len(body)); took > most {
				t.Errorf("%d bytes were allocated for %d of JSON, want %d at the most", took, len(body), most)
			}
		})
	}
}

// The largest answers that are right: 90 days of 5-minute intervals, and names with
// whatever JSON is made of.
func TestLargeAnswersAreTaken(t *testing.T) {
	const intervals = 90 * 288
	samples := strings.TrimSuffix(strings.Repeat(`{"time":"2026-03-01T00:05:00Z","max":2,"mean":1},`, intervals), ",")
	body := `{"capacity":1,"name":"` + strings.Repeat(`[{,\"`, 10_000) + `","inboundStats":[` + samples + `],"outboundStats":[` + samples + `]}`
	got, err := newClient(t, always(200, body, "Content-Type", "application/json")).PortStatsV3(t.Context(), id("p"), from, to)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Inbound.Points) + len(got.Outbound.Points); n != 2*intervals {
		t.Errorf("%d points, want %d", n, 2*intervals)
	}
}

// A port takes more than a kilobyte, and is one in a dozen bytes.
func TestManyPortsAreRefused(t *testing.T) {
	for n, want := range map[int]bool{25_000: true, 25_001: false, 140_000: false} {
		var ports strings.Builder
		for i := range n {
			fmt.Fprintf(&ports, `{"uuid":%q},`, numberedUUID(i))
		}
		body := `{"data":[` + strings.TrimSuffix(ports.String(), ",") + `]}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := drain(newClient(t, always(200, body)).Ports(t.Context()))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; (err == nil) != want || want && len(got) != n || took > 128<<20 {
			t.Errorf("%d of %d ports, %v, %d MiB were allocated", len(got), n, err, took>>20)
		}
	}
}
