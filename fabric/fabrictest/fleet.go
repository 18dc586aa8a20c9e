package fabrictest

import "slices"

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
	for i := range f.Connections {
		f.Connections[i] = f.Connections[i].clone()
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

	connections map[string]*Connection // by UUID
}

// usage is what the connections take of a port.
type usage struct {
	connections int     // that have not come to their end
	bandwidth   int64   // Mbit/s, of the live ones
	loads       float64 // of those with a Load
	unloaded    int64   // Mbit/s, of those without, whatever their state
}

// newRoster takes the fleet over.
func newRoster(f Fleet) *roster {
	r := &roster{
		fleet: f, byUUID: make(map[string]*Port, len(f.Ports)), usage: map[string]usage{},
		connections: make(map[string]*Connection, len(f.Connections)),
	}
	for i := range f.Ports {
		r.byUUID[f.Ports[i].UUID] = &f.Ports[i]
	}
	for i := range f.Connections {
		c := &f.Connections[i]
		r.connections[c.UUID] = c
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
	if !c.gone() {
		u.connections++
	}
	if c.live() {
		u.bandwidth += c.Bandwidth
	}
	if c.Load > 0 {
		u.loads += c.Load
	} else {
		u.unloaded += c.Bandwidth
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
func (a *API) Fleet() Fleet {
	a.settle(a.now())
	return a.roster.Load().fleet.clone()
}

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
