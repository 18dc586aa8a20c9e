package daemon

import (
	"context"
	"errors"
	"fmt"
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

var errSlow = fmt.Errorf("the disk does not answer within %v", patience)

const (
	// saveEvery is how often the state file is written at most, but for the start,
	// the end, and refused logins, of which there are three.
	saveEvery = time.Minute
	// saveLook is how often somebody looks whether it is to be written.
	saveLook = time.Second
	// patience is how long a write is waited for. A disk that hangs, as one over a
	// network can, must hold up neither logins nor the end.
	patience = 3 * time.Second
	// loading is how long the start waits for the file, which may be large.
	loading = 5 * time.Second
)

// keeper keeps the state file. Without a path it keeps the count of refused
// logins in memory alone.
type keeper struct {
	store   *fleet.Store
	metrics *stateMetrics
	log     *slog.Logger
	ids     *identities

	mu       sync.Mutex    // never held while the disk is asked
	path     string        // "" for none
	disk     chan struct{} // holds one while the disk is asked about path
	accounts []config.Account
	logins   map[string]fabric.Hold // the refused ones, by fingerprint
	saved    *fleet.Snapshot        // that is in the file
	tried    time.Time              // of the latest write, well or not
	failing  bool                   // the latest write did, and it was said
}

// newKeeper reads the state file of cfg, where it has one, and publishes what may
// be shown of it.
func newKeeper(cfg *config.Config, shard fleet.Shard, store *fleet.Store, metrics *stateMetrics, log *slog.Logger) *keeper {
	k := &keeper{
		store: store, metrics: metrics, log: log.With("component", "state"),
		accounts: cfg.Accounts, logins: map[string]fabric.Hold{}, ids: newIdentities(fabric.NewFingerprintKey()),
	}
	k.use(cfg.State.File)
	if k.path == "" {
		return k
	}
	now := time.Now()
	doc, err := k.load(now)
	if doc != nil {
		k.ids = newIdentities(doc.Key)
		maps.Copy(k.logins, doc.Logins)
	}
	switch {
	case err != nil && len(k.logins) > 0:
		_ = k.write(nil, false) // the file that has their count is set aside
		return k
	case err != nil:
		return k
	case doc == nil:
		k.log.Info("no state file yet; values come with the first polls", "file", k.path)
		return k
	}
	k.restore(doc, shard, now)
	return k
}

// restore publishes what may be shown of doc.
func (k *keeper) restore(doc *state.Document, shard fleet.Shard, now time.Time) {
	ids := k.ids.all(k.accounts)
	snap := doc.Snapshot(ids, shard, now)
	if snap == nil {
		k.log.Info("state file has nothing of these accounts and this shard; values come with the first polls", "file", k.path)
		return
	}
	// From now on the file is not clean: should this process be killed, the next
	// one must not go on from counters that this one has shown higher.
	if err := k.write(snap, false); err != nil {
		doc.Clean = false
		snap = doc.Snapshot(ids, shard, now)
	}
	k.store.Publish(snap)
	k.metrics.restored(len(snap.Ports))
	k.log.Info("going on from the state file", "file", k.path, "written", doc.Written.UTC(), "ports", len(snap.Ports), "connections", len(snap.Connections))
}

// load reads the file that use has just named, and sets one aside that cannot be
// trusted. A disk that does not answer is asked no more: what nobody has read is not
// written over.
func (k *keeper) load(now time.Time) (*state.Document, error) {
	type answer struct {
		content []byte
		err     error
	}
	path, disk, ended := k.path, k.disk, make(chan answer, 1)
	go func() {
		state.Sweep(path)
		content, err := state.Read(path)
		ended <- answer{content, err}
	}()
	select {
	case a := <-ended:
		defer func() { <-disk }()
		var doc *state.Document
		if a.err == nil && a.content != nil {
			doc, a.err = state.Decode(a.content, now)
		}
		if a.err != nil {
			k.refuse(path, a.err)
		}
		return doc, a.err
	case <-time.After(loading):
		k.log.Error("state file cannot be read; starting without it, and leaving it as it is until the next start",
			"file", path, "err", fmt.Errorf("the disk does not answer within %v", loading))
		return nil, errSlow
	}
}

// refuse sets a file aside that cannot be trusted. No values of it are used.
func (k *keeper) refuse(path string, err error) {
	log := k.log.With("file", path, "err", err)
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable || errors.Is(err, state.ErrForeign) {
		log.Error("state file cannot be used; starting without it: give the exporter the right to read and write it, or another state.file")
		return
	}
	name, failed := state.SetAside(path)
	if failed != nil {
		log.Error("state file cannot be trusted, nor set aside; starting without it", "rename_err", failed)
		return
	}
	log.Warn("state file cannot be trusted; starting without it", "set_aside_as", name)
}

// use makes path the file to write, once it has been loaded.
func (k *keeper) use(path string) {
	k.path, k.saved, k.failing, k.disk = path, nil, false, make(chan struct{}, 1)
	k.disk <- struct{}{} // until the file has been read
	k.metrics.use(path != "")
}

// adopt goes on with another configuration.
func (k *keeper) adopt(cfg *config.Config) {
	path := cfg.State.File
	k.mu.Lock()
	k.accounts = cfg.Accounts
	same := path == k.path
	k.mu.Unlock()
	if same {
		return
	}
	k.mu.Lock()
	k.use(path)
	k.mu.Unlock()
	if path != "" {
		// The fleet is known; but what is no state must not be written over.
		_, _ = k.load(time.Now())
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
	snap := k.store.Load()
	k.mu.Lock()
	due := snap != nil && (end || snap.Ready && snap != k.saved && fleet.Age(time.Now(), k.tried) >= saveEvery)
	k.mu.Unlock()
	if due {
		_ = k.write(snap, end)
	}
}

// write replaces the file, where there is one; where snap is nil, by one without
// values. The error, which is counted and logged, is that of the disk, or errSlow:
// the write may then end well yet.
func (k *keeper) write(snap *fleet.Snapshot, end bool) error {
	k.mu.Lock()
	path, disk := k.path, k.disk
	k.tried = time.Now()
	k.mu.Unlock()
	if path == "" {
		return nil
	}
	select {
	case disk <- struct{}{}:
	case <-time.After(patience):
		return k.note(path, errSlow)
	}
	doc := k.document(snap, end)
	content, err := doc.Encode()
	if err != nil {
		<-disk
		return k.note(path, err)
	}
	ended := make(chan error, 1)
	go func() {
		defer func() { <-disk }()
		ended <- k.replace(path, content, doc.Written, snap)
	}()
	select {
	case err := <-ended:
		if err != nil {
			return k.note(path, err)
		}
		return nil
	case <-time.After(patience):
		return k.note(path, errSlow)
	}
}

// document is what the file is to hold.
func (k *keeper) document(snap *fleet.Snapshot, end bool) *state.Document {
	k.mu.Lock()
	accounts := k.accounts
	doc := state.Document{Written: time.Now(), Clean: end, Key: k.ids.key, Logins: maps.Clone(k.logins)}
	k.mu.Unlock()
	doc.Fleet, doc.Identities = forgetful(snap), k.ids.all(accounts)
	return &doc
}

// replace puts content in the place of the file, however long it takes.
func (k *keeper) replace(path string, content []byte, written time.Time, snap *fleet.Snapshot) error {
	if err := state.Save(path, content); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if path != k.path { // a reload has named another one meanwhile
		return nil
	}
	k.saved = snap
	k.metrics.wrote(written, len(content))
	if k.failing {
		k.log.Info("state file can be written again", "file", path)
	}
	k.failing = false
	return nil
}

// note counts a failed write, and says so when it is the first in a row.
func (k *keeper) note(path string, err error) error {
	k.metrics.failures.Inc()
	k.mu.Lock()
	defer k.mu.Unlock()
	if path != k.path {
		return err
	}
	if !k.failing {
		k.log.Error("state file cannot be written; a restart begins anew until it can", "file", path, "err", err)
	}
	k.failing = true
	return err
}

// refused keeps how often the logins of an account were refused, in the file at
// once: a restart must not begin to count anew.
func (k *keeper) refused(a config.Account, h fabric.Hold) {
	id, ok := k.ids.of(a)
	if !ok {
		return
	}
	k.mu.Lock()
	if h.Refusals == 0 {
		delete(k.logins, text(id))
	} else {
		k.logins[text(id)] = h
	}
	k.mu.Unlock()
	_ = k.write(k.store.Load(), false)
}

// hold is what is known of refused logins of an account.
func (k *keeper) hold(a config.Account) fabric.Hold {
	id, ok := k.ids.of(a)
	if !ok {
		return fabric.Hold{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.logins[text(id)]
}

func text(id fabric.Fingerprint) string {
	b, _ := id.MarshalText()
	return string(b)
}
