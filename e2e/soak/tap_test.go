package soak_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// spoiled is in the body of every answer that a fault has spoiled.
const spoiled = "spoiled"

// tap lies between the exporter and the network of one account. It remembers how
// each call ended and what the newest good answer about each port and window was
// asked for.
type tap struct {
	http.RoundTripper

	mu       sync.Mutex
	answers  map[topic]answer
	good     map[topic]time.Time // the newest answer that was no failure
	firsts   map[topic]time.Time // the first one of these
	latest   map[string]outcome  // of the traffic calls, by port or connection
	calls    map[call]float64
	failed   map[string]float64 // by operation
	lastGood time.Time          // of the data calls
	listed   time.Time          // the newest good listing
}

func newTap(next http.RoundTripper) *tap {
	return &tap{
		RoundTripper: next, answers: map[topic]answer{}, good: map[topic]time.Time{}, firsts: map[topic]time.Time{}, latest: map[string]outcome{},
		calls: map[call]float64{}, failed: map[string]float64{},
	}
}

// topic is what a traffic call asks about.
type topic struct {
	uuid string
	span time.Duration // of the window
}

// answer is a good one, with intervals in it.
type answer struct {
	arrived, done time.Time // of the request at the API, of the answer
	from, to      time.Time // as asked for
}

// outcome is how a call ended.
type outcome struct {
	at time.Time
	ok bool
}

// call is a kind of HTTP exchange, as api_requests_total counts them.
type call struct{ operation, code string }

var (
	uuidPattern  = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	stampPattern = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)
	fullPattern  = regexp.MustCompile(`"(?:inboundStats|outboundStats|metrics|datapoints)":\[\{"`)
)

// RoundTrip implements http.RoundTripper. The whole answer is read here, so that
// a connection that breaks in the middle of one shows.
func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		asked = string(b)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	arrived := time.Now()
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		t.note(r.URL, asked, arrived, nil, "none", err)
		return nil, err
	}
	body, cut := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	t.note(r.URL, asked, arrived, body, strconv.Itoa(resp.StatusCode), cut)
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{cut}))
	return resp, nil
}

// broken ends a body as it ended on the wire.
type broken struct{ err error }

// Read implements io.Reader.
func (b broken) Read([]byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return 0, io.EOF
}

func (t *tap) note(u *url.URL, asked string, arrived time.Time, body []byte, code string, err error) {
	if errors.Is(err, context.Canceled) {
		return // the exporter gave up; the API did not fail
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now, op := time.Now(), operation(u.Path)
	ok := err == nil && code == "200" && !bytes.Contains(body, []byte(spoiled))
	t.calls[call{op, code}]++
	if !ok {
		t.failed[op]++
	}
	stats := op == "v3_port_stats" || op == "v4_port_stats" || op == "v4_connection_stats" || op == "v4_metrics_search"
	a := answer{arrived: arrived, done: now}
	if stats {
		query, _ := url.QueryUnescape(u.RawQuery)
		stamps := stampPattern.FindAllString(query+" "+asked, 2)
		slices.Sort(stamps)
		a.from, a.to = parse(stamps[0]), parse(stamps[1])
		if !slices.ContainsFunc(windows, func(w window) bool { return w.span == a.to.Sub(a.from) }) {
			return // no poll, but what a receiver of remote write has missed
		}
	}
	if ok && op != "token" && !pricing[op] {
		t.lastGood = now
	}
	if ok && op == "v4_ports" {
		t.listed = now
	}
	if !stats {
		return
	}
	uuid := uuidPattern.FindString(u.Path + asked)
	t.latest[uuid] = outcome{now, ok}
	if !ok {
		return
	}
	about := topic{uuid, a.to.Sub(a.from)}
	t.good[about] = now
	if _, known := t.firsts[about]; !known {
		t.firsts[about] = now
	}
	if fullPattern.Match(body) {
		t.answers[about] = a
	}
}

func parse(stamp string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, stamp)
	return t
}

// operation is what the exporter calls a call with that path.
func operation(path string) string {
	switch {
	case strings.HasSuffix(path, "/token"):
		return "token"
	case strings.HasPrefix(path, "/ecx/v3/stats/"):
		return "v3_port_stats"
	case strings.HasPrefix(path, "/ecx/v3/port/"):
		return "v3_user_ports"
	case strings.HasSuffix(path, "/buyer/connections"):
		return "v3_buyer_connections"
	case strings.HasSuffix(path, "/stats"):
		if strings.Contains(path, "/connections/") {
			return "v4_connection_stats"
		}
		return "v4_port_stats"
	case strings.HasSuffix(path, "/metrics/search"):
		return "v4_metrics_search"
	case strings.HasSuffix(path, "/ports"):
		return "v4_ports"
	case strings.HasSuffix(path, "/prices/search"):
		return fabrictest.OpSearchPrices
	case strings.HasSuffix(path, "/connections/prices"):
		return fabrictest.OpPricesV3
	case strings.HasSuffix(path, "/connections/search"):
		return "v4_connections_search"
	case strings.HasSuffix(path, "/streamAssets/search"):
		return "v4_stream_assets_search"
	case strings.HasSuffix(path, "/ports/search"):
		return "v4_ports_search"
	}
	return "v4_port"
}

// first is when the first answer about a port or connection came.
func (t *tap) first(uuid string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.firsts[topic{uuid, windows[0].span}]
}
