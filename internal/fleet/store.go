package fleet

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Store keeps what is known of the fleet for any number of readers. Changes are made one at
// a time; a reader sees all of a change or nothing of it. A change costs as much as it
// changes, however many ports there are: it is the next Load that copies the lists of all.
// Its zero value is empty and ready to use.
type Store struct {
	writing sync.Mutex // held for a whole change; locked before mu

	mu      sync.Mutex
	state   *Snapshot      // its lists are changed in place; nil before the first
	loaded  *Snapshot      // the copy for readers; nil if the state has changed since it was made
	pairOf  map[string]int // by the UUID of a port, the index of its pair in the state
	pending int            // index in the state of a port that was not Complete when last looked at
}

// Load returns the newest snapshot, or nil before the first. It copies the lists of ports,
// connections and pairs if something has changed since the last Load.
func (s *Store) Load() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded == nil && s.state != nil {
		s.loaded = s.state.copied()
	}
	return s.loaded
}

// Read calls read with the newest snapshot, without the copy that Load makes. read must be
// quick, must call no method of the store, and must keep nothing of the snapshot except the
// ports, connections and pairs themselves, which never change.
func (s *Store) Read(read func(s *Snapshot)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	read(s.state)
}

// Publish makes next visible to readers. The caller must not change next afterwards.
func (s *Store) Publish(next *Snapshot) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.loaded, s.pairOf = next.copied(), next, indexPairs(next.Pairs)
}

func (s *Snapshot) copied() *Snapshot {
	c := *s
	c.Ports, c.Connections, c.Pairs = slices.Clone(s.Ports), slices.Clone(s.Connections), slices.Clone(s.Pairs)
	return &c
}

// Update makes a change, brings the pairs up to date, and publishes both. If change
// panics, nothing is published.
func (s *Store) Update(change func(e *Edit)) {
	s.writing.Lock()
	defer s.writing.Unlock()
	e := newEdit(s.state, new(*s.state), s.pairOf)
	e.next.Accounts = slices.Clone(e.prev.Accounts)
	change(e)
	e.updatePairs()
	s.commit(e)
}

// commit makes what is in e the state. s.writing is held.
func (s *Store) commit(e *Edit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e.whole {
		e.putAll()
	}
	for i, p := range e.pairs {
		e.next.Pairs[i] = p
	}
	if !e.next.Ready {
		s.pending, e.next.Ready = e.next.completeFrom(s.pending)
	}
	s.state, s.loaded, s.pairOf = e.next, nil, e.pairOf
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
	Prices    time.Duration // between two questions about a list price; 0 if none is asked

	// Sources are the traffic sources that may be asked about ports and about
	// connections. If there is only one, it is in use from the start.
	Sources, ConnectionSources []string

	// Discovered reports whether a port of that name in the API belongs to the account
	// without being named; nil if it discovers none. Tracked does so for connections
	// with series of their own.
	Discovered func(name string, i *Inventory) bool
	Tracked    func(c *Connection) bool
	TrackedAll bool // also connections on no port of the account
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
	prev := cmp.Or(s.state, &Snapshot{})
	e := newEdit(prev, &Snapshot{Windows: set.Windows, StaleIntervals: set.StaleIntervals, Shard: set.Shard, Ready: prev.Ready}, nil)
	e.whole, e.regroup = true, true
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
		account := old.Account
		if port := e.next.Port(old.Port); port != nil {
			account = port.Account
		} else if old.Port != "" {
			continue
		}
		i := set.index(account)
		if i < 0 || old.Port == "" && (!set.Accounts[i].TrackedAll || !set.Shard.Has(old.UUID)) {
			continue
		}
		if tracked := set.Accounts[i].Tracked; tracked != nil && tracked(&old.Connection) {
			c := *old
			c.Metered = e.carried(&old.Metered, account)
			e.next.Connections = append(e.next.Connections, &c)
		}
	}
	e.updatePairs()
	s.commit(e)
}

func (s *Settings) index(account string) int {
	return slices.IndexFunc(s.Accounts, func(a AccountSettings) bool { return a.Name == account })
}

// carried is the account as configured, with what prev knows of it.
func (a *AccountSettings) carried(prev *Snapshot, set Settings) Account {
	next, _ := prev.Account(a.Name)
	next.Name, next.Timeout, next.MaxSeries, next.Configured = a.Name, set.Timeout, a.MaxSeries, set.Intervals
	next.Pairs = slices.DeleteFunc(slices.Clone(a.Pairs), func(p Pair) bool { return !set.Shard.Has(p.Primary) })
	next.Prices = a.Prices
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

// Edit is a change under way. The ports, connections and accounts that it hands out are
// copies, which may be written to until the end of the change.
type Edit struct {
	prev, next *Snapshot

	ports       map[string]*Port    // copies that were handed out, by UUID; nil: the port was removed
	connections map[string]*Tracked // copies that were handed out, by UUID
	pairs       map[int]*Pair       // replacements for pairs of next, by index
	pairOf      map[string]int      // of next; see Store
	whole       bool                // next has lists of its own, with the copies in them; else the lists of prev
	regroup     bool                // find pairs again, whatever was changed
}

func newEdit(prev, next *Snapshot, pairOf map[string]int) *Edit {
	return &Edit{prev: prev, next: next, ports: map[string]*Port{}, connections: map[string]*Tracked{}, pairs: map[int]*Pair{}, pairOf: pairOf}
}

// Snapshot is the fleet with the changes so far, to be read until the end of the change;
// its pairs are still the old ones. It copies the lists of all ports and connections.
// RemovePort and Adopt move its list of ports: do not range over that meanwhile.
func (e *Edit) Snapshot() *Snapshot {
	if !e.whole {
		e.whole = true
		e.next.Ports, e.next.Connections = slices.Clone(e.next.Ports), slices.Clone(e.next.Connections)
		e.putAll()
	}
	return e.next
}

// putAll puts the copies in the places of their originals in the lists of next.
func (e *Edit) putAll() {
	for _, p := range e.ports {
		e.putPort(p)
	}
	for _, c := range e.connections {
		e.putConnection(c)
	}
}

func (e *Edit) putPort(p *Port) {
	i, found := slices.BinarySearchFunc(e.next.Ports, p.UUID, portByUUID)
	if !found {
		e.next.Ports = slices.Insert(e.next.Ports, i, p)
	}
	e.next.Ports[i] = p
}

func (e *Edit) putConnection(c *Tracked) {
	i, _ := slices.BinarySearchFunc(e.next.Connections, c.UUID, connectionByUUID)
	e.next.Connections[i] = c
}

// Account is the account of that name, which must be there.
func (e *Edit) Account(name string) *Account {
	return &e.next.Accounts[slices.IndexFunc(e.next.Accounts, func(a Account) bool { return a.Name == name })]
}

// Port is the port of that UUID, nil if the account has none.
func (e *Edit) Port(account, uuid string) *Port {
	p := e.port(uuid)
	if p == nil || p.Account != account {
		return nil
	}
	if e.ports[uuid] != nil {
		return p
	}
	p = new(*p)
	p.Traffic, p.Polls = slices.Clone(p.Traffic), slices.Clone(p.Polls)
	e.setPort(p)
	return p
}

// port is the port of that UUID with the changes so far, nil if it is unknown or removed.
func (e *Edit) port(uuid string) *Port {
	if p, changed := e.ports[uuid]; changed {
		return p
	}
	return e.prev.Port(uuid)
}

// Adopt makes the port of that UUID one of the account, with what is known of it: it may
// be a new one, or one of another account.
func (e *Edit) Adopt(account, uuid string) *Port {
	e.Snapshot()
	p := &Port{UUID: uuid}
	if old := e.prev.Port(uuid); old != nil {
		*p = *old
	}
	p.Metered = e.carried(&p.Metered, account)
	e.setPort(p)
	return p
}

// carried is m as one of the account's, with the windows of the next snapshot. Its price stays
// only if the account asks for prices, and was the one that asked.
func (e *Edit) carried(m *Metered, account string) Metered {
	windows := e.next.Windows
	next := Metered{Account: account, Attached: m.Attached, Traffic: make([]*Traffic, len(windows)), Polls: make([]Poll, len(windows))}
	for i, w := range windows {
		same := func(o Window) bool { return o.Span == w.Span && o.Resolution == w.Resolution }
		if j := slices.IndexFunc(e.prev.Windows, same); j >= 0 && j < len(m.Traffic) {
			next.Traffic[i], next.Polls[i] = m.Traffic[j], m.Polls[j]
		}
	}
	if m.Account == account && e.Account(account).Prices > 0 {
		next.Price, next.PricePoll = m.Price, m.PricePoll
	}
	return next
}

func (e *Edit) setPort(p *Port) {
	e.ports[p.UUID] = p
	if e.whole {
		e.putPort(p)
	}
}

// RemovePort takes a port out.
func (e *Edit) RemovePort(uuid string) {
	e.Snapshot()
	e.ports[uuid] = nil
	e.next.Ports = slices.DeleteFunc(e.next.Ports, func(p *Port) bool { return p.UUID == uuid })
}

// Connection is the tracked connection of that UUID, nil if the account has none.
func (e *Edit) Connection(account, uuid string) *Tracked {
	c, copied := e.connections[uuid]
	if !copied {
		c = e.next.Connection(uuid)
	}
	if c == nil || c.Account != account {
		return nil
	}
	if copied {
		return c
	}
	c = new(*c)
	c.Traffic, c.Polls = slices.Clone(c.Traffic), slices.Clone(c.Polls)
	e.connections[uuid] = c
	if e.whole {
		e.putConnection(c)
	}
	return c
}

// Track makes chosen, and no others, the tracked connections of an account. Those among
// them that another account had change hands.
func (e *Edit) Track(account string, chosen []*Tracked) {
	next := slices.Clone(chosen)
	stays := make(map[string]bool, len(chosen))
	for _, c := range chosen {
		stays[c.UUID] = true
	}
	for _, old := range e.Snapshot().Connections {
		if old.Account != account && !stays[old.UUID] {
			next = append(next, old)
		}
	}
	slices.SortFunc(next, func(a, b *Tracked) int { return strings.Compare(a.UUID, b.UUID) })
	e.next.Connections = next
	clear(e.connections) // chosen may be of the snapshot before
}

// updatePairs works out the pairs of the ports that were changed, and only those: thousands
// of pairs at every answer would cost too much.
func (e *Edit) updatePairs() {
	if e.regroup || e.regrouped() {
		e.pairUp()
	}
	for uuid := range e.ports {
		if i, paired := e.pairOf[uuid]; paired && e.pairs[i] == nil {
			e.pairs[i] = e.withTraffic(e.next.Pairs[i])
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
	for uuid, now := range e.ports {
		old := e.prev.Port(uuid)
		if (old == nil) != (now == nil) || of(old) != of(now) {
			return true
		}
	}
	return false
}

// pairUp finds the pairs, with what is known of their traffic.
func (e *Edit) pairUp() {
	e.next.Pairs, e.next.AmbiguousGroups = PairUp(e.Snapshot().Ports, e.next.ConfiguredPairs)
	type ports struct{ primary, secondary string }
	known := make(map[ports][]PairTraffic, len(e.prev.Pairs))
	if slices.Equal(e.prev.Windows, e.next.Windows) {
		for _, p := range e.prev.Pairs {
			known[ports{p.Primary, p.Secondary}] = p.Traffic
		}
	}
	e.pairOf = indexPairs(e.next.Pairs)
	for i, p := range e.next.Pairs {
		p.Traffic = known[ports{p.Primary, p.Secondary}]
		if len(p.Traffic) != len(e.next.Windows) {
			p.Traffic = nil
			e.pairs[i] = e.withTraffic(p)
		}
	}
}

// indexPairs returns the index of the pair of each port, by its UUID. A port is in one pair.
func indexPairs(pairs []*Pair) map[string]int {
	of := make(map[string]int, 2*len(pairs))
	for i, p := range pairs {
		of[p.Primary], of[p.Secondary] = i, i
	}
	return of
}

// withTraffic is the pair p with its traffic as the ports have it now: p itself if that has
// not changed.
func (e *Edit) withTraffic(p *Pair) *Pair {
	a, b := e.port(p.Primary), e.port(p.Secondary)
	// keeps reports whether the traffic of the pair in a window stays. Traffic from the state
	// file (Bare) has no intervals to add up. Until both ports have been polled in this run,
	// keep the pair's restored traffic; its own times make it expire.
	keeps := func(window int) bool {
		for _, port := range []*Port{a, b} {
			if t := port.Traffic[window]; t != nil && t.Bare {
				return true
			}
		}
		for _, port := range []*Port{a, b} {
			old := e.prev.Port(port.UUID)
			if old == nil || len(old.Traffic) != len(e.next.Windows) || old.Traffic[window] != port.Traffic[window] {
				return false
			}
		}
		return true
	}
	pair := p
	for i, w := range e.next.Windows {
		if p.Traffic != nil && keeps(i) {
			continue
		}
		if pair == p {
			pair = new(*p)
			pair.Traffic = make([]PairTraffic, len(e.next.Windows))
			copy(pair.Traffic, p.Traffic)
		}
		pair.Traffic[i] = NewPairTraffic(a.Traffic[i], b.Traffic[i], w)
	}
	return pair
}
