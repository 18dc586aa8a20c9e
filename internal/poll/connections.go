package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

var (
	// errConnectionsHidden is why the connections of a port are not known although v3 was asked.
	errConnectionsHidden = errors.New("the v3 API says that the user may not view the connections of this port, and leaves them out of its listing")
	// errConnectionsNotOrdered is another reason.
	errConnectionsNotOrdered = errors.New("the API says that the port has connections, and v3 lists none that exists: it lists only those that the account has ordered")
)

// search is what one search of the connections has found. It is safe for concurrent use.
type search struct {
	mu       sync.Mutex
	found    map[string]find // connections that the selection lets through, by UUID
	answered map[string]bool // ports whose search came through
	listed   bool            // every connection was listed, on ports or not
	failed   bool            // for some of the ports
	passing  bool            // some of the failures may pass
	refused  []refusal       // the other failures, which are not published yet
}

// find is a connection with the time of the answer that had it.
type find struct {
	conn fleet.Connection
	at   time.Time
}

// refusal is an answer that says that there is no search, or none for these credentials.
type refusal struct {
	ports []string // nil for the listing of all connections
	err   error
}

// with is the error of v4, and of v3 if that was asked as well.
func (r *refusal) with(v3 error) error {
	if v3 == nil {
		return r.err
	}
	return fmt.Errorf("%w; and %w", r.err, v3)
}

// SearchRefused reports whether a search failed because it does not exist for these
// credentials, or because they lack the right.
func SearchRefused(err error) bool {
	return fabric.Gone(err) || fabric.Reason(err) == fabric.ReasonForbidden
}

// pollConnections counts the connections of all ports of the account, and selects from what
// it found the connections to track. It asks v4, or v3 if v4 has no search for the account.
func (a *account) pollConnections(ctx context.Context) {
	start := time.Now()
	uuids := portKind.all(a.store.Load(), a.Name)
	s := &search{found: map[string]find{}, answered: map[string]bool{}}
	v3 := a.fromV3() && !a.searchIsBack(ctx, uuids)
	if !v3 {
		a.searchV4(ctx, s, uuids)
		v3 = a.refusedV4(s)
	}
	var err error
	if v3 && ctx.Err() == nil {
		err = a.searchV3(ctx, s, uuids)
	}
	if ctx.Err() != nil {
		return // shutting down: no outcome for the rest
	}
	for _, r := range s.refused {
		a.takeConnections(s, r.ports, nil, r.with(err))
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

// searchV4 searches several batches of ports at a time: one after the other, each page would
// wait behind the traffic calls of every worker. Counts come from these searches alone,
// whether all connections are listed as well or not.
func (a *account) searchV4(ctx context.Context, s *search, uuids []string) {
	var batches errgroup.Group
	batches.SetLimit(max(1, a.cfg.Concurrency/2))
	take := func(ports []string, conns []fabric.Connection, err error) {
		if SearchRefused(err) {
			s.mu.Lock()
			s.failed, s.refused = true, append(s.refused, refusal{ports, err})
			s.mu.Unlock()
			return
		}
		a.takeConnections(s, ports, conns, err)
	}
	for batch := range slices.Chunk(uuids, pageSize) {
		batches.Go(func() error { return a.API.PortConnections(ctx, batch, take) })
	}
	if a.Connections != nil && a.Connections.All {
		batches.Go(func() error {
			conns, err := GatherConnections(a.API.Connections(ctx))
			if ctx.Err() != nil {
				return nil
			}
			if err == nil {
				a.mu.Lock()
				a.listingPages = Pages(len(conns))
				a.mu.Unlock()
			}
			take(nil, conns, err)
			return nil
		})
	}
	_ = batches.Wait() // an error says that ctx has ended
}

// searchIsBack asks v4 about one port, another one each time, when v3 is in use.
func (a *account) searchIsBack(ctx context.Context, uuids []string) bool {
	if len(uuids) == 0 {
		return true // nothing else to ask about
	}
	back := false
	a.searches++
	_ = a.API.PortConnections(ctx, uuids[a.searches%len(uuids):][:1], func(_ []string, _ []fabric.Connection, err error) {
		back = err == nil
	})
	return back
}

// refusedV4 reports whether v4 has refused every search, and not for the first time once it
// has answered.
func (a *account) refusedV4(s *search) bool {
	switch {
	case s.listed || len(s.answered) > 0:
		a.goneSearches, a.searchedV4 = 0, true
		a.useV3(false)
		return false
	case s.passing || len(s.refused) == 0:
		return false
	}
	a.goneSearches++
	return !a.searchedV4 || a.goneSearches >= goneListings
}

// searchV3 lists all connections through v3. If v4 has not been asked, it publishes an error;
// else the caller does, with that of v4.
func (a *account) searchV3(ctx context.Context, s *search, uuids []string) error {
	conns, err := GatherConnections(a.API.BuyerConnectionsV3(ctx))
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		if len(s.refused) == 0 {
			a.takeConnections(s, uuids, nil, err)
		}
		return err
	}
	a.useV3(true)
	a.mu.Lock()
	a.listingPages = Pages(len(conns))
	a.mu.Unlock()
	visible, unknown := a.countable(ctx, uuids, conns)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for err, ports := range unknown {
		a.takeConnections(s, ports, nil, err)
	}
	s.failed, s.listed, s.refused = false, true, nil
	a.takeConnections(s, visible, conns, nil) // last, as no call of the account has failed
	return nil
}

// countable divides ports into those whose connections are in a listing of v3, and the
// others, by the reason: their number would look right, and be 0. What the listing of ports
// says decides that, so the first search waits for it.
func (a *account) countable(ctx context.Context, uuids []string, conns []fabric.Connection) (visible []string, unknown map[error][]string) {
	if !a.store.Load().Accounts[a.index].InventoryPoll.Tried() {
		select {
		case <-a.hasListed:
		case <-ctx.Done():
		}
	}
	ordered := PortsWithConnections(conns)
	snap := a.store.Load()
	unknown = map[error][]string{}
	for _, uuid := range uuids {
		p := snap.Port(uuid)
		switch {
		case p == nil || p.Inventory == nil:
			visible = append(visible, uuid)
		case p.Inventory.ConnectionsHidden:
			unknown[errConnectionsHidden] = append(unknown[errConnectionsHidden], uuid)
		case p.Inventory.HasConnections && !ordered[uuid]:
			unknown[errConnectionsNotOrdered] = append(unknown[errConnectionsNotOrdered], uuid)
		default:
			visible = append(visible, uuid)
		}
	}
	return visible, unknown
}

// PortsWithConnections are the ports that have a connection of the list which is not over.
func PortsWithConnections(conns []fabric.Connection) map[string]bool {
	ports := map[string]bool{}
	for _, c := range conns {
		switch c.State {
		case "DEPROVISIONED", "CANCELLED", "DELETED":
		default:
			ports[c.ASidePort], ports[c.ZSidePort] = true, true
		}
	}
	return ports
}

// GatherConnections reads a listing of connections to its end: all of it, or an error.
func GatherConnections(listing iter.Seq2[fabric.Connection, error]) (conns []fabric.Connection, err error) {
	for c, err := range listing {
		if err != nil {
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

// fromV3 reports whether the connections come from v3.
func (a *account) fromV3() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.searchedV3
}

// useV3 takes down where connections come from, and logs a change of it. v3 knows no traffic
// of connections: its sources are looked for anew.
func (a *account) useV3(v3 bool) {
	if a.fromV3() == v3 {
		return
	}
	a.mu.Lock()
	a.searchedV3 = v3
	if a.Connections == nil || !a.Connections.All {
		a.listingPages = 0
	}
	a.mu.Unlock()
	if v3 {
		a.log.Info("connections come from the v3 API: the v4 search does not exist for these credentials, or refuses them")
	} else {
		a.log.Info("connections come from the v4 API again")
	}
	if t := a.connections; t != nil && t.idle() {
		t.use(t.sources[0], false, time.Time{})
		t.lap.hurry(func(key) bool { return true })
	}
}

// takeConnections publishes what a search found on some of the ports, or why it failed. With
// no ports it is the listing of all connections.
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
	s.failed, s.passing = s.failed || err != nil, s.passing || err != nil
	if err == nil {
		s.listed = s.listed || ports == nil
		for _, p := range ports {
			s.answered[p] = true
		}
	}
	if err == nil && a.Connections != nil {
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
			switch {
			case err == nil:
				p.Connections = sums[uuid]
			case errors.Is(err, errConnectionsHidden) || errors.Is(err, errConnectionsNotOrdered):
				p.Connections = nil // what was counted before is not what there is
			}
		}
	})
	for _, uuid := range ports {
		a.log.record("connections", uuid, err)
	}
	if len(ports) == 0 {
		a.log.record("connections", "", err)
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
		unsearched := func(p *fleet.Port) bool { return p.ConnectionsPoll.LastSuccess.IsZero() }
		if listed && (s.listed || !a.Connections.All && !slices.ContainsFunc(snap.PortsOf(a.Name), unsearched)) {
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
		if c := a.newTracked(f, old, ports, snap); c != nil {
			all, own[uuid] = append(all, c), old != nil && old.Account == a.Name
		}
	}
	for _, old := range snap.Connections {
		if _, found := s.found[old.UUID]; found || old.Account != a.Name {
			continue
		}
		if ports[old.Port] && !s.answered[old.Port] || old.Port == "" && a.Connections.All && !s.listed {
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

// newTracked is a connection as it was found, with what was known of it before; nil if it is
// not the account's: neither side is on one of the ports, unless it tracks all. Traffic that was seen from the other side, or that
// it can have no more, is forgotten.
func (a *account) newTracked(f find, old *fleet.Tracked, ports map[string]bool, snap *fleet.Snapshot) *fleet.Tracked {
	side, port, ok := f.conn.SeenFrom(ports)
	if !ok && a.tracksWithoutPort(&f.conn, old, snap) {
		side, ok = fleet.ASide, true
	}
	if !ok {
		return nil // on no port, or the port left meanwhile
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

// tracksWithoutPort reports whether the account tracks a connection that is on none of its
// ports in this shard. Each is in one shard, by its UUID. A connection on a port of another
// shard, or of another account that tracks it, is seen from there.
func (a *account) tracksWithoutPort(c *fleet.Connection, old *fleet.Tracked, snap *fleet.Snapshot) bool {
	if !a.Connections.All || !a.cfg.Shard.Has(c.UUID) {
		return false
	}
	a.mu.Lock()
	elsewhere := a.elsewhere
	a.mu.Unlock()
	if elsewhere == nil && (a.Discover != nil || !a.cfg.Shard.Whole()) {
		// The account's ports are not known before the first listing.
		return old != nil && old.Account == a.Name && old.Port == ""
	}
	for _, uuid := range []string{c.ASidePort, c.ZSidePort} {
		if elsewhere[uuid] {
			return false
		}
		p := snap.Port(uuid)
		if p == nil || p.Account == a.Name {
			continue
		}
		other := a.cfg.Accounts[slices.IndexFunc(a.cfg.Accounts, func(o Account) bool { return o.Name == p.Account })].Connections
		if other != nil && other.Match(c) {
			return false
		}
	}
	return true
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
