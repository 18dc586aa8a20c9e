package fabric

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	firstPause = 5 * time.Second
	maxPause   = 5 * time.Minute // a poll interval; a longer pause would cost whole polls
)

// Turn is the priority of requests that wait for the budget of their account.
type Turn int

// The turns. A request waits for all requests of the turns before its own, except that
// every tenth one that is sent is about the traffic of a connection, if any waits.
const (
	ChoresTurn      Turn = iota // listings and searches: they are few, and find what the others poll
	PortsTurn                   // traffic of ports
	ConnectionsTurn             // traffic of connections
	HistoryTurn                 // traffic of the past
	turnCount
)

// turnKey is the key of a *place in a context.
type turnKey struct{}

// place is the turn of calls, and how long they have waited in line.
type place struct {
	turn   Turn
	waited atomic.Int64 // nanoseconds
}

// InTurn returns a context for calls of that turn, and a function that says how long they
// have waited for the budget so far, without the pauses that the API asked for. Calls in
// another context have the first turn.
func InTurn(ctx context.Context, t Turn) (turn context.Context, waited func() time.Duration) {
	p := &place{turn: t}
	return context.WithValue(ctx, turnKey{}, p), func() time.Duration { return time.Duration(p.waited.Load()) }
}

// throttle keeps an account within its budget: a maximum of requests at a time and of
// requests per second, and no request while the API asks for a pause. Limits at
// Equinix are per account, so one refusal delays every request of the client.
type throttle struct {
	limiter *rate.Limiter

	mu               sync.Mutex
	free             int                        // requests that may be sent besides those under way
	lines            [turnCount][]chan struct{} // requests that wait, by turn; closed when one may be sent
	sinceConnections int                        // requests sent since the latest about a connection
	timer            *time.Timer                // to admit the next one; nil before the first wait
	until            time.Time                  // end of the latest pause
	step             time.Duration              // length of the next pause that the API gives no length for
}

func newThrottle(perSecond float64, burst, concurrency int) *throttle {
	return &throttle{free: concurrency, limiter: rate.NewLimiter(rate.Limit(perSecond), burst), step: firstPause}
}

// enter blocks until a request may be sent, and returns how long the budget made it
// wait. If the error is nil the caller must call leave.
func (t *throttle) enter(ctx context.Context) (waited time.Duration, err error) {
	start := time.Now()
	p, ok := ctx.Value(turnKey{}).(*place)
	if !ok {
		p = &place{}
	}
	admitted := make(chan struct{})
	t.mu.Lock()
	t.lines[p.turn] = append(t.lines[p.turn], admitted)
	t.admit()
	t.mu.Unlock()
	select {
	case <-admitted:
		waited = time.Since(start)
		p.waited.Add(int64(max(0, waited-max(0, t.pausedUntil().Sub(start)))))
		return waited, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.lines[p.turn], admitted); i >= 0 {
		t.lines[p.turn] = slices.Delete(t.lines[p.turn], i, i+1)
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
	const share = 10 // one of so many requests is about a connection
	for t.free > 0 {
		turn := slices.IndexFunc(t.lines[:], func(line []chan struct{}) bool { return len(line) > 0 })
		if turn < 0 {
			return
		}
		if t.sinceConnections >= share-1 && len(t.lines[ConnectionsTurn]) > 0 {
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
		t.sinceConnections++
		if Turn(turn) == ConnectionsTurn {
			t.sinceConnections = 0
		}
		close(t.lines[turn][0])
		t.lines[turn] = t.lines[turn][1:]
		t.free--
	}
}

// pausedUntil is the end of the latest pause.
func (t *throttle) pausedUntil() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until
}

// left is the remaining time of the pause that the API asked for.
func (t *throttle) left() time.Duration {
	return time.Until(t.pausedUntil())
}

// learn adjusts the pause by the answer to a request that was sent at sent. A Retry-After
// always counts. Otherwise a request that was under way when the pause began changes
// nothing: its refusal does not double the next pause, its success does not reset it.
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
