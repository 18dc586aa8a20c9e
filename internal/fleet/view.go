package fleet

import (
	"slices"
	"time"
)

// MeteredView is a port or a connection with traffic as it may be shown at one
// moment: what has gone stale is nil.
type MeteredView struct {
	Subject  *Metered // with what is stale
	Now      time.Time
	Windows  []Window
	Traffic  []*Traffic // by window; nil: never seen, or stale
	Attached *bool      // as the subject's own, true if data come all the same
	Price    *Price     // nil: never asked, or stale
}

// View is a port as it may be shown at one moment: what has gone stale is nil.
type View struct {
	*Port
	MeteredView

	Inventory *Inventory // nil: never seen, or stale
	// Connections is nil if they were never searched, are stale, or if no
	// answer has shown that the port exists: a mistyped uuid must not look like
	// a port without connections.
	Connections *Connections
}

// ConnectionView is a connection with traffic as it may be shown at one moment:
// what has gone stale is nil.
type ConnectionView struct {
	*Tracked
	MeteredView

	PortName string      // of the port that it is seen from, "" if there is none
	Facts    *Connection // nil: no search has found it for long
}

// View returns the port p of account a as it may be shown now: a value ends
// when its last good poll is older than StaleIntervals of its own effective
// intervals.
func (s *Snapshot) View(a *Account, p *Port, now time.Time) View {
	v := View{Port: p, MeteredView: s.meteredView(a, &p.Metered, a.Windows, now)}
	if p.Inventory != nil && s.fresh(p.Inventory.At, a.Inventory, now) {
		v.Inventory = p.Inventory
	}
	if c := p.Connections; c != nil && s.fresh(c.At, a.Connections, now) && (p.Confirmed || c.Total() > 0) {
		v.Connections = c
	}
	return v
}

// ConnectionView returns the connection c of account a, seen from port p, or nil if it is on
// none, as it may be shown now. Its values end as the values of a port do, its traffic by the
// intervals of connection traffic.
func (s *Snapshot) ConnectionView(a *Account, p *Port, c *Tracked, now time.Time) ConnectionView {
	v := ConnectionView{Tracked: c, MeteredView: s.meteredView(a, &c.Metered, a.ConnectionWindows, now)}
	if p != nil {
		v.PortName = p.Name()
	}
	if s.fresh(c.At, a.Connections, now) {
		v.Facts = &c.Connection
	}
	return v
}

// meteredView returns m without the traffic that has gone stale, by the effective
// intervals of the windows. Before the first plan a window may have none.
func (s *Snapshot) meteredView(a *Account, m *Metered, intervals []time.Duration, now time.Time) MeteredView {
	v := MeteredView{Subject: m, Now: now, Windows: s.Windows, Traffic: make([]*Traffic, len(s.Windows))}
	for i, t := range m.Traffic {
		interval := s.Windows[i].Interval
		if i < len(intervals) {
			interval = intervals[i]
		}
		v.Traffic[i] = t.only(func(at time.Time) bool { return s.fresh(at, interval, now) })
	}
	v.Attached = attached(m.Attached, v.Traffic, s.Windows)
	if m.Price != nil && s.fresh(m.Price.At, a.Prices, now) {
		v.Price = m.Price
	}
	return v
}

// fresh reports whether a good poll at that time, of something that is polled on
// that interval, may still be shown.
func (s *Snapshot) fresh(at time.Time, interval time.Duration, now time.Time) bool {
	return Age(now, at) <= time.Duration(s.StaleIntervals)*interval
}

// Last is the last polled rate in bit/s of a direction, nil once the newest
// sample of Equinix is too old to be called that.
func (v *MeteredView) Last(d Direction) *float64 {
	return v.Traffic[0].last(v.Windows[0], d, v.Now)
}

// Newest is the time of the newest sample of a direction, zero before the first
// one. It reads past the stale limit: it is how staleness shows.
func (v *MeteredView) Newest(d Direction) time.Time { return v.Subject.Traffic[0].newest(d) }

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
// if it is no longer known which are.
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
// that is left when one more link of the LAG fails; nil if either is unknown
// or nothing would be left.
func (v *View) LAGFailover(d Direction) *float64 {
	if v.Inventory == nil {
		return nil
	}
	return ShareOf(v.Last(d), v.Inventory.SpareCapacity())
}

// Same reports whether v shows what o shows, each at its own moment. A port that was
// polled in between is not the same.
func (v *View) Same(o *View) bool {
	return v == o || v.Port == o.Port && v.Inventory == o.Inventory && v.Connections == o.Connections && v.same(&o.MeteredView)
}

// Same reports whether v shows what o shows, each at its own moment.
func (v *ConnectionView) Same(o *ConnectionView) bool {
	return v.Tracked == o.Tracked && v.Facts == o.Facts && v.PortName == o.PortName && v.same(&o.MeteredView)
}

func (v *MeteredView) same(o *MeteredView) bool {
	for _, d := range Directions() {
		if (v.Last(d) == nil) != (o.Last(d) == nil) {
			return false
		}
	}
	return v.Subject == o.Subject && v.Price == o.Price && slices.EqualFunc(v.Traffic, o.Traffic, (*Traffic).same) // Attached follows from these
}
