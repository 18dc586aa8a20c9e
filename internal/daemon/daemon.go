// Package daemon runs the exporter, without its web pages: it builds clients and a
// poller from the configuration, runs them, and replaces them when the configuration
// is reloaded.
package daemon

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Options configure a Daemon.
type Options struct {
	Load       func() (*config.Config, error) // reads the configuration, at the start and at each reload
	Registerer prometheus.Registerer          // for the metrics of the exporter itself
	Transport  http.RoundTripper              // to Equinix; nil: one for each account, by its settings
	UserAgent  string
	Shard      fleet.Shard       // the part of the ports to poll
	Receivers  http.RoundTripper // to the receivers of remote write; nil: one for each, by its settings
	KeepState  bool              // restore values from the state file, and write it; else only refused logins are counted there
	Log        *slog.Logger

	ForgetRefusals bool // count refused logins from 0, whatever the state file says
}

// Daemon polls what the configuration selects and keeps the values.
type Daemon struct {
	opts    Options
	store   fleet.Store
	metrics *metrics
	keeper  *keeper
	changes chan change
	stopped chan struct{} // closed when Run has returned

	reloading sync.Mutex // held through a reload: one at a time

	mu  sync.Mutex
	gen *generation // that runs or is about to run
}

// change asks Run to continue with another generation.
type change struct {
	next *generation
	done chan struct{}
}

// New reads the configuration and the state file. A fault in the configuration is
// returned as Load returned it.
func New(opts Options) (*Daemon, error) {
	cfg, err := opts.Load()
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		opts: opts, metrics: newMetrics(opts.Registerer),
		changes: make(chan change), stopped: make(chan struct{}),
	}
	d.keeper = newKeeper(cfg, &d.store, &d.metrics.state, opts)
	if d.gen, err = d.newGeneration(cfg, nil); err != nil {
		return nil, err
	}
	d.gen.start(&d.store, d.metrics, d.keeper.marks, opts.Log)
	d.keeper.follow(d.gen.writer)
	d.metrics.reloads.succeeded()
	d.warn(cfg)
	return d, nil
}

// Snapshot is the newest state of the fleet; it is never nil.
func (d *Daemon) Snapshot() *fleet.Snapshot { return d.store.Load() }

// Alive returns nil while the poll loops start their polls on time.
func (d *Daemon) Alive() error { return d.current().poller.Alive() }

// History asks Equinix for intervals of the past, see [poll.Poller.History].
func (d *Daemon) History(ctx context.Context, of fleet.Subject, resolution time.Duration, from, to time.Time) (fleet.History, fleet.Rejected, error) {
	return d.current().poller.History(ctx, of, resolution, from, to)
}

func (d *Daemon) current() *generation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gen
}

// Run polls until ctx is done, and returns nil then. At the end it closes the
// clients, which ends logins under way, and writes the state file.
func (d *Daemon) Run(ctx context.Context) error {
	defer close(d.stopped)
	defer d.keeper.save(true) // after the last logins, since refusals are kept in the file
	defer func() { closeAccounts(slices.Collect(maps.Values(d.current().accounts))) }()
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { d.keeper.run(ctx) })
	defer keeping.Wait()
	defer cancel()
	for {
		gctx, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- d.current().run(gctx) }()
		select {
		case err := <-ended:
			cancel()
			return err
		case c := <-d.changes:
			cancel()
			if err := <-ended; err != nil {
				return err
			}
			d.replace(c.next)
			close(c.done)
		}
	}
}

// replace makes next the current generation. The previous generation has ended, so
// next is the only writer of the store. Accounts that next does not keep are closed,
// and suspended logins get the try that a reload allows.
func (d *Daemon) replace(next *generation) {
	prev := d.current()
	var leaving []*account
	for name, old := range prev.accounts {
		if next.accounts[name] != old {
			leaving = append(leaving, old)
		}
	}
	closeAccounts(leaving)
	for name := range prev.accounts {
		if next.accounts[name] == nil {
			d.metrics.Forget(name)
		}
	}
	for _, a := range next.accounts {
		a.tokens.Resume()
	}
	next.start(&d.store, d.metrics, prev.writer.Marks(), d.opts.Log)
	d.keeper.follow(next.writer)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gen = next
}

// Reload reads the configuration again. If it has faults, nothing changes and they
// are returned. Ports that stay keep their values. A secret whose logins are
// suspended gets one more try at the first reload.
func (d *Daemon) Reload(ctx context.Context) error {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	if err := d.reload(ctx); err != nil {
		d.metrics.reloads.failed()
		d.opts.Log.Error("reload failed; the previous configuration stays in force", "err", err)
		return err
	}
	d.metrics.reloads.succeeded()
	d.opts.Log.Info("configuration reloaded")
	return nil
}

func (d *Daemon) reload(ctx context.Context) error {
	cfg, err := d.opts.Load()
	if err != nil {
		return err
	}
	next, err := d.newGeneration(cfg, d.current())
	if err != nil {
		return err
	}
	stopping := errors.New("the exporter is shutting down")
	c := change{next, make(chan struct{})}
	select {
	case d.changes <- c:
	case <-d.stopped:
		return stopping
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-c.done:
	case <-d.stopped:
		return stopping
	}
	d.keeper.adopt(cfg)
	d.warn(cfg)
	return nil
}

func (d *Daemon) warn(cfg *config.Config) {
	for _, w := range cfg.Warnings {
		d.opts.Log.Warn("configuration warning", "warning", w)
	}
}

// AutoReload reloads whenever changed reports that the configuration has changed,
// until ctx is done. The outcome is logged. A configuration with faults is not read
// again until it changes.
func (d *Daemon) AutoReload(ctx context.Context, changed func() bool) {
	ticker := time.NewTicker(30 * time.Second) // like Prometheus' --config.auto-reload
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if changed() {
			d.opts.Log.Info("the configuration has changed; reloading it")
			_ = d.Reload(ctx)
		}
	}
}
