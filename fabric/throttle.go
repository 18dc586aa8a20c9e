package fabric

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	firstPause = 5 * time.Second
	maxPause   = 5 * time.Minute // a poll interval; a longer pause would cost whole polls
)

// Turn is the priority of requests that wait for the budget of their account.
type Turn int

// The turns. A request waits for all requests of earlier turns. But every tenth
// request is one of the last turn, if any waits.
const (
	ChoresTurn      Turn = iota // listings and searches: they are few, and find what the others poll
	PortsTurn                   // traffic of ports
	ConnectionsTurn             // traffic of connections
	turns
)

type turnKey struct{}

// InTurn returns a context for calls of that turn. Calls without one have the first turn.
func InTurn(ctx context.Context, t Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// throttle keeps an account within its budget: a maximum of requests at a time and of
// requests per second, and no request while the API asks for a pause. Limits at
// Equinix are per account, so one refusal delays every request of the client.
type throttle struct {
	limiter *rate.Limiter

	mu     sync.Mutex
	free   int                    // requests that may be sent besides those under way
	lines  [turns][]chan struct{} // requests that wait, by turn; closed when one may be sent
	others int                    // requests of other turns sent since the latest of the last one
	timer  *time.Timer            // to admit the next one; nil before the first wait
	until  time.Time              // end of the latest pause
	step   time.Duration          // length of the next pause that the API gives no length for
}

func newThrottle(perSecond float64, burst, concurrency int) *throttle {
	return &throttle{free: concurrency, limiter: rate.NewLimiter(rate.Limit(perSecond), burst), step: firstPause}
}

// enter blocks until a request may be sent, and returns how long the budget made it
// wait. If the error is nil the caller must call leave.
func (t *throttle) enter(ctx context.Context) (waited time.Duration, err error) {
	start := time.Now()
	turn, _ := ctx.Value(turnKey{}).(Turn)
	admitted := make(chan struct{})
	t.mu.Lock()
	t.lines[turn] = append(t.lines[turn], admitted)
	t.admit()
	t.mu.Unlock()
	select {
	case <-admitted:
		return time.Since(start), nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.lines[turn], admitted); i >= 0 {
		t.lines[turn] = slices.Delete(t.lines[turn], i, i+1)
	} else { // it was admitted at the same moment
		t.free++
		t.admit()
	}
	return 0, ctx.Err()
}

func (t *throttle) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	t.admit()
}

func (t *throttle) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.admit()
}

// admit admits waiting requests while the budget allows. If the next must wait for
// time to pass, a timer calls it again. t.mu is held.
func (t *throttle) admit() {
	const share = 10 // one of so many requests is of the last turn
	for t.free > 0 {
		turn := slices.IndexFunc(t.lines[:], func(line []chan struct{}) bool { return len(line) > 0 })
		if turn < 0 {
			return
		}
		if t.others >= share-1 && len(t.lines[ConnectionsTurn]) > 0 {
			turn = int(ConnectionsTurn)
		}
		wait := time.Until(t.until)
		if wait <= 0 {
			r := t.limiter.Reserve()
			if wait = r.Delay(); wait > 0 {
				r.Cancel()
			}
		}
		if wait > 0 {
			if t.timer == nil {
				t.timer = time.AfterFunc(wait, t.wake)
			} else {
				t.timer.Reset(wait)
			}
			return
		}
		t.others++
		if Turn(turn) == ConnectionsTurn {
			t.others = 0
		}
		close(t.lines[turn][0])
		t.lines[turn] = t.lines[turn][1:]
		t.free--
	}
}

// left is the remaining time of the pause that the API asked for.
func (t *throttle) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// learn adjusts the pause by the answer to a request sent at that time. Requests that
// were under way when a pause began do not count: their refusals do not double it,
// and their successes do not end the doubling.
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
