package soak_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// edit changes an estate as its owner, or a digger, would. It returns false
// where there is nothing to change.
type edit struct {
	name string
	run  func(e *estate, r *rand.Rand) bool
}

var edits = []edit{
	{"port renamed", func(e *estate, r *rand.Rand) bool {
		return e.api.EditPort(e.anyPort(r).UUID, func(p *fabrictest.Port) { p.Name = fmt.Sprintf("renamed-%d", r.IntN(1e6)) })
	}},
	{"port up or down", func(e *estate, r *rand.Rand) bool {
		states := []string{fabrictest.StatusUp, fabrictest.StatusUp, fabrictest.StatusDown, fabrictest.StatusPartial}
		return e.api.SetOperationalStatus(e.anyPort(r).UUID, states[r.IntN(len(states))])
	}},
	{"maintenance", func(e *estate, r *rand.Rand) bool {
		states := []string{"", "SCHEDULED", "IN_PROGRESS", "COMPLETED"}
		e.api.EditConnection(e.anyConnection(r).UUID, func(c *fabrictest.Connection) { c.Maintenance = states[r.IntN(len(states))] })
		return e.api.EditPort(e.anyPort(r).UUID, func(p *fabrictest.Port) { p.Maintenance = states[r.IntN(len(states))] })
	}},
	// The simulation rewrites the past of what changes in size. A counter that has
	// counted the other past is right and cannot be recomputed, so not there.
	{"port resized", func(e *estate, r *rand.Rand) bool {
		return e.source != "v4-metrics" && e.api.EditPort(e.anyPort(r).UUID, func(p *fabrictest.Port) {
			p.Speed = []int64{1_000, 10_000, 100_000}[r.IntN(3)]
		})
	}},
	{"port ordered", func(e *estate, r *rand.Rand) bool {
		if e.source != "v3" {
			return false
		}
		more := fabrictest.Generate(r.Uint64(), 1, 0)
		e.api.AddPort(more.Ports[0])
		return true
	}},
	{"port given up", func(e *estate, r *rand.Rand) bool {
		return e.source == "v3" && e.api.RemovePort(e.anyPort(r).UUID)
	}},
	{"connection changes state", func(e *estate, r *rand.Rand) bool {
		states := []string{"ACTIVE", "PROVISIONED", "REPROVISIONING", "DEPROVISIONING", ""}
		c := e.anyConnection(r)
		return e.source != "v4-metrics" && slices.Contains(states, c.State) &&
			e.api.EditConnection(c.UUID, func(c *fabrictest.Connection) { c.State = states[r.IntN(len(states))] })
	}},
	{"connection resized", func(e *estate, r *rand.Rand) bool {
		return e.source != "v4-metrics" && e.api.EditConnection(e.anyConnection(r).UUID, func(c *fabrictest.Connection) {
			c.Bandwidth = []int64{50, 200, 500, 1_000, 5_000}[r.IntN(5)]
		})
	}},
	{"connection ordered", func(e *estate, r *rand.Rand) bool {
		if e.source == "v4-metrics" {
			return false
		}
		c := e.anyConnection(r)
		c.UUID = fabrictest.Generate(r.Uint64(), 1, 0).Ports[0].UUID // as good as any
		c.Name = fmt.Sprintf("ordered-%d", r.IntN(1e6))
		e.api.AddConnection(c)
		return true
	}},
	{"connection given up", func(e *estate, r *rand.Rand) bool {
		return e.source != "v4-metrics" && e.api.RemoveConnection(e.anyConnection(r).UUID)
	}},
}
