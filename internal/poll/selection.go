package poll

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// round is what the searches of one poll found of the connections that the
// selection lets through. It is safe for concurrent use.
type round struct {
	selection *Selection // nil: none is let through

	mu       sync.Mutex
	found    map[string]find // by UUID
	answered map[string]bool // ports whose search came through
}

// find is a connection with the time of the search that found it.
type find struct {
	conn fleet.Connection
	at   time.Time
}

func newRound(s *Selection) *round {
	return &round{selection: s, found: map[string]find{}, answered: map[string]bool{}}
}

// note takes the connections of some ports down.
func (r *round) note(ports []string, conns []fleet.Connection, now time.Time) {
	if r.selection == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range ports {
		r.answered[p] = true
	}
	for i := range conns {
		if r.selection.Match(&conns[i]) {
			r.found[conns[i].UUID] = find{conns[i], now}
		}
	}
}

// selectConnections watches, from now on, the connections of a round of searches.
func (a *account) selectConnections(r *round) {
	now := time.Now()
	var selected, watched, came, measured, left int
	a.rec.update(func(d *draft) {
		all := a.candidates(d.snap, r)
		chosen := all[:min(len(all), a.Connections.Max)]
		selected, watched = len(all), len(chosen)
		came, measured, left = d.setConnections(a.Name, chosen)
		if a.searched(d.snap) {
			d.account(a.index).Selected = &selected
		}
	})
	if came+left > 0 {
		a.log.Info("connections that are watched have changed", "selected", selected, "watched", watched, "came", came, "left", left)
	}
	a.sayOverMax(selected)
	if measured > 0 && a.rec.store.Load().Accounts[a.index].ConnectionSource == "" && now.Sub(a.restarted) >= a.currentPlan().inventory {
		// A connection that has left says the same as a source that has. Those
		// that came are asked for by the best source that there is, now and then.
		if a.connectionTraffic.sources.restart() {
			a.restarted = now
		}
	}
	if a.watchConnections(now) && a.connectionTraffic.sources.name() == SourceV4Metrics {
		a.queue.advance(a.attachments, now) // nobody has asked about the new ones
	}
}

// searched reports whether every port of the account has been searched with
// success, now or before: fewer would make too low a count of what is selected.
func (a *account) searched(snap *fleet.Snapshot) bool {
	return (a.Discover == nil || !snap.Accounts[a.index].InventoryPoll.LastSuccess.IsZero()) &&
		!slices.ContainsFunc(ownedBy(a.Name, snap), func(p *fleet.Port) bool { return p.ConnectionsPoll.LastSuccess.IsZero() })
}

// sayOverMax logs how many connections are selected while they are too many,
// each number once.
func (a *account) sayOverMax(selected int) {
	most := a.Connections.Max
	switch {
	case selected <= most:
		a.overMax = 0
	case selected != a.overMax:
		a.overMax = selected
		a.log.Warn("more connections are selected than connections.max of the account allows; the rest has no series",
			"selected", selected, "max", most, "remedy", "raise connections.max, or narrow connections.include and exclude")
	}
}

// candidates are the connections that the account may watch, best first: those
// that can carry traffic, then those that are watched, so that none goes for
// another that comes. One on a port whose search failed stays as it is; one that
// an earlier account watches is left to it.
func (a *account) candidates(snap *fleet.Snapshot, r *round) []*fleet.Tracked {
	ports := map[string]bool{}
	for _, p := range ownedBy(a.Name, snap) {
		ports[p.UUID] = true
	}
	type ranked struct {
		*fleet.Tracked

		rank int
	}
	var all []ranked
	for uuid, f := range r.found {
		old := snap.Connection(uuid)
		if old != nil && a.follows(old.Account) {
			continue
		}
		if c := a.newWatched(f, old, ports); c != nil {
			all = append(all, ranked{c, rankOf(c, old != nil && old.Account == a.Name)})
		}
	}
	for _, old := range snap.Connections {
		if _, found := r.found[old.UUID]; !found && old.Account == a.Name && ports[old.Port] && !r.answered[old.Port] {
			all = append(all, ranked{old, rankOf(old, true)})
		}
	}
	slices.SortFunc(all, func(x, y ranked) int { return cmp.Or(cmp.Compare(x.rank, y.rank), strings.Compare(x.UUID, y.UUID)) })
	best := make([]*fleet.Tracked, len(all))
	for i, c := range all {
		best[i] = c.Tracked
	}
	return best
}

// rankOf orders candidates, the best first.
func rankOf(c *fleet.Tracked, watched bool) int {
	rank := 0
	if !c.CarriesTraffic() {
		rank += 2
	}
	if !watched {
		rank++
	}
	return rank
}

// follows reports whether the account comes after that one in the configuration.
func (a *account) follows(account string) bool {
	first := slices.IndexFunc(a.cfg.Accounts, func(o Account) bool { return o.Name == account })
	return first >= 0 && first < a.index
}

// newWatched is a connection as it was found, with what was known of it before;
// nil where neither side is on one of the ports. Traffic that was seen from the
// other side, or that it can have no more, is forgotten.
func (a *account) newWatched(f find, old *fleet.Tracked, ports map[string]bool) *fleet.Tracked {
	side, port, ok := f.conn.SeenFrom(ports)
	if !ok {
		return nil // the port left meanwhile
	}
	next := fleet.Tracked{Metered: fleet.Metered{Account: a.Name}, Connection: f.conn, At: f.at, Port: port, Side: side}
	if old != nil {
		next.Dropped, next.Attached = old.Dropped, old.Attached
	}
	if old != nil && old.Side == side && f.conn.CarriesTraffic() {
		next.Traffic, next.Polls = old.Traffic, old.Polls
	} else {
		next.Traffic, next.Polls = make([]*fleet.Traffic, len(a.cfg.Windows)), make([]fleet.Poll, len(a.cfg.Windows))
	}
	if !f.conn.CarriesTraffic() {
		next.Attached = nil
	}
	return &next
}
