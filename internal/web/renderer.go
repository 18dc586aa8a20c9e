package web

import (
	"bytes"
	"net/http"
	"net/url"
	"sync"
)

// maxRenderings is how many answers are rendered at once: each holds a copy of
// every series, and more than there are cores would only wait for each other.
const maxRenderings = 4

// variant is all of a request that its answer depends on. There are few of them, so
// that clients cannot have more renderings made by asking in more ways.
type variant struct {
	accept, acceptEncoding string
}

// renderer answers with what a handler makes of a variant. Requests for the same
// variant share one rendering while they wait. It has not begun when they come, so
// that no answer is older than its request.
type renderer struct {
	handler http.Handler
	variant func(http.Header) variant
	out     *outbox
	slots   chan struct{}

	mu      sync.Mutex
	waiting map[variant]*rendering // that have not begun
}

// rendering is an answer in the making.
type rendering struct {
	variant variant
	done    chan struct{} // closed once letter is there
	letter  *letter
	begun   bool
	clients int // that wait for it, or read it
}

func newRenderer(h http.Handler, of func(http.Header) variant, out *outbox) *renderer {
	return &renderer{handler: h, variant: of, out: out, slots: make(chan struct{}, maxRenderings), waiting: map[variant]*rendering{}}
}

// ServeHTTP implements [http.Handler].
func (s *renderer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.join(s.variant(r.Header))
	defer s.leave(x)
	if s.wait(r, x) {
		s.out.send(w, r, x.letter)
	}
}

// join returns the rendering that a request is to wait for.
func (s *renderer) join(v variant) *rendering {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.waiting[v]
	if x == nil {
		x = &rendering{variant: v, done: make(chan struct{})}
		s.waiting[v] = x
	}
	x.clients++
	return x
}

// leave forgets a rendering with its last client.
func (s *renderer) leave(x *rendering) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.clients--
	switch {
	case x.clients > 0:
	case !x.begun:
		delete(s.waiting, x.variant)
	case x.letter != nil:
		s.out.remove(x.letter)
	}
}

// wait returns true once x is rendered, by this client if it gets a slot before
// the others, and false where the client is gone before.
func (s *renderer) wait(r *http.Request, x *rendering) bool {
	select {
	case <-x.done:
		return true
	case <-r.Context().Done():
		return false
	case s.slots <- struct{}{}:
		s.begin(x)
	}
	<-x.done
	return true
}

// begin renders x unless somebody else does. Who comes from now on waits for
// another rendering. It gives the slot back.
func (s *renderer) begin(x *rendering) {
	defer func() { <-s.slots }()
	s.mu.Lock()
	begun := x.begun
	x.begun = true
	if !begun {
		delete(s.waiting, x.variant)
	}
	s.mu.Unlock()
	if !begun {
		s.render(x)
	}
}

// render lets the handler fill the answer. A panic is the trouble of this
// client; the others get an empty answer.
func (s *renderer) render(x *rendering) {
	a := &answer{header: http.Header{}, status: http.StatusInternalServerError}
	defer func() {
		l := s.out.put(a)
		s.mu.Lock()
		x.letter = l
		s.mu.Unlock()
		close(x.done)
	}()
	p := &paper{header: http.Header{}, status: http.StatusOK}
	s.handler.ServeHTTP(p, &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{
		"Accept": {x.variant.accept}, "Accept-Encoding": {x.variant.acceptEncoding},
	}})
	a = &answer{p.header, p.status, p.body.Bytes()}
}

// paper is an [http.ResponseWriter] that keeps what is written.
type paper struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (p *paper) Header() http.Header { return p.header }

// WriteHeader implements [http.ResponseWriter].
func (p *paper) WriteHeader(status int) { p.status = status }

// Write implements [http.ResponseWriter].
func (p *paper) Write(b []byte) (int, error) { return p.body.Write(b) }
