package fabrictest

import (
	"strings"
	"sync"
	"time"
)

// maxLoggedBody is enough for a search among four hundred ports.
const maxLoggedBody = 16 << 10

// Request is one request that the API took.
type Request struct {
	Time   time.Time // by Options.Now, when it arrived
	Op     string    // one of the Op constants
	Method string
	Path   string
	Query  string // raw, without secrets
	Body   string // its first 16 KiB, without secrets and e-mail addresses; "" where they cannot be told
	Status int    // of the answer; 0 where none was sent
}

func newRequest(op string, c *call, status int) Request {
	body := redacted(op, c.body)
	body = strings.Clone(body[:min(len(body), maxLoggedBody)])
	u := c.http.URL
	return Request{
		Time: c.now, Op: op, Method: c.http.Method,
		Path: u.Path, Query: redactedQuery(u.RawQuery), Body: body, Status: status,
	}
}

// Requests returns the kept requests, in the order in which they were answered.
func (a *API) Requests() []Request { return a.log.all() }

// Count returns how many requests of op the API has answered since it began or
// since ResetRequests, even where the log has dropped them; "" counts all.
func (a *API) Count(op string) int { return a.log.count(op) }

// ResetRequests empties the log and sets the counts to zero.
func (a *API) ResetRequests() { a.log.reset() }

// journal keeps the newest requests in a ring.
type journal struct {
	limit int

	mu     sync.Mutex
	ring   []Request
	oldest int // index into a full ring
	counts map[string]int
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[r.Op]++
	j.counts[""]++
	switch {
	case j.limit == 0:
	case len(j.ring) < j.limit:
		j.ring = append(j.ring, r)
	default:
		j.ring[j.oldest] = r
		j.oldest = (j.oldest + 1) % j.limit
	}
}

func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Request, 0, len(j.ring))
	out = append(out, j.ring[j.oldest:]...)
	return append(out, j.ring[:j.oldest]...)
}

func (j *journal) count(op string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts[op]
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ring, j.oldest = nil, 0
	clear(j.counts)
}
