package collector

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// accountView is an account at the moment of a scrape.
type accountView struct {
	*fleet.Account

	now time.Time
}

// portView is a port at the moment of a scrape, with what has gone stale taken
// away.
type portView struct {
	*fleet.Port

	now         time.Time
	windows     []fleet.Window
	inventory   *fleet.Inventory   // nil: never seen, or stale
	connections *fleet.Connections // nil: never seen, or stale
	traffic     []*fleet.Traffic   // by window; nil: never seen, or stale
}

// newPortView drops each value whose last good poll is older than
// StaleIntervals of its own effective intervals.
func newPortView(s *fleet.Snapshot, a *fleet.Account, p *fleet.Port, now time.Time) portView {
	fresh := func(at time.Time, interval time.Duration) bool {
		return fleet.Age(now, at) <= time.Duration(s.StaleIntervals)*interval
	}
	v := portView{Port: p, now: now, windows: s.Windows, traffic: make([]*fleet.Traffic, len(s.Windows))}
	if p.Inventory != nil && fresh(p.Inventory.At, a.Inventory) {
		v.inventory = p.Inventory
	}
	if p.Connections != nil && fresh(p.Connections.At, a.Connections) {
		v.connections = p.Connections
	}
	for i, t := range p.Traffic {
		if t != nil && fresh(t.At, a.Windows[i]) {
			v.traffic[i] = t
		}
	}
	return v
}

// capacity is the line rate in bit/s: the inventory's, else the one that comes
// with the traffic, the primary window first.
func (v portView) capacity() *float64 {
	if v.inventory != nil && v.inventory.Capacity != nil {
		return v.inventory.Capacity
	}
	for _, t := range v.traffic {
		if t != nil && t.Capacity != nil {
			return t.Capacity
		}
	}
	return nil
}

// effectiveCapacity is the line rate in bit/s of the links that are up.
func (v portView) effectiveCapacity() *float64 {
	if v.inventory != nil && len(v.inventory.Links) > 0 {
		return v.inventory.EffectiveCapacity()
	}
	return v.capacity()
}

// direction is one direction of traffic with its label value.
type direction struct {
	label string
	of    func(*fleet.Traffic) *fleet.Series
}

var directions = []direction{
	{"inbound", func(t *fleet.Traffic) *fleet.Series { return &t.Inbound }},
	{"outbound", func(t *fleet.Traffic) *fleet.Series { return &t.Outbound }},
}

// bytes turns bit/s into bytes/s.
func bytes(bits float64) float64 { return bits / 8 }
