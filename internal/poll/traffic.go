package poll

import (
	"context"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// traffic polls the traffic of one kind of an account: of its ports, or of its tracked
// connections.
type traffic struct {
	kind    *kind
	sources []string // to ask, in order
	lap     *lap

	mu       sync.Mutex
	source   string          // being asked
	known    bool            // that it exists: a probe has found it, or it was in use before
	none     bool            // no source knows the traffic of these connections: nothing is asked until the next probe
	silent   map[string]bool // UUIDs without an answer since the source last answered any; true if the error says that it is gone
	answered bool            // it has answered one in this run
	rest     time.Time       // no probe before this
	restart  time.Time       // when new connections last caused a probe

	seen map[key]*fleet.Seen // intervals that Config.History has; only if there is one
}

// asked is a port or connection as it was when its traffic was asked for.
type asked struct {
	*fleet.Metered
	uuid string
	side fleet.Side // of a connection that its port is on
	line *float64   // line rate in bit/s of the port, or of the connection's port, by the inventory
}

// kind is what is different about ports and connections.
type kind struct {
	name, class string      // for the log
	turn        fabric.Turn // of its requests
	inUse       func(*fleet.Account) *string
	all         func(s *fleet.Snapshot, account string) (uuids []string)
	// find is what there is to ask, ok is false if it no longer belongs to the account.
	find func(s *fleet.Snapshot, account, uuid string) (_ asked, ok bool)
	ask  func(ctx context.Context, api API, source string, of asked, from, to time.Time) (*fabric.ConnectionTraffic, error)
	// edit is find for writing: nil if it left, or is no longer what was asked.
	edit func(e *fleet.Edit, account string, of asked) *fleet.Metered
	// take writes the packets that an answer counts, and what else it says.
	take func(e *fleet.Edit, account string, of asked, c counts)
}

// line is the line rate of a port in bit/s by its inventory, nil if unknown.
func line(p *fleet.Port) *float64 {
	if p == nil || p.Inventory == nil {
		return nil
	}
	return p.Inventory.Capacity
}

var portKind = &kind{
	name: "ports", class: classTraffic, turn: fabric.PortsTurn,
	inUse: func(a *fleet.Account) *string { return &a.Source },
	all: func(s *fleet.Snapshot, account string) (uuids []string) {
		for _, p := range s.PortsOf(account) {
			uuids = append(uuids, p.UUID)
		}
		return uuids
	},
	find: func(s *fleet.Snapshot, account, uuid string) (asked, bool) {
		p := s.Port(uuid)
		if p == nil || p.Account != account {
			return asked{}, false
		}
		return asked{Metered: &p.Metered, uuid: uuid, line: line(p)}, true
	},
	ask: func(ctx context.Context, api API, source string, of asked, from, to time.Time) (*fabric.ConnectionTraffic, error) {
		t, err := Ask(ctx, api, source, of.uuid, from, to)
		if err != nil {
			return nil, err
		}
		return &fabric.ConnectionTraffic{Traffic: *t}, nil
	},
	edit: func(e *fleet.Edit, account string, of asked) *fleet.Metered {
		if p := e.Port(account, of.uuid); p != nil {
			return &p.Metered
		}
		return nil
	},
	take: func(e *fleet.Edit, account string, of asked, c counts) {
		p := e.Port(account, of.uuid)
		p.Confirmed = p.Confirmed || c.confirms
		switch {
		case c.none:
			p.Dropped, p.Errored = nil, nil // a counter that stands still would say that nothing is lost
		case c.wanted:
			p.Dropped = c.add(p.Dropped, c.dropped)
			p.Errored = c.add(p.Errored, c.errored)
		}
	},
}

var connectionKind = &kind{
	name: "connections", class: classConnectionTraffic, turn: fabric.ConnectionsTurn,
	inUse: func(a *fleet.Account) *string { return &a.ConnectionSource },
	all: func(s *fleet.Snapshot, account string) (uuids []string) {
		for _, c := range s.ConnectionsOf(account) {
			uuids = append(uuids, c.UUID)
		}
		return uuids
	},
	find: func(s *fleet.Snapshot, account, uuid string) (asked, bool) {
		c := s.Connection(uuid)
		if c == nil || c.Account != account || !c.CarriesTraffic() {
			return asked{}, false
		}
		return asked{Metered: &c.Metered, uuid: uuid, side: c.Side, line: line(s.Port(c.Port))}, true
	},
	ask: func(ctx context.Context, api API, source string, of asked, from, to time.Time) (*fabric.ConnectionTraffic, error) {
		return AskConnection(ctx, api, source, of.uuid, of.side, from, to)
	},
	edit: func(e *fleet.Edit, account string, of asked) *fleet.Metered {
		if c := e.Connection(account, of.uuid); c != nil && c.Side == of.side && c.CarriesTraffic() {
			return &c.Metered
		}
		return nil
	},
	take: func(e *fleet.Edit, account string, of asked, c counts) {
		conn := e.Connection(account, of.uuid)
		switch {
		case !c.streamed:
			conn.Dropped = nil
		case c.wanted:
			conn.Dropped = map[fleet.Side]map[fleet.Direction]fleet.Counter{
				fleet.ASide: c.add(conn.Dropped[fleet.ASide], c.aSide),
				fleet.ZSide: c.add(conn.Dropped[fleet.ZSide], c.zSide),
			}
		}
	},
}

// counts is what an answer about [from, now] says beside rates: packets, by direction.
type counts struct {
	streamed bool // from the v4 metrics
	none     bool // another source that counts nothing
	wanted   bool // counters take it: it is of the primary window
	confirms bool // that the port exists

	dropped, errored, aSide, zSide map[fleet.Direction][]fleet.Count
	known                          bool // the line rate, without which no count can be checked
	from, now                      time.Time
}

// add is counters with counts added, or held while the line rate is unknown.
func (c *counts) add(counters map[fleet.Direction]fleet.Counter, counts map[fleet.Direction][]fleet.Count) map[fleet.Direction]fleet.Counter {
	next := map[fleet.Direction]fleet.Counter{}
	for _, d := range fleet.Directions() {
		if c.known {
			next[d] = counters[d].Add(counts[d], c.from, c.now)
		} else {
			next[d] = counters[d].Hold(counts[d], c.now)
		}
	}
	return next
}

// schedule puts every port, or connection, and window into the lap that is not in it. It
// reports whether there were any.
func (a *account) schedule(t *traffic) (added bool) {
	now, snap := time.Now(), a.store.Load()
	all := t.kind.all(snap, a.Name)
	for w := range a.cfg.Windows { // the primary window of all comes first
		for _, uuid := range all {
			of, _ := t.kind.find(snap, a.Name, uuid)
			k, last := key{uuid, w}, time.Time{}
			if of.Polls[w].OK {
				last = of.Polls[w].Last
			}
			if t.lap.add(k, firstDue(now, a.interval(t, w), last, uuid, a.cfg.Windows[w].Label())) {
				added = true
			}
		}
	}
	return added
}

// find is what there is to ask about a port or connection, ok is false if it no longer
// belongs to the account.
func (a *account) find(t *traffic, uuid string) (of asked, ok bool) {
	a.store.Read(func(s *fleet.Snapshot) { of, ok = t.kind.find(s, a.Name, uuid) })
	return of, ok
}

// keeps reports whether to go on polling a key. If not, schedule adds it again when the port or
// connection returns.
func (a *account) keeps(t *traffic, k key) bool {
	if _, ok := a.find(t, k.uuid); ok {
		return true
	}
	t.mu.Lock()
	delete(t.silent, k.uuid)
	delete(t.seen, k)
	t.mu.Unlock()
	a.log.forget(k)
	return false
}

// pollTraffic asks a source for one window of a port or connection. An error that says
// that the source is gone is no outcome while the source is being probed.
func (a *account) pollTraffic(ctx context.Context, t *traffic, k key, source string, probing bool) error {
	of, ok := a.find(t, k.uuid)
	if !ok {
		return nil // it left meanwhile
	}
	w := a.cfg.Windows[k.window]
	to := time.Now().UTC().Truncate(time.Second)
	from := to.Add(-w.Span)
	answer, err := t.kind.ask(ctx, a.API, source, of, from, to)
	if ctx.Err() != nil || probing && a.gone(t, err) {
		return err // shutting down, or another source may know better
	}

	now, data := time.Now(), false
	var next *fleet.Traffic
	var c counts
	if err == nil {
		rejected := fleet.Rejected{}
		checked := fleetAnswer(&answer.Traffic, source == SourceV4Metrics)
		limits := fleet.NewLimits(&checked, w, from, to, of.line)
		c = newCounts(&limits, answer, checked.Streamed, rejected)
		c.wanted, c.from, c.now = k.window == 0, from, now
		var usable bool
		next, usable, err = fleet.NewTraffic(&checked, limits, of.Traffic[k.window], now, rejected)
		data = len(answer.Inbound.Points)+len(answer.Outbound.Points) > 0 && usable
		c.confirms = answer.Capacity != nil || data
		if t.kind == connectionKind && next != of.Traffic[k.window] {
			next.Inbound.Points, next.Outbound.Points = fleet.Points{}, fleet.Points{} // nothing shows them, and connections are many
		}
		if !checked.Empty() || len(rejected) > 0 { // an empty answer ends no run of implausible intervals
			a.log.reject(t.kind.class, k, w.Label(), rejected)
		}
		if !usable {
			next = nil
		} else if a.cfg.History != nil && a.historic(k.window) {
			a.handOn(t, k, &checked, &limits, c)
		}
		if err != nil {
			unusable := &fabric.DecodeError{Op: operation(source, t.kind == connectionKind), Err: err}
			a.metrics.unusable(a.Name, unusable)
			err = unusable
		}
		a.repeated(kindSample, k.uuid, repeats(answer.Inbound.Points)+repeats(answer.Outbound.Points))
	}

	a.recordPoll(t, k, of, now, err, next, c)
	heard := err
	if next != nil {
		heard = nil // a part of the answer was usable
	}
	a.heard(t, source, k.uuid, heard, data)
	return err
}

// recordPoll publishes how a poll ended: with an error, with traffic, or with both if a part
// of the answer was usable.
func (a *account) recordPoll(t *traffic, k key, of asked, now time.Time, err error, next *fleet.Traffic, c counts) {
	a.store.Update(func(e *fleet.Edit) {
		a.recordCall(e, now, err, next != nil)
		m := t.kind.edit(e, a.Name, of)
		if m == nil {
			return // it left meanwhile, or is now seen from its other side
		}
		m.Polls[k.window] = m.Polls[k.window].Ended(now, err)
		if next == nil {
			return
		}
		if next != of.Traffic[k.window] { // else the answer was no news
			m.Traffic[k.window] = next
		}
		t.kind.take(e, a.Name, of, c)
	})
	a.log.record(t.kind.class, k.uuid, err)
}

// newCounts are the plausible counts of an answer.
func newCounts(l *fleet.Limits, t *fabric.ConnectionTraffic, streamed bool, rejected fleet.Rejected) counts {
	of := func(in, out []fabric.Count) map[fleet.Direction][]fleet.Count {
		return map[fleet.Direction][]fleet.Count{
			fleet.Inbound: l.Counts(convert(in), rejected), fleet.Outbound: l.Counts(convert(out), rejected),
		}
	}
	return counts{
		streamed: streamed,
		none:     !streamed && t.Inbound.Dropped == nil && t.Outbound.Dropped == nil && t.Inbound.Errored == nil && t.Outbound.Errored == nil,
		dropped:  of(t.Inbound.Dropped, t.Outbound.Dropped), errored: of(t.Inbound.Errored, t.Outbound.Errored),
		aSide: of(t.ASide.Inbound, t.ASide.Outbound), zSide: of(t.ZSide.Inbound, t.ZSide.Outbound),
		known: l.KnowLine(),
	}
}

// convert keeps nil, which says that the source has no counts.
func convert(counts []fabric.Count) []fleet.Count {
	if counts == nil {
		return nil
	}
	all := make([]fleet.Count, len(counts))
	for i, c := range counts {
		all[i] = fleet.Count(c)
	}
	return all
}

// fleetAnswer is an answer of the API in the terms of the fleet.
func fleetAnswer(t *fabric.Traffic, streamed bool) fleet.Answer {
	rates := func(r *fabric.Rates) fleet.AnsweredRates {
		all := make([]fleet.Interval, len(r.Points))
		for i, p := range r.Points {
			all[i] = fleet.Interval(p)
		}
		return fleet.AnsweredRates{Max: r.Max, Mean: r.Mean, Last: r.Last, Intervals: all, Implausible: r.Implausible}
	}
	return fleet.Answer{
		Streamed: streamed, Resolution: t.Resolution, Capacity: t.Capacity, Inbound: rates(&t.Inbound), Outbound: rates(&t.Outbound),
	}
}

// repeats is how many points have the time of an earlier one.
func repeats(points []fabric.Point) int {
	ascending := true
	for i := 1; i < len(points) && ascending; i++ {
		ascending = points[i].Time.After(points[i-1].Time)
	}
	if ascending { // as nearly always
		return 0
	}
	times := make(map[int64]bool, len(points))
	for _, p := range points {
		times[p.Time.UnixNano()] = true
	}
	return len(points) - len(times)
}
