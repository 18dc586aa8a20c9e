package fabric_test

import (
	"cmp"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const (
	base   = "https://api.example.com/prefix" // a path of its own, so that absolute paths fail
	secret = `s3cr3t"/&value`
	idle   = `{"capacity":null}` // v3 statistics that say nothing
)

// api is a RoundTripper made of a function. It counts.
type api struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu    sync.Mutex
	calls int
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	n := a.calls
	a.calls++
	a.mu.Unlock()
	return a.answer(n, r)
}

func (a *api) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// reply is an answer; headers are name, value, name, value …
func reply(status int, body string, headers ...string) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// always answers every request alike.
func always(status int, body string, headers ...string) *api {
	return &api{answer: func(int, *http.Request) (*http.Response, error) { return reply(status, body, headers...) }}
}

// script answers one request after the other, and the last one from then on.
func script(answers ...prepared) *api {
	return &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
		return answers[min(n, len(answers)-1)].do()
	}}
}

// prepared is an answer to be given, perhaps several times.
type prepared struct {
	do func() (*http.Response, error)
}

func with(status int, body string, headers ...string) prepared {
	return prepared{do: func() (*http.Response, error) { return reply(status, body, headers...) }}
}

// silent answers when the request's context ends.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// tokens hands out "token-0" until it is invalidated, then "token-1" …
type tokens struct {
	mu     sync.Mutex
	n      int
	logins int
}

func (s *tokens) TokenContext(context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &oauth2.Token{AccessToken: "token-" + string(rune('0'+s.n))}, nil
}

func (s *tokens) Invalidate(*oauth2.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.logins++
}

func newClient(t testing.TB, rt http.RoundTripper, edit ...func(*fabric.Config)) *fabric.Client {
	t.Helper()
	cfg := fabric.Config{
		BaseURL: base, Tokens: new(tokens), Transport: rt,
		RequestsPerSecond: 1e6, Burst: 1e6,
	}
	for _, e := range edit {
		e(&cfg)
	}
	c, err := fabric.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func retries(n int) func(*fabric.Config) { return func(c *fabric.Config) { c.MaxRetries = n } }

// watch collects the attempts.
func watch(into *[]fabric.Attempt) func(*fabric.Config) {
	var mu sync.Mutex
	return func(c *fabric.Config) {
		c.Observe = func(a fabric.Attempt) {
			mu.Lock()
			defer mu.Unlock()
			*into = append(*into, a)
		}
	}
}

// id is the UUID of what a test calls by a name of a few letters.
func id(name string) string {
	return "abcdef00-0000-4000-8000-" + strings.Repeat("0", 12-2*len(name)) + hex.EncodeToString([]byte(name))
}

var (
	from = time.Date(2026, 3, 1, 0, 0, 0, 987654321, time.UTC)
	to   = from.Add(24 * time.Hour)
)

// probe makes the simplest call.
func probe(ctx context.Context, c *fabric.Client) error {
	_, err := c.PortStatsV3(ctx, id("p"), from, to)
	return err
}

// connections are all connections of the ports, or the first error.
func connections(ctx context.Context, c *fabric.Client, ports ...string) (all []fabric.Connection, err error) {
	ended := c.PortConnections(ctx, ports, func(_ []string, conns []fabric.Connection, e error) {
		all, err = append(all, conns...), cmp.Or(err, e)
	})
	return all, cmp.Or(ended, err)
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
