// Package state is the file that lets the exporter go on after a restart from
// what it knew: a header with a version and a checksum, and one JSON object. A
// file is replaced whole or not at all. What cannot be trusted is not read.
package state

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Document is what a state file holds. There is no secret in it, and none can be
// worked out from it but by guessing.
type Document struct {
	Written time.Time
	// Clean says that the process which wrote the document ended then: nothing was
	// shown after it.
	Clean bool

	// Key is that of all fingerprints in the document. It is made once and goes
	// from file to file.
	Key fabric.FingerprintKey
	// Logins are the refused ones, by the fingerprint of who logs in with what secret.
	Logins map[fabric.Fingerprint]fabric.Hold `json:",omitempty"`
	// Identities are fingerprints of whom the accounts belong to, by their names.
	Identities map[string]fabric.Fingerprint

	Fleet *fleet.Snapshot
}

// Snapshot is what may be shown of the document's fleet at time now: that of the
// accounts whose identity is the same, as long as the shard is. Values keep their
// times, and end by them like any other. Counters go on where the document is
// clean and begin anew where it is not: one that was shown higher than it is kept
// would seem to have been reset, and all of it to be an increase. The snapshot is
// nil where nothing is left.
func (d *Document) Snapshot(identities map[string]fabric.Fingerprint, shard fleet.Shard, now time.Time) *fleet.Snapshot {
	if d.Fleet == nil || d.Fleet.Shard != shard {
		return nil
	}
	s := *d.Fleet
	s.Ready, s.Accounts, s.Ports, s.Connections, s.Pairs = false, nil, nil, nil, nil
	for _, a := range d.Fleet.Accounts {
		if id, ok := identities[a.Name]; ok && id == d.Identities[a.Name] {
			s.Accounts = append(s.Accounts, account(a, s.StaleIntervals, now))
		}
	}
	for _, p := range d.Fleet.Ports {
		if a, ok := s.Account(p.Account); ok {
			s.Ports = append(s.Ports, d.port(*p, &a, &s, now))
		}
	}
	for _, c := range d.Fleet.Connections {
		if a, ok := s.Account(c.Account); ok && s.Port(c.Port) != nil {
			s.Connections = append(s.Connections, d.connection(*c, &a, &s, now))
		}
	}
	for _, p := range d.Fleet.Pairs {
		if s.Port(p.Primary) != nil && s.Port(p.Secondary) != nil {
			s.Pairs = append(s.Pairs, p)
		}
	}
	if len(s.Ports) == 0 {
		return nil
	}
	return &s
}

// account is a without what belonged to the process that is gone.
func account(a fleet.Account, stale int, now time.Time) fleet.Account {
	a.LoginHeld, a.LoginError, a.LastError, a.TokenExpiry = false, "", "", time.Time{}
	a.InventoryPoll = poll(a.InventoryPoll, a.Inventory, stale, now)
	return a
}

func (d *Document) port(p fleet.Port, a *fleet.Account, s *fleet.Snapshot, now time.Time) *fleet.Port {
	if !d.Clean {
		p.Dropped, p.Errored = anew(p.Dropped, now), anew(p.Errored, now)
	}
	p.Polls = polls(p.Polls, a.Windows, s, now)
	p.ConnectionsPoll = poll(p.ConnectionsPoll, a.Connections, s.StaleIntervals, now)
	return &p
}

func (d *Document) connection(c fleet.Tracked, a *fleet.Account, s *fleet.Snapshot, now time.Time) *fleet.Tracked {
	if !d.Clean && c.Dropped != nil {
		dropped := map[fleet.Side]map[fleet.Direction]fleet.Counter{}
		for side, counters := range c.Dropped {
			dropped[side] = anew(counters, now)
		}
		c.Dropped = dropped
	}
	c.Polls = polls(c.Polls, a.ConnectionWindows, s, now)
	return &c
}

func anew(counters map[fleet.Direction]fleet.Counter, now time.Time) map[fleet.Direction]fleet.Counter {
	if counters == nil {
		return nil
	}
	all := map[fleet.Direction]fleet.Counter{}
	for d, c := range counters {
		all[d] = c.Anew(now)
	}
	return all
}

// polls are those of the windows; intervals are the effective ones, if known.
func polls(all []fleet.Poll, intervals []time.Duration, s *fleet.Snapshot, now time.Time) []fleet.Poll {
	kept := make([]fleet.Poll, len(all))
	for i, p := range all {
		interval := s.Windows[i].Interval
		if i < len(intervals) {
			interval = intervals[i]
		}
		kept[i] = poll(p, interval, s.StaleIntervals, now)
	}
	return kept
}

// poll forgets how a poll ended that is so long ago that its values are stale:
// the exporter is ready when it has tried anew.
func poll(p fleet.Poll, interval time.Duration, stale int, now time.Time) fleet.Poll {
	p.Err = ""
	if fleet.Age(now, p.Last) > time.Duration(stale)*interval {
		return fleet.Poll{LastSuccess: p.LastSuccess}
	}
	return p
}
