package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	clientID     = "e2e-client-id"
	clientSecret = "s3cr3t-of-e2e"
	token        = "t0k3n-of-e2e"
)

// minimalAPI speaks only what the exporter cannot do without: logins, the v3
// statistics and the search for connections. Anything else it answers like a
// gateway that has no such route, with a 404 in plain text.
type minimalAPI struct {
	*httptest.Server
	t           *testing.T
	newest      time.Time // of the 5-minute intervals
	ports       map[string]port
	connections []connection

	mu    sync.Mutex
	calls map[string]int // by method and route
}

// port is what the API measures of a port.
type port struct {
	capacity   int64 // bit/s
	day, month [2]traffic
}

// inbound and outbound are the indexes of the directions.
const (
	inbound = iota
	outbound
)

// traffic is one direction in a window, all of it in Mbit/s.
type traffic struct {
	highest, mean, last float64
	means               []float64 // of the intervals, the newest first
}

// connection is a connection as the search for connections shows it.
type connection struct {
	UUID      string    `json:"uuid"`
	State     string    `json:"state,omitempty"`
	Bandwidth int       `json:"bandwidth"` // Mbit/s
	Operation operation `json:"operation"`
	ASide     side      `json:"aSide"`
	ZSide     side      `json:"zSide"`
}

type operation struct {
	EquinixStatus  string `json:"equinixStatus,omitempty"`
	ProviderStatus string `json:"providerStatus,omitempty"`
}

type side struct {
	AccessPoint struct {
		Port struct {
			UUID string `json:"uuid"`
		} `json:"port"`
	} `json:"accessPoint"`
}

func newSide(port string) (s side) {
	s.AccessPoint.Port.UUID = port
	return s
}

// newMinimalAPI serves until the test ends, and fails it where the exporter
// asks for what no API would answer.
func newMinimalAPI(t *testing.T, ports map[string]port, connections []connection) *minimalAPI {
	t.Helper()
	a := &minimalAPI{
		t: t, ports: ports, connections: connections, calls: map[string]int{},
		newest: time.Now().UTC().Truncate(5 * time.Minute).Add(-5 * time.Minute),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/v1/token", a.logIn)
	mux.HandleFunc("GET /ecx/v3/stats/port/{uuid}", a.authorized(a.stats))
	mux.HandleFunc("POST /fabric/v4/connections/search", a.authorized(a.search))
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, route := mux.Handler(r)
		a.count(route)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *minimalAPI) count(route string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[route]++
}

// counts are the calls so far, by route; "" is everything unknown.
func (a *minimalAPI) counts() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.calls)
}

// refuse answers 400 and fails the test.
func (a *minimalAPI) refuse(w http.ResponseWriter, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	a.t.Errorf("the exporter asks for nonsense: %s", text)
	http.Error(w, text, http.StatusBadRequest)
}

func (a *minimalAPI) logIn(w http.ResponseWriter, r *http.Request) {
	var got map[string]string
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		a.refuse(w, "login: %v", err)
		return
	}
	want := map[string]string{"grant_type": "client_credentials", "client_id": clientID, "client_secret": clientSecret}
	if !maps.Equal(got, want) || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		a.refuse(w, "login with %v as %s", got, r.Header.Get("Content-Type"))
		return
	}
	reply(w, http.StatusOK, map[string]string{
		"access_token": token, "token_timeout": "3599", "user_name": "e2e", "token_type": "Bearer",
		"refresh_token": "r3fr3sh-of-e2e", "refresh_token_timeout": "0",
	})
}

func (a *minimalAPI) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			a.refuse(w, "%s without the token", r.URL.Path)
			return
		}
		next(w, r)
	}
}

func (a *minimalAPI) stats(w http.ResponseWriter, r *http.Request) {
	from, errFrom := time.Parse(time.RFC3339, r.FormValue("startDate"))
	to, errTo := time.Parse(time.RFC3339, r.FormValue("endDate"))
	if errFrom != nil || errTo != nil {
		a.refuse(w, "%s: %v, %v", r.URL, errFrom, errTo)
		return
	}
	p, ok := a.ports[r.PathValue("uuid")]
	if !ok {
		reply(w, http.StatusNotFound, []map[string]string{{"errorCode": "EQ-3045811", "errorMessage": "uuid not found"}})
		return
	}
	switch to.Sub(from) {
	case 24 * time.Hour:
		reply(w, http.StatusOK, p.answer(p.day, a.newest, 5*time.Minute))
	case 30 * 24 * time.Hour:
		reply(w, http.StatusOK, p.answer(p.month, a.newest.Truncate(time.Hour), time.Hour))
	default:
		a.refuse(w, "%s: %v is neither a day nor a month", r.URL, to.Sub(from))
	}
}

// answer is what the statistics of a window look like.
func (p port) answer(window [2]traffic, newest time.Time, interval time.Duration) map[string]any {
	body := map[string]any{"capacity": p.capacity}
	for i, direction := range []string{"inbound", "outbound"} {
		d := window[i]
		body[direction+"Max"], body[direction+"Avg"], body[direction+"LastPolled"] = d.highest, d.mean, d.last
		intervals := make([]map[string]any, len(d.means))
		for n, mean := range d.means {
			at := newest.Add(time.Duration(-n) * interval)
			intervals[n] = map[string]any{"time": at.Format(time.RFC3339), "max": d.highest, "mean": mean}
		}
		body[direction+"Stats"] = intervals
	}
	return body
}

func (a *minimalAPI) search(w http.ResponseWriter, r *http.Request) {
	type condition struct {
		Property, Operator string
		Values             []string
	}
	var query struct {
		Filter     struct{ And, Or []condition }
		Pagination struct{ Offset, Limit int }
	}
	if err := json.NewDecoder(r.Body).Decode(&query); err != nil {
		a.refuse(w, "search: %v", err)
		return
	}
	page := query.Pagination
	if page.Limit < 1 || page.Limit > 100 || page.Offset < 0 {
		a.refuse(w, "search: %+v", page)
		return
	}
	var ports []string
	for _, c := range slices.Concat(query.Filter.And, query.Filter.Or) {
		if strings.HasSuffix(c.Property, "/port/uuid") {
			ports = append(ports, c.Values...)
		}
	}
	var found []connection
	for _, c := range a.connections {
		if slices.Contains(ports, c.ASide.AccessPoint.Port.UUID) || slices.Contains(ports, c.ZSide.AccessPoint.Port.UUID) {
			found = append(found, c)
		}
	}
	first := min(page.Offset, len(found))
	reply(w, http.StatusOK, map[string]any{
		"pagination": map[string]any{"offset": page.Offset, "limit": page.Limit, "total": len(found)},
		"data":       found[first:min(first+page.Limit, len(found))],
	})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked is gone
}
