// Package daemon is the running exporter behind its web pages: it builds
// clients and a poller from the configuration, runs them, and replaces them
// when the configuration is reloaded.
package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Options say what a Daemon runs on.
type Options struct {
	Load       func() (*config.Config, error) // reads the configuration, at the start and at each reload
	Registerer prometheus.Registerer          // takes the metrics about the exporter's own work
	Transport  http.RoundTripper              // to Equinix; nil: one of its own for each account, as its settings say
	UserAgent  string
	Shard      fleet.Shard // which of the ports to watch
	KeepState  bool        // go on from the state file of the configuration, and write it; else only refused logins are counted there
	Log        *slog.Logger

	ForgetRefusals bool // begin to count refused logins anew, whatever the state file says
}

// Daemon polls what the configuration says and keeps the outcome.
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

// New reads the configuration. A fault in it is returned as Load returned it.
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

// Run polls until ctx is done, and returns nil then.
func (d *Daemon) Run(ctx context.Context) error {
	defer close(d.stopped)
	defer d.keeper.save(true) // with what the last logins brought
	defer func() { d.current().end() }()
	defer d.keep(ctx)()
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

// keep begins to write the state file, and returns what ends that.
func (d *Daemon) keep(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.keeper.run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// Alive returns nil while the poll loops hand out their work on time.
func (d *Daemon) Alive() error { return d.current().poller.Alive() }

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
	c := change{next, make(chan struct{})}
	select {
	case d.changes <- c:
	case <-d.stopped:
		return errStopping
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-c.done:
	case <-d.stopped:
		return errStopping
	}
	d.keeper.adopt(cfg)
	d.warn(cfg)
	return nil
}

var errStopping = errors.New("the exporter is shutting down")

// replace makes next the current generation. The one before it has ended, so
// next is the only writer of the store.
func (d *Daemon) replace(next *generation) {
	handOver(d.current(), next)
	next.start(&d.store, d.metrics.Metrics, d.opts.Log)
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.gen.accounts {
		if _, stays := next.accounts[name]; !stays {
			d.metrics.Forget(name)
		}
	}
	d.gen = next
}

func (d *Daemon) current() *generation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gen
}

func (d *Daemon) warn(cfg *config.Config) {
	for _, w := range cfg.Warnings {
		d.opts.Log.Warn("configuration accepted, but", "warning", w)
	}
}
