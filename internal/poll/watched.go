package poll

import (
	"slices"
	"strings"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// carrySelection makes the state of an account fit the selection of connections
// that a is configured with.
func carrySelection(next *fleet.Account, a Account) {
	sources := ConnectionSources(a.Sources)
	switch {
	case a.Connections == nil:
		next.Selected, next.ConnectionSource = nil, ""
	case len(sources) == 1:
		next.ConnectionSource = sources[0] // nothing to find out
	case !slices.Contains(sources, next.ConnectionSource):
		next.ConnectionSource = ""
	}
}

// carryConnections are the connections of prev that are on a port of next and
// that its account selects. How many there may be, the next search decides.
func carryConnections(prev *fleet.Snapshot, cfg Config, next *fleet.Snapshot) []*fleet.Tracked {
	var kept []*fleet.Tracked
	for _, old := range prev.Connections {
		port := next.Port(old.Port)
		if port == nil {
			continue
		}
		i := slices.IndexFunc(cfg.Accounts, func(a Account) bool { return a.Name == port.Account })
		if selection := cfg.Accounts[i].Connections; selection != nil && selection.Match(&old.Connection) {
			c := *old
			c.Account = port.Account
			c.Traffic, c.Polls = carryWindows(prev, cfg, old.Traffic, old.Polls)
			kept = append(kept, &c)
		}
	}
	return kept
}

// connection returns a copy of the watched connection, to be written to, that
// stands in the draft. It is nil where the account watches none of that UUID.
func (d *draft) connection(account, uuid string) *fleet.Tracked {
	i, found := slices.BinarySearchFunc(d.snap.Connections, uuid, func(c *fleet.Tracked, uuid string) int { return strings.Compare(c.UUID, uuid) })
	if !found || d.snap.Connections[i].Account != account {
		return nil
	}
	if !d.ownConnections {
		d.snap.Connections, d.ownConnections = slices.Clone(d.snap.Connections), true
	}
	c := *d.snap.Connections[i]
	c.Traffic = slices.Clone(c.Traffic)
	c.Polls = slices.Clone(c.Polls)
	d.snap.Connections[i] = &c
	return &c
}

// setConnections makes chosen the connections that the account watches, those
// that it takes over from another included, and counts the changes: those that
// came, those of them whose traffic is asked for, and those that left.
func (d *draft) setConnections(account string, chosen []*fleet.Tracked) (came, measured, left int) {
	next := slices.Clone(chosen)
	stays := make(map[string]bool, len(chosen))
	for _, c := range chosen {
		stays[c.UUID] = true
		if old := d.snap.Connection(c.UUID); old == nil || old.Account != account {
			came++
			if c.CarriesTraffic() {
				measured++
			}
		}
	}
	for _, old := range d.snap.Connections {
		switch {
		case stays[old.UUID]:
		case old.Account == account:
			left++
		default:
			next = append(next, old)
		}
	}
	slices.SortFunc(next, func(a, b *fleet.Tracked) int { return strings.Compare(a.UUID, b.UUID) })
	d.snap.Connections, d.ownConnections = next, true
	return came, measured, left
}
