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
	"time"
)

const (
	defaultTimeout   = 30 * time.Second
	defaultUserAgent = "equinix_fabric_exporter"

	maxBuffer    = 8 << 20                     // 90 days of 5-minute intervals are 3 MiB, a thousand ports 2 MiB
	maxBody      = maxBuffer - 2*bytes.MinRead // ReadFrom does not grow a buffer of 8 MiB for it
	maxErrorBody = 64 << 10                    // of an answer that is not a success
	maxPooled    = 1 << 20                     // larger buffers are rare and not worth keeping

	// maxValues is how many values the JSON of an answer may hold. Two bytes of
	// JSON can be an element of an array, and take a hundred bytes in memory.
	// 90 days of 5-minute intervals in two directions are 210,000 values.
	maxValues = 300_000
)

// wire does single exchanges with the API: no retry, no login, no redirects.
type wire struct {
	base      string // without a trailing slash
	transport http.RoundTripper
	userAgent string
	timeout   time.Duration
	observe   func(Attempt)
	clock     clock
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

// request is one call of the API, to be sent once or several times.
type request struct {
	op     string
	method string
	path   string             // escaped, with the query, relative to the base
	body   []byte             // nil for none
	media  string             // type of the body; "" is JSON
	decode func([]byte) error // must not keep the bytes; returns a *DecodeError
}

// credential is what one sending of a request needs and never shows.
type credential struct {
	bearer  string   // "" for none
	secrets []string // what must not appear in an error
}

// exchange sends r once and tells observe of it. The error is an *Error, a
// *DecodeError, or ctx.Err() wrapped where ctx ended.
func (w *wire) exchange(ctx context.Context, r request, cred credential, waited time.Duration) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", r.op, err) // nothing sent, nothing to observe
	}
	sent := time.Now()
	status, err := w.roundTrip(ctx, r, cred)
	w.observe(Attempt{Op: r.op, Status: status, Took: time.Since(sent), Waited: waited, Err: err})
	return err
}

func (w *wire) roundTrip(caller context.Context, r request, cred credential) (status int, err error) {
	ctx, cancel := context.WithTimeout(caller, w.timeout)
	defer cancel()
	req, err := w.newRequest(ctx, r, cred.bearer)
	if err != nil {
		return 0, noAnswer(r.op, err, cred.secrets)
	}
	sent := time.Now()
	resp, err := w.transport.RoundTrip(req)
	if err != nil {
		return 0, w.lost(caller, ctx, r.op, err, cred.secrets)
	}
	defer resp.Body.Close()
	w.clock.learn(sent, resp.Header.Get("Date"))

	good := resp.StatusCode >= 200 && resp.StatusCode <= 299
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	switch {
	case !good:
		_, err = buf.ReadFrom(io.LimitReader(resp.Body, maxErrorBody))
	case resp.ContentLength <= maxBody: // a larger one is not even read
		_, err = buf.ReadFrom(io.LimitReader(resp.Body, maxBody+1)) // one more, to tell a full body from a cut one
	}
	body := buf.Bytes()
	switch {
	case !good, isFault(body): // what came of an error body is enough
		return resp.StatusCode, answerError(r.op, resp, body[:min(len(body), maxErrorBody)], cred.secrets)
	case err != nil:
		err = w.lost(caller, ctx, r.op, err, cred.secrets)
	case len(body) > maxBody, resp.ContentLength > maxBody:
		err = &DecodeError{Op: r.op, Err: fmt.Errorf("answer is larger than %d MiB", maxBuffer>>20)}
	case bytes.Count(body, []byte(","))+bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) > maxValues:
		err = &DecodeError{Op: r.op, Err: fmt.Errorf("answer has more than %d values", maxValues)}
	default:
		err = clean(r.decode(body), resp, body, cred.secrets)
	}
	if err != nil && r.op == OpToken && saysRefused(body) {
		err = answerError(r.op, resp, body, cred.secrets) // with a good status
	}
	return resp.StatusCode, err
}

func (w *wire) newRequest(ctx context.Context, r request, bearer string) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, w.base+r.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", cmp.Or(r.media, "application/json")) // the v3 API wants it of a GET too
	req.Header.Set("User-Agent", w.userAgent)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	return req, nil
}

// lost tells the three ends of an exchange without an answer apart: the caller
// gave up, the time of this attempt is over, or the network failed.
func (w *wire) lost(caller, attempt context.Context, op string, err error, secrets []string) error {
	if caller.Err() != nil {
		return fmt.Errorf("%s: %w", op, caller.Err())
	}
	if errors.Is(attempt.Err(), context.DeadlineExceeded) {
		return &Error{Op: op, Message: fmt.Sprintf("no answer within %v", w.timeout), cause: context.DeadlineExceeded}
	}
	return noAnswer(op, err, secrets)
}

// clean makes a decoding error fit to be shown: no secret that the answer may
// echo, a word about answers that never meant to be JSON, and what the API says
// where it sends an error with a good status.
func clean(err error, resp *http.Response, body []byte, secrets []string) error {
	e, ok := errors.AsType[*DecodeError](err)
	if !ok {
		return err
	}
	// Before it is parsed: that makes letters small, and a secret unrecognisable.
	media, _, _ := mime.ParseMediaType(redact(resp.Header.Get("Content-Type"), secrets))
	if _, ok := errors.AsType[*json.SyntaxError](e.Err); ok && media != "" && !strings.HasSuffix(media, "json") {
		e.Err = fmt.Errorf("content type %s: %w", oneLine(media, 60), e.Err)
	}
	if s := toldError(body); s != "" {
		e.Err = fmt.Errorf("%w; the answer says: %s", e.Err, s)
	}
	raw := e.Err.Error()
	if text := oneLine(redact(raw, secrets), maxMessage); text != raw {
		e.Err = errors.New(text)
	}
	e.Path = redact(e.Path, secrets)
	return err
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func recycle(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		b.Reset()
		buffers.Put(b)
	}
}
