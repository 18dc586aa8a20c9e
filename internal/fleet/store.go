package fleet

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Store publishes snapshots to any number of readers. Changes are made one at a time,
// each to a copy that is then published whole. Its zero value is empty and ready to use.
type Store struct {
	current atomic.Pointer[Snapshot]
	writing sync.Mutex
}

// Load returns the newest snapshot, or nil before the first.
func (s *Store) Load() *Snapshot { return s.current.Load() }

// Publish makes next visible to readers. The caller must not change next afterwards.
func (s *Store) Publish(next *Snapshot) { s.current.Store(next) }

// Update publishes a copy of the snapshot with change made to it, pairs brought up to date.
func (s *Store) Update(change func(e *Edit)) {
	s.writing.Lock()
	defer s.writing.Unlock()
	e := newEdit(s.Load())
	change(e)
	e.updatePairs()
	e.next.Ready = e.next.Ready || e.next.Complete()
	s.Publish(e.next)
}

// Settings is what the configuration says of a snapshot.
type Settings struct {
	Accounts       []AccountSettings // in the order of the configuration
	Windows        []Window          // the first one is the primary one
	StaleIntervals int
	Shard          Shard
	Timeout        time.Duration // of one request
	Intervals      Intervals     // as configured
}

// AccountSettings is what the configuration says of one account.
type AccountSettings struct {
	Name      string
	Ports     []PortSettings
	Pairs     []Pair // without traffic
	MaxSeries int

	// Sources are the traffic sources that may be asked about ports and about
	// connections. If there is only one, it is in use from the start.
	Sources, ConnectionSources []string

	// Discovered reports whether a port of that name in the API belongs to the account
	// without being named; nil if it discovers none. Tracked does so for connections
	// with series of their own.
	Discovered func(name string, i *Inventory) bool
	Tracked    func(c *Connection) bool
}

// PortSettings is a port that the configuration names.
type PortSettings struct {
	UUID string // lower case
	Name string // overrides the API's name; "" does not
}

// Reconfigure publishes what remains of the snapshot under new settings: ports and
// connections that stay keep their values. With one shard of several, a configured port
// that is not known yet waits for the first listing, which tells its shard.
func (s *Store) Reconfigure(set Settings) {
	s.writing.Lock()
	defer s.writing.Unlock()
	prev := cmp.Or(s.Load(), &Snapshot{})
	e := &Edit{prev: prev, touched: map[string]bool{}, copied: map[string]bool{}, ownPorts: true, ownConnections: true, regroup: true, next: &Snapshot{
		Windows: set.Windows, StaleIntervals: set.StaleIntervals, Shard: set.Shard, Ready: prev.Ready,
	}}
	for _, a := range set.Accounts {
		e.next.Accounts = append(e.next.Accounts, a.carried(prev, set))
		e.next.ConfiguredPairs = append(e.next.ConfiguredPairs, a.Pairs...)
	}
	for _, a := range set.Accounts {
		for _, p := range a.Ports {
			if set.Shard.Whole() || prev.Port(p.UUID) != nil {
				port := e.Adopt(a.Name, p.UUID)
				port.Configured, port.ConfiguredName = true, p.Name
			}
		}
	}
	for _, old := range prev.Ports {
		i := set.index(old.Account)
		if i < 0 || e.next.Port(old.UUID) != nil || set.Accounts[i].Discovered == nil || old.Inventory == nil {
			continue
		}
		if set.Accounts[i].Discovered(old.APIName, old.Inventory) {
			port := e.Adopt(old.Account, old.UUID)
			port.Configured, port.ConfiguredName = false, ""
		}
	}
	for _, old := range prev.Connections { // connections.max is applied by the next search
		port := e.next.Port(old.Port)
		if port == nil {
			continue
		}
		if tracked := set.Accounts[set.index(port.Account)].Tracked; tracked != nil && tracked(&old.Connection) {
			c := *old
			c.Metered = c.carried(port.Account, prev.Windows, set.Windows)
			e.next.Connections = append(e.next.Connections, &c)
		}
	}
	e.updatePairs()
	s.Publish(e.next)
}

func (s *Settings) index(account string) int {
	return slices.IndexFunc(s.Accounts, func(a AccountSettings) bool { return a.Name == account })
}

// carried is the account as configured, with what prev knows of it.
func (a *AccountSettings) carried(prev *Snapshot, set Settings) Account {
	next, _ := prev.Account(a.Name)
	next.Name, next.Timeout, next.MaxSeries, next.Configured = a.Name, set.Timeout, a.MaxSeries, set.Intervals
	next.Pairs = slices.DeleteFunc(slices.Clone(a.Pairs), func(p Pair) bool { return !set.Shard.Has(p.Primary) })
	next.Source = sourceInUse(next.Source, a.Sources)
	next.ConnectionSource = sourceInUse(next.ConnectionSource, a.ConnectionSources)
	if a.Tracked == nil {
		next.Selected, next.ConnectionSource = nil, ""
	}
	return next
}

// sourceInUse is the source known before, if it may still be asked, or the only one.
func sourceInUse(known string, sources []string) string {
	switch {
	case len(sources) == 1:
		return sources[0]
	case slices.Contains(sources, known):
		return known
	}
	return ""
}

// carried is m of that account with the windows of new settings.
func (m Metered) carried(account string, old, windows []Window) Metered {
	next := Metered{Account: account, Attached: m.Attached, Traffic: make([]*Traffic, len(windows)), Polls: make([]Poll, len(windows))}
	for i, w := range windows {
		same := func(o Window) bool { return o.Span == w.Span && o.Resolution == w.Resolution }
		if j := slices.IndexFunc(old, same); j >= 0 && j < len(m.Traffic) {
			next.Traffic[i], next.Polls[i] = m.Traffic[j], m.Polls[j]
		}
	}
	return next
}

// Edit is a copy of a snapshot to be changed. The ports, connections and accounts that
// it hands out may be written to until the end of the change.
type Edit struct {
	prev, next *Snapshot

	touched                  map[string]bool // UUIDs of ports that were written to, added or removed
	copied                   map[string]bool // UUIDs of connections that were handed out
	ownPorts, ownConnections bool            // the slice is not the one of prev
	regroup                  bool            // find pairs again, whatever was touched
}

func newEdit(prev *Snapshot) *Edit {
	e := &Edit{prev: prev, next: new(*prev), touched: map[string]bool{}, copied: map[string]bool{}}
	e.next.Accounts = slices.Clone(prev.Accounts)
	return e
}

// Snapshot is the copy as it stands, to be read.
func (e *Edit) Snapshot() *Snapshot { return e.next }

// Account is the account of that name, which must be there.
func (e *Edit) Account(name string) *Account {
	return &e.next.Accounts[slices.IndexFunc(e.next.Accounts, func(a Account) bool { return a.Name == name })]
}

// Port is the port of that UUID, nil if the account has none.
func (e *Edit) Port(account, uuid string) *Port {
	i, found := slices.BinarySearchFunc(e.next.Ports, uuid, portByUUID)
	if !found || e.next.Ports[i].Account != account {
		return nil
	}
	if e.touched[uuid] {
		return e.next.Ports[i]
	}
	p := *e.next.Ports[i]
	p.Traffic, p.Polls = slices.Clone(p.Traffic), slices.Clone(p.Polls)
	e.setPort(&p)
	return &p
}

// Adopt makes the port of that UUID one of the account, with what is known of it: it may
// be a new one, or one of another account.
func (e *Edit) Adopt(account, uuid string) *Port {
	p := &Port{UUID: uuid}
	if old := e.prev.Port(uuid); old != nil {
		*p = *old
	}
	p.Metered = p.carried(account, e.prev.Windows, e.next.Windows)
	e.setPort(p)
	return p
}

// setPort puts p into the copy.
func (e *Edit) setPort(p *Port) {
	if !e.ownPorts {
		e.next.Ports, e.ownPorts = slices.Clone(e.next.Ports), true
	}
	e.touched[p.UUID] = true
	i, found := slices.BinarySearchFunc(e.next.Ports, p.UUID, portByUUID)
	if found {
		e.next.Ports[i] = p
		return
	}
	e.next.Ports = slices.Insert(e.next.Ports, i, p)
}

// RemovePort takes a port out.
func (e *Edit) RemovePort(uuid string) {
	e.touched[uuid] = true
	e.ownPorts = true
	e.next.Ports = slices.DeleteFunc(slices.Clone(e.next.Ports), func(p *Port) bool { return p.UUID == uuid })
}

// Connection is the tracked connection of that UUID, nil if the account has none.
func (e *Edit) Connection(account, uuid string) *Tracked {
	i, found := slices.BinarySearchFunc(e.next.Connections, uuid, connectionByUUID)
	if !found || e.next.Connections[i].Account != account {
		return nil
	}
	if e.copied[uuid] {
		return e.next.Connections[i]
	}
	e.copied[uuid] = true
	if !e.ownConnections {
		e.next.Connections, e.ownConnections = slices.Clone(e.next.Connections), true
	}
	c := *e.next.Connections[i]
	c.Traffic, c.Polls = slices.Clone(c.Traffic), slices.Clone(c.Polls)
	e.next.Connections[i] = &c
	return &c
}

// Track makes chosen, and no others, the tracked connections of an account. Those among
// them that another account had change hands.
func (e *Edit) Track(account string, chosen []*Tracked) {
	next := slices.Clone(chosen)
	stays := make(map[string]bool, len(chosen))
	for _, c := range chosen {
		stays[c.UUID] = true
	}
	for _, old := range e.next.Connections {
		if old.Account != account && !stays[old.UUID] {
			next = append(next, old)
		}
	}
	slices.SortFunc(next, func(a, b *Tracked) int { return strings.Compare(a.UUID, b.UUID) })
	e.next.Connections, e.ownConnections = next, true
	clear(e.copied) // chosen may be of the snapshot before
}

// updatePairs works out the pairs of the ports that were touched, and only those: thousands
// of pairs at every answer would cost too much.
func (e *Edit) updatePairs() {
	if len(e.touched) == 0 && !e.regroup {
		return
	}
	if e.regroup || e.regrouped() {
		e.pairUp()
	} else {
		e.next.Pairs = slices.Clone(e.prev.Pairs)
	}
	for i, p := range e.next.Pairs {
		if e.touched[p.Primary] || e.touched[p.Secondary] {
			e.next.Pairs[i] = e.withTraffic(p)
		}
	}
}

// regrouped reports whether something that makes or names pairs has changed.
func (e *Edit) regrouped() bool {
	type membership struct{ name, group, priority string }
	of := func(p *Port) (m membership) {
		if p != nil {
			m.name = p.Name()
			if p.Inventory != nil {
				m.group, m.priority = p.Inventory.RedundancyGroup, p.Inventory.RedundancyPriority
			}
		}
		return m
	}
	for uuid := range e.touched {
		old, now := e.prev.Port(uuid), e.next.Port(uuid)
		if (old == nil) != (now == nil) || of(old) != of(now) {
			return true
		}
	}
	return false
}

// pairUp finds the pairs, with what is known of their traffic.
func (e *Edit) pairUp() {
	e.next.Pairs, e.next.AmbiguousGroups = PairUp(e.next.Ports, e.next.ConfiguredPairs)
	type ports struct{ primary, secondary string }
	known := make(map[ports][]PairTraffic, len(e.prev.Pairs))
	if slices.Equal(e.prev.Windows, e.next.Windows) {
		for _, p := range e.prev.Pairs {
			known[ports{p.Primary, p.Secondary}] = p.Traffic
		}
	}
	for _, p := range e.next.Pairs {
		p.Traffic = known[ports{p.Primary, p.Secondary}]
		if len(p.Traffic) != len(e.next.Windows) {
			p.Traffic = nil
			e.touched[p.Primary] = true
		}
	}
}

// withTraffic is the pair p with its traffic as the ports have it now.
func (e *Edit) withTraffic(p *Pair) *Pair {
	a, b := e.next.Port(p.Primary), e.next.Port(p.Secondary)
	unchanged := func(now *Port, window int) bool {
		old := e.prev.Port(now.UUID)
		return old != nil && len(old.Traffic) == len(e.next.Windows) && old.Traffic[window] == now.Traffic[window]
	}
	// Traffic from the state file (Bare) has no intervals to add up. Until both ports have
	// been polled in this run, keep the pair's restored traffic; its own times make it expire.
	restored := func(t *Traffic) bool { return t != nil && t.Bare }
	pair := *p
	pair.Traffic = make([]PairTraffic, len(e.next.Windows))
	for i, w := range e.next.Windows {
		if p.Traffic != nil && (unchanged(a, i) && unchanged(b, i) || restored(a.Traffic[i]) || restored(b.Traffic[i])) {
			pair.Traffic[i] = p.Traffic[i]
		} else {
			pair.Traffic[i] = NewPairTraffic(a.Traffic[i], b.Traffic[i], w)
		}
	}
	return &pair
}
