package fabrictest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fault changes the answers to the requests that it matches. Faults come before the
// token check, so they can hit any request. Drop, Handler, and Status or Body replace
// the answer, in this order; the other members only delay or alter it.
type Fault struct {
	Op    string // one of the Op constants; "" matches all
	UUID  string // of the port or connection in the request; "" matches all
	Path  string // of the request, with * for anything; "" matches all
	Data  bool   // only requests that require a token
	After int    // how many matching requests pass before the first hit
	Times int    // how many requests it hits; 0 means all until removed

	// Unreachable is the error that a transport of [API.Transport] or [API.Via]
	// returns, instead of passing the request to the API. Of the other members only
	// Path, After and Times apply.
	Unreachable error

	Do      func(*API)       // before the answer, which is otherwise unchanged
	Delay   time.Duration    // before the answer; ends early with the request's context
	Drop    bool             // no answer: the connection breaks
	Handler http.HandlerFunc // answers instead of the API; sent when it is complete

	// Status, Body and Header are sent instead of the answer if Status or
	// Body is set. Status zero means 200.
	Status int
	Body   string
	Header http.Header
	Repeat int // sends Body so many times, without announcing its length; 0 sends it once

	Truncate bool          // half of the body, then the connection breaks
	Halve    bool          // half of the body, announced as if it were all
	Drip     time.Duration // between two bytes of the body; ends early with the request's context
	Rewrite  func(any) any // changes a good answer: it gets and returns decoded JSON, with json.Number

	EmptyPoints bool // statistics or metrics without points; the summaries are null
	Shuffle     bool // statistics or metrics with their points out of order, every tenth point twice

	RepeatPages bool // the first page for every offset
	TotalDelta  int  // added to the total that a page reports
	TotalGrows  bool // the total grows by one with every page

	altered *atomic.Bool // Rewrite has changed the meaning of an answer
}

// Inject adds f after the existing faults. A request is hit only by the first fault
// that matches, so several faults with Times are a script. The returned function
// removes f and may be called more than once.
func (a *API) Inject(f Fault) (remove func()) {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	af := a.faults.add(f)
	return func() { a.endFaults(func(other *activeFault) bool { return other == af }) }
}

// SetGone makes the gateway answer the operations as unknown, whatever the token, and
// restores all others. A [Fault] comes first.
func (a *API) SetGone(ops ...string) {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	a.faults.gone = slices.Clone(ops)
}

// faults are the faults in force, oldest first.
type faults struct {
	mu     sync.Mutex
	active []*activeFault
	gone   []string // operations
	lastID int      // of a fault that was switched on
	clock  bool     // a fault of the clock is on
}

// activeFault is a fault in force. The mutex of the faults guards it.
type activeFault struct {
	Fault

	pass int // requests that will still pass
	left int // requests that it will still hit; negative for no limit
	hits int

	// Only for a fault that was switched on, else zero. Such a fault stays in the
	// list when its requests are used up.
	id    int
	kind  Kind
	asked Switch
	until time.Time
}

func (fs *faults) isGone(op string) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Contains(fs.gone, op)
}

// add puts a fault in force. It is called with the mutex held.
func (fs *faults) add(f Fault) *activeFault {
	switch {
	case f.EmptyPoints:
		f.Rewrite = withoutPoints
	case f.Shuffle:
		f.Rewrite = func(v any) any { return unsorted(duplicated(v)) }
	}
	f.altered = new(atomic.Bool)
	f.Header = f.Header.Clone()
	for name, values := range f.Header {
		f.Header[http.CanonicalHeaderKey(name)] = values
	}
	af := &activeFault{Fault: f, pass: f.After, left: cmp.Or(f.Times, -1)}
	fs.active = append(fs.active, af)
	return af
}

// endFaults ends the faults for which meant is true, and reports whether there was one.
func (a *API) endFaults(meant func(*activeFault) bool) bool {
	fs := &a.faults
	fs.mu.Lock()
	defer fs.mu.Unlock()
	before := len(fs.active)
	fs.active = slices.DeleteFunc(fs.active, func(af *activeFault) bool {
		if !meant(af) {
			return false
		}
		if af.kind.end != nil {
			af.kind.end(a, af.asked)
		}
		return true
	})
	if len(fs.active) < before {
		a.setClock()
	}
	return len(fs.active) < before
}

// endDue ends the faults whose time is over.
func (a *API) endDue() {
	now := a.opts.Now()
	a.endFaults(func(af *activeFault) bool { return !af.until.IsZero() && !now.Before(af.until) })
}

// meet returns the fault that hits a call, and counts the hit; the zero Fault if no
// fault matches. A search for metrics or prices names its asset in the body, the v3
// call for prices its port in the query.
func (fs *faults) meet(c *call) Fault {
	return fs.first(func(f *Fault) bool {
		about := f.UUID == "" || f.UUID == c.id ||
			(c.op == OpSearchMetrics || c.op == OpSearchPrices) && bytes.Contains(c.body, []byte(f.UUID)) ||
			c.op == OpPricesV3 && c.http.URL.Query().Get("portUUID") == f.UUID
		return f.Unreachable == nil && (f.Op == "" || f.Op == c.op) && about && (!f.Data || !c.open) && glob(f.Path, c.http.URL.Path)
	})
}

// unreachable is the error that keeps a request from the API; nil if it may pass.
func (fs *faults) unreachable(r *http.Request) error {
	return fs.first(func(f *Fault) bool { return f.Unreachable != nil && glob(f.Path, r.URL.Path) }).Unreachable
}

func (fs *faults) first(matches func(*Fault) bool) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, af := range fs.active {
		if af.left == 0 || !matches(&af.Fault) {
			continue
		}
		if af.pass > 0 {
			af.pass--
			continue
		}
		af.hits++
		if af.left--; af.left == 0 && af.id == 0 {
			fs.active = slices.Delete(fs.active, i, i+1)
		}
		return af.Fault
	}
	return Fault{}
}

// glob reports whether a path matches a pattern, in which * matches anything. ""
// matches every path.
func glob(pattern, path string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	switch {
	case pattern == "":
		return true
	case !wild:
		return path == pattern
	case !strings.HasPrefix(path, head):
		return false
	}
	for path = path[len(head):]; ; path = path[1:] {
		if rest == "" || glob(rest, path) {
			return true
		}
		if path == "" {
			return false
		}
	}
}

// broken changes a complete answer by the faults of the connection.
func (r reply) broken(ctx context.Context, f Fault) reply {
	switch {
	case f.Truncate: // the whole length is announced
		r.stream = io.MultiReader(bytes.NewReader(r.body[:len(r.body)/2]), cut{})
	case f.Drip > 0:
		r.stream = &drip{ctx: ctx, rest: r.body, apart: f.Drip}
	case f.Repeat > 0:
		parts := make([]io.Reader, f.Repeat)
		for i := range parts {
			parts[i] = bytes.NewReader(r.body)
		}
		r.header.Del("Content-Length")
		r.stream = io.MultiReader(parts...)
	}
	return r
}

// cut is the end of a body whose connection broke.
type cut struct{}

// Read implements io.Reader.
func (cut) Read([]byte) (int, error) {
	return 0, fmt.Errorf("simulated connection broke: %w", io.ErrUnexpectedEOF)
}

// drip is a body that is sent one byte at a time.
type drip struct {
	ctx     context.Context
	rest    []byte
	apart   time.Duration
	started bool
}

// Read implements io.Reader.
func (d *drip) Read(b []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	if d.started && !pause(d.ctx, d.apart) {
		return 0, d.ctx.Err()
	}
	n := copy(b, d.rest[:1])
	d.rest, d.started = d.rest[n:], true
	return n, nil
}

// record is the recorded answer of a handler to a call.
func record(h http.HandlerFunc, c *call) reply {
	r := c.http.Clone(c.http.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.body))
	w := &recorder{reply{header: http.Header{}}}
	h(w, r)
	return w.reply
}

type recorder struct{ reply }

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) { w.status = cmp.Or(w.status, status) }

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body = append(w.body, b...)
	return len(b), nil
}
