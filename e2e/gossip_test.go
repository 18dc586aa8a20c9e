package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// What logs in, with what every encoding must spell otherwise.
const (
	gossipID      = "cl13nt-1d-of-e2e"
	gossipSecret  = `hu5h/"&+<sEcr3t>%\é`
	gossipSubject = `eyJhbGciOi.sUbj3ct/+=%&"<>`
)

// gossip is the simulated API with a loose tongue: its refusals of statistics,
// and of logins if it refuses, repeat what it was sent: plain, as in a URL and as in
// JSON, which is what docs/threat-model.md promises to redact.
type gossip struct {
	*fabrictest.API
	*httptest.Server

	known string // what it logs in with

	mu     sync.Mutex
	tokens map[string]bool // that it has granted
	bodies []string        // of logins
	said   int
}

// newGossip knows one secret, the client's or the subject token: an exporter
// cannot recognise what it never sent.
func newGossip(t *testing.T, known string, refuses bool) *gossip {
	t.Helper()
	g := &gossip{known: known, tokens: map[string]bool{}}
	g.API = fabrictest.New(fabrictest.Options{
		ClientID: gossipID, ClientSecret: gossipSecret,
		AcceptSubject: func(token string) bool { return token == gossipSubject },
	})
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			g.logIn(w, r, refuses)
			return
		}
		g.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	for i, p := range g.Fleet().Ports {
		if i%4 > 0 { // some are healthy
			g.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, UUID: p.UUID, Handler: g.tell})
		}
	}
	return g
}

// logIn hands logins on, and remembers what went over the wire.
func (g *gossip) logIn(w http.ResponseWriter, r *http.Request, refuses bool) {
	body, _ := io.ReadAll(r.Body) // what is missing is missed by the API
	g.mu.Lock()
	g.bodies = append(g.bodies, string(body))
	g.mu.Unlock()
	if refuses {
		reply(w, http.StatusBadRequest, map[string]string{
			"errorCode": "S1006", "errorTitle": "Login Failure", "errorMessage": "gossip: " + g.next(""), "developerMessage": g.next(""),
		})
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	rec := httptest.NewRecorder()
	g.ServeHTTP(rec, r)
	var granted struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal(rec.Body.Bytes(), &granted) == nil && granted.Token != "" {
		g.mu.Lock()
		g.tokens[granted.Token] = true
		g.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // who asked is gone
}

// next spells one of the secrets that it has seen, another way each time.
func (g *gossip) next(token string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.said
	g.said++
	secret := g.known
	if token != "" && n%2 > 0 {
		secret = token
	}
	ways := slices.DeleteFunc(spellings(secret), func(s spelled) bool { return !s.promised })
	return ways[n/2%len(ways)].said
}

// tell refuses statistics, in another shape each time.
func (g *gossip) tell(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	said := "gossip: " + g.next(token)
	header := w.Header()
	switch rand.N(6) { // in every shape, sooner or later
	case 0:
		reply(w, http.StatusForbidden, []map[string]string{{"errorCode": "EQ-3", "errorMessage": said, "correlationId": said, "details": said}})
	case 1:
		http.Error(w, said, http.StatusBadRequest)
	case 2:
		header.Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "<html><p>%s</p></html>", said)
	case 3:
		reply(w, http.StatusOK, map[string]any{"capacity": said})
	case 4:
		reply(w, http.StatusUnauthorized, map[string]any{"fault": map[string]any{"faultstring": said, "detail": map[string]string{"errorcode": said}}})
	default:
		header.Set("X-Correlation-Id", strings.Map(printable, said))
		header.Set("Location", "https://elsewhere.example.com/?"+strings.Map(printable, said))
		w.WriteHeader(http.StatusFound)
	}
}

// printable leaves out what cannot stand in a header.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// secrets are what nothing may show, once the API has granted a token, or
// refused one.
func (g *gossip) secrets() hunt {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := hunt{"client id": gossipID, "client secret": gossipSecret, "subject token": gossipSubject}
	n := 0
	for token := range g.tokens {
		n++
		h[fmt.Sprintf("access token %d", n)] = token
	}
	return h
}
