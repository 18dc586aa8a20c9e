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

// Fault is something that goes wrong with the requests it matches. Faults come
// before the token check, so they can hit any request. Delay, Drop, Handler and
// Status or Body replace the answer, in this order (Delay alone only puts it
// off); the others alter it.
type Fault struct {
	Op    string // one of the Op constants; "" matches all
	UUID  string // of the port or connection that the request is about; "" matches all
	Path  string // of the request, with * for anything; "" matches all
	Data  bool   // only requests that need a token
	After int    // how many requests that match pass before the first that it hits
	Times int    // how many requests it hits; 0 means all until removed

	// Unreachable keeps requests from reaching the API: it is what a transport
	// of [API.Transport] and [API.Via] returns instead. Of the other members only
	// Path, After and Times count.
	Unreachable error

	Do      func(*API)       // before the answer, which it leaves alone
	Delay   time.Duration    // before the answer; ends early with the request's context
	Drop    bool             // no answer: the connection breaks
	Handler http.HandlerFunc // answers instead; its answer is sent when it is complete

	// Status, Body and Header are sent instead of the answer if Status or
	// Body is set. Status zero means 200.
	Status int
	Body   string
	Header http.Header
	Repeat int // sends Body so many times, its length unannounced; 0 sends it once

	Truncate bool          // half of the body, then the connection breaks
	Halve    bool          // half of the body, and no sign that there was more
	Drip     time.Duration // between two bytes of the body; ends early with the request's context
	Rewrite  func(any) any // of a good answer: from JSON, with json.Number, to what is JSON again

	EmptyPoints bool // statistics or metrics without points; the summaries are null
	Shuffle     bool // statistics or metrics with their points in disorder, every tenth one twice

	RepeatPages bool // the first page for every offset
	TotalDelta  int  // added to the total that a page reports
	TotalGrows  bool // by one with every page

	altered *atomic.Bool // Rewrite has made something else of an answer
}

// Inject adds f behind the faults that are there already; a request meets only
// the first that matches it, so faults with Times make a script. The returned
// function takes f away and may be called more than once.
func (a *API) Inject(f Fault) (remove func()) {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	af := a.faults.add(f)
	return func() { a.endFaults(func(other *activeFault) bool { return other == af }) }
}

// SetGone makes the operations answer as if the gateway had never heard of them,
// whatever the token, and brings all others back. A [Fault] comes first.
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

	pass int // requests that it will still let pass
	left int // requests that it will still hit; negative for no end
	hits int

	// Of a fault that was switched on, else zero. It stays in the list when its
	// requests are used up.
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

// endFaults ends the faults that are meant, and reports whether there was one.
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

// meet returns the fault that a call meets, and uses it up; the zero Fault if it
// meets none. A search for metrics names the asset that it is about in its body.
func (fs *faults) meet(c *call) Fault {
	return fs.first(func(f *Fault) bool {
		about := f.UUID == "" || f.UUID == c.id || c.op == OpSearchMetrics && bytes.Contains(c.body, []byte(f.UUID))
		return f.Unreachable == nil && (f.Op == "" || f.Op == c.op) && about && (!f.Data || !c.open) && glob(f.Path, c.http.URL.Path)
	})
}

// unreachable is what keeps a request from reaching the API; nil lets it pass.
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

// glob reports whether a path fits a pattern, in which * stands for anything. Every
// path fits "".
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

// broken is a complete answer as the faults of the wire let it through.
func (r reply) broken(ctx context.Context, f Fault) reply {
	switch {
	case f.Truncate: // all of it is announced
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

// drip is a body that comes a byte at a time.
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

// record is what a handler answers to a call.
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
