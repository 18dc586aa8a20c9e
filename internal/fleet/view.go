package fleet

import "time"

// View is a port as it may be shown at one moment: what has gone stale is nil.
type View struct {
	*Port

	Now       time.Time
	Windows   []Window
	Inventory *Inventory // nil: never seen, or stale
	// Connections is nil where they were never searched, are stale, or where no
	// answer has shown that the port exists: a mistyped uuid must not look like
	// a port without connections.
	Connections *Connections
	Traffic     []*Traffic // by window; nil: never seen, or stale
	Attached    *bool      // as the port's own, true where data come all the same
}

// View returns the port p of account a as it may be shown now: a value ends
// when its last good poll is older than StaleIntervals of its own effective
// intervals.
func (s *Snapshot) View(a *Account, p *Port, now time.Time) View {
	v := View{Port: p, Now: now, Windows: s.Windows, Traffic: s.freshTraffic(p.Traffic, a.Windows, now)}
	if p.Inventory != nil && s.fresh(p.Inventory.At, a.Inventory, now) {
		v.Inventory = p.Inventory
	}
	v.Attached = attached(p.Attached, v.Traffic, s.Windows)
	if c := p.Connections; c != nil && s.fresh(c.At, a.Connections, now) && (p.Confirmed || c.Total() > 0) {
		v.Connections = c
	}
	return v
}

// fresh reports whether a good poll at that time, of something that is polled on
// that interval, may still be shown.
func (s *Snapshot) fresh(at time.Time, interval time.Duration, now time.Time) bool {
	return Age(now, at) <= time.Duration(s.StaleIntervals)*interval
}

// freshTraffic is traffic by window without what has gone stale, by the effective
// intervals of the windows. Before the first plan there may be none of one.
func (s *Snapshot) freshTraffic(traffic []*Traffic, intervals []time.Duration, now time.Time) []*Traffic {
	kept := make([]*Traffic, len(s.Windows))
	for i, t := range traffic {
		interval := s.Windows[i].Interval
		if i < len(intervals) {
			interval = intervals[i]
		}
		kept[i] = t.only(func(at time.Time) bool { return s.fresh(at, interval, now) })
	}
	return kept
}

// Capacity is the line rate in bit/s: the inventory's, else the one that comes
// with the traffic, the primary window first.
func (v *View) Capacity() *float64 {
	if v.Inventory != nil && v.Inventory.Capacity != nil {
		return v.Inventory.Capacity
	}
	for _, t := range v.Traffic {
		if t != nil && t.Capacity != nil {
			return t.Capacity
		}
	}
	return nil
}

// EffectiveCapacity is the line rate in bit/s of the links that are up; nil
// where it is no longer known which are.
func (v *View) EffectiveCapacity() *float64 {
	switch {
	case !v.Linked:
		return v.Capacity()
	case v.Inventory == nil:
		return nil
	default:
		return v.Inventory.EffectiveCapacity()
	}
}

// LAGFailover is the last polled rate of a direction as a share of the line rate
// that is left when one more link of the LAG fails; nil where either is unknown
// or nothing would be left.
func (v *View) LAGFailover(d Direction) *float64 {
	if v.Inventory == nil {
		return nil
	}
	return ShareOf(v.Last(d), v.Inventory.SpareCapacity())
}

// Last is the last polled rate in bit/s of a direction, nil once the newest
// sample of Equinix is too old to be called that.
func (v *View) Last(d Direction) *float64 {
	return v.Traffic[0].last(v.Windows[0], d, v.Now)
}

// Newest is the time of the newest sample of a direction, zero where none was
// ever seen. It reads past the stale limit: it is how staleness shows.
func (v *View) Newest(d Direction) time.Time {
	return v.Port.Traffic[0].newest(d)
}
