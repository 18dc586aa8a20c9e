package poll

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// recorder is the one writer of a store. Each change is made to a copy, which
// is then published whole.
type recorder struct {
	store      *fleet.Store
	configured []fleet.Pair
	log        *slog.Logger

	mu        sync.Mutex
	ambiguous []string // redundancy groups that make no pair
}

// newRecorder publishes the ports of cfg with what the store knows of them.
func newRecorder(cfg Config, store *fleet.Store, log *slog.Logger) *recorder {
	r := &recorder{store: store, log: log}
	prev := cmp.Or(store.Load(), &fleet.Snapshot{})
	next := &fleet.Snapshot{Windows: cfg.Windows, StaleIntervals: cfg.StaleIntervals, Shard: cfg.Shard, Ready: prev.Ready}
	for _, a := range cfg.Accounts {
		next.Accounts = append(next.Accounts, carryAccount(prev, cfg, a))
		r.configured = append(r.configured, a.Pairs...)
		for _, p := range a.Ports {
			if !cfg.Shard.Whole() && prev.Port(p.UUID) == nil {
				continue // the first listing tells whether it is in the shard
			}
			port := carryPort(prev, cfg, a.Name, p.UUID)
			port.Configured, port.ConfiguredName = true, p.Name
			next.Ports = append(next.Ports, port)
		}
	}
	next.Ports = append(next.Ports, carryDiscovered(prev, cfg, next.Ports)...)
	slices.SortFunc(next.Ports, byUUID)
	r.regroup(prev, next)
	r.load(prev, next, touching(next.Ports))
	next.Connections = carryConnections(prev, cfg, next)
	store.Publish(next)
	return r
}

// carryDiscovered are the ports of prev that were discovered and would be again.
func carryDiscovered(prev *fleet.Snapshot, cfg Config, configured []*fleet.Port) []*fleet.Port {
	var kept []*fleet.Port
	for _, p := range prev.Ports {
		i := slices.IndexFunc(cfg.Accounts, func(a Account) bool { return a.Name == p.Account })
		if i < 0 || slices.ContainsFunc(configured, func(c *fleet.Port) bool { return c.UUID == p.UUID }) {
			continue
		}
		if discover := cfg.Accounts[i].Discover; discover != nil && p.Inventory != nil && discover(p.APIName, p.Inventory) {
			port := carryPort(prev, cfg, p.Account, p.UUID)
			port.Configured, port.ConfiguredName = false, ""
			kept = append(kept, port)
		}
	}
	return kept
}

func byUUID(a, b *fleet.Port) int { return strings.Compare(a.UUID, b.UUID) }

// carryAccount is the account as configured, with what prev knows of it.
func carryAccount(prev *fleet.Snapshot, cfg Config, a Account) fleet.Account {
	next, _ := prev.Account(a.Name)
	next.Name, next.Timeout, next.MaxSeries = a.Name, cfg.Timeout, a.MaxSeries
	next.Pairs = cfg.pairsOf(a)
	next.Configured = fleet.Intervals{Traffic: cfg.Windows[0].Interval, Connections: cfg.Connections, Inventory: cfg.Inventory}
	takeLogin(&next, a.Login())
	switch {
	case len(a.Sources) == 1:
		next.Source = a.Sources[0] // nothing to find out
	case !slices.Contains(a.Sources, next.Source):
		next.Source = ""
	}
	carrySelection(&next, a)
	return next
}

// carryPort is a port of the account with what prev knows of it.
func carryPort(prev *fleet.Snapshot, cfg Config, account, uuid string) *fleet.Port {
	next := fleet.Port{Metered: fleet.Metered{Account: account}, UUID: uuid}
	if old := prev.Port(uuid); old != nil {
		next = *old
		next.Account = account
	}
	next.Traffic, next.Polls = carryWindows(prev, cfg, next.Traffic, next.Polls)
	return &next
}

// carryWindows is the traffic of prev, by the windows of cfg.
func carryWindows(prev *fleet.Snapshot, cfg Config, traffic []*fleet.Traffic, polls []fleet.Poll) ([]*fleet.Traffic, []fleet.Poll) {
	nextTraffic, nextPolls := make([]*fleet.Traffic, len(cfg.Windows)), make([]fleet.Poll, len(cfg.Windows))
	for i, w := range cfg.Windows {
		j := slices.IndexFunc(prev.Windows, func(o fleet.Window) bool { return o.Span == w.Span && o.Resolution == w.Resolution })
		if j >= 0 && j < len(traffic) {
			nextTraffic[i], nextPolls[i] = traffic[j], polls[j]
		}
	}
	return nextTraffic, nextPolls
}

// update publishes a copy of the snapshot with change made to it.
func (r *recorder) update(change func(*draft)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	prev := r.store.Load()
	next := *prev
	next.Accounts = slices.Clone(next.Accounts)
	next.Ports = slices.Clone(next.Ports)
	d := &draft{snap: &next, touched: map[string]bool{}}
	change(d)
	r.pair(prev, &next, d.touched)
	next.Ready = next.Ready || next.Complete()
	r.store.Publish(&next)
}

// touching names every port.
func touching(ports []*fleet.Port) map[string]bool {
	all := make(map[string]bool, len(ports))
	for _, p := range ports {
		all[p.UUID] = true
	}
	return all
}

// draft is a snapshot that is not published yet.
type draft struct {
	snap    *fleet.Snapshot
	touched map[string]bool // UUIDs of ports that were written to, added or removed

	ownConnections bool // snap.Connections is not that of the snapshot before
}

// account returns the account at index i, to be written to.
func (d *draft) account(i int) *fleet.Account { return &d.snap.Accounts[i] }

// port returns a copy of the port, to be written to, that stands in the draft.
// It is nil where the port is not, or no longer, of that account.
func (d *draft) port(account, uuid string) *fleet.Port {
	i, found := d.index(uuid)
	if !found || d.snap.Ports[i].Account != account {
		return nil
	}
	p := *d.snap.Ports[i]
	p.Traffic = slices.Clone(p.Traffic)
	p.Polls = slices.Clone(p.Polls)
	d.snap.Ports[i] = &p
	d.touched[uuid] = true
	return &p
}

// add puts a port in, instead of the one with its UUID.
func (d *draft) add(p *fleet.Port) {
	d.touched[p.UUID] = true
	i, found := d.index(p.UUID)
	if found {
		d.snap.Ports[i] = p
		return
	}
	d.snap.Ports = slices.Insert(d.snap.Ports, i, p)
}

// remove takes a port out.
func (d *draft) remove(uuid string) {
	if i, found := d.index(uuid); found {
		d.touched[uuid] = true
		d.snap.Ports = slices.Delete(d.snap.Ports, i, i+1)
	}
}

func (d *draft) index(uuid string) (int, bool) {
	return slices.BinarySearchFunc(d.snap.Ports, &fleet.Port{UUID: uuid}, byUUID)
}
