package fabrictest

import (
	"slices"
	"time"
)

// AddPort adds p, or replaces the port with its UUID.
func (a *API) AddPort(p Port) {
	p = p.clone()
	a.edit(func(f *Fleet) bool {
		f.Ports = slices.DeleteFunc(f.Ports, func(old Port) bool { return old.UUID == p.UUID })
		f.Ports = append(f.Ports, p)
		return true
	})
}

// RemovePort takes a port away and reports whether it was there. Its
// connections stay.
func (a *API) RemovePort(uuid string) bool {
	return a.edit(func(f *Fleet) bool {
		before := len(f.Ports)
		f.Ports = slices.DeleteFunc(f.Ports, func(p Port) bool { return p.UUID == uuid })
		return len(f.Ports) < before
	})
}

// EditPort lets change edit a copy of a port, which then takes its place, and
// reports whether the port was there. The change must not call the API.
func (a *API) EditPort(uuid string, change func(*Port)) bool {
	return a.edit(func(f *Fleet) bool {
		i := slices.IndexFunc(f.Ports, func(p Port) bool { return p.UUID == uuid })
		if i < 0 {
			return false
		}
		p := f.Ports[i].clone()
		change(&p)
		f.Ports[i] = p
		return true
	})
}

// SetPortState sets the lifecycle state of a port and reports whether it was there.
func (a *API) SetPortState(uuid, state string) bool {
	return a.EditPort(uuid, func(p *Port) { p.State = state })
}

// SetOperationalStatus brings all links of a port up (UP), all down (DOWN) or
// all but the first up (PARTIAL), and reports whether the port was there. A port
// without a link that is up begins an outage; one with such a link ends it, and
// what it silenced stays silent.
func (a *API) SetOperationalStatus(uuid, status string) bool {
	now := a.now()
	return a.EditPort(uuid, func(p *Port) {
		for i := range p.Links {
			p.Links[i].Down = status == StatusDown || status == StatusPartial && i == 0
		}
		p.setOutage(p.OperationalStatus() == StatusDown, now)
	})
}

// maxOutages bounds what a port that flaps for weeks remembers.
const maxOutages = 100

func (p *Port) setOutage(down bool, now time.Time) {
	i := slices.IndexFunc(p.Outages, func(o Outage) bool { return o.To.IsZero() })
	switch {
	case down && i < 0:
		p.Outages = append(p.Outages, Outage{From: now})
		p.Outages = p.Outages[max(len(p.Outages)-maxOutages, 0):]
	case !down && i >= 0:
		p.Outages[i].To = now
	}
}

// AddConnection adds c, or replaces the connection with its UUID.
func (a *API) AddConnection(c Connection) {
	c = c.clone()
	a.edit(func(f *Fleet) bool {
		a.agenda.set(c.UUID, nil)
		f.Connections = slices.DeleteFunc(f.Connections, func(old Connection) bool { return old.UUID == c.UUID })
		f.Connections = append(f.Connections, c)
		return true
	})
}

// RemoveConnection takes a connection away and reports whether it was there.
func (a *API) RemoveConnection(uuid string) bool {
	return a.edit(func(f *Fleet) bool {
		before := len(f.Connections)
		f.Connections = slices.DeleteFunc(f.Connections, func(c Connection) bool { return c.UUID == uuid })
		return len(f.Connections) < before
	})
}

// EditConnection lets change edit a copy of a connection, which then takes its
// place, and reports whether it was there. The change must not call the API.
func (a *API) EditConnection(uuid string, change func(*Connection)) bool {
	return a.edit(func(f *Fleet) bool {
		i := slices.IndexFunc(f.Connections, func(c Connection) bool { return c.UUID == uuid })
		if i < 0 {
			return false
		}
		c := f.Connections[i].clone()
		change(&c)
		f.Connections[i] = c
		return true
	})
}
