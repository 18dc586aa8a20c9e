package fabrictest

import (
	"math"
	"time"
)

// The sides of a connection, as a view point names them.
const (
	ASide = "aSide"
	ZSide = "zSide"
)

// flow is the traffic of a connection one way: of what each of its ports carries
// that way, the share that belongs to the connection, up to its bandwidth.
type flow struct {
	key  uint64
	full int64 // bytes in five minutes at its bandwidth
	legs []leg
}

type leg struct {
	*meter
	share float64
}

// flow returns the traffic of c from its a-side to its z-side, or back. It has
// no legs where neither side is an own port in service.
func (r *roster) flow(seed uint64, c *Connection, there bool) *flow {
	f := &flow{key: hashString(seed, c.UUID), full: c.Bandwidth * 1e6 / 8 * fiveMinutes}
	in, out := Inbound, Outbound
	if !there {
		in, out = Outbound, Inbound
		f.key = mix(f.key)
	}
	f.add(r, seed, c, c.ASide.Port, in)
	if c.ZSide.Port != c.ASide.Port {
		f.add(r, seed, c, c.ZSide.Port, out)
	}
	return f
}

func (f *flow) add(r *roster, seed uint64, c *Connection, port string, d Direction) {
	p := r.byUUID[port]
	if p == nil || p.Foreign || p.State == StateProvisioning {
		return
	}
	f.legs = append(f.legs, leg{newMeter(seed, p, d), r.share(seed, p, c)})
}

// share is the part of a port's traffic that asks for c. Those of all the
// connections of a port are never more than 1 together, and one that goes by
// the bandwidth never asks for more than that.
func (r *roster) share(seed uint64, p *Port, c *Connection) float64 {
	u := r.usage[p.UUID]
	if c.Load > 0 {
		return c.Load / max(u.loads, 1)
	}
	part := float64(c.Bandwidth) / float64(max(p.Capacity(), u.unloaded))
	return (1 - min(u.loads, 1)) * part * (0.5 + 0.45*unit(hashString(seed, "share "+c.UUID)))
}

// asked returns how many bytes asked to pass in the interval with the given
// end, and how many would have at its highest rate.
func (f *flow) asked(end int64) (mean, high int64) {
	mean, high = math.MaxInt64, math.MaxInt64
	wobble := 0.85 + 0.15*unit(mix(f.key^uint64(end))) //nolint:gosec // any bits will do
	for _, l := range f.legs {
		m, h := l.at(end)
		mean = min(mean, int64(float64(m)*l.share*wobble))
		high = min(high, int64(float64(h)*l.share*wobble))
	}
	return mean, high
}

func (f *flow) at(end int64) (mean, high int64) {
	mean, high = f.asked(end)
	return min(mean, f.full), min(high, f.full)
}

// exceeded returns how many packets were over the rate in an interval: the
// policer at the entry stops three in four of them, the one at the exit the rest.
func (f *flow) exceeded(end int64) (entry, exit int64) {
	asked, _ := f.asked(end)
	packets := max(asked-f.full, 0) / packetSize
	return packets - packets/4, packets / 4
}

// home is the port that decides how late the statistics of a connection are.
func (f *flow) home() string { return f.legs[0].port.UUID }

// ConnectionTruth returns the samples of a connection that the API would give at
// the time now, seen from ASide or ZSide, as [API.Truth] does for a port. A
// connection has traffic while it takes bandwidth of an own port, from its
// creation on; a change of state or bandwidth rewrites its past.
func (a *API) ConnectionTruth(uuid, viewPoint string, d Direction, from, to time.Time, resolution time.Duration, now time.Time) []Sample {
	r := a.roster.Load()
	c := r.connections[uuid]
	if c == nil {
		return nil
	}
	return a.readConnection(r, c, viewPoint, d, window{from, to, resolution}, now).samples
}

func (a *API) readConnection(r *roster, c *Connection, viewPoint string, d Direction, w window, now time.Time) reading {
	f := r.flow(a.opts.Seed, c, (d == Inbound) == (viewPoint == ASide))
	if len(f.legs) == 0 || !c.live() {
		return noReading()
	}
	return a.intervals(f.home(), w.from, w.to, w.resolution, now).after(c.Created).read(f.at)
}
