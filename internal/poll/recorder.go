package poll

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// recorder is the one writer of a store. Each change is made to a copy, which
// is then published whole.
type recorder struct {
	mu    sync.Mutex
	store *fleet.Store
}

// newRecorder publishes the ports of cfg with what the store knows of them.
func newRecorder(cfg Config, store *fleet.Store) *recorder {
	prev := cmp.Or(store.Load(), &fleet.Snapshot{})
	next := &fleet.Snapshot{Windows: cfg.Windows, StaleIntervals: cfg.StaleIntervals}
	for _, a := range cfg.Accounts {
		next.Accounts = append(next.Accounts, carryAccount(prev, cfg, a))
		for _, p := range a.Ports {
			next.Ports = append(next.Ports, carryPort(prev, cfg, a.Name, p))
		}
	}
	slices.SortFunc(next.Ports, byUUID)
	store.Publish(next)
	return &recorder{store: store}
}

func byUUID(a, b *fleet.Port) int { return strings.Compare(a.UUID, b.UUID) }

// carryAccount is the account as configured, with what prev knows of it.
func carryAccount(prev *fleet.Snapshot, cfg Config, a Account) fleet.Account {
	next, _ := prev.Account(a.Name)
	next.Name, next.Timeout = a.Name, cfg.Timeout
	switch {
	case len(a.Sources) == 1:
		next.Source = a.Sources[0] // nothing to find out
	case !slices.Contains(a.Sources, next.Source):
		next.Source = ""
	}
	return next
}

// carryPort is the port as configured, with what prev knows of it.
func carryPort(prev *fleet.Snapshot, cfg Config, account string, p Port) *fleet.Port {
	next := fleet.Port{UUID: p.UUID, Account: account}
	i, found := slices.BinarySearchFunc(prev.Ports, &next, byUUID)
	if found && prev.Ports[i].Account == account {
		next = *prev.Ports[i]
	}
	old := next
	next.ConfiguredName = p.Name
	next.Traffic = make([]*fleet.Traffic, len(cfg.Windows))
	next.Polls = make([]fleet.Poll, len(cfg.Windows))
	for i, w := range cfg.Windows {
		j := slices.IndexFunc(prev.Windows, func(o fleet.Window) bool { return o.Span == w.Span && o.Resolution == w.Resolution })
		if j >= 0 && j < len(old.Traffic) {
			next.Traffic[i], next.Polls[i] = old.Traffic[j], old.Polls[j]
		}
	}
	return &next
}

// update publishes a copy of the snapshot with change made to it.
func (r *recorder) update(change func(*draft)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := *r.store.Load()
	next.Accounts = slices.Clone(next.Accounts)
	next.Ports = slices.Clone(next.Ports)
	change(&draft{&next})
	r.store.Publish(&next)
}

// draft is a snapshot that is not published yet.
type draft struct{ snap *fleet.Snapshot }

// account returns the account at index i, to be written to.
func (d *draft) account(i int) *fleet.Account { return &d.snap.Accounts[i] }

// port returns a copy of the port, to be written to, that stands in the draft.
func (d *draft) port(uuid string) *fleet.Port {
	i, found := slices.BinarySearchFunc(d.snap.Ports, &fleet.Port{UUID: uuid}, byUUID)
	if !found {
		panic("poll: no such port in the snapshot: " + uuid)
	}
	p := *d.snap.Ports[i]
	p.Traffic = slices.Clone(p.Traffic)
	p.Polls = slices.Clone(p.Polls)
	d.snap.Ports[i] = &p
	return &p
}

// lastPolled is when the port's window was last tried; zero for never.
func (r *recorder) lastPolled(uuid string, window int) time.Time {
	snap := r.store.Load()
	i, found := slices.BinarySearchFunc(snap.Ports, &fleet.Port{UUID: uuid}, byUUID)
	if !found {
		return time.Time{}
	}
	return snap.Ports[i].Polls[window].Last
}
