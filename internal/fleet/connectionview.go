package fleet

import "time"

// ConnectionView is a watched connection as it may be shown at one moment: what
// has gone stale is nil.
type ConnectionView struct {
	*Tracked

	Now      time.Time
	Windows  []Window
	PortName string      // of the port that it is seen from
	Facts    *Connection // nil: no search has found it for long
	Traffic  []*Traffic  // by window; nil: never seen, or stale
	Attached *bool       // as the connection's own, true where data come all the same
}

// ConnectionView returns the connection c of account a, seen from port p, as it
// may be shown now. Its values end as those of a port do, its traffic by the
// intervals of the traffic of connections.
func (s *Snapshot) ConnectionView(a *Account, p *Port, c *Tracked, now time.Time) ConnectionView {
	v := ConnectionView{Tracked: c, Now: now, Windows: s.Windows, PortName: p.Name(), Traffic: s.freshTraffic(c.Traffic, a.ConnectionWindows, now)}
	v.Attached = attached(c.Attached, v.Traffic, s.Windows)
	if s.fresh(c.At, a.Connections, now) {
		v.Facts = &c.Connection
	}
	return v
}

// Last is the last polled rate in bit/s of a direction, nil once the newest
// sample of Equinix is too old to be called that.
func (v *ConnectionView) Last(d Direction) *float64 {
	return v.Traffic[0].last(v.Windows[0], d, v.Now)
}

// Newest is the time of the newest sample of a direction, zero where none was
// ever seen. It reads past the stale limit: it is how staleness shows.
func (v *ConnectionView) Newest(d Direction) time.Time { return v.Tracked.Traffic[0].newest(d) }
