package daemon

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

const (
	// saveEvery is how often the state file is written at most. Beyond that it is
	// written at the start, at the end, and when a login is refused.
	saveEvery = time.Minute
	// checkEvery is how often the keeper checks whether a write is due.
	checkEvery = time.Second
	// patience is how long a read or write is waited for. A disk that hangs, such as
	// one over a network, must hold up neither logins nor the end.
	patience = 3 * time.Second
	// loadTime is how long the start waits for the file, which may be large.
	loadTime = 5 * time.Second
)

// keeper reads the state file and keeps it up to date. Without a file it keeps the
// count of refused logins in memory alone.
type keeper struct {
	store    *fleet.Store
	metrics  *stateMetrics
	log      *slog.Logger
	key      fabric.FingerprintKey // of the fingerprints in the file
	refusals *fabric.Refusals
	beside   bool // of a command beside an exporter: only refused logins are read and written

	mu       sync.Mutex // never held while the disk is asked
	file     *stateFile // nil without one
	accounts []config.Account
	saved    *fleet.Snapshot // the one in the file
	tried    time.Time       // when values were last written, or should have been
	failing  bool            // the latest write failed and was logged
}

// newKeeper reads the state file of cfg, if it has one, and publishes what may be
// shown of it.
func newKeeper(cfg *config.Config, store *fleet.Store, metrics *stateMetrics, o Options) *keeper {
	k := &keeper{store: store, metrics: metrics, log: o.Log.With("component", "state"), accounts: cfg.Accounts, beside: !o.KeepState}
	f, doc, err := k.load(cfg.State.File)
	k.use(f)
	if k.key = fabric.NewFingerprintKey(); doc != nil {
		k.key = doc.Key
	}
	k.refusals = fabric.NewRefusals(k.key, k.catchUp, func() { k.write(k.store.Load(), false) })
	switch {
	case o.ForgetRefusals:
		k.log.Warn("refused logins forgotten (--login.forget-refusals): remove the flag before the next start; Equinix locks the account after five refusals")
	case doc != nil:
		k.refusals.Merge(doc.Logins)
	}
	switch {
	case k.beside:
	case doc != nil && err == nil:
		k.restore(doc, o.Shard)
	case doc != nil:
		k.write(nil, false) // the refused logins, since the file that had them is set aside
	case f != nil && err == nil:
		// Other commands count refused logins in the file, under its key.
		if k.write(nil, false) {
			k.log.Info("no state file yet; values come with the first polls", "file", f.path)
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
func (k *keeper) restore(doc *state.Document, shard fleet.Shard) {
	ids, now := identities(k.key, k.accounts), time.Now()
	snap := doc.Snapshot(ids, shard, now)
	if snap == nil {
		k.log.Info("state file has nothing of these accounts and this shard; values come with the first polls", "file", k.file.path)
		return
	}
	// From now on the file is not clean: if this process is killed, the next one must
	// not go on from counters that this one has shown higher.
	if !k.write(snap, false) {
		doc.Clean = false
		snap = doc.Snapshot(ids, shard, now)
	}
	k.store.Publish(snap)
	k.metrics.restored(len(snap.Ports))
	k.log.Info("going on from the state file", "file", k.file.path, "written", doc.Written.UTC(), "ports", len(snap.Ports), "connections", len(snap.Connections))
}

// use makes f the file to write; nil for none.
func (k *keeper) use(f *stateFile) {
	k.file, k.saved, k.failing = f, nil, false
	k.metrics.use(f != nil && !k.beside)
}

// adopt goes on with another configuration. Of another state file only the refused
// logins count later: the values of the fleet are known.
func (k *keeper) adopt(cfg *config.Config) {
	k.mu.Lock()
	path := ""
	if k.file != nil {
		path = k.file.path
	}
	k.accounts = cfg.Accounts
	k.mu.Unlock()
	if path == cfg.State.File {
		return
	}
	f, _, _ := k.load(cfg.State.File) // so that a foreign file is not written over
	k.mu.Lock()
	defer k.mu.Unlock()
	k.use(f)
}

// run writes the file until ctx is done: as soon as everything is known, and then
// every minute if something is new.
func (k *keeper) run(ctx context.Context) {
	ticker := time.NewTicker(checkEvery)
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

// save writes what the store holds, unless it is in the file already or the file was
// written less than a minute ago. At the end, when nothing is shown any more, it
// writes in any case.
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

// write replaces the file, if there is one; if snap is nil, by one without values. It
// returns false after a failure, which it counts and logs. A slow write may end well
// later.
func (k *keeper) write(snap *fleet.Snapshot, end bool) bool {
	k.mu.Lock()
	f, accounts := k.file, k.accounts
	if snap != nil { // the first values are written as soon as they are known
		k.tried = time.Now()
	}
	k.mu.Unlock()
	if f == nil {
		return true
	}
	err := errors.New("the disk did not answer when the file was to be read")
	if !f.unread {
		err = f.within(patience, func() error {
			if k.beside {
				return k.amend(f)
			}
			k.look(f)
			return k.replace(f, &state.Document{
				Written: time.Now(), Clean: end, Key: k.key, Logins: k.refusals.Holds(),
				Fleet: snap, Identities: identities(k.key, accounts),
			})
		})
	}
	if err == nil {
		return true
	}
	k.metrics.failures.Inc()
	k.mu.Lock()
	defer k.mu.Unlock()
	if f != k.file { // a reload has named another one meanwhile
		return false
	}
	if !k.failing {
		k.log.Error("state file cannot be written; after a restart the old values and the count of refused logins are missing", "file", f.path, "err", err)
	}
	k.failing = true
	return false
}
