package poll

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pollConnections counts the connections of all ports of the account, several
// batches of them at a time: one after the other, each page would wait behind
// the traffic calls of every worker. Of what all of them found it then selects
// the connections to watch.
func (a *account) pollConnections(ctx context.Context) {
	var uuids []string
	for _, p := range a.ownPorts() {
		uuids = append(uuids, p.UUID)
	}
	round := newRound(a.Connections)
	var batches errgroup.Group
	batches.SetLimit(max(1, a.cfg.Concurrency/2))
	for batch := range slices.Chunk(uuids, pageSize) {
		batches.Go(func() error {
			return a.API.PortConnections(ctx, batch, func(ports []string, conns []fabric.Connection, err error) {
				a.noteConnections(round, ports, a.newConnections(conns), err)
			})
		})
	}
	if err := batches.Wait(); err != nil {
		return // shutting down: no outcome for the rest
	}
	if a.Connections != nil {
		a.selectConnections(round)
	}
	a.replan(notLooked)
}

// noteConnections publishes the outcome for some of the ports.
func (a *account) noteConnections(round *round, ports []string, conns []fleet.Connection, err error) {
	now := time.Now()
	if err == nil {
		round.note(ports, conns, now)
	}
	sums := fleet.CountConnections(ports, conns, now)
	a.rec.update(func(d *draft) {
		a.noteCall(d, now, err)
		for _, uuid := range ports {
			p := d.port(a.Name, uuid)
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
		a.journal.note("connections", uuid, err)
	}
}

// NewConnection is a connection as the API told it, in the terms of the fleet.
func NewConnection(c fabric.Connection) fleet.Connection {
	return fleet.Connection{
		UUID: c.UUID, APIName: c.Name, Type: c.Type, Direction: c.Direction,
		State: c.State, Status: c.OperationalStatus, EquinixStatus: c.EquinixStatus, ProviderStatus: c.ProviderStatus,
		Maintenance:     c.MaintenanceStatus,
		Bandwidth:       c.Bandwidth,
		RedundancyGroup: c.RedundancyGroup, RedundancyPriority: c.RedundancyPriority,
		ASidePort: c.ASidePort, ZSidePort: c.ZSidePort, ASide: newEnd(c.ASide), ZSide: newEnd(c.ZSide),
	}
}

func newEnd(s fabric.Side) fleet.End {
	return fleet.End{Type: s.Type, Name: s.Name, Metro: s.Metro, VLAN: s.VLAN}
}
