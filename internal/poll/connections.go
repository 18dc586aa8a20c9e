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
// the traffic calls of every worker.
func (a *account) pollConnections(ctx context.Context) {
	var uuids []string
	for _, p := range a.ownPorts() {
		uuids = append(uuids, p.UUID)
	}
	var batches errgroup.Group
	batches.SetLimit(max(1, a.cfg.Concurrency/2))
	for batch := range slices.Chunk(uuids, pageSize) {
		batches.Go(func() error { return a.API.PortConnections(ctx, batch, a.noteConnections) })
	}
	if err := batches.Wait(); err != nil {
		return // shutting down: no outcome for the rest
	}
	a.replan(notLooked)
}

// noteConnections publishes the outcome for some of the ports.
func (a *account) noteConnections(ports []string, conns []fabric.Connection, err error) {
	now := time.Now()
	sums := fleet.CountConnections(ports, newConnections(conns), now)
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

func newConnections(conns []fabric.Connection) []fleet.Connection {
	all := make([]fleet.Connection, len(conns))
	for i, c := range conns {
		all[i] = fleet.Connection{
			UUID: c.UUID, State: c.State, EquinixStatus: c.EquinixStatus, ProviderStatus: c.ProviderStatus,
			Bandwidth: c.Bandwidth, ASidePort: c.ASidePort, ZSidePort: c.ZSidePort,
		}
	}
	return all
}
