package state

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// leeway is how far clocks may differ before a time counts as one of the future.
const leeway = time.Minute

// maxCount is more than the packets of any port in its life.
const maxCount = 1e18

// maxAhead is how far the end of an interval may be ahead of the time at which it was
// written: intervals of hours, by the clock of Equinix.
const maxAhead = 2 * time.Hour

// maxRate is more than any port or sum of ports, in bit/s.
const maxRate = 1e18

// checkLogins reports refused logins that no exporter would have written.
func (d *Document) checkLogins() error {
	for _, h := range d.Logins {
		if h.Refusals < 0 || h.Refusals > 1000 || len(h.Reason) > 1<<16 {
			return fmt.Errorf("a login was refused %d times, for a reason of %d bytes: values out of range", h.Refusals, len(h.Reason))
		}
	}
	return nil
}

// check reports the first thing in the document that no exporter would have
// written at that time. A file with a good checksum may be hostile, or written
// under a clock that was wrong; a value with a time in the future would never go
// stale.
func (d *Document) check(now time.Time) error {
	if d.Written.After(now.Add(leeway)) {
		return fmt.Errorf("is from the future, %v", d.Written.UTC().Format(time.RFC3339))
	}
	if d.Fleet == nil {
		return nil
	}
	c := &checking{s: d.Fleet, latest: d.Written.Add(leeway)}
	if err := errors.Join(c.settings(), c.ports(), c.connections(), c.pairs()); err != nil {
		return err
	}
	return walk("Fleet", reflect.ValueOf(d.Fleet))
}

type checking struct {
	s      *fleet.Snapshot
	latest time.Time // no time in the document may be after this
}

func (c *checking) settings() error {
	if c.s.StaleIntervals < 2 || c.s.StaleIntervals > 100 || len(c.s.Windows) == 0 || len(c.s.Windows) > 100 {
		return errors.New("windows or stale intervals are none")
	}
	for _, w := range c.s.Windows {
		if w.Span < time.Hour || w.Interval <= 0 || w.Resolution <= 0 {
			return fmt.Errorf("window %v is none", w)
		}
	}
	seen := map[string]bool{}
	for _, a := range c.s.Accounts {
		if a.Name == "" || seen[a.Name] {
			return fmt.Errorf("account %q: no name, or twice", a.Name)
		}
		seen[a.Name] = true
		if a.Traffic < 0 || a.Connections < 0 || a.Inventory < 0 || a.LastData.After(c.latest) || !c.poll(a.InventoryPoll) {
			return fmt.Errorf("account %q: an interval is negative, or a time in the future", a.Name)
		}
		for _, interval := range append(a.Windows, a.ConnectionWindows...) {
			if interval < 0 {
				return fmt.Errorf("account %q: an interval is negative", a.Name)
			}
		}
	}
	return nil
}

func (c *checking) ports() error {
	before := "" // no UUID; of what form the others are is the API's business
	for i, p := range c.s.Ports {
		if p == nil || p.UUID <= before {
			return fmt.Errorf("port %d: no UUID, or not in order", i)
		}
		before = p.UUID
		ok := c.measured(p.Traffic, p.Polls) && c.poll(p.ConnectionsPoll) && c.counters(p.Dropped) && c.counters(p.Errored)
		if inv := p.Inventory; inv != nil {
			ok = ok && !inv.At.After(c.latest) && sound(inv.Capacity) && sound(inv.Allocated)
			for _, l := range inv.Links {
				ok = ok && sound(l.Speed)
			}
		}
		if conns := p.Connections; conns != nil {
			ok = ok && !conns.At.After(c.latest) && sound(conns.Bandwidth) && counts(conns.States) && counts(conns.Equinix) && counts(conns.Provider)
		}
		if !ok {
			return fmt.Errorf("port %s: a number or a time cannot be", p.UUID)
		}
	}
	return nil
}

func (c *checking) connections() error {
	before := ""
	for i, w := range c.s.Connections {
		if w == nil || w.UUID <= before {
			return fmt.Errorf("connection %d: no UUID, or not in order", i)
		}
		before = w.UUID
		ok := c.measured(w.Traffic, w.Polls) && !w.At.After(c.latest) && sound(w.Bandwidth) && (w.Side == fleet.ASide || w.Side == fleet.ZSide)
		for _, byDirection := range w.Dropped {
			ok = ok && c.counters(byDirection)
		}
		if !ok {
			return fmt.Errorf("connection %s: a number or a time cannot be", w.UUID)
		}
	}
	return nil
}

func (c *checking) pairs() error {
	seen := map[string]bool{}
	for i, p := range c.s.Pairs {
		if p == nil || p.Name == "" || seen[p.Name] || len(p.Traffic) != 0 && len(p.Traffic) != len(c.s.Windows) {
			return fmt.Errorf("pair %d: no name, twice, or without its windows", i)
		}
		seen[p.Name] = true
		for _, l := range p.Traffic {
			for _, d := range fleet.Directions() {
				if j := l.Of(d); !sound(j.Last) || !sound(j.P95) || j.Newest.After(c.latest.Add(j.Resolution)) || j.Resolution < 0 {
					return fmt.Errorf("pair %q: a number or a time cannot be", p.Name)
				}
			}
		}
	}
	return nil
}

// measured reports whether traffic and polls, one of each for a window, can be.
func (c *checking) measured(traffic []*fleet.Traffic, polls []fleet.Poll) bool {
	if len(traffic) != len(c.s.Windows) || len(polls) != len(c.s.Windows) {
		return false
	}
	for i, t := range traffic {
		if !c.poll(polls[i]) {
			return false
		}
		if t == nil {
			continue
		}
		if t.At.After(c.latest) || !sound(t.Capacity) {
			return false
		}
		t.Bare = true
		for _, d := range fleet.Directions() {
			s := t.Rates(d)
			// Equinix' own clock, and the grid of its intervals, may be ahead.
			ahead := s.Newest.After(c.latest.Add(min(max(s.Resolution, c.s.Windows[i].Resolution), 24*time.Hour)))
			if ahead || s.At.After(t.At) || s.Resolution < 0 || !sound(s.Max) || !sound(s.Mean) || !sound(s.P95) || !sound(s.Last) {
				return false
			}
		}
	}
	return true
}

func (c *checking) poll(p fleet.Poll) bool {
	return !p.Last.After(c.latest) && !p.LastSuccess.After(c.latest)
}

func (c *checking) counters(all map[fleet.Direction]fleet.Counter) bool {
	for _, n := range all {
		if n.Since.After(c.latest) || n.Total < 0 || n.Total > maxCount || n.Latest().After(c.latest.Add(maxAhead)) {
			return false
		}
	}
	return true
}

func sound(v *float64) bool { return v == nil || *v >= 0 && *v <= maxRate && !math.IsNaN(*v) }

func counts(all map[string]int) bool {
	for _, n := range all {
		if n < 0 {
			return false
		}
	}
	return true
}
