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
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

const (
	// saveEvery is the shortest time between two writes of the state file. It is also
	// written at the start, at the end, and when a login is refused.
	saveEvery = time.Minute
	// checkEvery is how often the keeper checks whether a write is due.
	checkEvery = time.Second
	// patience is how long to wait for a read or write. A disk that hangs, such as a
	// network share, must delay neither logins nor the end of the process.
	patience = 3 * time.Second
	// loadTime is how long to wait at the start for the file, which may be large.
	loadTime = 5 * time.Second
)

// keeper reads the state file and keeps it up to date. Without a file it only keeps
// the count of refused logins in memory.
type keeper struct {
	store    *fleet.Store
	metrics  *stateMetrics
	log      *slog.Logger
	key      fabric.FingerprintKey // of the fingerprints in the file
	refusals *fabric.Refusals
	beside   bool          // of a command that may run beside an exporter: only refused logins are read and written
	marks    history.Marks // of remote write, as the file had them at the start

	mu       sync.Mutex // never held during disk access
	file     *stateFile // nil without state.file
	accounts []config.Account
	saved    *fleet.Snapshot // the snapshot in the file
	tried    time.Time       // when values were last written, or should have been
	failing  bool            // the latest write failed and was logged
	writer   *history.Writer // whose marks are kept; nil before there is one
}

// newKeeper reads the state file of cfg, if it names one, and publishes the values in
// it that may be shown.
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
		k.write(nil, false) // the refused logins, since the file that contained them is set aside
	case f != nil && err == nil:
		// The file must exist for other commands, which count refused logins in it.
		if k.write(nil, false) {
			k.log.Info("no state file yet; values come with the first polls", "file", f.path)
		}
	}
	if o.ForgetRefusals && doc != nil && len(doc.Logins) > 0 {
		k.write(k.store.Load(), false)
	}
	return k
}

// Refusals returns the count of refused logins in the state file of cfg, for a
// command that may run beside the exporter.
func Refusals(cfg *config.Config, forget bool, log *slog.Logger) *fabric.Refusals {
	o := Options{ForgetRefusals: forget, Log: log}
	return newKeeper(cfg, new(fleet.Store), &newMetrics(prometheus.NewRegistry()).state, o).refusals
}

// restore publishes the values of doc that may be shown.
func (k *keeper) restore(doc *state.Document, shard fleet.Shard) {
	k.marks = doc.Marks
	ids, now := identities(k.key, k.accounts), time.Now()
	snap := doc.Snapshot(ids, shard, now)
	if snap == nil {
		k.log.Info("state file has no values of these accounts and this shard; values come with the first polls", "file", k.file.path)
		return
	}
	// Write the file as not clean first: if this process is killed, the next must not
	// continue counters that this one has already shown with higher values.
	if !k.write(snap, false) {
		doc.Clean = false
		snap = doc.Snapshot(ids, shard, now)
	}
	k.store.Publish(snap)
	k.metrics.restored(len(snap.Ports))
	k.log.Info("values restored from the state file", "file", k.file.path, "written", doc.Written.UTC(), "ports", len(snap.Ports), "connections", len(snap.Connections))
}

// follow keeps the marks of a writer from now on.
func (k *keeper) follow(w *history.Writer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writer = w
}

// use makes f the file to write; nil for no file.
func (k *keeper) use(f *stateFile) {
	k.file, k.saved, k.failing = f, nil, false
	k.metrics.use(f != nil && !k.beside)
}

// adopt continues with another configuration. If that names another state file, only
// the refused logins are read from it: the values of the fleet are known.
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
	f, _, _ := k.load(cfg.State.File) // so that a file that is not the exporter's is not overwritten
	k.mu.Lock()
	defer k.mu.Unlock()
	k.use(f)
}

// run writes the file until ctx is done: as soon as every port has been polled, and
// then every minute if values have changed.
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

// save writes the snapshot of the store, unless it is in the file already or the file
// was written less than a minute ago. At the end it writes in any case.
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

// write replaces the file, if there is one; if snap is nil, by a file without values.
// It returns false after a failure, which it counts and logs. A write that is too
// slow is a failure, but may still succeed later.
func (k *keeper) write(snap *fleet.Snapshot, end bool) bool {
	k.mu.Lock()
	f, accounts, marks := k.file, k.accounts, k.marks
	if k.writer != nil {
		marks = k.writer.Marks()
	}
	if snap != nil { // the first values need not wait a minute
		k.tried = time.Now()
	}
	k.mu.Unlock()
	if f == nil {
		return true
	}
	err := errors.New("the disk did not answer when the file was read")
	if !f.unread {
		err = f.within(patience, func() error {
			if k.beside {
				return k.amend(f)
			}
			k.look(f)
			return k.replace(f, &state.Document{
				Written: time.Now(), Clean: end, Key: k.key, Logins: k.refusals.Holds(),
				Fleet: snap, Identities: identities(k.key, accounts), Marks: marks,
			})
		})
	}
	if err == nil {
		return true
	}
	k.metrics.failures.Inc()
	k.mu.Lock()
	defer k.mu.Unlock()
	if f != k.file { // a reload has named another file meanwhile
		return false
	}
	if !k.failing {
		k.log.Error("state file cannot be written; a restart would lose the values and the count of refused logins", "file", f.path, "err", err)
	}
	k.failing = true
	return false
}
