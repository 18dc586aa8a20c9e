package fabrictest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// now is a Wednesday afternoon in Europe.
var now = time.Date(2026, 3, 11, 14, 2, 0, 0, time.UTC)

// client speaks to an API in memory, the way an exporter would.
type client struct {
	t     testing.TB
	http  *http.Client
	base  string
	token string
}

// newClient returns an API that takes its time from now unless o says
// otherwise, and a client that is logged in to it.
func newClient(t testing.TB, o fabrictest.Options) (*fabrictest.API, *client) {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	api := fabrictest.New(o)
	c := &client{t: t, http: &http.Client{Transport: api.Transport()}, base: "https://api.example.com"}
	c.login()
	return api, c
}

func (c *client) login() {
	c.t.Helper()
	c.token = ""
	var got struct {
		Token string `json:"access_token"`
	}
	c.decode(&got, "POST", "/oauth2/v1/token", loginBody(fabrictest.DemoClientSecret))
	c.token = got.Token
}

func loginBody(secret string) string {
	return `{"grant_type":"client_credentials","client_id":"` + fabrictest.DemoClientID + `","client_secret":"` + secret + `"}`
}

// try sends one request; the error is that of the exchange or of reading the body.
func (c *client) try(method, path, body string) (status int, answer string, err error) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func (c *client) do(method, path, body string) (status int, answer string) {
	c.t.Helper()
	status, answer, err := c.try(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, answer
}

func (c *client) decode(v any, method, path, body string) {
	c.t.Helper()
	status, answer := c.do(method, path, body)
	if status != http.StatusOK {
		c.t.Fatalf("%s %s: status %d: %s", method, path, status, answer)
	}
	if err := json.Unmarshal([]byte(answer), v); err != nil {
		c.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
}

// wantError checks the status of an answer and that its body names the code.
func (c *client) wantError(status int, code, method, path, body string) {
	c.t.Helper()
	got, answer := c.do(method, path, body)
	if got != status || !strings.Contains(answer, code) {
		c.t.Errorf("%s %s: got %d %s; want %d with %s", method, path, got, answer, status, code)
	}
}

// uuid is that of a port of the demo fleet.
func uuid(t testing.TB, api *fabrictest.API, name string) string {
	t.Helper()
	p, ok := api.Fleet().Port(name)
	if !ok {
		t.Fatalf("no port %s", name)
	}
	return p.UUID
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func statsV3(uuid string, from, to time.Time) string {
	return "/ecx/v3/stats/port/" + uuid + "?startDate=" + stamp(from) + "&endDate=" + stamp(to)
}

func statsV4(uuid string, from, to time.Time) string {
	return "/fabric/v4/ports/" + uuid + "/stats?startDateTime=" + stamp(from) + "&endDateTime=" + stamp(to)
}
