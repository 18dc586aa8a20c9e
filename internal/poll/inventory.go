package poll

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

var (
	// errNotListed is what a listing says that lacks a configured port.
	errNotListed = errors.New("the credentials do not see this port; check its uuid and their rights")
	// errEmptied is what a listing without a port says if the one before had some.
	errEmptied = errors.New("the listing is empty, and the one before was not; the next one decides")
)

// pollInventory lists what the credentials see, and takes the account's ports and those
// to be discovered from it. A failed listing changes and removes nothing.
func (a *account) pollInventory(ctx context.Context) {
	defer a.endListing()
	start := time.Now()
	listed, err := a.list(ctx)
	if ctx.Err() != nil {
		return // shutting down: no outcome
	}
	if err == nil {
		a.mu.Lock()
		a.listingTook = time.Since(start)
		a.mu.Unlock()
		// A listing that has lost every port of the account is not believed until the next
		// one says so too: an API that forgets its filter or its database for a moment must
		// not end all series. To an account without ports Equinix says so with an error.
		had := slices.ContainsFunc(a.store.Load().PortsOf(a.Name), func(p *fleet.Port) bool { return p.Inventory != nil })
		if a.wasEmpty = len(listed) == 0 && had && !a.wasEmpty; a.wasEmpty {
			err = errEmptied
		}
	}
	a.mu.Lock()
	a.unlisted = slices.Contains([]string{fabric.ReasonForbidden, fabric.ReasonNotFound, fabric.ReasonClient}, fabric.Reason(err))
	a.mu.Unlock()
	now := time.Now()
	var unseen []string
	a.store.Update(func(e *fleet.Edit) {
		a.recordCall(e, now, err, false)
		state := e.Account(a.Name)
		state.InventoryPoll = state.InventoryPoll.Ended(now, err)
		a.adoptConfigured(e, listed)
		unseen = a.takeInventory(e, listed, err, now)
		if err == nil && a.Discover != nil {
			a.discover(e, listed, now)
		}
		a.markAttached(e)
	})
	if err == nil {
		a.mu.Lock()
		a.elsewhere = a.portsElsewhere(listed, now)
		a.mu.Unlock()
	}
	a.log.record("inventory", "", err)
	for _, uuid := range unseen {
		a.log.record("visibility", uuid, errNotListed)
	}
	if err == nil {
		a.logPairs()
	}
	a.listAgain = err != nil && !fabric.Gone(err) && a.store.Load().Accounts[a.index].InventoryPoll.LastSuccess.IsZero()
	a.replan() // before new ports are polled, which are then due again by the plan
	a.start(time.Time{})
	if a.schedule(a.ports) {
		a.chores.hurry(func(k key) bool { return k == choreSearch || k == choreStreams }) // new ports have connections, too
	}
}

// takeInventory writes a listing to the account's ports and returns those that are
// configured and not in it.
func (a *account) takeInventory(e *fleet.Edit, listed map[string]fabric.Port, err error, now time.Time) (unseen []string) {
	for _, own := range e.Snapshot().PortsOf(a.Name) {
		p := e.Port(a.Name, own.UUID)
		p.Listed = true
		if err != nil {
			continue
		}
		found, ok := listed[p.UUID]
		if ok {
			takeListed(p, found, now)
		}
		switch {
		case !a.cfg.inShard(p.UUID, p.Inventory):
			e.RemovePort(p.UUID)
			a.log.Info("port is in another shard now; its series end here", "port_uuid", p.UUID, "port_name", p.Name())
		case p.Configured && !ok:
			p.Inventory = nil // a listing that came through and lacks it
			unseen = append(unseen, p.UUID)
		case !p.Configured && (!ok || !a.Discover(p.APIName, p.Inventory)):
			e.RemovePort(p.UUID)
			a.log.Info("port left; its series end", "port_uuid", p.UUID, "port_name", p.Name(), "listed", ok)
		}
	}
	return unseen
}

// adoptConfigured adds the configured ports that are in the shard. Which are is not known
// before the first listing, or if that fails, by what the configuration says.
func (a *account) adoptConfigured(e *fleet.Edit, listed map[string]fabric.Port) {
	if a.cfg.Shard.Whole() {
		return // Reconfigure has added all of them
	}
	for _, own := range a.Ports {
		var i *fleet.Inventory
		if found, ok := listed[own.UUID]; ok {
			i = &fleet.Inventory{RedundancyGroup: found.RedundancyGroup}
		}
		if a.cfg.inShard(own.UUID, i) && a.wins(e, own.UUID) {
			p := e.Adopt(a.Name, own.UUID)
			p.Configured, p.ConfiguredName = true, own.Name
		}
	}
}

// discover adds the ports of a listing that the filters want.
func (a *account) discover(e *fleet.Edit, listed map[string]fabric.Port, now time.Time) {
	for _, uuid := range slices.Sorted(maps.Keys(listed)) {
		found := listed[uuid]
		inventory := newInventory(found, now)
		if !a.cfg.inShard(uuid, inventory) || !a.Discover(found.Name, inventory) || !a.wins(e, uuid) {
			continue
		}
		p := e.Adopt(a.Name, uuid)
		p.Configured, p.ConfiguredName = false, ""
		p.Listed = true
		takeListed(p, found, now)
		a.log.Info("port discovered", "port_uuid", uuid, "port_name", found.Name)
	}
}

// portsElsewhere are the ports of the account that other shards poll.
func (a *account) portsElsewhere(listed map[string]fabric.Port, now time.Time) map[string]bool {
	elsewhere := map[string]bool{}
	for uuid, found := range listed {
		inventory := newInventory(found, now)
		own := a.Discover != nil && a.Discover(found.Name, inventory) || slices.ContainsFunc(a.Ports, func(p Port) bool { return p.UUID == uuid })
		if own && !a.cfg.inShard(uuid, inventory) {
			elsewhere[uuid] = true
		}
	}
	return elsewhere
}

// takeListed writes what a listing says of a port.
func takeListed(p *fleet.Port, found fabric.Port, now time.Time) {
	p.Confirmed, p.APIName, p.Inventory, p.Linked = true, found.Name, newInventory(found, now), len(found.Links) > 0
}

// wins reports whether a port is to become one of the account. A port that a later account
// has changes hands; a port that an earlier account has stays there. Both are conflicts.
func (a *account) wins(e *fleet.Edit, uuid string) bool {
	taken := e.Snapshot().Port(uuid)
	switch {
	case taken == nil:
		return true
	case taken.Account == a.Name:
		return false
	case a.cfg.follows(a.Name, taken.Account):
		a.conflicts.note(a.Name, taken.Account, uuid)
		return false
	}
	a.conflicts.note(taken.Account, a.Name, uuid)
	return true
}

// inShard reports whether a port is in the shard. Ports that back each other up go by the
// same key, so that one exporter can add up their traffic: the primary port of the
// configured pair, else the redundancy group, which Equinix calls by its primary port.
func (c *Config) inShard(uuid string, i *fleet.Inventory) bool {
	if c.Shard.Whole() {
		return true
	}
	for _, a := range c.Accounts {
		for _, p := range a.Pairs {
			if p.Primary == uuid || p.Secondary == uuid {
				return c.Shard.Has(p.Primary)
			}
		}
	}
	if i != nil && i.RedundancyGroup != "" {
		return c.Shard.Has(i.RedundancyGroup)
	}
	return c.Shard.Has(uuid)
}

// goneListings is how many listings in a row must find no v4 API before a poorer one is
// asked instead, once it has answered: a bad quarter of an hour must not cost the links of
// every LAG.
const goneListings = 3

// list gathers the ports that the credentials see, by UUID: through v4, and through v3 if
// v4 does not exist.
func (a *account) list(ctx context.Context) (map[string]fabric.Port, error) {
	ports, err := a.gather(a.API.Ports(ctx))
	if !fabric.Gone(err) {
		a.listedV4 = a.listedV4 || err == nil
		a.goneV4 = 0
		return ports, err
	}
	if a.goneV4++; a.listedV4 && a.goneV4 < goneListings {
		return nil, err
	}
	ports, errV3 := a.gather(a.API.UserPortsV3(ctx))
	if errV3 != nil {
		return nil, fmt.Errorf("%w; and %w", err, errV3)
	}
	return ports, nil
}

// Gather reads a listing of ports to its end, by UUID. A part of one would look like the
// whole: if it breaks off there is an error and nothing else. Of a port that is listed
// twice the first entry counts, and its UUID is in again.
func Gather(listing iter.Seq2[fabric.Port, error]) (ports map[string]fabric.Port, again []string, err error) {
	ports = map[string]fabric.Port{}
	for p, err := range listing {
		if err != nil {
			return nil, nil, err
		}
		if _, listed := ports[p.UUID]; listed {
			again = append(again, p.UUID)
			continue
		}
		ports[p.UUID] = p
	}
	return ports, again, nil
}

// gather is Gather that counts what comes twice: ports, and links of one port.
func (a *account) gather(listing iter.Seq2[fabric.Port, error]) (map[string]fabric.Port, error) {
	ports, again, err := Gather(listing)
	for _, uuid := range again {
		a.repeated(kindPort, uuid, 1)
	}
	for uuid, p := range ports {
		a.repeated(kindLink, uuid, p.RepeatedLinks)
	}
	return ports, err
}

// repeated counts what an answer held more than once; uuid is what it is about.
func (a *account) repeated(kind, uuid string, n int) {
	if n == 0 {
		return
	}
	a.metrics.duplicates.WithLabelValues(a.Name, kind).Add(float64(n))
	a.log.Debug("answer holds things more than once; merged", "kind", kind, "uuid", uuid, "repetitions", n)
}

func newInventory(p fabric.Port, now time.Time) *fleet.Inventory {
	i := &fleet.Inventory{
		At:    now,
		State: p.State, Status: p.OperationalStatus, Maintenance: p.MaintenanceStatus,
		Capacity: p.Capacity, Allocated: p.Allocated, Available: p.Available,
		Metro: p.MetroCode, MetroName: p.MetroName, Region: p.Region, IBX: p.IBX,
		Encapsulation: p.Encapsulation, Package: p.Package, Speed: p.Speed,
		RedundancyPriority: p.RedundancyPriority, RedundancyGroup: p.RedundancyGroup,
		Project: p.ProjectID, Product: p.Product, HasConnections: p.HasConnections, ConnectionsHidden: p.ConnectionsHidden,
	}
	if p.LAG != nil {
		i.LAG = strconv.FormatBool(*p.LAG)
	}
	for _, l := range p.Links {
		i.Links = append(i.Links, fleet.Link{UUID: l.UUID, Status: l.OperationalStatus, Speed: l.Speed})
	}
	return i
}

// logPairs logs redundancy groups that make no pair, and which ports of the account's
// configured pairs are missing, when every account has had its chance to find them. Each
// is logged once.
func (a *account) logPairs() {
	snap := a.store.Load()
	if groups := snap.AmbiguousGroups; a.conflicts.changed(groups) {
		a.log.Warn("redundancy groups have more than one primary or secondary port, so they make no pair; name pairs in the configuration",
			"redundancy_groups", groups)
	}
	own := &snap.Accounts[a.index]
	for _, p := range own.Pairs {
		missing, ok := snap.MissingPairPorts(own, p)
		if !ok {
			return
		}
		for _, uuid := range []string{p.Primary, p.Secondary} {
			is := slices.Contains(missing, uuid)
			if is && !a.missingPairPorts[uuid] {
				a.log.Warn("a port of a pair is not polled, so the traffic of the pair is not known; check its uuid, the filters of discover and the rights of the credentials",
					"pair", p.Name, "port_uuid", uuid)
			}
			a.missingPairPorts[uuid] = is
		}
	}
}
