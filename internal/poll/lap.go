package poll

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// key is one thing that is polled again and again: a window of a port or connection, or
// a chore, which has the chore's name and window 0.
type key struct {
	uuid   string
	window int
}

// lap polls each of its keys once per interval, each at its own place in it, and one
// after the other as they become due. If the workers cannot keep up, a lap takes longer;
// [lap.rate] is how many polls a second they manage.
type lap struct {
	slots   int // polls whose requests may be under way at a time
	workers int // more than slots: a retry waits without a request under way
	// poll polls a key. It reports how long that took, without waiting for the request
	// budget, and whether it succeeded. A key is polled by one worker at a time.
	poll func(ctx context.Context, k key) (took time.Duration, ok bool)
	next func(k key, now time.Time) time.Time // when to poll a key again
	keep func(k key) bool                     // asked before each poll: false ends the key
	// before is called when a key is due. If it returns true, the lap looks again for what
	// is due. May be nil.
	before func(ctx context.Context) bool
	after  func() // called after each poll; may be nil

	mu      sync.Mutex
	waiting []due        // the earliest first, those of one time in the order of add
	polling map[key]bool // being polled; true: poll once more right after
	known   map[key]bool // waiting or being polled
	wake    chan struct{}
	started bool
	looking bool // before is at work
	ended   bool

	took   []time.Duration // of the latest polls, the newest last
	failed []time.Duration // of polls that failed since the latest success
}

// due is when a key is to be polled.
type due struct {
	key
	at time.Time
}

func newLap(slots int) *lap {
	return &lap{slots: slots, workers: 2 * slots, polling: map[key]bool{}, known: map[key]bool{}, wake: make(chan struct{}, 1)}
}

// run polls until ctx is done and all polls have returned.
func (l *lap) run(ctx context.Context) {
	l.mu.Lock()
	l.started = true
	l.mu.Unlock()
	var workers errgroup.Group
	workers.SetLimit(l.workers)
	for l.wait(ctx) {
		if l.before != nil && l.look(ctx) {
			continue
		}
		k, ok := l.take()
		if !ok {
			continue
		}
		workers.Go(func() error { // waits for a free worker
			took, succeeded := l.poll(ctx, k)
			l.done(k, took, succeeded)
			if l.after != nil {
				l.after()
			}
			return nil
		})
	}
	_ = workers.Wait()
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
}

// look calls before.
func (l *lap) look(ctx context.Context) bool {
	looking := func(is bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.looking = is
	}
	looking(true)
	defer looking(false)
	return l.before(ctx)
}

// add puts a key in, unless it is there. It reports whether it was not.
func (l *lap) add(k key, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[k] {
		return false
	}
	l.known[k] = true
	l.insert(k, at)
	return true
}

// insert puts a key among those that wait, after the ones that are due at the same time.
// l.mu is held.
func (l *lap) insert(k key, at time.Time) {
	i, _ := slices.BinarySearchFunc(l.waiting, at, func(d due, at time.Time) int {
		if d.at.After(at) {
			return 1
		}
		return -1
	})
	l.waiting = slices.Insert(l.waiting, i, due{k, at})
	l.signal()
}

func (l *lap) signal() {
	select {
	case l.wake <- struct{}{}:
	default: // one is enough
	}
}

// wait blocks until a key is due. It returns false when ctx is done.
func (l *lap) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		left := time.Hour // if there is no key
		l.mu.Lock()
		if len(l.waiting) > 0 {
			left = time.Until(l.waiting[0].at)
		}
		l.mu.Unlock()
		if left <= 0 {
			return true
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return false
}

// take takes out the first key if it is due and still wanted.
func (l *lap) take() (k key, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 || l.waiting[0].at.After(time.Now()) {
		return key{}, false
	}
	k = l.waiting[0].key
	l.waiting[0] = due{}
	l.waiting = l.waiting[1:] // to move the others up would cost more, the more there are
	if !l.keep(k) {
		delete(l.known, k)
		return key{}, false
	}
	l.polling[k] = false
	return k, true
}

// done puts a key that was polled back, at its next place.
func (l *lap) done(k key, took time.Duration, ok bool) {
	at := l.next(k, time.Now())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.polling[k] {
		at = time.Now()
	}
	delete(l.polling, k)
	l.insert(k, at)
	l.note(took, ok)
}

// hurry makes the keys that match due now; one that is being polled, when that is over.
func (l *lap) hurry(match func(k key) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for i := range l.waiting {
		if match(l.waiting[i].key) && l.waiting[i].at.After(now) {
			l.waiting[i].at = now
		}
	}
	for k := range l.polling {
		if match(k) {
			l.polling[k] = true
		}
	}
	l.reorder()
}

// reorder puts the keys that wait in order again. l.mu is held.
func (l *lap) reorder() {
	slices.SortStableFunc(l.waiting, func(a, b due) int { return a.at.Compare(b.at) })
	l.signal()
}

// sooner moves keys that wait for longer than the interval now says to their next place in
// it, and returns when the last one is due.
func (l *lap) sooner() (last time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for i, d := range l.waiting {
		if next := l.next(d.key, now); next.Before(d.at) {
			l.waiting[i].at = next
		}
	}
	l.reorder()
	if n := len(l.waiting); n > 0 {
		return l.waiting[n-1].at
	}
	return now
}

// polled moves keys that were polled by other means to their next place.
func (l *lap) polled(keys []key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(d due) bool { return slices.Contains(keys, d.key) })
	for _, k := range keys {
		if _, busy := l.polling[k]; l.known[k] && !busy {
			l.insert(k, l.next(k, time.Now()))
		}
	}
}

// note remembers how long the latest polls took, about as many as a lap has. Durations of
// failed polls wait for the next success: else an outage would lengthen the interval, and
// with it the time that old values are shown. l.mu is held.
func (l *lap) note(took time.Duration, ok bool) {
	const most = 100
	size := max(min(len(l.known), most), l.slots)
	l.failed = append(l.failed, took)
	if !ok {
		l.failed = l.failed[max(0, len(l.failed)-size):]
		return
	}
	l.took = append(l.took, l.failed...)
	l.took = slices.Clone(l.took[max(0, len(l.took)-size):])
	l.failed = nil
}

// rate is how many polls a second the slots allow, by how long the latest ones took; 0 until
// each slot has been in use.
func (l *lap) rate() (perSecond float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slots := min(l.slots, len(l.known))
	total := 0.0
	for _, took := range l.took {
		total += took.Seconds()
	}
	if total == 0 || len(l.took) < slots {
		return 0
	}
	return float64(slots) * float64(len(l.took)) / total
}

// overdue is how late a key may become while no poll is running.
const overdue = time.Minute

// alive returns an error if keys are overdue and no poll is running.
func (l *lap) alive(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ended:
		return fmt.Errorf("polling has ended")
	case l.started && !l.looking && len(l.polling) == 0 && len(l.waiting) > 0 && now.Sub(l.waiting[0].at) > overdue:
		return fmt.Errorf("polling stands still: %s was due %v ago", l.waiting[0].uuid, now.Sub(l.waiting[0].at).Round(time.Second))
	}
	return nil
}

// firstDue is when a key is polled first: at its next place after its latest success, or at
// once if there was none within an interval. A reload thus neither repeats a poll nor
// leaves one out.
func firstDue(now time.Time, interval time.Duration, last time.Time, names ...string) time.Time {
	if !last.IsZero() && fleet.Age(now, last) < interval {
		if next := nextPlace(last, interval, names...); next.After(now) {
			// A time from the state file has no monotonic clock: a wall clock that is set back
			// after a start would put the poll off for as long.
			return now.Add(next.Sub(now))
		}
	}
	return now
}

// nextPlace is the next time after now at which the place of a key in the interval comes
// round: a stable hash of its names. A place less than a quarter of the interval away is left
// out, and a little jitter is added so that two exporters do not call at the same
// moment again and again.
func nextPlace(now time.Time, interval time.Duration, names ...string) time.Time {
	h := fnv.New64a()
	for _, name := range names {
		_, _ = h.Write([]byte(name + "\x00"))
	}
	// The low bits of FNV differ little between similar keys; a multiplication carries
	// them up.
	const golden = 0x9e3779b97f4a7c15
	place := float64((h.Sum64()*golden)>>11) / (1 << 53)
	since := (time.Duration(now.UnixNano()) - time.Duration(place*float64(interval))) % interval
	wait := interval - since
	if wait < interval/4 {
		wait += interval
	}
	// now carries the monotonic clock, so a step of the wall clock neither delays the poll
	// nor doubles it.
	return now.Add(wait + rand.N(min(interval/20, 10*time.Second))) //nolint:gosec // G404: jitter
}
