package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

var errSlow = fmt.Errorf("the disk does not answer within %v", patience)

const (
	// saveEvery is how often the state file is written at most, but for the start,
	// the end, and refused logins, of which there are few.
	saveEvery = time.Minute
	// saveLook is how often the keeper checks whether a write is due.
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
	store    *fleet.Store
	metrics  *stateMetrics
	log      *slog.Logger
	ids      *identities
	refusals *fabric.Refusals
	beside   bool // beside an exporter: only refused logins of the file are read and written

	mu       sync.Mutex // never held while the disk is asked
	file     *stateFile // nil for none
	accounts []config.Account
	saved    *fleet.Snapshot // that is in the file
	tried    time.Time       // of the latest write with values, well or not
	failing  bool            // the latest write failed and was logged
}

// stateFile is the file that the configuration names.
type stateFile struct {
	path string
	disk chan struct{} // holds one while the disk is asked about the file
	seen fs.FileInfo   // as it was last read or written, for the holder of disk
}

func (f *stateFile) changed(info fs.FileInfo) bool {
	return f.seen == nil || !os.SameFile(info, f.seen) || !info.ModTime().Equal(f.seen.ModTime())
}

// newKeeper reads the state file of cfg, if it has one, and publishes what may be
// shown of it.
func newKeeper(cfg *config.Config, store *fleet.Store, metrics *stateMetrics, o Options) *keeper {
	k := &keeper{store: store, metrics: metrics, log: o.Log.With("component", "state"), accounts: cfg.Accounts, beside: !o.KeepState}
	k.use(cfg.State.File)
	now := time.Now()
	var doc *state.Document
	var err error
	if k.file != nil {
		doc, err = k.load(now)
	}
	key := fabric.NewFingerprintKey()
	if doc != nil {
		key = doc.Key
	}
	k.ids = newIdentities(key)
	k.refusals = fabric.NewRefusals(key, k.catchUp, func() { k.write(k.store.Load(), false) })
	switch {
	case o.ForgetRefusals:
		k.log.Warn("refused logins forgotten (--login.forget-refusals): remove the flag before the next start; Equinix locks the account after five refusals")
	case doc != nil:
		k.refusals.Merge(doc.Logins)
	}
	switch {
	case k.beside:
	case doc != nil && err == nil:
		k.restore(doc, o.Shard, now)
	case doc != nil:
		k.write(nil, false) // the file with the refused logins is set aside
	case k.file != nil && err == nil:
		// Other commands count refused logins in the file, under its key.
		if k.write(nil, false) {
			k.log.Info("no state file yet; values come with the first polls", "file", k.file.path)
		}
	}
	if o.ForgetRefusals && doc != nil && len(doc.Logins) > 0 {
		k.write(k.store.Load(), false)
	}
	return k
}

// Refusals is the count of refused logins in the state file of cfg, for a command
// that may run beside the exporter.
func Refusals(cfg *config.Config, forget bool, log *slog.Logger) *fabric.Refusals {
	o := Options{ForgetRefusals: forget, Log: log}
	return newKeeper(cfg, new(fleet.Store), &newMetrics(prometheus.NewRegistry()).state, o).refusals
}

// restore publishes what may be shown of doc.
func (k *keeper) restore(doc *state.Document, shard fleet.Shard, now time.Time) {
	ids := k.ids.all(k.accounts)
	snap := doc.Snapshot(ids, shard, now)
	if snap == nil {
		k.log.Info("state file has nothing of these accounts and this shard; values come with the first polls", "file", k.file.path)
		return
	}
	// From now on the file is not clean: should this process be killed, the next
	// one must not go on from counters that this one has shown higher.
	if !k.write(snap, false) {
		doc.Clean = false
		snap = doc.Snapshot(ids, shard, now)
	}
	k.store.Publish(snap)
	k.metrics.restored(len(snap.Ports))
	k.log.Info("going on from the state file", "file", k.file.path, "written", doc.Written.UTC(), "ports", len(snap.Ports), "connections", len(snap.Connections))
}

// load reads the file that use has just named, and sets one aside that cannot be
// trusted. If the disk does not answer, the file is neither read nor overwritten
// until the next start.
func (k *keeper) load(now time.Time) (*state.Document, error) {
	type answer struct {
		content []byte
		info    fs.FileInfo
		err     error
	}
	f, ended := k.file, make(chan answer, 1)
	go func() {
		state.Sweep(f.path)
		content, info, err := state.Read(f.path)
		ended <- answer{content, info, err}
	}()
	select {
	case a := <-ended:
		defer func() { <-f.disk }()
		f.seen = a.info
		var doc *state.Document
		if a.err == nil && a.content != nil {
			doc, a.err = state.Decode(a.content, now)
		}
		if a.err != nil {
			k.refuse(f.path, a.err)
		}
		return doc, a.err
	case <-time.After(loading):
		k.log.Error("state file cannot be read; going on without it, and leaving it as it is until the next start",
			"file", f.path, "err", fmt.Errorf("the disk does not answer within %v", loading))
		return nil, errSlow
	}
}

// refuse sets a file aside that cannot be trusted. No values of it are used.
func (k *keeper) refuse(path string, err error) {
	if failed := state.Writable(path); failed != nil {
		err = fmt.Errorf("%w; %w", err, failed)
	}
	log := k.log.With("file", path, "err", err)
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable || errors.Is(err, state.ErrForeign) || k.beside {
		log.Error("state file cannot be used; going on without it, so refused logins are counted anew: " +
			"give the user that runs this the right to read and write the file, or name another state.file")
		return
	}
	name, failed := state.SetAside(path)
	if failed != nil {
		log.Error("state file cannot be trusted, nor set aside; going on without it", "rename_err", failed)
		return
	}
	log.Warn("state file cannot be trusted; going on without it", "set_aside_as", name)
}

// use makes path the file to write, once it has been loaded; "" is none.
func (k *keeper) use(path string) {
	k.file, k.saved, k.failing = nil, nil, false
	if path != "" {
		k.file = &stateFile{path: path, disk: make(chan struct{}, 1)}
		k.file.disk <- struct{}{} // until the file has been read
	}
	k.metrics.use(path != "" && !k.beside)
}

// adopt goes on with another configuration.
func (k *keeper) adopt(cfg *config.Config) {
	path := cfg.State.File
	k.mu.Lock()
	k.accounts = cfg.Accounts
	same := k.file == nil && path == "" || k.file != nil && path == k.file.path
	if !same {
		k.use(path)
	}
	k.mu.Unlock()
	if !same && path != "" {
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
	if k.beside {
		return
	}
	snap := k.store.Load()
	k.mu.Lock()
	due := snap != nil && (end || snap.Ready && snap != k.saved && fleet.Age(time.Now(), k.tried) >= saveEvery)
	k.mu.Unlock()
	if due {
		k.write(snap, end)
	}
}

// catchUp takes over, before a login, the refused logins that other commands have
// counted in the file. A disk that hangs holds up the login for as long as patience.
func (k *keeper) catchUp() {
	k.mu.Lock()
	f := k.file
	k.mu.Unlock()
	if f == nil {
		return
	}
	slow := time.After(patience)
	select {
	case f.disk <- struct{}{}: // after the read or write under way, if there is one
	case <-slow:
		return
	}
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		defer func() { <-f.disk }()
		k.look(f)
	}()
	select {
	case <-looked:
	case <-slow:
	}
}

// write replaces the file, if there is one; if snap is nil, by one without values.
// It returns false when the disk has refused or is slow, which is counted and
// logged; the write may then end well yet.
func (k *keeper) write(snap *fleet.Snapshot, end bool) bool {
	k.mu.Lock()
	f := k.file
	if snap != nil { // the first values are written as soon as they are known
		k.tried = time.Now()
	}
	k.mu.Unlock()
	if f == nil {
		return true
	}
	slow := time.After(patience)
	select {
	case f.disk <- struct{}{}:
	case <-slow:
		k.note(f, errSlow)
		return false
	}
	ended := make(chan error, 1)
	go func() {
		defer func() { <-f.disk }()
		if k.beside {
			ended <- k.amend(f)
			return
		}
		k.look(f)
		ended <- k.replace(f, k.document(snap, end), snap)
	}()
	var err error
	select {
	case err = <-ended:
	case <-slow:
		err = errSlow
	}
	if err != nil {
		k.note(f, err)
	}
	return err == nil
}

// look takes over the refused logins that another command has counted in the file.
// A file that cannot be read counts nothing.
func (k *keeper) look(f *stateFile) {
	if info, err := os.Lstat(f.path); err == nil && f.changed(info) {
		_, _ = k.read(f)
	}
}

// read reads the file again. What was refused counts, if it is new and under our key.
func (k *keeper) read(f *stateFile) (*state.Document, error) {
	content, info, err := state.Read(f.path)
	if err != nil || content == nil {
		return nil, err
	}
	doc, err := state.Decode(content, time.Now())
	if doc != nil && doc.Key == k.ids.key && f.changed(info) {
		k.refusals.Merge(doc.Logins)
	}
	f.seen = info
	return doc, err
}

// amend writes the refused logins into the file and leaves the rest as it is.
func (k *keeper) amend(f *stateFile) error {
	doc, err := k.read(f)
	switch {
	case err != nil:
		return err
	case doc == nil:
		doc = &state.Document{Written: time.Now(), Key: k.ids.key}
	case doc.Key != k.ids.key:
		return errors.New("another process has begun a new state file meanwhile")
	}
	doc.Logins = k.refusals.Holds()
	return k.replace(f, doc, nil)
}

// document is what the file is to hold.
func (k *keeper) document(snap *fleet.Snapshot, end bool) *state.Document {
	k.mu.Lock()
	accounts := k.accounts
	k.mu.Unlock()
	return &state.Document{
		Written: time.Now(), Clean: end, Key: k.ids.key, Logins: k.refusals.Holds(),
		Fleet: forgetful(snap), Identities: k.ids.all(accounts),
	}
}

// replace puts doc, which has snap in it, in the place of the file, however long it
// takes.
func (k *keeper) replace(f *stateFile, doc *state.Document, snap *fleet.Snapshot) error {
	content, err := doc.Encode()
	if err != nil {
		return err
	}
	info, err := state.Save(f.path, content)
	if err != nil {
		return err
	}
	f.seen = info
	k.mu.Lock()
	defer k.mu.Unlock()
	if f != k.file { // a reload has named another one meanwhile
		return nil
	}
	k.saved = snap
	if snap != nil { // else a restart would have nothing to begin with
		k.metrics.wrote(doc.Written, len(content))
	}
	if k.failing {
		k.log.Info("state file can be written again", "file", f.path)
	}
	k.failing = false
	return nil
}

// note counts a failed write, and says so when it is the first in a row.
func (k *keeper) note(f *stateFile, err error) {
	k.metrics.failures.Inc()
	k.mu.Lock()
	defer k.mu.Unlock()
	if f != k.file {
		return
	}
	if !k.failing {
		k.log.Error("state file cannot be written; after a restart the old values and the count of refused logins are missing", "file", f.path, "err", err)
	}
	k.failing = true
}
