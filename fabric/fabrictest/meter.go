package fabrictest

import (
	"math"
	"time"
)

// Direction is the direction of traffic, seen from the port.
type Direction int

// The directions.
const (
	Inbound Direction = iota
	Outbound
)

const (
	fiveMinutes = 300  // seconds; the grid of all traffic
	hour        = 3600 // seconds

	slotsPerDay = 24 * hour / fiveMinutes

	// topShare is the largest share of the line rate that frames can use; preamble
	// and gap use the rest.
	topShare = 0.985

	packetSize = 900 // bytes, on average

	// growthFrom is 2026-01-01. Growth begins a year before and ends a year after, so
	// that the traffic is plausible at any time.
	growthFrom = 1767225600
	year       = 365 * 24 * hour
)

// meter is the traffic of one port in one direction: a pure function of the seed, the
// port and the interval. It is counted in bytes, so that sums are exact.
type meter struct {
	port    *Port
	key     uint64
	full    float64 // bytes in five minutes at line rate
	peak    float64
	growth  float64
	bursts  float64
	weekend float64
	utc     int64                // seconds
	day     [slotsPerDay]float64 // by slot of the local day
}

func newMeter(seed uint64, p *Port, d Direction) *meter {
	m := &meter{
		port:    p,
		key:     mix(hashString(seed, p.UUID) + uint64(d)), //nolint:gosec // a direction is 0 or 1
		full:    float64(p.Capacity()) * 1e6 / 8 * fiveMinutes,
		peak:    p.Load.Inbound,
		growth:  p.Load.Growth,
		bursts:  p.Load.Bursts,
		weekend: p.Load.Weekend,
		utc:     int64(metroOf(p.Metro).utc / time.Second),
	}
	peakHour := p.Load.PeakHour
	if d == Outbound {
		m.peak = p.Load.Outbound
		peakHour += 0.5 + unit(mix(m.key)) // the other direction is busy at another time
	}
	for slot := range m.day {
		m.day[slot] = dayShape(float64(slot)*24/slotsPerDay - peakHour)
	}
	return m
}

// dayShape is 1 at the peak and 0.1 twelve hours later, with a dip an hour and a half
// after the peak.
func dayShape(sincePeak float64) float64 {
	sincePeak = math.Remainder(sincePeak, 24)
	angle := 2 * math.Pi * sincePeak / 24
	hill := math.Pow((1+math.Cos(angle))/2, 1.4)
	sinceLunch := sincePeak - 1.5
	dent := math.Exp(-sinceLunch * sinceLunch / 0.5)
	return 0.1 + 0.9*hill - 0.06*dent
}

// demand is the offered traffic as a share of the line rate, in the interval with the
// given end on the five-minute grid; at most topShare of it passes.
func (m *meter) demand(end int64) float64 {
	n := end / fiveMinutes
	local := end - fiveMinutes + m.utc
	share := m.peak * m.day[floorMod(local, 24*hour)/fiveMinutes] * m.week(local) * m.trend(end)
	share *= 1 + 0.08*m.drift(n, slotsPerDay) + 0.06*m.drift(n, 6) + 0.03*m.noise(n, 1)
	if unit(m.draw(n, 2)) < 0.02*m.bursts {
		share *= 1.1 + 0.25*unit(m.draw(n, 3))
	}
	return max(share, 0)
}

// at returns how many bytes passed in the interval with the given end, and how many
// would pass at its highest rate.
func (m *meter) at(end int64) (mean, high int64) {
	if m.port.silent(end) {
		return 0, 0
	}
	n := end / fiveMinutes
	share := min(m.demand(end), topShare)
	u := unit(m.draw(n, 4))
	top := share * (1.02 + 0.15*u*u)
	if unit(m.draw(n, 5)) < 0.05*m.bursts {
		top = share * (1.1 + 0.3*u)
	}
	top = min(top, max(topShare, share))
	return int64(share * m.full), int64(top * m.full)
}

// dropped returns how many packets were dropped in an interval because the port was full.
func (m *meter) dropped(end int64) int64 {
	if m.port.silent(end) {
		return 0
	}
	return int64(max(m.demand(end)-topShare, 0) * m.full / packetSize)
}

// erred returns how many packets had errors in an interval.
func (m *meter) erred(end int64) int64 {
	if m.port.Load.Errors <= 0 || m.port.silent(end) {
		return 0
	}
	return int64(2 * m.port.Load.Errors * unit(m.draw(end/fiveMinutes, 6)))
}

// silent reports whether the interval that ends at the given Unix time was in an
// outage.
func (p *Port) silent(end int64) bool {
	for _, o := range p.Outages {
		if end > unix(o.From) && (o.To.IsZero() || end <= o.To.Unix()) {
			return true
		}
	}
	return false
}

// week is the weight of a local time: 1 on working days; from 21 to 3 o'clock it
// changes gradually to the weight of the next day.
func (m *meter) week(local int64) float64 {
	day := floorDiv(local, 24*hour)
	h := float64(floorMod(local, 24*hour)) / hour
	today := m.weekday(day)
	switch {
	case h < 3:
		return blend(m.weekday(day-1), today, (h+3)/6)
	case h > 21:
		return blend(today, m.weekday(day+1), (h-21)/6)
	default:
		return today
	}
}

// weekday is the weight of a day counted from the epoch, a Thursday.
func (m *meter) weekday(day int64) float64 {
	if floorMod(day+4, 7)%6 == 0 {
		return m.weekend
	}
	return 1
}

func (m *meter) trend(end int64) float64 {
	years := float64(end-growthFrom) / year
	return 1 + m.growth*min(max(years, -1), 1)
}

// drift varies slowly between -1 and 1, with a new target every period intervals.
func (m *meter) drift(n, period int64) float64 {
	k, into := floorDiv(n, period), floorMod(n, period)
	salt := uint64(period) //nolint:gosec // a period is positive
	return blend(m.noise(k, salt), m.noise(k+1, salt), float64(into)/float64(period))
}

// noise is between -1 and 1, independent for each interval.
func (m *meter) noise(n int64, salt uint64) float64 { return 2*unit(m.draw(n, salt)) - 1 }

func (m *meter) draw(n int64, salt uint64) uint64 {
	return mix(m.key ^ uint64(n)<<16 ^ salt) //nolint:gosec // any bits will do
}

// blend goes from a to b as t goes from 0 to 1, with a slope of 0 at both ends.
func blend(a, b, t float64) float64 { return a + (b-a)*t*t*(3-2*t) }

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

func floorMod(a, b int64) int64 {
	if r := a % b; r < 0 {
		return r + b
	}
	return a % b
}

// flow is the traffic of a connection in one direction: its share of the traffic of
// each of its ports, or of the router or device at its a-side, up to its bandwidth.
type flow struct {
	key  uint64
	full int64 // bytes in five minutes at its bandwidth
	legs []leg
}

type leg struct {
	*meter

	share float64
}

// flow returns the traffic of c into its a-side, or out of it. It has one leg for
// each side that is an own port in service.
func (s *state) flow(seed uint64, c *Connection, in bool) *flow {
	f := &flow{key: hashString(seed, c.UUID), full: c.Bandwidth * 1e6 / 8 * fiveMinutes}
	near, far := Inbound, Outbound
	if !in {
		near, far = Outbound, Inbound
		f.key = mix(f.key)
	}
	add := func(port string, d Direction) {
		if p := s.ports[port]; p != nil && !p.Foreign && p.State != StateProvisioning {
			f.legs = append(f.legs, leg{newMeter(seed, p, d), s.share(seed, p, c)})
		}
	}
	add(c.ASide.Port, near)
	if c.ZSide.Port != c.ASide.Port {
		add(c.ZSide.Port, far)
	}
	if c.ASide.Port == "" && c.ASide.UUID != "" && len(f.legs) == 0 { // of a router or a device, which no other connection shares
		p := &Port{UUID: c.ASide.UUID, Metro: c.ASide.Metro, Speed: c.Bandwidth, Links: make([]Link, 1),
			Load: Load{Inbound: 0.4, Outbound: 0.3, PeakHour: 14, Weekend: 0.6}}
		f.legs = append(f.legs, leg{newMeter(seed, p, near), 1})
	}
	return f
}

// share is the part of a port's traffic that is offered to c. The shares of all
// connections of a port are at most 1 together; a connection without a Load is never
// offered more than its bandwidth.
func (s *state) share(seed uint64, p *Port, c *Connection) float64 {
	u := s.usage[p.UUID]
	if c.Load > 0 {
		return c.Load / max(u.loads, 1)
	}
	part := float64(c.Bandwidth) / float64(max(p.Capacity(), u.unloaded))
	return (1 - min(u.loads, 1)) * part * (0.5 + 0.45*unit(hashString(seed, "share "+c.UUID)))
}

// asked returns how many bytes were offered in the interval with the given end, and
// how many would be at its highest rate.
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

// exceeded returns how many packets exceeded the bandwidth in an interval. The
// policer at the exit drops one in four of them, the policer at the entry the others.
func (f *flow) exceeded(end int64) int64 {
	asked, _ := f.asked(end)
	return max(asked-f.full, 0) / packetSize
}

func (f *flow) droppedLeaving(end int64) int64  { return f.exceeded(end) / 4 }
func (f *flow) droppedEntering(end int64) int64 { return f.exceeded(end) - f.droppedLeaving(end) }
