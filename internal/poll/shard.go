package poll

import (
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// mine reports whether a port is in the shard. Ports that back each other up go
// by the same key, or nobody could add up their load: the configured pair, else
// the redundancy group, which Equinix calls by its primary port.
func (c *Config) mine(uuid string, i *fleet.Inventory) bool {
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

// place adds the configured ports that are in the shard. Which are is not known
// before the first listing, or where that fails, by what the configuration says.
func (a *account) place(d *draft, listed map[string]fabric.Port) {
	for _, own := range a.Ports {
		var i *fleet.Inventory
		if found, ok := listed[own.UUID]; ok {
			i = &fleet.Inventory{RedundancyGroup: found.RedundancyGroup}
		}
		taken := d.snap.Port(own.UUID)
		if taken != nil && (taken.Account == a.Name || a.loses(taken)) || !a.cfg.mine(own.UUID, i) {
			continue
		}
		p := carryPort(d.snap, a.cfg, a.Name, own.UUID)
		p.Configured, p.ConfiguredName = true, own.Name
		d.add(p)
	}
}
