package fabric

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// get sends a GET for path and decodes the answer.
func get[T any](ctx context.Context, c *Client, op, path string, decode func([]byte) (T, error)) (T, error) {
	return call(ctx, c, request{op: op, method: http.MethodGet, path: path}, decode)
}

// post sends a search. Searches change nothing, so they are retried like a GET.
func post[T any](ctx context.Context, c *Client, op, path string, s search, decode func([]byte) (T, error)) (T, error) {
	body, err := json.Marshal(s)
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", op, err)
	}
	return call(ctx, c, request{op: op, method: http.MethodPost, path: path, body: body}, decode)
}

// call sends r until it succeeds, fails for good, or has used up the retries.
// The steps of an attempt have an order:
//
//  1. the throttle: the wait may be long, so nothing that expires is fetched before it;
//  2. the token, which logs in if there is none;
//  3. the exchange: request, status, size of the body, decoding, and the call of the observer;
//  4. what the answer means for the throttle, before the place in it is given up;
//  5. one more attempt with a new token, if the API refused this one;
//  6. a retry, if another attempt may help soon.
func call[T any](ctx context.Context, c *Client, r request, decode func([]byte) (T, error)) (T, error) {
	var none T
	renewed := false
	for n := 0; ; {
		waited, err := c.throttle.enter(ctx)
		if err != nil {
			return none, fmt.Errorf("%s: %w", r.op, err)
		}
		token, err := c.tokens.TokenContext(ctx)
		if err != nil { // the token source retries logins on a schedule of its own
			c.throttle.leave()
			return none, fmt.Errorf("%s: %w", r.op, err)
		}
		r.bearer, r.secrets = token.AccessToken, []string{token.AccessToken}
		if s, ok := c.tokens.(interface{ secrets() []string }); ok {
			r.secrets = append(r.secrets, s.secrets()...) // gateways echo what other requests sent
		}
		sent := time.Now()
		value, err := exchange(ctx, c.wire, r, waited, decode)
		c.throttle.learn(sent, err)
		c.throttle.leave()
		if err == nil {
			return value, nil
		}

		if until := c.noRenewal.Load(); refusesToken(err) && (until == nil || !time.Now().Before(*until)) {
			if !renewed { // tokens may be revoked before they expire
				renewed = true
				c.tokens.Invalidate(token)
				continue
			}
			c.noRenewal.Store(new(time.Now().Add(renewalPause)))
		}
		again, pause := c.retry(r.op, n, err)
		if !again {
			return none, err
		}
		if err := sleep(ctx, pause); err != nil {
			return none, fmt.Errorf("%s: %w", r.op, err)
		}
		n++
	}
}

// renewalPause is how long a 401 does not lead to a login, after a fresh token got a
// 401 too. Then the fault is with the account or the port, not with the token, and a
// login for each 401 would be a hot loop.
const renewalPause = 5 * time.Minute

// maxSitOut is the longest Retry-After of a 5xx that a call waits for. If it is
// longer the call fails, instead of holding a worker, and the next poll tries again.
const maxSitOut = 5 * time.Second

// retry decides, after attempt n (counted from 0) failed with err, whether to try again, and
// after what pause.
func (c *Client) retry(op string, n int, err error) (again bool, pause time.Duration) {
	if n >= c.maxRetries || !retryable(op, err) {
		return false, 0
	}
	if n > 0 && Reason(err) == ReasonTimeout {
		return false, 0 // each timeout holds a place for its whole time, so one retry is enough
	}
	if e, ok := errors.AsType[*Error](err); ok && slowsDown(e) {
		if Reason(e) == ReasonServer && e.RetryAfter > maxSitOut {
			return false, 0
		}
		if c.throttle.left() >= firstBackoff/2 {
			return true, 0 // the throttle makes the next attempt wait
		}
		// The pause may have begun while this request was under way, and be over.
	}
	return true, backoff(n)
}

// retryable reports whether another attempt of op may help soon. A failure of
// the login that op needed is not retried here: the token source has its own
// schedule. A timeout is retried only after the first attempt; see retry.
func retryable(op string, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op != op {
		return false
	}
	switch Reason(e) {
	case ReasonRateLimited, ReasonTransport, ReasonTimeout:
		return true
	case ReasonServer:
		return e.Status != http.StatusNotImplemented // would fail again a second later
	case ReasonClient:
		return op == OpToken && e.Status == http.StatusConflict // another token exchange is under way
	}
	return false
}

const (
	firstBackoff = time.Second
	maxBackoff   = 30 * time.Second
)

// backoff is the pause after attempt n (counted from 0): it doubles,
// and up to half of it is random, so that calls that failed together do not
// come back together.
func backoff(n int) time.Duration {
	d := maxBackoff
	if n < 5 { // 1s << 5 is beyond the maximum
		d = firstBackoff << n
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // G404: jitter
}

// sleep waits for d, or for the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// refusesToken reports whether the API itself refused the token of a request.
func refusesToken(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusUnauthorized && !e.Fault && !e.Quota
}
