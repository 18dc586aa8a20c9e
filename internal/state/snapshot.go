package state

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Snapshot returns the part of the document's fleet that may be shown at time now:
// the ports and connections of accounts with the same identity, if the shard is the
// same. It is nil if no value is left.
//
// Values keep their times, and expire by them. Counters continue if the document is
// clean. Else they start from 0: if the last shown value was higher than the value in
// the file, Prometheus would see a reset and count the whole value as an increase.
func (d *Document) Snapshot(identities map[string]fabric.Fingerprint, shard fleet.Shard, now time.Time) *fleet.Snapshot {
	if d.Fleet == nil || d.Fleet.Shard != shard {
		return nil
	}
	s := *d.Fleet
	s.Ready, s.Accounts, s.Ports, s.Connections, s.Pairs = false, nil, nil, nil, nil
	for _, a := range d.Fleet.Accounts {
		if id, ok := identities[a.Name]; !ok || id != d.Identities[a.Name] {
			continue
		}
		a.LoginHeld, a.TokenExpiry = false, time.Time{} // of the process that wrote it
		a.InventoryPoll = restored(a.InventoryPoll, a.Inventory, s.StaleIntervals, now)
		s.Accounts = append(s.Accounts, a)
	}
	for _, p := range d.Fleet.Ports {
		a, ok := s.Account(p.Account)
		if !ok {
			continue
		}
		port := *p
		port.Polls = restoredPolls(p.Polls, a.Windows, &s, now)
		port.ConnectionsPoll = restored(p.ConnectionsPoll, a.Connections, s.StaleIntervals, now)
		port.PricePoll = restored(p.PricePoll, a.Prices, s.StaleIntervals, now)
		if !d.Clean {
			port.Dropped, port.Errored = restarted(p.Dropped, now), restarted(p.Errored, now)
		}
		s.Ports = append(s.Ports, &port)
	}
	for _, c := range d.Fleet.Connections {
		a, ok := s.Account(c.Account)
		if !ok || c.Port != "" && s.Port(c.Port) == nil {
			continue
		}
		conn := *c
		conn.Polls = restoredPolls(c.Polls, a.ConnectionWindows, &s, now)
		conn.PricePoll = restored(c.PricePoll, a.Prices, s.StaleIntervals, now)
		if !d.Clean && c.Dropped != nil {
			conn.Dropped = map[fleet.Side]map[fleet.Direction]fleet.Counter{}
			for side, counters := range c.Dropped {
				conn.Dropped[side] = restarted(counters, now)
			}
		}
		s.Connections = append(s.Connections, &conn)
	}
	for _, p := range d.Fleet.Pairs {
		if s.Port(p.Primary) != nil && s.Port(p.Secondary) != nil {
			s.Pairs = append(s.Pairs, p)
		}
	}
	if len(s.Ports)+len(s.Connections) == 0 {
		return nil
	}
	return &s
}

func restarted(counters map[fleet.Direction]fleet.Counter, now time.Time) map[fleet.Direction]fleet.Counter {
	if counters == nil {
		return nil
	}
	all := map[fleet.Direction]fleet.Counter{}
	for d, c := range counters {
		all[d] = c.Anew(now)
	}
	return all
}

// restoredPolls are the polls of the windows. intervals are the effective intervals
// that are known.
func restoredPolls(all []fleet.Poll, intervals []time.Duration, s *fleet.Snapshot, now time.Time) []fleet.Poll {
	kept := make([]fleet.Poll, len(all))
	for i, p := range all {
		interval := s.Windows[i].Interval
		if i < len(intervals) {
			interval = intervals[i]
		}
		kept[i] = restored(p, interval, s.StaleIntervals, now)
	}
	return kept
}

// restored is a poll of the file as it counts now. If its values are stale, its
// outcome is dropped, so that the exporter is ready only after the next poll.
func restored(p fleet.Poll, interval time.Duration, stale int, now time.Time) fleet.Poll {
	if fleet.Age(now, p.Last) > time.Duration(stale)*interval {
		return fleet.Poll{LastSuccess: p.LastSuccess}
	}
	return p
}
