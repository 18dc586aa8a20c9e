package poll

import (
	"context"
	"errors"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pollTraffic asks for one window of one port.
func (a *account) pollTraffic(ctx context.Context, uuid string, window int) {
	w := a.cfg.Windows[window]
	source := a.portTraffic.sources.name()
	to := time.Now().UTC().Truncate(time.Second)
	from := to.Add(-w.Span)
	answer, err := Ask(ctx, a.API, source, uuid, from, to)
	if ctx.Err() != nil {
		return // shutting down: no outcome
	}
	var s *sieve
	if err == nil {
		s = newSieve(answer, from, to, w.Resolution, answer.Capacity, a.line(uuid))
		err = a.sift(s, operation(source), answer, classTraffic, watch{uuid, window})
	}
	now, usable := time.Now(), s.leaves(answer)
	a.rec.update(func(d *draft) {
		a.noteAnswer(d, now, err, usable)
		p := d.port(a.Name, uuid)
		if p == nil {
			return // it left meanwhile
		}
		p.Polls[window] = p.Polls[window].Ended(now, err)
		if a.portTraffic.sources.doubts(source, uuid, err, now) {
			p.Polls[window].Provisional = source
		}
		if usable {
			p.Confirmed = p.Confirmed || answer.Capacity != nil || !empty(answer)
			p.Traffic[window] = newTraffic(source, answer, s.refused, w, from, to, now, p.Traffic[window])
			switch {
			case source != SourceV4Metrics && uncounted(answer):
				p.Dropped, p.Errored = nil, nil // a counter that stands still would say that nothing is lost
			case window == 0:
				p.Dropped = s.count(p.Dropped, answer.Inbound.Dropped, answer.Outbound.Dropped, from, now)
				p.Errored = s.count(p.Errored, answer.Inbound.Errored, answer.Outbound.Errored, from, now)
			}
		}
	})
	a.journal.note(classTraffic, uuid, err)
	said := word{source: source, uuid: uuid, answer: answer, err: err, now: now, population: a.population}
	if usable {
		said.err = nil
		a.repeatedSamples(uuid, answer)
	}
	a.judge(a.portTraffic, said)
}

// line is the line rate of a port in bit/s by its inventory, nil where unknown.
func (a *account) line(uuid string) *float64 {
	if p := a.rec.store.Load().Port(uuid); p != nil && p.Inventory != nil {
		return p.Inventory.Capacity
	}
	return nil
}

// sift leaves out of an answer what cannot be, and says so.
func (a *account) sift(s *sieve, op string, answer *fabric.Traffic, class string, key watch) error {
	silent := empty(answer) && answer.Inbound.Implausible+answer.Outbound.Implausible == 0
	err := s.traffic(op, answer)
	if !silent || len(s.odd) > 0 { // an empty answer is no news here either
		a.noteOdd(class, key, s.odd)
	}
	if unusable, ok := errors.AsType[*fabric.DecodeError](err); ok {
		a.metrics.unusable(a.Name, unusable)
	}
	return err
}

// leaves reports whether there was an answer, and not all of it was refused. s is
// nil where there was none.
func (s *sieve) leaves(answer *fabric.Traffic) bool {
	return s != nil && (len(s.refused) == 0 || !empty(answer))
}

// population is how many ports there are to ask about: before the first listing
// of an account that takes its ports from it, more than are known.
func (a *account) population() int {
	snap := a.rec.store.Load()
	if (a.Discover != nil || !a.cfg.Shard.Whole()) && !snap.Accounts[a.index].InventoryPoll.Tried() {
		return GoneSample
	}
	return len(ownedBy(a.Name, snap))
}

// count is counters by direction with the counts of an answer added, or held
// while nobody knows how many packets the line carries.
func (s *sieve) count(counters map[fleet.Direction]fleet.Counter, in, out []fabric.Count, from, now time.Time) map[fleet.Direction]fleet.Counter {
	next := func(c fleet.Counter, counts []fleet.Count) fleet.Counter {
		if !s.knowsLine() {
			return c.Hold(counts, now)
		}
		return c.Add(counts, from, now)
	}
	return map[fleet.Direction]fleet.Counter{
		fleet.Inbound:  next(counters[fleet.Inbound], newCounts(in)),
		fleet.Outbound: next(counters[fleet.Outbound], newCounts(out)),
	}
}

// newCounts keeps nil, which says that the source has no counts.
func newCounts(counts []fabric.Count) []fleet.Count {
	if counts == nil {
		return nil
	}
	all := make([]fleet.Count, len(counts))
	for i, c := range counts {
		all[i] = fleet.Count(c)
	}
	return all
}

// empty reports whether an answer has not a single interval in it.
func empty(t *fabric.Traffic) bool {
	return len(t.Inbound.Points)+len(t.Outbound.Points) == 0
}

// uncounted reports whether an answer counts no packets.
func uncounted(t *fabric.Traffic) bool {
	return t.Inbound.Dropped == nil && t.Outbound.Dropped == nil && t.Inbound.Errored == nil && t.Outbound.Errored == nil
}

// newTraffic judges an answer of a source to a request for [from, to] that came at now. An
// empty one is no news: what is known stays, with its own age, and goes stale. So
// does a direction that was refused.
func newTraffic(source string, t *fabric.Traffic, refused map[fleet.Direction]bool, w fleet.Window, from, to, now time.Time, prev *fleet.Traffic) *fleet.Traffic {
	if prev == nil {
		prev = &fleet.Traffic{}
	} else if empty(t) {
		return prev
	}
	series := func(d fleet.Direction, s fabric.Rates) fleet.Rates {
		if refused[d] {
			return prev.Kept(d)
		}
		return fleet.NewRates(newAnswer(s, t.Resolution), w, from, to, *prev.Rates(d))
	}
	return &fleet.Traffic{
		At: now, Capacity: t.Capacity, Streamed: source == SourceV4Metrics,
		Inbound:  series(fleet.Inbound, t.Inbound),
		Outbound: series(fleet.Outbound, t.Outbound),
	}
}

func newAnswer(s fabric.Rates, resolution time.Duration) fleet.Answer {
	return fleet.Answer{Max: s.Max, Mean: s.Mean, Last: s.Last, Resolution: resolution, Points: newPoints(s.Points)}
}

func newPoints(points []fabric.Point) []fleet.Point {
	all := make([]fleet.Point, len(points))
	for i, p := range points {
		all[i] = fleet.Point{Time: p.Time, Mean: p.Mean}
	}
	return all
}
