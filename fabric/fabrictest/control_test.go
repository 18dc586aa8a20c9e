package fabrictest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// control is what GET /control/faults says is on: "name hits".
func control(t *testing.T, c *client) string {
	t.Helper()
	var doc struct {
		On []struct {
			Fault string
			Hits  int
		}
		Catalogue []struct{ Fault, Does string }
	}
	c.decode(&doc, "GET", "/control/faults", "")
	if len(doc.Catalogue) != len(fabrictest.Catalogue()) || doc.Catalogue[0].Does == "" {
		t.Errorf("the catalogue has %d faults", len(doc.Catalogue))
	}
	var on []string
	for _, f := range doc.On {
		on = append(on, fmt.Sprint(f.Fault, " ", f.Hits))
	}
	return strings.Join(on, ", ")
}

func TestControlSwitchesFaults(t *testing.T) {
	at := now
	api, c := newClient(t, fabrictest.Options{Now: func() time.Time { return at }})
	a, b := uuid(t, api, fabrictest.DemoPrimary), uuid(t, api, fabrictest.DemoSecondary)
	ask := func(uuid string) int {
		status, _ := c.do("GET", statsV3(uuid, at.Add(-day), at), "")
		return status
	}
	on := func(body string) (id int) {
		t.Helper()
		status, answer := c.do("POST", "/control/faults", body)
		var doc struct{ ID int }
		if err := json.Unmarshal([]byte(answer), &doc); err != nil || status != http.StatusCreated {
			t.Fatalf("%s: %d %s", body, status, answer)
		}
		return doc.ID
	}
	off := func(path string, want int) {
		t.Helper()
		if status, _ := c.do("DELETE", "/control/faults"+path, ""); status != want {
			t.Errorf("DELETE %s: %d", path, status)
		}
	}
	expect := func(what, want string, got ...int) {
		t.Helper()
		if got := strings.Trim(fmt.Sprint(got), "[]"); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	api.ResetRequests()
	id := on(`{"fault":"http-503"}`)
	expect("on", "503", ask(a))
	c.login() // no path: spared
	off(fmt.Sprintf("/%d", id), http.StatusNoContent)
	expect("off", "200", ask(a))
	off(fmt.Sprintf("/%d", id), http.StatusNotFound)

	on(`{"fault":"http-500","port":"` + fabrictest.DemoPrimary + `","after":1,"count":2}`)
	expect("one port, after one, twice", "200 200 500 500 200", ask(b), ask(a), ask(a), ask(a), ask(a))
	if got := control(t, c); got != "http-500 2" {
		t.Errorf("on: %s", got)
	}
	off("", http.StatusNoContent)

	on(`{"fault":"http-502","path":"/ecx/*/port/` + a + `","for":"2m"}`)
	expect("a path", "502 200", ask(a), ask(b))
	at = at.Add(2 * time.Minute)
	expect("for two minutes", "200", ask(a))
	if got := control(t, c); got != "" {
		t.Errorf("on: %s", got)
	}
	for _, r := range api.Requests() {
		if strings.HasPrefix(r.Path, "/control/") {
			t.Error("the log has the control endpoint in it")
		}
	}
}

func TestControlRefuses(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	for body, want := range map[string]string{
		`{"fault":"nonsense"}`:                                              "GET /control/faults has the names",
		`{"fault":"html"} {"fault":"html"}`:                                 "one fault at a time",
		`{"fault":"future-points","by":"9ns"}`:                              "by must be between 1ms and 720h0m0s",
		`{"fault":"clock-ahead","by":"9999h"}`:                              "by must be between 1ms and 720h0m0s",
		`{"fault":"refused","port":"` + fabrictest.DemoPrimary + `"}`:       "takes no port",
		`{"fault":"token-expired","port":"` + fabrictest.DemoPrimary + `"}`: "takes no port",
		`{"fault":"suspend","after":3}`:                                     "takes no path, count or after",
		`{"fault":"login-locked","path":"/oauth2/*"}`:                       "takes no path, count or after",
		`{"fault":"html","for":"soon"}`:                                     "duration",
		`{"fault":"html","by":"1m"}`:                                        "by",
		`{"fault":"html","port":"nowhere"}`:                                 "no port",
		`{"fault":"html","count":-1}`:                                       "negative",
		`{"fault":"html","colour":"red"}`:                                   "unknown field",
		`{"fault":"clock-ahead","by":"1m","for":`:                           "EOF",
	} {
		c.wantError(http.StatusBadRequest, want, "POST", "/control/faults", body)
	}
	if got := control(t, c); got != "" {
		t.Errorf("on: %s", got)
	}
}

// What the names promise, as far as an answer shows it.
func TestEveryKindOfFaultIsMet(t *testing.T) {
	seen := map[string]bool{}
	elsewhere := []string{"slow-headers", "slow-body", "gzip-bomb", "huge-body"} // take their time, or memory
	for _, k := range fabrictest.Catalogue() {
		if slices.Contains(elsewhere, k.Name) {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			api, c := newClient(t, fabrictest.Options{})
			id := uuid(t, api, fabrictest.DemoPrimary)
			talk := func() string {
				var all strings.Builder
				for _, path := range []string{statsV3(id, now.Add(-day), now), "/fabric/v4/ports?x"} {
					status, body, err := c.try("GET", path, "")
					fmt.Fprintln(&all, status, body[:min(len(body), 100<<10)], err)
				}
				_, body, _ := c.try("POST", "/fabric/v4/connections/search", `{"pagination":{"offset":100,"limit":100}}`)
				status, login, err := c.try("POST", "/oauth2/v1/token", loginBody(fabrictest.DemoClientSecret))
				login, _, _ = strings.Cut(login, "sim-")
				fmt.Fprintln(&all, body, status, login, err)
				return all.String()
			}
			sound := talk()
			if _, err := api.SwitchOn(fabrictest.Switch{Fault: k.Name}); err != nil {
				t.Fatal(err)
			}
			broken := talk()
			if broken == sound || seen[broken] && !strings.HasPrefix(k.Name, "http-429") && k.Name != "suspend" {
				t.Errorf("changes nothing, or just what another one does: %.300s", broken)
			}
			seen[broken] = true
			hits := -1
			for _, s := range api.SwitchedOn() {
				hits = s.Hits
			}
			if hits < 1 {
				t.Errorf("%d requests were hit", hits)
			}
			api.SwitchOff(0)
			c.login()
			if again := talk(); len(again) != len(sound) { // a port that comes back is the last one
				t.Errorf("still there after it was switched off: %.300s", again)
			}
		})
	}
}

// A search for metrics names the port in its body.
func TestControlKnowsThePortOfASearch(t *testing.T) {
	fleet := fabrictest.DemoMetrics(0)
	api, c := newClient(t, fabrictest.Options{Fleet: &fleet, Now: func() time.Time { return now }})
	port, other := uuid(t, api, fabrictest.MetricsDropping), ""
	for _, p := range api.Fleet().Ports {
		if p.UUID != port && !p.Foreign {
			other = p.UUID
		}
	}
	search := func(uuid string) int {
		status, _ := c.do("POST", "/fabric/v4/metrics/search", `{"filter":{"and":[
			{"property":"/subject","operator":"=","values":["/fabric/v4/ports/`+uuid+`"]},
			{"property":"/name","operator":"IN","values":["`+fabrictest.MetricPortDroppedTx+`"]}]},"pagination":{"offset":0,"limit":20}}`)
		return status
	}
	if status, answer := c.do("POST", "/control/faults", `{"fault":"http-503","port":"`+port+`"}`); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	if a, b := search(port), search(other); a != http.StatusServiceUnavailable || b != http.StatusOK {
		t.Errorf("%d for the port, %d for another", a, b)
	}
}

// The clock is right only when no fault of it is on any more.
func TestControlEndsOneClockFaultOfTwo(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{Now: func() time.Time { return now }})
	on := func(s fabrictest.Switch) int {
		t.Helper()
		id, err := api.SwitchOn(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	clock := func(want time.Duration) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/fabric/v4/metros", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		// Only a wrong clock is seen in memory.
		if date, err := http.ParseTime(resp.Header.Get("Date")); err != nil && want != 0 || err == nil && date.Sub(now) != want {
			t.Errorf("the date is %q, want that of %v ahead", resp.Header.Get("Date"), want)
		}
	}
	ahead := on(fabrictest.Switch{Fault: "clock-ahead"})
	behind := on(fabrictest.Switch{Fault: "clock-behind", By: 2 * time.Hour})
	clock(-2 * time.Hour)
	api.SwitchOff(behind)
	clock(time.Hour)
	api.SwitchOff(ahead)
	clock(0)
}
