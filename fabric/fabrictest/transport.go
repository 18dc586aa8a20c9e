package fabrictest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Serve answers requests on ln until ctx ends, which closes the listener and all
// connections; then it returns nil. It blocks. Tests can also use httptest.NewServer
// with the API.
func (a *API) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP sends the answer to one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := a.answer(r)
	if out.status == 0 {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), out.header)
	w.WriteHeader(out.status)
	buffer := make([]byte, 64<<10)
	for {
		n, err := out.stream.Read(buffer)
		_, gone := w.Write(buffer[:n])
		if errors.Is(err, io.EOF) {
			return
		}
		_ = http.NewResponseController(w).Flush()
		if err != nil || gone != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// Transport returns a RoundTripper that passes requests directly to the API, whatever
// their host. The API runs in the calling goroutine and starts no other, as
// testing/synctest requires.
func (a *API) Transport() http.RoundTripper { return via{a, memory{a}} }

// Via returns a RoundTripper that sends requests through next, unless a fault of the
// network keeps them from the API.
func (a *API) Via(next http.RoundTripper) http.RoundTripper { return via{a, next} }

type via struct {
	api  *API
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	v.api.endDue()
	if err := v.api.faults.unreachable(r); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	return v.next.RoundTrip(r)
}

// CloseIdleConnections closes the idle connections of the wrapped transport.
func (v via) CloseIdleConnections() {
	if t, ok := v.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

type memory struct{ api *API }

// RoundTrip implements http.RoundTripper.
func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	server := r.Clone(ctx) // as a server would see it
	server.Host = cmp.Or(r.Host, r.URL.Host)
	if r.Body == nil {
		server.Body = http.NoBody
	}
	defer func() { _ = server.Body.Close() }()
	out := m.api.answer(server)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if out.status == 0 {
		return nil, fmt.Errorf("simulated connection closed: %w", io.EOF)
	}
	length, err := strconv.ParseInt(out.header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", out.status, http.StatusText(out.status)), StatusCode: out.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(out.stream), ContentLength: length, Request: r,
	}, nil
}
