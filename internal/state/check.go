package state

import (
	"errors"
	"fmt"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const (
	// leeway is how far clocks may differ before a time counts as in the future.
	leeway = time.Minute
	// maxAhead is how far the end of an interval may be ahead of the time at which
	// it was written: intervals of hours, by the clock of Equinix.
	maxAhead = 2 * time.Hour
	// maxNumber is above every rate in bit/s and every packet counter.
	maxNumber = 1e18
)

// check returns the first fault that makes the document unusable. A file may have
// been written while the clock was wrong, and a value with a time in the future would
// never go stale.
func (d *Document) check(now time.Time) error {
	if d.Written.After(now.Add(leeway)) {
		return fmt.Errorf("is from the future, %v", d.Written.UTC().Format(time.RFC3339))
	}
	s, latest := d.Fleet, d.Written.Add(leeway)
	if s == nil {
		return nil
	}
	ok := s.StaleIntervals >= 2 && s.StaleIntervals <= 100 && len(s.Windows) > 0
	for _, w := range s.Windows {
		ok = ok && w.Span > 0 && w.Interval > 0 && w.Resolution > 0
	}
	if !ok {
		return errors.New("invalid windows or stale_intervals")
	}
	for _, a := range s.Accounts {
		if a.LastData.After(latest) || future(a.InventoryPoll, latest) {
			return fmt.Errorf("account %q: time in the future", a.Name)
		}
	}
	before := ""
	for i, p := range s.Ports {
		if p == nil || p.UUID <= before {
			return fmt.Errorf("port %d: no UUID, or not in order", i)
		}
		before = p.UUID
		ok := checkTraffic(p.Traffic, p.Polls, s.Windows, latest) && !future(p.ConnectionsPoll, latest) &&
			checkCounters(p.Dropped, latest) && checkCounters(p.Errored, latest) &&
			(p.Inventory == nil || !p.Inventory.At.After(latest) && inRange(p.Inventory.Capacity, p.Inventory.Allocated)) &&
			(p.Connections == nil || !p.Connections.At.After(latest) && inRange(p.Connections.Bandwidth))
		if !ok {
			return fmt.Errorf("port %s: value out of range", p.UUID)
		}
	}
	before = ""
	for i, c := range s.Connections {
		if c == nil || c.UUID <= before {
			return fmt.Errorf("connection %d: no UUID, or not in order", i)
		}
		before = c.UUID
		ok := checkTraffic(c.Traffic, c.Polls, s.Windows, latest) && !c.At.After(latest) && inRange(c.Bandwidth)
		for _, counters := range c.Dropped {
			ok = ok && checkCounters(counters, latest)
		}
		if !ok {
			return fmt.Errorf("connection %s: value out of range", c.UUID)
		}
	}
	for i, p := range s.Pairs {
		if p == nil || len(p.Traffic) != 0 && len(p.Traffic) != len(s.Windows) {
			return fmt.Errorf("pair %d: number of windows differs", i)
		}
		for _, l := range p.Traffic {
			for _, d := range fleet.Directions() {
				if j := l.Of(d); !inRange(j.Last, j.P95) || j.Newest.After(latest.Add(j.Resolution)) {
					return fmt.Errorf("pair %q: value out of range", p.Name)
				}
			}
		}
	}
	return nil
}

// checkTraffic reports whether there are one traffic and one poll for each window,
// with values in range. It marks the traffic as read from a file.
func checkTraffic(traffic []*fleet.Traffic, polls []fleet.Poll, windows []fleet.Window, latest time.Time) bool {
	if len(traffic) != len(windows) || len(polls) != len(windows) {
		return false
	}
	for i, t := range traffic {
		if future(polls[i], latest) {
			return false
		}
		if t == nil {
			continue
		}
		t.Bare = true
		if t.At.After(latest) || !inRange(t.Capacity) {
			return false
		}
		for _, d := range fleet.Directions() {
			s := t.Rates(d)
			// Equinix' clock may be ahead, and the end of an interval too.
			ahead := min(max(s.Resolution, windows[i].Resolution), 24*time.Hour)
			if s.Newest.After(latest.Add(ahead)) || s.At.After(t.At) || !inRange(s.Max, s.Mean, s.P95, s.Last) {
				return false
			}
		}
	}
	return true
}

func checkCounters(all map[fleet.Direction]fleet.Counter, latest time.Time) bool {
	for _, n := range all {
		if n.Since.After(latest) || n.Latest().After(latest.Add(maxAhead)) || !inRange(&n.Total) {
			return false
		}
	}
	return true
}

func future(p fleet.Poll, latest time.Time) bool {
	return p.Last.After(latest) || p.LastSuccess.After(latest)
}

// inRange reports whether all values that are present can be rates or counts.
func inRange(values ...*float64) bool {
	for _, v := range values {
		if v != nil && !(*v >= 0 && *v <= maxNumber) {
			return false
		}
	}
	return true
}
