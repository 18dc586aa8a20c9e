// Package poll turns time into calls of the Equinix API and their answers into
// fleet snapshots. Every port and window has its own place in the interval, so
// that calls are spread evenly; a failed call keeps the last good value and
// leaves its age to the reader.
package poll

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// API is what the poller calls; *fabric.Client has it.
type API interface {
	Ports(ctx context.Context) iter.Seq2[fabric.Port, error]
	UserPortsV3(ctx context.Context) iter.Seq2[fabric.Port, error]
	PortStatsV3(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error)
	PortStatsV4(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error)
	PortMetrics(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error)
	ConnectionStats(ctx context.Context, uuid, viewPoint string, from, to time.Time) (*fabric.Traffic, error)
	ConnectionMetrics(ctx context.Context, uuid string, from, to time.Time) (*fabric.ConnectionTraffic, error)
	StreamAssets(ctx context.Context) iter.Seq2[fabric.StreamAsset, error]
	// PortConnections hands over each batch of ports with its connections or
	// error; its own error says that ctx has ended.
	PortConnections(ctx context.Context, ports []string, each func(ports []string, conns []fabric.Connection, err error)) error
}

// Port is a port to watch.
type Port struct {
	UUID string // lower case
	Name string // overrides the API's name; "" does not
}

// Account is one set of credentials and the ports to watch with it.
type Account struct {
	Name    string
	API     API
	Login   func() fabric.TokenStatus // state of the login, asked after each call
	Ports   []Port                    // watched whether a listing has them or not
	Sources []string                  // traffic sources to try, in order: see Sources
	Pairs   []fleet.Pair              // ports that back each other up, beyond what the API says; without loads

	MaxSeries int // of its ports, pairs and connections; 0 for no limit

	// Discover reports whether a port that the credentials see, of that name in
	// the API, is to be watched too; nil: none is.
	Discover func(name string, i *fleet.Inventory) bool

	// Connections selects connections on the account's ports to watch one by one;
	// nil: none is.
	Connections *Selection
}

// Selection is which connections get series and traffic of their own. One that
// several accounts select belongs to the first.
type Selection struct {
	Match func(*fleet.Connection) bool
	Max   int // so many of them at most
}

// Config is what to poll, and how often.
type Config struct {
	Accounts       []Account      // a port of several accounts belongs to the first
	Windows        []fleet.Window // at least one; the first is the primary one
	Connections    time.Duration  // between two searches
	Inventory      time.Duration  // between two listings
	StaleIntervals int
	Shard          fleet.Shard // which of the ports to watch

	// The limits that the clients keep, one by one for each account.
	RequestsPerSecond float64
	Concurrency       int
	Timeout           time.Duration
}

// Poller polls the accounts of a Config until its context ends.
type Poller struct {
	accounts []*account
}

// New returns a poller that publishes to store. It goes on from what the store
// holds: ports that stay keep their values and their place in the interval. One
// poller at a time may publish to a store.
func New(cfg Config, store *fleet.Store, metrics *Metrics, log *slog.Logger) *Poller {
	log = log.With("component", "poll")
	cfg.Accounts = withoutConflicts(cfg.Accounts, metrics, log)
	rec := newRecorder(cfg, store, log)
	p := &Poller{}
	for i, a := range cfg.Accounts {
		p.accounts = append(p.accounts, newAccount(cfg, a, i, rec, metrics, log.With("account", a.Name)))
	}
	return p
}

// Run polls until ctx is done and then returns nil. Answers that come after
// that are not published.
func (p *Poller) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, a := range p.accounts {
		g.Go(func() error { return a.run(ctx) })
	}
	return g.Wait()
}

// Alive returns nil while every account's loop hands out its work on time. It
// says nothing of the API: a restart cures no error of Equinix.
func (p *Poller) Alive() error {
	var errs []error
	for _, a := range p.accounts {
		if err := a.queue.alive(time.Now()); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// withoutConflicts leaves a port that several accounts name to the first.
func withoutConflicts(accounts []Account, metrics *Metrics, log *slog.Logger) []Account {
	owner := map[string]string{}
	var kept []Account
	for _, a := range accounts {
		var own []Port
		for _, p := range a.Ports {
			if first, taken := owner[p.UUID]; taken {
				metrics.conflict(log, a.Name, first, p.UUID)
				continue
			}
			owner[p.UUID] = a.Name
			own = append(own, p)
		}
		a.Ports = own
		kept = append(kept, a)
	}
	return kept
}
