package fabric

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// call sends r until it succeeds, fails for good, or has used up the retries.
// What may take long to pass is left to the caller's next call.
func (c *Client) call(ctx context.Context, r request) error {
	for n := 0; ; n++ {
		err := c.authorized(ctx, r)
		if err == nil || n >= c.maxRetries || !retryable(r.op, err) {
			return err
		}
		if n > 0 && Reason(err) == ReasonTimeout {
			return err // each costs a slot for all of its time, so one more is enough
		}
		if e, ok := errors.AsType[*Error](err); ok && slowsDown(e) {
			if Reason(e) == ReasonServer && e.RetryAfter > maxSitOut {
				return err // trouble of that length is not sat out here
			}
			if c.throttle.left() >= firstBackoff/2 {
				continue // the throttle makes the next attempt wait
			}
			// A pause that began while r was under way may be over already.
		}
		if err := sleep(ctx, backoff(n)); err != nil {
			return fmt.Errorf("%s: %w", r.op, err)
		}
	}
}

// maxSitOut is how long a single port's trouble may hold its call, and with it
// the account, before it is left to the next interval.
const maxSitOut = 5 * time.Second

// authorized sends r, and once more with a new token where the API refuses the
// one at hand: tokens may be revoked before they expire.
func (c *Client) authorized(ctx context.Context, r request) error {
	token, err := c.attempt(ctx, r)
	if !unauthorized(r.op, err) || !c.renewals.allowed() {
		return err
	}
	c.tokens.Invalidate(token)
	_, err = c.attempt(ctx, r)
	if unauthorized(r.op, err) {
		c.renewals.suspend()
	}
	return err
}

// attempt sends r once, when the budget allows, and returns the token it used.
func (c *Client) attempt(ctx context.Context, r request) (*oauth2.Token, error) {
	waited, err := c.throttle.enter(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, err)
	}
	defer c.throttle.leave()
	token, err := c.tokens.TokenContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, err)
	}
	sent := time.Now()
	cred := credential{bearer: token.AccessToken, secrets: []string{token.AccessToken}}
	if s, ok := c.tokens.(interface{ secrets() []string }); ok {
		cred.secrets = append(cred.secrets, s.secrets()...) // gateways echo what another request sent
	}
	err = c.wire.exchange(ctx, r, cred, waited)
	c.throttle.learn(sent, err)
	return token, err
}

// unauthorized reports whether the API itself refused the token of a request.
func unauthorized(op string, err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Op == op && e.Status == http.StatusUnauthorized && !e.Fault && !e.Quota
}

// renewalPause is how long no token is given up because of a 401 after a fresh
// one got a 401 too. Some 401 mean the account, not the token; a login for
// every one of them would be a hot loop.
const renewalPause = 5 * time.Minute

// renewals decides whether a 401 is worth a login.
type renewals struct {
	mu    sync.Mutex
	until time.Time
}

func (r *renewals) allowed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !time.Now().Before(r.until)
}

func (r *renewals) suspend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = time.Now().Add(renewalPause)
}
