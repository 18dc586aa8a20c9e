package fabrictest

import (
	"fmt"
	"slices"
	"time"
)

// state is a fleet and its indexes. It never changes: every edit publishes a new
// state, so a request sees one consistent fleet.
type state struct {
	fleet       Fleet
	ports       map[string]*Port // by UUID, including foreign ports
	connections map[string]*Connection
	usage       map[string]usage // by port
}

// usage is how the connections use a port.
type usage struct {
	connections int     // that have not ended
	bandwidth   int64   // Mbit/s, of the live connections
	loads       float64 // of the connections with a Load
	unloaded    int64   // Mbit/s, of the connections without a Load, whatever their state
}

// newState returns the state of a fleet, which it keeps.
func newState(f Fleet) *state {
	s := &state{
		fleet: f, ports: make(map[string]*Port, len(f.Ports)),
		connections: make(map[string]*Connection, len(f.Connections)), usage: map[string]usage{},
	}
	for i := range f.Ports {
		s.ports[f.Ports[i].UUID] = &f.Ports[i]
	}
	for i := range f.Connections {
		c := &f.Connections[i]
		s.connections[c.UUID] = c
		for side, port := range []string{c.ASide.Port, c.ZSide.Port} {
			if s.ports[port] == nil || side == 1 && port == c.ASide.Port {
				continue
			}
			u := s.usage[port]
			if !c.ended() {
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
			s.usage[port] = u
		}
	}
	return s
}

// own returns the ports of the account, without foreign ports.
func (s *state) own() []*Port {
	ports := make([]*Port, 0, len(s.fleet.Ports))
	for i := range s.fleet.Ports {
		if p := &s.fleet.Ports[i]; !p.Foreign {
			ports = append(ports, p)
		}
	}
	return ports
}

// Fleet returns a copy of what the API knows now.
func (a *API) Fleet() Fleet {
	a.advance(a.now())
	return a.state.Load().fleet.clone()
}

// edit publishes the fleet that change has edited, unless change returns false.
// change gets a copy of both slices, but not of the slices inside their elements. It
// must not call the API.
func (a *API) edit(change func(*Fleet) bool) bool {
	a.editing.Lock()
	defer a.editing.Unlock()
	next := a.state.Load().fleet
	next.Ports, next.Connections = slices.Clone(next.Ports), slices.Clone(next.Connections)
	changed := change(&next)
	if changed {
		a.state.Store(newState(next))
	}
	return changed
}

// element is a port or a connection.
type element[T any] interface {
	id() string
	clone() T
}

func (p Port) id() string       { return p.UUID }
func (c Connection) id() string { return c.UUID }

func index[T element[T]](list []T, uuid string) int {
	return slices.IndexFunc(list, func(x T) bool { return x.id() == uuid })
}

// remove takes an element out of the list and reports whether it was there.
func remove[T element[T]](list *[]T, uuid string) bool {
	before := len(*list)
	*list = slices.DeleteFunc(*list, func(x T) bool { return x.id() == uuid })
	return len(*list) < before
}

// put adds x to the list, in place of the element with its UUID.
func put[T element[T]](list *[]T, x T) bool {
	remove(list, x.id())
	*list = append(*list, x.clone())
	return true
}

// alter replaces an element by a copy that change has edited, and reports whether the
// element existed.
func alter[T element[T]](list []T, uuid string, change func(*T)) bool {
	i := index(list, uuid)
	if i >= 0 {
		list[i] = list[i].clone()
		change(&list[i])
	}
	return i >= 0
}

// AddPort adds p, or replaces the port with its UUID.
func (a *API) AddPort(p Port) { a.edit(func(f *Fleet) bool { return put(&f.Ports, p) }) }

// RemovePort removes a port and reports whether it existed. Its connections stay.
func (a *API) RemovePort(uuid string) bool {
	return a.edit(func(f *Fleet) bool { return remove(&f.Ports, uuid) })
}

// EditPort replaces a port by a copy that change has edited, and reports whether the
// port existed. change must not call the API.
func (a *API) EditPort(uuid string, change func(*Port)) bool {
	return a.edit(func(f *Fleet) bool { return alter(f.Ports, uuid, change) })
}

// AddConnection adds c, or replaces the connection with its UUID and cancels its
// pending changes.
func (a *API) AddConnection(c Connection) {
	a.edit(func(f *Fleet) bool {
		a.pending.set(c.UUID, nil)
		return put(&f.Connections, c)
	})
}

// RemoveConnection removes a connection and reports whether it existed.
func (a *API) RemoveConnection(uuid string) bool {
	return a.edit(func(f *Fleet) bool { return remove(&f.Connections, uuid) })
}

// EditConnection replaces a connection by a copy that change has edited, and reports
// whether it existed. change must not call the API.
func (a *API) EditConnection(uuid string, change func(*Connection)) bool {
	return a.edit(func(f *Fleet) bool { return alter(f.Connections, uuid, change) })
}

// SetStream sets the stream that a port or a connection is attached to; the zero
// Stream detaches it. It fails if there is no such asset.
func (a *API) SetStream(uuid string, s Stream) error {
	if a.EditPort(uuid, func(p *Port) { p.Stream = s }) || a.EditConnection(uuid, func(c *Connection) { c.Stream = s }) {
		return nil
	}
	return fmt.Errorf("no asset %s", uuid)
}

// SetOperationalStatus sets all links of a port up (UP), all down (DOWN) or all but
// the first up (PARTIAL), and reports whether the port existed. With all links down
// an outage of the port begins, and a link that comes up ends it; intervals of the
// outage have no traffic.
func (a *API) SetOperationalStatus(uuid, status string) bool {
	now := a.now()
	return a.EditPort(uuid, func(p *Port) {
		for i := range p.Links {
			p.Links[i].Down = status == StatusDown || status == StatusPartial && i == 0
		}
		down := p.OperationalStatus() == StatusDown
		i := slices.IndexFunc(p.Outages, func(o Outage) bool { return o.To.IsZero() })
		switch {
		case down && i < 0:
			p.Outages = append(p.Outages, Outage{From: now})
		case !down && i >= 0:
			p.Outages[i].To = now
		}
	})
}

// unix is t.Unix; for the zero Time it is smaller than for any other.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return -1 << 62
	}
	return t.Unix()
}
