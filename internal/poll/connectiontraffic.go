package poll

import (
	"context"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// watchConnections adds the traffic tasks of the account's connections that have
// none yet, and reports whether there were any. They yield to everything else,
// and have intervals of their own, from what ports leave of the request budget.
func (a *account) watchConnections(now time.Time) (added bool) {
	own := measuredBy(a.Name, a.rec.store.Load())
	a.mu.Lock()
	defer a.mu.Unlock()
	for w := range a.cfg.Windows {
		for _, c := range own {
			key := watch{c.UUID, w}
			if a.watched[key] {
				continue
			}
			a.watched[key], added = true, true
			t := &task{
				name: "traffic of connection " + c.UUID, group: &a.connectionTraffic.tasks, yields: true,
				run:  func(ctx context.Context) { a.pollConnectionTraffic(ctx, c.UUID, w) },
				keep: func() bool { return a.keepsConnection(key) },
			}
			a.enqueue(now, t, slotOf(c.UUID, a.cfg.Windows[w].Label()),
				func(p plan) time.Duration { return p.connectionWindows[w] }, pick(c.Polls[w].OK, c.Polls[w].Last))
		}
	}
	return added
}

// keepsConnection reports whether to go on asking for a connection's traffic. If
// not, a new task is made should it come back.
func (a *account) keepsConnection(key watch) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.rec.store.Load().Connection(key.uuid); c != nil && c.Account == a.Name && c.CarriesTraffic() {
		return true
	}
	delete(a.watched, key)
	delete(a.marks, key)
	a.journal.forget(key.uuid)
	a.connectionTraffic.sources.forget(key.uuid)
	return false
}

// pollConnectionTraffic asks for one window of one connection.
func (a *account) pollConnectionTraffic(ctx context.Context, uuid string, window int) {
	asked := a.rec.store.Load().Connection(uuid)
	if asked == nil {
		return // it left meanwhile
	}
	w := a.cfg.Windows[window]
	source := a.connectionTraffic.sources.name()
	to := time.Now().UTC().Truncate(time.Second)
	from := to.Add(-w.Span)
	answer, err := AskConnection(ctx, a.API, source, uuid, asked.Side, from, to)
	if ctx.Err() != nil {
		return // shutting down: no outcome
	}
	var s *sieve
	if err == nil { // a connection may have been of any bandwidth, up to that of its port
		s = newSieve(&answer.Traffic, from, to, w.Resolution, answer.Capacity, a.line(asked.Port))
		s.drops(&answer.ASide)
		s.drops(&answer.ZSide)
		err = a.sift(s, connectionOperation(source), &answer.Traffic, classConnectionTraffic, watch{uuid, window})
	}
	now, usable := time.Now(), s != nil && s.leaves(&answer.Traffic)
	a.rec.update(func(d *draft) {
		a.noteAnswer(d, now, err, usable)
		c := d.connection(a.Name, uuid)
		if c == nil || c.Side != asked.Side || !c.CarriesTraffic() {
			return // it left meanwhile, or is now seen from its other side
		}
		c.Polls[window] = c.Polls[window].Ended(now, err)
		if usable {
			next := newTraffic(source, &answer.Traffic, s.refused, w, from, to, now, c.Traffic[window])
			takeConnectionTraffic(c, window, answer, s, next, from, now)
			if source != SourceV4Metrics {
				c.Dropped = nil
			}
		}
	})
	a.journal.note(classConnectionTraffic, uuid, err)
	said := word{source: source, uuid: uuid, err: err, now: now, population: a.measuredConnections}
	if usable {
		said.err, said.answer = nil, &answer.Traffic
		a.repeatedSamples(uuid, &answer.Traffic)
	}
	a.judge(a.connectionTraffic, said)
}

// takeConnectionTraffic writes an answer about [from, now] to a connection of a
// draft. The intervals themselves are not kept: nothing shows them, and there are
// many more connections than ports.
func takeConnectionTraffic(c *fleet.Tracked, window int, answer *fabric.ConnectionTraffic, s *sieve, next *fleet.Traffic, from, now time.Time) {
	if next != c.Traffic[window] { // else it is published, and stays as it is
		next.Inbound.Points, next.Outbound.Points = nil, nil
		c.Traffic[window] = next
	}
	if window == 0 {
		c.Dropped = map[fleet.Side]map[fleet.Direction]fleet.Counter{
			fleet.ASide: s.count(c.Dropped[fleet.ASide], answer.ASide.Inbound, answer.ASide.Outbound, from, now),
			fleet.ZSide: s.count(c.Dropped[fleet.ZSide], answer.ZSide.Inbound, answer.ZSide.Outbound, from, now),
		}
	}
}

// measuredConnections is how many connections there are to ask about.
func (a *account) measuredConnections() int { return len(measuredBy(a.Name, a.rec.store.Load())) }

// measuredBy are the connections in a snapshot whose traffic an account asks for.
func measuredBy(account string, snap *fleet.Snapshot) []*fleet.Tracked {
	var own []*fleet.Tracked
	for _, c := range snap.Connections {
		if c.Account == account && c.CarriesTraffic() {
			own = append(own, c)
		}
	}
	return own
}
