// Package capture writes requests to the Equinix API and their answers to a file for
// the developers: an archive of JSON files in which everything that could name a
// person or a company, or give access, is replaced.
package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
)

// Recorder records calls until they are written. It is safe for concurrent use.
type Recorder struct {
	mu    sync.Mutex
	calls []call
}

// call is a request and its answer.
type call struct {
	account  int // its place in the configuration, from 1
	request  *http.Request
	sent     []byte
	status   int // 0 if no answer came
	header   http.Header
	received []byte
	err      error // why no answer came, or why its body ended early
}

// Wrap returns a RoundTripper that records the calls through next. account is
// the place of the account in the configuration, from 1.
func (r *Recorder) Wrap(account int, next http.RoundTripper) http.RoundTripper {
	return &wrapped{r, account, next}
}

type wrapped struct {
	recorder *Recorder
	account  int
	next     http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The caller gets the answer unchanged,
// including the error that ended its body.
func (w *wrapped) RoundTrip(r *http.Request) (*http.Response, error) {
	c := call{account: w.account, request: r}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			c.sent, _ = io.ReadAll(body) // from memory
		}
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		c.err = err
		w.recorder.add(c)
		return nil, err
	}
	c.status, c.header = resp.StatusCode, resp.Header
	c.received, c.err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	w.recorder.add(c)
	before, rest := io.Reader(bytes.NewReader(c.received)), resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(before, failing{c.err}, rest), rest}
	return resp, nil
}

// maxBody is how much of an answer is recorded, and how much the client reads.
const maxBody = 32 << 20

// failing is a Reader that fails with err.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

func (r *Recorder) add(c call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

// Exchange is a call in the archive.
type Exchange struct {
	Request Request `json:"request"`
	Answer  Answer  `json:"answer"`
}

// Request is a request without its header, which contains credentials.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Query  url.Values      `json:"query,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	// LeftOut says why the body that was sent is not here.
	LeftOut string `json:"body_left_out,omitempty"`
}

// Answer is the answer to a request.
type Answer struct {
	Status int             `json:"status,omitempty"`
	Header http.Header     `json:"header,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	// LeftOut says why the body that came is not here.
	LeftOut string `json:"body_left_out,omitempty"`
	// Error says why there is no answer: timeout, or no answer.
	Error string `json:"error,omitempty"`
}

// exchange returns c for the archive, with its values replaced.
func (c *call) exchange(r *replacer) Exchange {
	e := Exchange{Request: Request{Method: c.request.Method, Path: r.path(c.request.URL.Path), Query: r.query(c.request.URL.Query())}}
	e.Request.Body, e.Request.LeftOut = r.body(c.sent)
	if c.status == 0 {
		e.Answer.Error = "no answer"
		if isTimeout(c.err) {
			e.Answer.Error = "timeout"
		}
		return e
	}
	e.Answer.Status, e.Answer.Header = c.status, keptHeader(c.header)
	e.Answer.Body, e.Answer.LeftOut = r.body(c.received)
	return e
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// kept are the headers of an answer that are kept if their value matches the pattern.
var kept = map[*regexp.Regexp]*regexp.Regexp{
	regexp.MustCompile(`^Content-Type$`):                        regexp.MustCompile(`^[a-z]+/[a-z+.-]+(; ?charset=[A-Za-z0-9-]+)?$`),
	regexp.MustCompile(`^(Date|Retry-After)$`):                  regexp.MustCompile(`^\d+$|^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$`),
	regexp.MustCompile(`(?i)^(X-)?Rate-?Limit(-[a-z]{1,12})*$`): regexp.MustCompile(`^[\d;=w ,]{1,60}$`),
}

func keptHeader(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		for names, shape := range kept {
			if names.MatchString(name) {
				out[name] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !shape.MatchString(v) })
			}
		}
	}
	return out
}
