package poll

import (
	"context"
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
	if err == nil {
		err = a.sift(newSieve(answer, from, to, w.Resolution, answer.Capacity, a.line(uuid)), answer, "traffic", uuid)
	}
	now := time.Now()
	a.rec.update(func(d *draft) {
		a.noteCall(d, now, err)
		p := d.port(a.Name, uuid)
		if p == nil {
			return // it left meanwhile
		}
		p.Polls[window] = p.Polls[window].Ended(now, err)
		if a.portTraffic.sources.doubts(source, uuid, err, now) {
			p.Polls[window].Provisional = source
		}
		if err == nil {
			p.Confirmed = p.Confirmed || answer.Capacity != nil || !empty(answer)
			p.Traffic[window] = newTraffic(answer, w, from, to, now, p.Traffic[window])
			switch {
			case source != SourceV4Metrics && uncounted(answer):
				p.Dropped, p.Errored = nil, nil // a counter that stands still would say that nothing is lost
			case window == 0:
				p.Dropped = count(p.Dropped, answer.Inbound.Dropped, answer.Outbound.Dropped, from, now)
				p.Errored = count(p.Errored, answer.Inbound.Errored, answer.Outbound.Errored, from, now)
			}
		}
	})
	if err == nil {
		a.repeatedSamples(uuid, answer)
	}
	a.journal.note("traffic", uuid, err)
	a.judge(a.portTraffic, word{source: source, uuid: uuid, answer: answer, err: err, now: now, population: a.population})
}

// line is the line rate of a port in bit/s by its inventory, nil where unknown.
func (a *account) line(uuid string) *float64 {
	if p := a.rec.store.Load().Port(uuid); p != nil && p.Inventory != nil {
		return p.Inventory.Capacity
	}
	return nil
}

// sift leaves out of an answer what cannot be, and says so.
func (a *account) sift(s sieve, answer *fabric.Traffic, class, uuid string) error {
	odd, err := s.traffic(answer)
	if err == nil && odd > 0 {
		a.journal.odd(class, uuid, odd)
	}
	return err
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

// count is counters by direction with the counts of an answer added.
func count(counters map[fleet.Direction]fleet.Counter, in, out []fabric.Count, from, now time.Time) map[fleet.Direction]fleet.Counter {
	return map[fleet.Direction]fleet.Counter{
		fleet.Inbound:  counters[fleet.Inbound].Add(newCounts(in), from, now),
		fleet.Outbound: counters[fleet.Outbound].Add(newCounts(out), from, now),
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

// newTraffic judges an answer to a request for [from, to] that came at now. An
// empty one is no news: what is known stays, with its own age, and goes stale.
func newTraffic(t *fabric.Traffic, w fleet.Window, from, to, now time.Time, prev *fleet.Traffic) *fleet.Traffic {
	if prev == nil {
		prev = &fleet.Traffic{}
	} else if empty(t) {
		return prev
	}
	series := func(s fabric.Series, prev fleet.Series) fleet.Series {
		return fleet.NewSeries(newAnswer(s, t.Resolution), w, from, to, prev)
	}
	return &fleet.Traffic{
		At: now, Capacity: t.Capacity,
		Inbound:  series(t.Inbound, prev.Inbound),
		Outbound: series(t.Outbound, prev.Outbound),
	}
}

func newAnswer(s fabric.Series, resolution time.Duration) fleet.Answer {
	return fleet.Answer{Max: s.Max, Mean: s.Mean, Last: s.Last, Resolution: resolution, Points: newPoints(s.Points)}
}

func newPoints(points []fabric.Point) []fleet.Point {
	all := make([]fleet.Point, len(points))
	for i, p := range points {
		all[i] = fleet.Point{Time: p.Time, Mean: p.Mean}
	}
	return all
}
