package poll

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// search is what one search of the connections on all ports has found. It is safe for
// concurrent use.
type search struct {
	mu       sync.Mutex
	found    map[string]find // connections that the selection lets through, by UUID
	answered map[string]bool // ports whose search came through
	failed   bool            // for some of the ports
}

// find is a connection with the time of the answer that had it.
type find struct {
	conn fleet.Connection
	at   time.Time
}

// pollConnections counts the connections of all ports of the account, several batches of
// ports at a time: one after the other, each page would wait behind the traffic calls of
// every worker. Of what they found it then selects the connections to track.
func (a *account) pollConnections(ctx context.Context) {
	start := time.Now()
	uuids := portKind.all(a.store.Load(), a.Name)
	s := &search{found: map[string]find{}, answered: map[string]bool{}}
	var batches errgroup.Group
	batches.SetLimit(max(1, a.cfg.Concurrency/2))
	for batch := range slices.Chunk(uuids, pageSize) {
		batches.Go(func() error {
			return a.API.PortConnections(ctx, batch, func(ports []string, conns []fabric.Connection, err error) {
				a.takeConnections(s, ports, conns, err)
			})
		})
	}
	if err := batches.Wait(); err != nil {
		return // shutting down: no outcome for the rest
	}
	if !s.failed { // a failure may take as long as it likes: no value comes of it
		a.mu.Lock()
		a.searchTook = time.Since(start)
		a.mu.Unlock()
	}
	if a.Connections != nil {
		a.selectConnections(s)
	} else {
		a.replan()
	}
}

// takeConnections publishes what a search found on some of the ports, or why it failed.
func (a *account) takeConnections(s *search, ports []string, listed []fabric.Connection, err error) {
	now := time.Now()
	conns := make([]fleet.Connection, 0, len(listed))
	seen := make(map[string]bool, len(listed))
	for _, c := range listed {
		if seen[c.UUID] { // the first entry counts
			a.repeated(kindConnection, c.UUID, 1)
			continue
		}
		seen[c.UUID] = true
		conns = append(conns, NewConnection(c))
	}
	s.mu.Lock()
	s.failed = s.failed || err != nil
	if err == nil && a.Connections != nil {
		for _, p := range ports {
			s.answered[p] = true
		}
		for i := range conns {
			if a.Connections.Match(&conns[i]) {
				s.found[conns[i].UUID] = find{conns[i], now}
			}
		}
	}
	s.mu.Unlock()
	sums := fleet.CountConnections(ports, conns, now)
	a.store.Update(func(e *fleet.Edit) {
		a.recordCall(e, now, err, false)
		for _, uuid := range ports {
			p := e.Port(a.Name, uuid)
			if p == nil {
				continue // it left meanwhile
			}
			p.ConnectionsPoll = p.ConnectionsPoll.Ended(now, err)
			if err == nil {
				p.Connections = sums[uuid]
			}
		}
	})
	for _, uuid := range ports {
		a.log.record("connections", uuid, err)
	}
}

// selectConnections tracks, from now on, the connections that a search has found.
func (a *account) selectConnections(s *search) {
	now := time.Now()
	var selected, tracked, came, left int
	var comeWithTraffic bool
	turned := map[string]bool{} // those seen from their other side now
	a.store.Update(func(e *fleet.Edit) {
		snap := e.Snapshot()
		all := a.candidates(snap, s)
		chosen := all[:min(len(all), a.Connections.Max)]
		selected, tracked, left = len(all), len(chosen), 0
		for _, c := range snap.Connections {
			if c.Account == a.Name {
				left++
			}
		}
		for _, c := range chosen {
			switch old := snap.Connection(c.UUID); {
			case old == nil || old.Account != a.Name:
				came++
				comeWithTraffic = comeWithTraffic || c.CarriesTraffic()
			default:
				left--
				turned[c.UUID] = old.Side != c.Side
			}
		}
		e.Track(a.Name, chosen)
		// Fewer ports would make too low a count of what is selected.
		listed := a.Discover == nil || !snap.Accounts[a.index].InventoryPoll.LastSuccess.IsZero()
		if listed && !slices.ContainsFunc(snap.PortsOf(a.Name), func(p *fleet.Port) bool { return p.ConnectionsPoll.LastSuccess.IsZero() }) {
			e.Account(a.Name).Selected = &selected
		}
		a.markAttached(e)
	})
	a.replan() // before the new ones are polled, which are then due again by the plan
	if came+left > 0 {
		a.log.Info("tracked connections have changed", "selected", selected, "tracked", tracked, "came", came, "left", left)
	}
	if most := a.Connections.Max; selected > most && selected != a.lastOverLimit {
		a.log.Warn("more connections are selected than connections.max of the account allows; the rest has no series",
			"selected", selected, "max", most, "remedy", "raise connections.max, or narrow connections.include and exclude")
	}
	a.lastOverLimit = max(selected, a.Connections.Max) // each number is logged once
	t := a.connections
	if comeWithTraffic && a.store.Load().Accounts[a.index].ConnectionSource == "" {
		// A connection that has left says the same as a source that is gone. Those that came
		// are asked for by the best source that there is, now and then.
		t.mu.Lock()
		if t.known && now.Sub(t.restart) >= a.plan().inventory {
			t.known, t.restart = false, now
		}
		t.mu.Unlock()
	}
	t.lap.hurry(func(k key) bool { return turned[k.uuid] })
	if source, _ := t.current(); a.schedule(t) && source == SourceV4Metrics {
		a.chores.hurry(func(k key) bool { return k == choreStreams }) // the listing of streams says nothing of the new ones yet
	}
}

// candidates are the connections that the account may track, best first: those that can
// carry traffic, then those that are tracked, so that none goes for another that comes. One
// on a port whose search failed stays as it is; one that an earlier account tracks is left
// to it.
func (a *account) candidates(snap *fleet.Snapshot, s *search) []*fleet.Tracked {
	ports := map[string]bool{}
	for _, p := range snap.PortsOf(a.Name) {
		ports[p.UUID] = true
	}
	var all []*fleet.Tracked
	own := map[string]bool{} // tracked already
	for uuid, f := range s.found {
		old := snap.Connection(uuid)
		if old != nil && a.cfg.follows(a.Name, old.Account) {
			continue
		}
		if c := a.newTracked(f, old, ports); c != nil {
			all, own[uuid] = append(all, c), old != nil && old.Account == a.Name
		}
	}
	for _, old := range snap.Connections {
		if _, found := s.found[old.UUID]; !found && old.Account == a.Name && ports[old.Port] && !s.answered[old.Port] {
			all, own[old.UUID] = append(all, old), true
		}
	}
	rank := func(c *fleet.Tracked) (n int) {
		if !c.CarriesTraffic() {
			n = 2
		}
		if !own[c.UUID] {
			n++
		}
		return n
	}
	slices.SortFunc(all, func(x, y *fleet.Tracked) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), strings.Compare(x.UUID, y.UUID))
	})
	return all
}

// newTracked is a connection as it was found, with what was known of it before; nil if
// neither side is on one of the ports. Traffic that was seen from the other side, or that
// it can have no more, is forgotten.
func (a *account) newTracked(f find, old *fleet.Tracked, ports map[string]bool) *fleet.Tracked {
	side, port, ok := f.conn.SeenFrom(ports)
	if !ok {
		return nil // the port left meanwhile
	}
	next := &fleet.Tracked{Connection: f.conn, At: f.at, Port: port, Side: side}
	if old != nil {
		next.Metered, next.Dropped = old.Metered, old.Dropped
	}
	next.Account = a.Name
	if old == nil || old.Side != side || !f.conn.CarriesTraffic() {
		next.Traffic, next.Polls = make([]*fleet.Traffic, len(a.cfg.Windows)), make([]fleet.Poll, len(a.cfg.Windows))
	}
	if !f.conn.CarriesTraffic() {
		next.Attached = nil
	}
	return next
}

// NewConnection is a connection of the API in the terms of the fleet.
func NewConnection(c fabric.Connection) fleet.Connection {
	end := func(s fabric.Side) fleet.End {
		return fleet.End{Type: s.Type, Name: s.Name, Metro: s.Metro, VLAN: s.VLAN}
	}
	return fleet.Connection{
		UUID: c.UUID, APIName: c.Name, Type: c.Type, Direction: c.Direction,
		State: c.State, Status: c.OperationalStatus, EquinixStatus: c.EquinixStatus, ProviderStatus: c.ProviderStatus,
		Maintenance:     c.MaintenanceStatus,
		Bandwidth:       c.Bandwidth,
		RedundancyGroup: c.RedundancyGroup, RedundancyPriority: c.RedundancyPriority,
		ASidePort: c.ASidePort, ZSidePort: c.ZSidePort, ASide: end(c.ASide), ZSide: end(c.ZSide), Profile: c.ZSideProfile,
	}
}
