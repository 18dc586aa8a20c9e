package history

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Ask asks Equinix for the intervals of a port or connection that end after from and not after
// to. An error that wraps [poll.ErrNotPolled] says that it left.
type Ask func(ctx context.Context, of fleet.Subject, resolution time.Duration, from, to time.Time) (fleet.History, fleet.Rejected, error)

// Marks say how far the receivers are: by the name of the receiver, and by the UUID and
// resolution of the intervals, the time up to which all is acknowledged, in Unix milliseconds.
type Marks map[string]map[string]int64

// Writer sends what the poller learns to receivers. Each has a queue of its own, so that the
// trouble of one harms neither the others nor the polls.
type Writer struct {
	queues  []*queue
	metrics *Metrics
}

// NewWriter returns a writer that continues at marks, which may be nil.
func NewWriter(receivers []Receiver, marks Marks, metrics *Metrics, log *slog.Logger) *Writer {
	w := &Writer{metrics: metrics}
	for _, r := range receivers {
		w.queues = append(w.queues, newQueue(r, marks[r.Name], metrics, log.With("component", "remote_write", "receiver", r.Name)))
	}
	metrics.use(w.queues)
	return w
}

// Take queues intervals for each receiver.
func (w *Writer) Take(h fleet.History) {
	for _, q := range w.queues {
		q.take(h)
	}
}

// Run sends until ctx is done, and returns nil then. It asks Equinix again for what a receiver
// has missed.
func (w *Writer) Run(ctx context.Context, ask Ask) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, q := range w.queues {
		g.Go(func() error { q.send(ctx); return nil })
		g.Go(func() error { q.catchUp(ctx, ask); return nil })
	}
	return g.Wait()
}

// Send sends intervals to one receiver after the other, and returns when each of them has
// accepted or refused them all. The error says that ctx has ended. Several calls at a time take
// turns. It is for a writer that does not run.
func (w *Writer) Send(ctx context.Context, h fleet.History) error {
	for _, q := range w.queues {
		if err := q.sendNow(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// Refused is how many samples each receiver has refused, by reason.
func (w *Writer) Refused() map[string]map[string]int {
	all := map[string]map[string]int{}
	for _, q := range w.queues {
		all[q.Name] = q.allRefused()
	}
	return all
}

// Marks returns how far the receivers are now.
func (w *Writer) Marks() Marks {
	all := Marks{}
	for _, q := range w.queues {
		all[q.Name] = q.marks()
	}
	return all
}
