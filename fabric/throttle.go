package fabric

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	firstPause = 5 * time.Second
	maxPause   = 5 * time.Minute // a poll interval: longer, and a passing quota costs whole polls
)

// throttle keeps an account within its budget: so many requests at a time, so
// many a second, and none at all while the API wants none. Limits at Equinix
// are per account, so one refusal holds every request of the client back.
type throttle struct {
	slots   chan struct{}
	limiter *rate.Limiter

	mu    sync.Mutex
	until time.Time     // end of the latest pause
	step  time.Duration // length of the next pause that the API gives no length for
}

func newThrottle(perSecond float64, burst, concurrency int) *throttle {
	return &throttle{
		slots:   make(chan struct{}, concurrency),
		limiter: rate.NewLimiter(rate.Limit(perSecond), burst),
		step:    firstPause,
	}
}

// enter blocks until a request may be sent and returns how long the budget
// made it wait. After a nil error the caller must leave.
func (t *throttle) enter(ctx context.Context) (waited time.Duration, err error) {
	start := time.Now()
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if err := t.wait(ctx); err != nil {
		t.leave()
		return 0, err
	}
	return time.Since(start), nil
}

func (t *throttle) leave() { <-t.slots }

func (t *throttle) wait(ctx context.Context) error {
	for {
		if err := sleep(ctx, t.left()); err != nil {
			return err
		}
		if err := t.limiter.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return context.DeadlineExceeded // the limiter does not wait for a deadline it sees coming
		}
		if t.left() <= 0 { // a pause may have begun meanwhile
			return nil
		}
	}
}

func (t *throttle) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// learn draws the lesson of an answer to a request sent at that time. Requests
// that were under way when a pause began tell nothing new: neither do their
// refusals double it, nor their successes end the doubling.
func (t *throttle) learn(sent time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	news := !sent.Before(t.until)
	if err == nil {
		if news {
			t.step = firstPause
		}
		return
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || !slowsDown(e) {
		return
	}
	pause := e.RetryAfter
	if pause == 0 {
		if !news {
			return
		}
		pause = t.step
		t.step = min(2*t.step, maxPause)
	}
	if until := time.Now().Add(pause); until.After(t.until) {
		t.until = until
	}
}

// slowsDown reports whether an error concerns the whole account.
func slowsDown(e *Error) bool {
	r := Reason(e)
	return r == ReasonRateLimited || r == ReasonServer && e.RetryAfter > 0
}
