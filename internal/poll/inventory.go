package poll

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pollInventory lists what the credentials see, and takes the account's ports
// and those to be discovered from it.
func (a *account) pollInventory(ctx context.Context) {
	listed, err := a.list(ctx)
	if ctx.Err() != nil {
		return // shutting down: no outcome
	}
	if err == nil {
		err = a.doubt(listed)
	}
	now := time.Now()
	var unseen []string
	a.rec.update(func(d *draft) {
		a.noteCall(d, now, err)
		account := d.account(a.index)
		account.InventoryPoll = account.InventoryPoll.Ended(now, err)
		if !a.cfg.Shard.Whole() {
			a.place(d, listed)
		}
		unseen = a.takeInventory(d, listed, err, now)
		if err == nil && a.Discover != nil {
			a.discover(d, listed, now)
		}
	})
	a.journal.note("inventory", "", err)
	for _, uuid := range unseen {
		a.journal.note("visibility", uuid, errNotListed)
	}
	if err == nil {
		a.notePairs()
	}
	a.firstListing = firstListing(err, a.rec.store.Load().Accounts[a.index].InventoryPoll)
	if a.watch(now) {
		a.queue.advance(a.connections, now) // new ports have connections, too
		a.replan(notLooked)
	}
}

// errEmptied is what a listing without a port says where the one before had some.
var errEmptied = errors.New("the listing is empty, and the one before was not; the next one decides")

// doubt does not believe a listing that has lost every port of the account until
// the next one says so too: an API that forgets its filter or its database for a
// moment must not end all series. To somebody without ports Equinix says so with
// an error.
func (a *account) doubt(listed map[string]fabric.Port) error {
	had := slices.ContainsFunc(ownedBy(a.Name, a.rec.store.Load()), func(p *fleet.Port) bool { return p.Inventory != nil })
	a.emptied = len(listed) == 0 && had && !a.emptied
	if a.emptied {
		return errEmptied
	}
	return nil
}

// takeInventory writes a listing to the account's ports and returns those that
// are configured and not in it. A failed listing changes and removes nothing.
func (a *account) takeInventory(d *draft, listed map[string]fabric.Port, err error, now time.Time) (unseen []string) {
	for _, own := range ownedBy(a.Name, d.snap) {
		p := d.port(a.Name, own.UUID)
		p.Listed = true
		if err != nil {
			continue
		}
		found, ok := listed[p.UUID]
		if ok {
			p.Confirmed, p.APIName, p.Inventory = true, found.Name, newInventory(found, now)
			p.Linked = len(found.Links) > 0
		}
		switch {
		case !a.cfg.mine(p.UUID, p.Inventory):
			d.remove(p.UUID)
			a.log.Info("port is in another shard now; its series end here", "port_uuid", p.UUID, "port_name", p.Name())
		case p.Configured && !ok:
			p.Inventory = nil // a listing that came through and lacks it
			unseen = append(unseen, p.UUID)
		case !p.Configured && (!ok || !a.Discover(p.APIName, p.Inventory)):
			d.remove(p.UUID)
			a.log.Info("port left; its series end", "port_uuid", p.UUID, "port_name", p.Name(), "listed", ok)
		}
	}
	return unseen
}

// discover adds the ports of a listing that the filters want. One that a later
// account has changes hands; one that an earlier account has stays there.
func (a *account) discover(d *draft, listed map[string]fabric.Port, now time.Time) {
	for _, uuid := range slices.Sorted(maps.Keys(listed)) {
		found := listed[uuid]
		inventory := newInventory(found, now)
		if !a.cfg.mine(uuid, inventory) || !a.Discover(found.Name, inventory) {
			continue
		}
		taken := d.snap.Port(uuid)
		if taken != nil && (taken.Account == a.Name || a.loses(taken)) {
			continue
		}
		p := carryPort(d.snap, a.cfg, a.Name, uuid)
		p.Configured, p.ConfiguredName = false, ""
		p.Listed, p.Confirmed, p.APIName, p.Inventory = true, true, found.Name, inventory
		p.Linked = len(found.Links) > 0
		d.add(p)
		a.log.Info("port discovered", "port_uuid", uuid, "port_name", found.Name)
	}
}

// loses reports whether the port is that of an account before this one. The
// overlap is counted and said once.
func (a *account) loses(taken *fleet.Port) bool {
	first := slices.IndexFunc(a.cfg.Accounts, func(o Account) bool { return o.Name == taken.Account })
	if first > a.index {
		return false
	}
	if !a.lost[taken.UUID] {
		a.lost[taken.UUID] = true
		a.metrics.conflict(a.log, a.Name, taken.Account, taken.UUID)
	}
	return true
}

// goneListings is how many listings in a row must find no v4 API before a
// poorer one is asked instead, once it has answered: a bad quarter of an hour
// must not cost the links of every LAG.
const goneListings = 3

// list gathers the ports that the credentials see, by UUID: through v4, and
// through v3 where v4 does not exist.
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

func newInventory(p fabric.Port, now time.Time) *fleet.Inventory {
	i := &fleet.Inventory{
		At:    now,
		State: p.State, Status: p.OperationalStatus, Maintenance: p.MaintenanceStatus,
		Capacity: p.Capacity, Allocated: p.Allocated, Available: p.Available,
		Metro: p.MetroCode, MetroName: p.MetroName, Region: p.Region, IBX: p.IBX,
		Encapsulation: p.Encapsulation, Package: p.Package, Speed: p.Speed,
		RedundancyPriority: p.RedundancyPriority, RedundancyGroup: p.RedundancyGroup,
		Project: p.ProjectID,
	}
	if p.LAG != nil {
		i.LAG = strconv.FormatBool(*p.LAG)
	}
	for _, l := range p.Links {
		i.Links = append(i.Links, fleet.Link{UUID: l.UUID, Status: l.OperationalStatus, Speed: l.Speed})
	}
	return i
}

// hasty is how soon a listing is tried again that has never come through: ports
// would go by their UUIDs until then.
const hasty = time.Minute

// firstListing reports whether to try again soon after err.
func firstListing(err error, p fleet.Poll) bool {
	return err != nil && !fabric.Gone(err) && p.LastSuccess.IsZero()
}
