package daemon

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

const (
	// saveEvery is how often the state file is written at most, but for the start,
	// the end, and refused logins, of which there are three.
	saveEvery = time.Minute
	// saveLook is how often somebody looks whether it is to be written.
	saveLook = time.Second
)

// keeper keeps the state file. Without a path it keeps the count of refused
// logins in memory alone.
type keeper struct {
	store   *fleet.Store
	metrics *stateMetrics
	log     *slog.Logger

	mu       sync.Mutex
	path     string // "" for none
	accounts []config.Account
	doc      state.Document
	saved    *fleet.Snapshot // that is in the file
	tried    time.Time       // of the latest write, well or not
	failing  bool            // the latest write did, and it was said
}

// newKeeper reads the state file of cfg, where it has one, and publishes what may
// be shown of it.
func newKeeper(cfg *config.Config, shard fleet.Shard, store *fleet.Store, metrics *stateMetrics, log *slog.Logger) *keeper {
	k := &keeper{store: store, metrics: metrics, log: log.With("component", "state"), accounts: cfg.Accounts}
	k.doc = state.Document{Key: fabric.NewFingerprintKey(), Logins: map[string]fabric.Hold{}}
	k.use(cfg.State.File)
	if k.path == "" {
		return k
	}
	state.Sweep(k.path)
	now := time.Now()
	doc, err := state.Load(k.path, now)
	if err != nil {
		k.refuse(err)
	}
	if doc != nil {
		k.doc.Key = doc.Key
		maps.Copy(k.doc.Logins, doc.Logins)
	}
	switch {
	case err != nil && len(k.doc.Logins) > 0:
		k.write(nil, false) // the file that has their count is set aside
		return k
	case err != nil:
		return k
	case doc == nil:
		k.log.Info("no state file yet; values come with the first polls", "file", k.path)
		return k
	}
	snap := doc.Snapshot(k.identities(), shard, now)
	if snap == nil {
		k.log.Info("state file has nothing of these accounts and this shard; values come with the first polls", "file", k.path)
		return k
	}
	// From now on the file is not clean: should this process be killed, the next
	// one must not go on from counters that this one has shown higher.
	if k.write(snap, false); k.failing {
		doc.Clean = false
		snap = doc.Snapshot(k.identities(), shard, now)
	}
	store.Publish(snap)
	metrics.restored(len(snap.Ports))
	k.log.Info("going on from the state file", "file", k.path, "written", doc.Written.UTC(), "ports", len(snap.Ports), "connections", len(snap.Connections))
	return k
}

// refuse sets a file aside that cannot be trusted. No values of it are used.
func (k *keeper) refuse(err error) {
	log := k.log.With("file", k.path, "err", err)
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable || errors.Is(err, state.ErrForeign) {
		log.Error("state file cannot be used; starting without it: give the exporter the right to read and write it, or another state.file")
		return
	}
	name, failed := state.SetAside(k.path)
	if failed != nil {
		log.Error("state file cannot be trusted, nor set aside; starting without it", "rename_err", failed)
		return
	}
	log.Warn("state file cannot be trusted; starting without it", "set_aside_as", name)
}

// use makes path the file to write from now on.
func (k *keeper) use(path string) {
	k.path, k.saved, k.failing = path, nil, false
	k.metrics.use(path != "")
}

// adopt goes on with another configuration.
func (k *keeper) adopt(cfg *config.Config) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.accounts = cfg.Accounts
	if cfg.State.File == k.path {
		return
	}
	if k.use(cfg.State.File); k.path == "" {
		return
	}
	// The fleet is known; but what is no state must not be written over.
	if _, err := state.Load(k.path, time.Now()); err != nil {
		k.refuse(err)
	}
}

// run writes the file until ctx is done: as soon as everything is known, and then
// every minute, where something is new.
func (k *keeper) run(ctx context.Context) {
	ticker := time.NewTicker(saveLook)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			k.save(false)
		}
	}
}

// save writes what the store holds, unless that is in the file or the file was
// written less than a minute ago; at the end, when nothing is shown any more, in
// any case.
func (k *keeper) save(end bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	snap := k.store.Load()
	if k.path == "" || snap == nil {
		return
	}
	if due := snap.Ready && snap != k.saved && fleet.Age(time.Now(), k.tried) >= saveEvery; due || end {
		k.write(snap, end)
	}
}

// write replaces the file; where snap is nil, by one without values. It is called
// with mu held.
func (k *keeper) write(snap *fleet.Snapshot, end bool) {
	k.tried = time.Now()
	k.doc.Written, k.doc.Clean, k.doc.Fleet, k.doc.Identities = k.tried, end, forgetful(snap), k.identities()
	size, err := k.doc.Save(k.path)
	k.doc.Fleet = nil
	if err != nil {
		k.metrics.failures.Inc()
		if !k.failing {
			k.log.Error("state file cannot be written; a restart begins anew until it can", "file", k.path, "err", err)
		}
		k.failing = true
		return
	}
	if k.failing {
		k.log.Info("state file can be written again", "file", k.path)
	}
	k.failing, k.saved = false, snap
	k.metrics.wrote(k.doc.Written, size)
}

// forgetful is a snapshot without the errors in it: they are of no use to another
// process, and are the only texts that come from outside unchecked.
func forgetful(s *fleet.Snapshot) *fleet.Snapshot {
	if s == nil {
		return nil
	}
	next := *s
	next.Accounts = make([]fleet.Account, len(s.Accounts))
	for i, a := range s.Accounts {
		a.InventoryPoll.Err, a.LoginError, a.LastError = "", "", ""
		next.Accounts[i] = a
	}
	next.Ports = make([]*fleet.Port, len(s.Ports))
	for i, p := range s.Ports {
		port := *p
		port.Polls, port.ConnectionsPoll.Err = withoutErrors(p.Polls), ""
		next.Ports[i] = &port
	}
	next.Connections = make([]*fleet.Watched, len(s.Connections))
	for i, c := range s.Connections {
		conn := *c
		conn.Polls = withoutErrors(c.Polls)
		next.Connections[i] = &conn
	}
	return &next
}

func withoutErrors(polls []fleet.Poll) []fleet.Poll {
	kept := make([]fleet.Poll, len(polls))
	for i, p := range polls {
		p.Err = ""
		kept[i] = p
	}
	return kept
}

// refused keeps how often the logins of an account were refused, in the file at
// once: a restart must not begin to count anew.
func (k *keeper) refused(a config.Account, h fabric.Hold) {
	k.mu.Lock()
	defer k.mu.Unlock()
	who, ok := k.login(a)
	if !ok {
		return
	}
	if h.Refusals == 0 {
		delete(k.doc.Logins, who)
	} else {
		k.doc.Logins[who] = h
	}
	if k.path != "" {
		k.write(k.store.Load(), false)
	}
}

// hold is what is known of refused logins of an account.
func (k *keeper) hold(a config.Account) fabric.Hold {
	k.mu.Lock()
	defer k.mu.Unlock()
	if who, ok := k.login(a); ok {
		return k.doc.Logins[who]
	}
	return fabric.Hold{}
}

// login is the fingerprint of what Equinix counts refused logins by; ok is false
// while the client id cannot be read.
func (k *keeper) login(a config.Account) (who string, ok bool) {
	id, ok := k.identity(a)
	text, _ := id.MarshalText()
	return string(text), ok
}

// identity is the fingerprint of whom an account belongs to.
func (k *keeper) identity(a config.Account) (id fabric.Fingerprint, ok bool) {
	if x := a.Credentials.TokenExchange; !x.IsZero() {
		return k.doc.Key.Of(x.STSURL, x.Scope), true
	}
	client, _, err := a.Credentials.Read()
	return k.doc.Key.Of(a.APIURL, client), err == nil
}

func (k *keeper) identities() map[string]fabric.Fingerprint {
	all := map[string]fabric.Fingerprint{}
	for _, a := range k.accounts {
		if id, ok := k.identity(a); ok {
			all[a.Name] = id
		}
	}
	return all
}
