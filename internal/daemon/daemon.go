// Package daemon is the running exporter behind its web pages: it builds
// clients and a poller from the configuration, runs them, and replaces them
// when the configuration is reloaded.
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

// Options are what a Daemon runs on.
type Options struct {
	Load       func() (*config.Config, error) // reads the configuration, at the start and at each reload
	Registerer prometheus.Registerer          // takes the metrics about the exporter's own work
	Transport  http.RoundTripper              // to Equinix; nil: one for each account, as its settings say
	UserAgent  string
	Shard      fleet.Shard // the part of the ports to poll
	KeepState  bool        // go on from the state file of the configuration, and write it; else only refused logins are counted there
	Log        *slog.Logger

	ForgetRefusals bool // count refused logins from 0, whatever the state file says
}

// Daemon polls what the configuration says and keeps the answers.
type Daemon struct {
	opts    Options
	store   fleet.Store
	metrics *metrics
	keeper  *keeper
	changes chan change
	stopped chan struct{} // closed when Run has returned

	reloading sync.Mutex // held through a reload: one at a time

	mu  sync.Mutex
	gen *generation // the one that runs, or is about to
}

// change asks Run to go on with another generation.
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
	d.gen.start(&d.store, d.metrics.Metrics, opts.Log)
	d.metrics.reloads.succeeded()
	d.warn(cfg)
	return d, nil
}

// Snapshot is the newest state of the fleet; it is never nil.
func (d *Daemon) Snapshot() *fleet.Snapshot { return d.store.Load() }

// Alive returns nil while the poll loops hand out their work on time.
func (d *Daemon) Alive() error { return d.current().poller.Alive() }

func (d *Daemon) current() *generation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gen
}

// Run polls until ctx is done, and returns nil then. At the end it closes the
// clients, so that no login is under way, and writes the state file.
func (d *Daemon) Run(ctx context.Context) error {
	defer close(d.stopped)
	defer d.keeper.save(true) // after the last logins, which may have been refused
	defer func() { closeAccounts(slices.Collect(maps.Values(d.current().accounts))) }()
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { d.keeper.run(ctx) })
	defer keeping.Wait()
	defer cancel()
	for {
		gctx, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- d.current().poller.Run(gctx) }()
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

// replace makes next the current generation. The one before it has ended, so next is
// the only writer of the store. Accounts that next does not keep are closed, and
// logins that are suspended get the try that a reload grants.
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
	next.start(&d.store, d.metrics.Metrics, d.opts.Log)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gen = next
}

// Reload reads the configuration again. A faulty one changes nothing and is
// returned as an error; with a good one ports that stay keep their values, and
// secrets whose logins are suspended get one more try, the first time.
func (d *Daemon) Reload(ctx context.Context) error {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	if err := d.reload(ctx); err != nil {
		d.metrics.reloads.failed()
		d.opts.Log.Error("reload failed; going on with the configuration that runs", "err", err)
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

// AutoReload reloads whenever changed reports another configuration than the one that
// was read last, until ctx is done. The outcome is logged. A faulty configuration is
// not read again until it changes.
func (d *Daemon) AutoReload(ctx context.Context, changed func() bool) {
	ticker := time.NewTicker(30 * time.Second) // as Prometheus' --config.auto-reload
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
