package fabrictest

import (
	"slices"
	"time"
)

// Fleet is all that an API knows of: the ports and connections that its
// credentials may see, and foreign ports that they may not.
type Fleet struct {
	Ports       []Port
	Connections []Connection
}

// Port returns the port of the given name. Where several bear it, it is the
// first.
func (f Fleet) Port(name string) (Port, bool) {
	for _, p := range f.Ports {
		if p.Name == name {
			return p, true
		}
	}
	return Port{}, false
}

func (f Fleet) clone() Fleet {
	f.Ports, f.Connections = slices.Clone(f.Ports), slices.Clone(f.Connections)
	for i := range f.Ports {
		f.Ports[i] = f.Ports[i].clone()
	}
	return f
}

func (p Port) clone() Port {
	p.Links, p.Outages = slices.Clone(p.Links), slices.Clone(p.Outages)
	return p
}

// roster is a fleet with what the answers look up in it. It never changes;
// every edit publishes a new one, so a request sees one state of affairs.
type roster struct {
	fleet  Fleet
	byUUID map[string]*Port
	usage  map[string]usage // by port
}

// usage is what the connections take of a port.
type usage struct {
	connections int
	bandwidth   int64 // Mbit/s, of the live ones
}

// newRoster takes the fleet over.
func newRoster(f Fleet) *roster {
	r := &roster{fleet: f, byUUID: make(map[string]*Port, len(f.Ports)), usage: map[string]usage{}}
	for i := range f.Ports {
		r.byUUID[f.Ports[i].UUID] = &f.Ports[i]
	}
	for i := range f.Connections {
		c := &f.Connections[i]
		r.use(c.ASide.Port, c)
		if c.ZSide.Port != c.ASide.Port {
			r.use(c.ZSide.Port, c)
		}
	}
	return r
}

func (r *roster) use(port string, c *Connection) {
	if r.byUUID[port] == nil {
		return
	}
	u := r.usage[port]
	u.connections++
	if c.live() {
		u.bandwidth += c.Bandwidth
	}
	r.usage[port] = u
}

// own returns the ports that the lists show.
func (r *roster) own() []*Port {
	ports := make([]*Port, 0, len(r.fleet.Ports))
	for i := range r.fleet.Ports {
		if p := &r.fleet.Ports[i]; !p.Foreign {
			ports = append(ports, p)
		}
	}
	return ports
}

// Fleet returns a copy of what the API knows of now.
func (a *API) Fleet() Fleet { return a.roster.Load().fleet.clone() }

// edit publishes the fleet as change leaves it. The change gets its own copy of
// both slices, but shares the slices within their elements.
func (a *API) edit(change func(*Fleet) bool) bool {
	a.editing.Lock()
	defer a.editing.Unlock()
	next := a.roster.Load().fleet
	next.Ports, next.Connections = slices.Clone(next.Ports), slices.Clone(next.Connections)
	changed := change(&next)
	if changed {
		a.roster.Store(newRoster(next))
	}
	return changed
}

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
	now := a.opts.Now()
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
	a.edit(func(f *Fleet) bool {
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
		change(&f.Connections[i])
		return true
	})
}
