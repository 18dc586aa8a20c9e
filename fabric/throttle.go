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
	maxPause   = 5 * time.Minute // a poll interval: longer, and a passing quota costs whole polls
)

// Turn is who goes first when requests wait for the budget of their account.
type Turn int

// The turns. A request waits for all of the turns before its own, except that every
// tenth one that is sent is one of the last turn, if any waits.
const (
	ChoresTurn      Turn = iota // listings and searches: few, and the others need what they find
	PortsTurn                   // traffic of ports
	ConnectionsTurn             // traffic of connections
	turns
)

type turnKey struct{}

// InTurn is a context for calls of that turn. Without one, calls have the first turn.
func InTurn(ctx context.Context, t Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// throttle keeps an account within its budget: so many requests at a time, so many a
// second, and none at all while the API wants none. Limits at Equinix are per account, so
// one refusal holds every request of the client back.
type throttle struct {
	limiter *rate.Limiter

	mu     sync.Mutex
	free   int                    // requests that may be under way besides those that are
	lines  [turns][]chan struct{} // requests that wait, by turn; closed when one may be sent
	others int                    // requests of other turns sent since the latest of the last one
	timer  *time.Timer            // to admit the next one; nil before the first wait
	until  time.Time              // end of the latest pause
	step   time.Duration          // length of the next pause that the API gives no length for
}

func newThrottle(perSecond float64, burst, concurrency int) *throttle {
	return &throttle{free: concurrency, limiter: rate.NewLimiter(rate.Limit(perSecond), burst), step: firstPause}
}

// enter blocks until a request may be sent and returns how long the budget made it wait.
// After a nil error the caller must leave.
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
	} else { // admitted in the same moment
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

// admit lets requests go while the budget has room for them, and comes back when time
// alone gives room for the next. t.mu is held.
func (t *throttle) admit() {
	const share = 10 // every so many requests one is of the last turn
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

// left is how long the API still wants no requests.
func (t *throttle) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// learn draws the lesson of an answer to a request sent at that time. Requests that were
// under way when a pause began say nothing new: neither do their refusals double it, nor
// their successes end the doubling.
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
