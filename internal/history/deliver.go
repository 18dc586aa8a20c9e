package history

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const (
	firstBackoff = time.Second
	maxBackoff   = time.Minute
)

// deliver sends samples, which ascend by time, until the receiver has accepted or refused each
// of them. The error says that ctx has ended.
func (q *queue) deliver(ctx context.Context, samples []sample) error {
	if q.bound > 0 && time.Since(q.boundAt) < time.Hour {
		n, _ := slices.BinarySearchFunc(samples, q.bound+1, func(s sample, at int64) int { return cmp.Compare(s.at, at) })
		q.refuse(outOfBounds, n)
		samples = samples[n:]
	}
	for failures := 0; len(samples) > 0; failures++ {
		err := q.write(ctx, samples)
		f, failed := errors.AsType[*Failure](err)
		switch {
		case err == nil:
			q.answered()
			q.metrics.samples.WithLabelValues(q.Name, "sent").Add(float64(len(samples)))
			return nil
		case !failed:
			return err
		case f.samples && f.written > 0: // the others must not be sent again: some receivers refuse what they have
			q.answered()
			q.metrics.samples.WithLabelValues(q.Name, "sent").Add(float64(f.written))
			q.refuse(refusal(f.Text), len(samples)-f.written)
			return nil
		case f.samples:
			q.answered()
			return q.divide(ctx, samples, refusal(f.Text))
		}
		q.failed(f)
		pause := maxBackoff
		if failures < 6 {
			pause = firstBackoff << failures
		}
		pause = max(f.RetryAfter, pause/2+rand.N(pause/2+1)) //nolint:gosec // G404: jitter
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

// divide finds out which of samples that were refused together are refused alone: it sends the
// older half first, since some receivers take nothing that is older than what they have.
func (q *queue) divide(ctx context.Context, samples []sample, why refused) error {
	first, last := samples[0].at, samples[len(samples)-1].at
	switch {
	case why == outOfBounds && first == last && time.Since(time.UnixMilli(first)) > firstHour/2:
		// The bound is one for all series. (A sample that is too new for the receiver's clock
		// has the same text.)
		q.bound, q.boundAt = first, time.Now()
		q.refuse(why, len(samples))
		return nil
	case len(samples) == 1:
		q.refuse(why, 1)
		return nil
	}
	half := len(samples) / 2
	if first != last { // between two times
		for half < len(samples) && samples[half].at == samples[half-1].at {
			half++
		}
		for half == len(samples) || samples[half].at == samples[half-1].at {
			half--
		}
	}
	if err := q.deliver(ctx, samples[:half]); err != nil {
		return err
	}
	return q.deliver(ctx, samples[half:])
}

// refuse counts samples that the receiver does not take.
func (q *queue) refuse(why refused, n int) {
	if n == 0 {
		return
	}
	q.metrics.samples.WithLabelValues(q.Name, "refused").Add(float64(n))
	if q.refused[why] == nil {
		q.refused[why] = &refusals{}
	}
	q.refused[why].samples += n
	q.refused[why].all += n
}

// sendNow sends intervals without the queue.
func (q *queue) sendNow(ctx context.Context, h fleet.History) error {
	q.sending.Lock()
	defer q.sending.Unlock()
	defer q.logRefused()
	for part := range parts(h) {
		if err := q.deliver(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) allRefused() map[string]int {
	q.sending.Lock()
	defer q.sending.Unlock()
	all := map[string]int{}
	for why, r := range q.refused {
		all[string(why)] = r.all
	}
	return all
}

// logRefused logs the refused samples, each reason every ten minutes at most.
func (q *queue) logRefused() {
	for why, r := range q.refused {
		if r.samples > 0 && (r.logged.IsZero() || time.Since(r.logged) >= 10*time.Minute) {
			q.log.Warn("receiver refuses samples; they are left out", "reason", string(why), "samples", r.samples, "remedy", why.remedy())
			r.samples, r.logged = 0, time.Now()
		}
	}
}

// failed counts a failure, and logs the first of a row.
func (q *queue) failed(f *Failure) {
	q.metrics.failures.WithLabelValues(q.Name, string(f.Reason)).Inc()
	q.mu.Lock()
	before := q.failing
	q.failing = f.Reason
	q.mu.Unlock()
	if before != f.Reason {
		q.log.Warn("receiver does not accept samples; trying again until it does", "reason", string(f.Reason), "err", f, "remedy", f.Remedy())
	}
}

// answered notes that the receiver answers.
func (q *queue) answered() {
	q.mu.Lock()
	before := q.failing
	q.failing = ""
	q.mu.Unlock()
	if before != "" {
		q.log.Info("receiver accepts samples again")
		signal(q.missing)
	}
}
