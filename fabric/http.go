package fabric

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultTimeout   = 30 * time.Second
	defaultUserAgent = "equinix_fabric_exporter"

	maxBuffer    = 8 << 20                     // 90 days of 5-minute intervals are 3 MiB, a thousand ports 2 MiB
	maxBody      = maxBuffer - 2*bytes.MinRead // ReadFrom does not grow a buffer of 8 MiB for it
	maxErrorBody = 64 << 10                    // of an answer that is not a success
	maxPooled    = 1 << 20                     // larger buffers are rare and not worth keeping

	// maxValues is how many values the JSON of an answer may hold. An array element
	// of two bytes of JSON can take a hundred bytes in memory. 90 days of 5-minute
	// intervals in two directions are 210,000 values.
	maxValues = 300_000
)

// wire does single exchanges with the API, without retries, logins or redirects.
type wire struct {
	base      string // without a trailing slash
	transport http.RoundTripper
	userAgent string
	timeout   time.Duration
	observe   func(Attempt)
	skew      atomic.Pointer[time.Duration] // of the latest dated answer; nil before
}

// newWire takes an address that parseAddress has checked.
func newWire(base string, t http.RoundTripper, userAgent string, timeout time.Duration, observe func(Attempt)) (*wire, error) {
	if timeout < 0 {
		return nil, fmt.Errorf("timeout: %v is negative", timeout)
	}
	if t == nil {
		t = NewTransport(nil)
	}
	if observe == nil {
		observe = func(Attempt) {}
	}
	return &wire{
		base: base, transport: t, userAgent: cmp.Or(userAgent, defaultUserAgent),
		timeout: cmp.Or(timeout, defaultTimeout), observe: observe,
	}, nil
}

// request is one request to the API.
type request struct {
	op     string
	method string
	path   string // escaped, with the query, relative to the base
	body   []byte // nil for none
	media  string // type of the body; "" is JSON

	bearer  string   // token; "" for a login
	secrets []string // must not appear in an error
}

// exchange sends r once, decodes the answer, and calls the observer. decode must not
// keep the bytes. The error is an *Error or a *DecodeError or, if caller has ended,
// its error, wrapped.
func exchange[T any](caller context.Context, w *wire, r request, waited time.Duration, decode func([]byte) (T, error)) (value T, err error) {
	if err := caller.Err(); err != nil {
		return value, fmt.Errorf("%s: %w", r.op, err) // nothing is sent, so there is nothing to observe
	}
	sent, status := time.Now(), 0
	defer func() {
		w.observe(Attempt{Op: r.op, Status: status, Took: time.Since(sent), Waited: waited, Err: err})
	}()
	ctx, cancel := context.WithTimeout(caller, w.timeout) // from connecting to the last byte
	defer cancel()
	resp, err := w.send(ctx, r)
	if err != nil {
		return value, w.noAnswer(caller, ctx, r, err)
	}
	defer resp.Body.Close()
	status = resp.StatusCode
	w.learnSkew(sent, resp.Header.Get("Date"))

	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	good := status >= 200 && status <= 299
	switch {
	case !good:
		_, err = buf.ReadFrom(io.LimitReader(resp.Body, maxErrorBody))
	case resp.ContentLength <= maxBody: // a larger one is not even read
		_, err = buf.ReadFrom(io.LimitReader(resp.Body, maxBody+1)) // one more, to notice a longer body
	}
	body := buf.Bytes()
	switch {
	case !good, isFault(body): // an error body that broke off is still useful
		return value, answerError(r.op, resp, body[:min(len(body), maxErrorBody)], r.secrets)
	case err != nil:
		err = w.noAnswer(caller, ctx, r, err)
	case len(body) > maxBody, resp.ContentLength > maxBody:
		err = &DecodeError{Op: r.op, Err: fmt.Errorf("answer is larger than %d MiB", maxBuffer>>20)}
	case bytes.Count(body, []byte(","))+bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) > maxValues:
		err = &DecodeError{Op: r.op, Err: fmt.Errorf("answer has more than %d values", maxValues)}
	default:
		value, err = decode(body)
		err = clean(err, r, resp, body)
	}
	if err != nil && r.op == OpToken && saysRefused(body) {
		err = answerError(r.op, resp, body, r.secrets) // a refused login with a good status
	}
	return value, err
}

func (w *wire) send(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, w.base+r.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", cmp.Or(r.media, "application/json")) // the v3 API requires it even of a GET
	req.Header.Set("User-Agent", w.userAgent)
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	return w.transport.RoundTrip(req) // which follows no redirects
}

// noAnswer is the error of an exchange without a complete answer: the context of the
// caller ended, the attempt timed out, or the network failed.
func (w *wire) noAnswer(caller, attempt context.Context, r request, err error) error {
	if caller.Err() != nil {
		return fmt.Errorf("%s: %w", r.op, caller.Err())
	}
	if errors.Is(attempt.Err(), context.DeadlineExceeded) {
		return &Error{Op: r.op, Message: fmt.Sprintf("no answer within %v", w.timeout), cause: context.DeadlineExceeded}
	}
	// The cause is replaced if its text would show a secret.
	raw := err.Error()
	shown := redact(raw, r.secrets)
	e := &Error{Op: r.op, Message: oneLine(shown, maxMessage), cause: err}
	if shown != raw {
		e.cause = errors.New(shown)
	}
	if todo := advice(err); todo != "" {
		e.Message += "; " + todo
	}
	return e
}

// clean completes a decoding error for logs and pages: it adds the operation, the
// media type if that is not JSON, and the API's message if it sent an error with a
// good status, and it removes secrets that the answer may echo.
func clean(err error, r request, resp *http.Response, body []byte) error {
	e, ok := errors.AsType[*DecodeError](err)
	if !ok {
		return err
	}
	e.Op = r.op
	// Redacted before it is parsed, since parsing lowers the case, and then secrets are not recognised.
	media, _, _ := mime.ParseMediaType(redact(resp.Header.Get("Content-Type"), r.secrets))
	if _, ok := errors.AsType[*json.SyntaxError](e.Err); ok && media != "" && !strings.HasSuffix(media, "json") {
		e.Err = fmt.Errorf("content type %s: %w", oneLine(media, 60), e.Err)
	}
	if s := errorText(body); s != "" {
		e.Err = fmt.Errorf("%w; the answer says: %s", e.Err, s)
	}
	raw := e.Err.Error()
	if text := oneLine(redact(raw, r.secrets), maxMessage); text != raw {
		e.Err = errors.New(text)
	}
	e.Path = redact(e.Path, r.secrets)
	return err
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func recycle(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		b.Reset()
		buffers.Put(b)
	}
}

// learnSkew compares the local clock with the Date header of a new answer. The server
// wrote it about halfway between request and answer.
func (w *wire) learnSkew(sent time.Time, date string) {
	if at, err := http.ParseTime(date); err == nil {
		w.skew.Store(new(sent.Add(time.Since(sent) / 2).Sub(at)))
	}
}

func (w *wire) clockSkew() (skew time.Duration, ok bool) {
	latest := w.skew.Load()
	if latest == nil {
		return 0, false
	}
	return *latest, true
}

// ClockSkew is how far the local clock is ahead of the Date header of the latest
// answer (or refusal), to about a second; negative if it is behind. ok is false
// before the first dated answer.
func (c *Client) ClockSkew() (skew time.Duration, ok bool) { return c.wire.clockSkew() }

// ClockSkew is [Client.ClockSkew] for the answers to logins.
func (s *TokenSource) ClockSkew() (skew time.Duration, ok bool) { return s.wire.clockSkew() }
