package fabrictest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Transport returns a RoundTripper that hands requests straight to the API,
// whatever host they name. The API runs in the calling goroutine and leaves
// none behind, so a testing/synctest bubble sees nothing but its own waiting.
func (a *API) Transport() http.RoundTripper { return memory{a} }

// Via returns a RoundTripper that sends requests through next, but for those
// that a fault of the network keeps from the API.
func (a *API) Via(next http.RoundTripper) http.RoundTripper { return via{a, next} }

type via struct {
	api  *API
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	v.api.lapse()
	if err := v.api.faults.unreachable(r); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	return v.next.RoundTrip(r)
}

// CloseIdleConnections closes those of the transport behind it.
func (v via) CloseIdleConnections() {
	if t, ok := v.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

type memory struct{ api *API }

// RoundTrip implements http.RoundTripper.
func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.api.lapse()
	if err := m.api.faults.unreachable(r); err != nil {
		return nil, err
	}
	server := r.Clone(ctx)
	server.RequestURI = r.URL.RequestURI()
	server.RemoteAddr = "192.0.2.1:1234"
	if server.Host == "" {
		server.Host = r.URL.Host
	}
	if r.Body == nil {
		server.Body = http.NoBody
	}
	w := &recorder{header: http.Header{}}
	broken := w.serve(m.api, server)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if broken && w.status == 0 {
		return nil, fmt.Errorf("simulated connection closed: %w", io.EOF)
	}
	return w.response(r, broken), nil
}

// recorder is a ResponseWriter in memory.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the status went out
	status int
	body   bytes.Buffer
}

// serve runs h and reports whether it broke the connection.
func (w *recorder) serve(h http.Handler, r *http.Request) (broken bool) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			broken = true
		default:
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK) // unless the handler sent another
	return false
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush implements http.Flusher; what is written has arrived already.
func (w *recorder) Flush() {}

func (w *recorder) response(r *http.Request, broken bool) *http.Response {
	var body io.Reader = &w.body
	length := int64(w.body.Len())
	if broken {
		body, length = io.MultiReader(body, cut{}), -1
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Request:       r,
	}
}

// cut is the end of a body whose connection broke.
type cut struct{}

var errCut = fmt.Errorf("simulated connection broke: %w", io.ErrUnexpectedEOF)

// Read implements io.Reader.
func (cut) Read([]byte) (int, error) { return 0, errCut }
