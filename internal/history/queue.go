package history

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

const (
	batchSize = 2000            // samples of a request, as Prometheus sends
	batchWait = 5 * time.Second // for a request to fill
	maxQueued = 50 * batchSize  // samples; what comes above is asked for again later

	// firstHour is how much a receiver without a mark gets. Without an out-of-order window
	// Prometheus takes what is younger than an hour.
	firstHour = 55 * time.Minute
)

// queue is what one receiver is to get.
type queue struct {
	Receiver
	metrics *Metrics
	log     *slog.Logger

	mu         sync.Mutex
	progress   map[string]*progress // by UUID and resolution
	items      []item
	samples    int           // in items
	behind     []*progress   // to ask Equinix for
	failing    Reason        // of the latest request, "" if it was answered
	complained time.Time     // when it was last logged that Equinix cannot be asked
	filled     chan struct{} // items were added
	missing    chan struct{} // behind was added to, or the receiver has recovered
	room       chan struct{} // closed and replaced when items become fewer

	// Of the goroutine that sends.
	sending sync.Mutex
	bound   int64     // samples up to this time are refused, Unix milliseconds
	boundAt time.Time // when that was learned
	refused map[refused]*refusals
}

// progress is how far a receiver is with the intervals of one resolution of a port or
// connection. Times are in Unix milliseconds.
type progress struct {
	of         fleet.Subject
	resolution time.Duration

	mark   int64 // all up to this time is acknowledged, refused, or from before the receiver
	queued int64 // what mark will be when the items have been sent
	acked  int64 // newest that was sent, 0 if nothing was
	newest int64 // that is known

	behind  bool  // it has missed something: Equinix is asked for all after from
	from    int64 // meaningful only if behind
	skipped int64 // oldest that came while Equinix was asked; 0 if nothing did
}

// item is a part of a History that waits to be sent.
type item struct {
	progress *progress
	samples  []sample
	mark     int64 // of progress, when it has been sent
	newest   int64
}

// refusals are the refused samples since the latest log line about their reason.
type refusals struct {
	samples int
	all     int // since the start
	logged  time.Time
}

func newQueue(r Receiver, marks map[string]int64, metrics *Metrics, log *slog.Logger) *queue {
	q := &queue{
		Receiver: r, metrics: metrics, log: log, progress: map[string]*progress{}, refused: map[refused]*refusals{},
		filled: make(chan struct{}, 1), missing: make(chan struct{}, 1), room: make(chan struct{}),
	}
	for key, mark := range marks {
		q.progress[key] = &progress{mark: mark, queued: mark, acked: mark, newest: mark}
	}
	return q
}

// marks are, by UUID and resolution, the times up to which the receiver has everything.
func (q *queue) marks() map[string]int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	all, oldest := map[string]int64{}, time.Now().Add(-Oldest).UnixMilli()
	for key, p := range q.progress {
		if p.mark > oldest { // else it left long ago
			all[key] = p.mark
		}
	}
	return all
}

// take queues what is new. If something is missing between what is queued and it, or if the queue
// is full, Equinix is asked for all of it later: nothing may be sent before what is older, as some
// receivers refuse that.
func (q *queue) take(h fleet.History) {
	q.mu.Lock()
	defer q.mu.Unlock()
	key, newest := h.UUID+" "+model.Duration(h.Resolution).String(), h.Newest().UnixMilli()
	p := q.progress[key]
	if p == nil {
		mark := min(newest, time.Now().Add(-firstHour).UnixMilli())
		p = &progress{mark: mark, queued: mark}
		q.progress[key] = p
	}
	p.of, p.resolution, p.newest = h.Subject, h.Resolution, max(p.newest, newest)
	oldest := newest
	for _, t := range h.Tracks {
		oldest = min(oldest, t.Points[0].End.UnixMilli())
	}
	switch complete := !h.Since.IsZero(); {
	case p.behind:
		p.skipped = min(cmp.Or(p.skipped, oldest), oldest)
	case complete && h.Since.UnixMilli() > p.queued:
		q.fallBehind(p, p.queued)
	case q.samples > maxQueued:
		q.fallBehind(p, min(p.queued, oldest-1))
	default:
		if complete {
			h = h.Between(time.UnixMilli(p.queued), h.Newest())
		}
		q.put(p, h)
	}
}

// fallBehind notes that Equinix has to be asked for all after from. q.mu is held.
func (q *queue) fallBehind(p *progress, from int64) {
	p.behind, p.from, p.skipped = true, from, 0
	q.behind = append(q.behind, p)
	signal(q.missing)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is enough
	}
}

// put appends a History to the items. q.mu is held.
func (q *queue) put(p *progress, h fleet.History) {
	for part := range parts(h) {
		last := part[len(part)-1].at
		mark := min(last, h.Mark.UnixMilli())
		q.items = append(q.items, item{p, part, mark, last})
		q.samples += len(part)
		p.queued = max(p.queued, mark)
	}
	signal(q.filled)
}

// parts are the samples of a History by time, cut between two times into parts for a request.
func parts(h fleet.History) iter.Seq[[]sample] {
	all := samplesOf(h)
	slices.SortStableFunc(all, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	return func(yield func([]sample) bool) {
		for len(all) > 0 {
			n := min(len(all), batchSize)
			for n < len(all) && all[n].at == all[n-1].at {
				n++
			}
			if !yield(all[:n:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// send sends the items until ctx is done.
func (q *queue) send(ctx context.Context) {
	for {
		batch, ok := q.next(ctx)
		if !ok {
			return
		}
		var all []sample
		for _, i := range batch {
			all = append(all, i.samples...)
		}
		slices.SortStableFunc(all, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
		q.sending.Lock()
		err := q.deliver(ctx, all)
		q.sending.Unlock()
		if err != nil {
			return
		}
		q.mu.Lock()
		for _, i := range batch {
			p := i.progress
			p.mark, p.acked = max(p.mark, i.mark), max(p.acked, i.newest)
		}
		q.mu.Unlock()
		q.logRefused()
	}
}

// next waits for items and takes out as many as fit into a request.
func (q *queue) next(ctx context.Context) (batch []item, ok bool) {
	var full <-chan time.Time
	for {
		q.mu.Lock()
		waiting := q.samples
		q.mu.Unlock()
		if waiting > 0 && full == nil {
			full = time.After(batchWait)
		}
		if waiting >= batchSize {
			break
		}
		select {
		case <-ctx.Done():
			return nil, false
		case <-q.filled:
			continue
		case <-full:
		}
		break
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	n, samples := 0, 0
	for n < len(q.items) && (n == 0 || samples+len(q.items[n].samples) <= batchSize) {
		samples += len(q.items[n].samples)
		n++
	}
	batch = slices.Clone(q.items[:n])
	clear(q.items[:n])
	q.items, q.samples = q.items[n:], q.samples-samples
	close(q.room)
	q.room = make(chan struct{})
	return batch, true
}

// catchUp asks Equinix for what the receiver has missed, until ctx is done, while the receiver
// answers.
func (q *queue) catchUp(ctx context.Context, ask Ask) {
	const askers = 4 // each waits behind all polls
	var asking errgroup.Group
	asking.SetLimit(askers)
	defer func() { _ = asking.Wait() }()
	for {
		q.mu.Lock()
		var p *progress
		if len(q.behind) > 0 && q.failing == "" {
			p, q.behind = q.behind[0], q.behind[1:]
		}
		q.mu.Unlock()
		if p != nil {
			asking.Go(func() error { q.refetch(ctx, ask, p); return nil })
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-q.missing:
		}
	}
}

// refetch asks Equinix for all that p has missed, slice by slice, and queues it.
func (q *queue) refetch(ctx context.Context, ask Ask, p *progress) {
	for {
		q.mu.Lock()
		if p.skipped > 0 {
			p.from, p.skipped = min(p.from, p.skipped-1), 0
		}
		of, resolution, from := p.of, p.resolution, time.UnixMilli(p.from)
		q.mu.Unlock()
		now := time.Now()
		if oldest := now.Add(-Oldest); from.Before(oldest) {
			from = oldest
		}
		for _, to := range Slices(resolution, from, now) {
			start := from
			if least := to.Add(-7*day - time.Hour); resolution >= time.Hour && start.After(least) {
				start = least // or the answer would have 5 minutes
			}
			h, _, err := ask(ctx, of, resolution, start, to)
			if err != nil {
				q.postpone(ctx, p, err)
				return
			}
			if !q.waitForRoom(ctx) {
				return
			}
			q.mu.Lock()
			q.put(p, h.Between(from, to))
			p.from, p.newest = to.UnixMilli(), max(p.newest, h.Newest().UnixMilli())
			q.mu.Unlock()
			from = to
		}
		q.mu.Lock()
		p.behind = p.skipped > 0
		done := !p.behind
		q.mu.Unlock()
		if done {
			return
		}
	}
}

// postpone tries again in a minute. A port or connection that is not polled any more may return.
func (q *queue) postpone(ctx context.Context, p *progress, err error) {
	if ctx.Err() != nil {
		return
	}
	q.mu.Lock()
	worthALine := q.complained.IsZero() || time.Since(q.complained) > 10*time.Minute
	switch {
	case errors.Is(err, poll.ErrNotPolled):
		p.newest, worthALine = p.mark, false // else the receiver would seem to be behind
	case worthALine:
		q.complained = time.Now()
	}
	of := p.of
	q.mu.Unlock()
	if worthALine {
		q.log.Warn("intervals that the receiver has missed cannot be asked for; trying again every minute", "uuid", of.UUID, "name", of.Name, "err", err)
	}
	time.AfterFunc(time.Minute, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.behind = append(q.behind, p)
		signal(q.missing)
	})
}

// waitForRoom waits until the queue has room. It returns false when ctx is done.
func (q *queue) waitForRoom(ctx context.Context) bool {
	for {
		q.mu.Lock()
		full, room := q.samples > maxQueued/2, q.room
		q.mu.Unlock()
		if !full {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-room:
		}
	}
}
