package fabrictest

import (
	"slices"
	"sync"
	"time"
)

// maxLoggedBody is enough for a search among four hundred ports.
const maxLoggedBody = 16 << 10

// Request is one request that the API received.
type Request struct {
	Time   time.Time // by the API's clock, when it arrived
	Op     string    // one of the Op constants
	Method string
	Path   string
	Query  string // raw
	Body   string // its first 16 KiB; "" for logins, which contain secrets
	Status int    // of the answer; 0 if none was sent
}

// requestLog keeps the newest requests, oldest first.
type requestLog struct {
	limit int

	mu     sync.Mutex
	kept   []Request
	counts map[string]int
}

func (l *requestLog) add(c *call, status int) {
	r := Request{
		Time: c.now, Op: c.op, Method: c.http.Method, Path: c.http.URL.Path, Query: c.http.URL.RawQuery, Status: status,
	}
	if c.op != OpToken && c.op != OpExchange {
		r.Body = string(c.body[:min(len(c.body), maxLoggedBody)])
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[r.Op]++
	l.counts[""]++
	l.kept = append(l.kept, r)
	l.kept = l.kept[max(len(l.kept)-l.limit, 0):]
}

// Requests returns the kept requests, in the order in which they were answered.
func (a *API) Requests() []Request {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	return slices.Clone(a.log.kept)
}

// Count returns how many requests of op the API has answered since its start or
// ResetRequests, including requests that the log no longer has; "" counts all.
func (a *API) Count(op string) int {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	return a.log.counts[op]
}

// ResetRequests empties the log and sets the counts to zero.
func (a *API) ResetRequests() {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	a.log.kept = nil
	clear(a.log.counts)
}
