package poll

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pollInventory lists what the credentials see and takes the account's ports
// from it.
func (a *account) pollInventory(ctx context.Context) {
	listed, err := a.list(ctx)
	if ctx.Err() != nil {
		return // shutting down: no outcome
	}
	now := time.Now()
	var unseen []string
	a.rec.update(func(d *draft) {
		a.noteCall(d, now, err)
		account := d.account(a.index)
		account.InventoryPoll = account.InventoryPoll.Ended(now, err)
		for _, configured := range a.Ports {
			p := d.port(configured.UUID)
			p.Listed = true
			if err != nil {
				continue // keep what was known
			}
			found, ok := listed[p.UUID]
			if !ok {
				p.Inventory = nil // a listing that came through and lacks it
				unseen = append(unseen, p.UUID)
				continue
			}
			p.Confirmed, p.APIName, p.Inventory = true, found.Name, newInventory(found, now)
		}
	})
	a.journal.note("inventory", "", err)
	for _, uuid := range unseen {
		a.journal.note("visibility", uuid, errNotListed)
	}
}

// list gathers the ports that the credentials see, by UUID: through v4, and
// through v3 where v4 does not exist.
func (a *account) list(ctx context.Context) (map[string]fabric.Port, error) {
	ports, err := gather(a.API.Ports(ctx))
	if !fabric.Gone(err) {
		return ports, err
	}
	ports, errV3 := gather(a.API.UserPortsV3(ctx))
	if errV3 != nil {
		return nil, fmt.Errorf("%w; and %w", err, errV3)
	}
	return ports, nil
}

func gather(listing iter.Seq2[fabric.Port, error]) (map[string]fabric.Port, error) {
	ports := map[string]fabric.Port{}
	for p, err := range listing {
		if err != nil {
			return nil, err
		}
		ports[p.UUID] = p
	}
	return ports, nil
}

func newInventory(p fabric.Port, now time.Time) *fleet.Inventory {
	i := &fleet.Inventory{
		At:    now,
		State: p.State, Status: p.OperationalStatus,
		Capacity: p.Capacity, Allocated: p.Allocated,
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
