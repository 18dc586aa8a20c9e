// Package poll turns time into calls of the Equinix API and their answers into fleet
// snapshots. [Poller] runs one account per set of credentials; an account polls in laps:
// every port and window has its own place in the interval, so that calls are spread
// evenly. A failed call keeps the last good value and leaves its age to the reader.
package poll

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// API is what the poller calls; *fabric.Client implements it.
type API interface {
	Ports(ctx context.Context) iter.Seq2[fabric.Port, error]
	UserPortsV3(ctx context.Context) iter.Seq2[fabric.Port, error]
	PortStatsV3(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error)
	PortStatsV4(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error)
	PortMetrics(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error)
	ConnectionStats(ctx context.Context, uuid, viewPoint string, from, to time.Time) (*fabric.Traffic, error)
	ConnectionMetrics(ctx context.Context, uuid string, from, to time.Time) (*fabric.ConnectionTraffic, error)
	PortPrice(ctx context.Context, port string) (fabric.Price, error)
	ConnectionPrice(ctx context.Context, of fabric.ConnectionProduct) (fabric.Price, error)
	ConnectionPriceV3(ctx context.Context, of fabric.ConnectionProduct) (fabric.Price, error)
	StreamAssets(ctx context.Context) iter.Seq2[fabric.StreamAsset, error]
	// PortConnections hands over each batch of ports with its connections or
	// error; its own error says that ctx has ended.
	PortConnections(ctx context.Context, ports []string, each func(ports []string, conns []fabric.Connection, err error)) error
	Connections(ctx context.Context) iter.Seq2[fabric.Connection, error]
	BuyerConnectionsV3(ctx context.Context) iter.Seq2[fabric.Connection, error]
}

// Port is a port to poll.
type Port struct {
	UUID string // lower case
	Name string // overrides the API's name; "" does not
}

// Account is one set of credentials and the ports to poll with it.
type Account struct {
	Name    string
	API     API
	Login   func() fabric.TokenStatus // state of the login, asked after each call
	Ports   []Port                    // polled whether a listing has them or not
	Sources []string                  // traffic sources to try, in order: see Sources
	Pairs   []fleet.Pair              // ports that back each other up, beyond what the API says; without traffic

	MaxSeries int // of its ports, pairs and connections; 0 for no limit

	// Discover reports whether a port that the credentials see, of that name in
	// the API, is to be polled too; nil if none is discovered.
	Discover func(name string, i *fleet.Inventory) bool

	Prices time.Duration // between two questions about a list price; 0 for none

	// Connections selects connections on the account's ports to track one by one;
	// nil to track none.
	Connections *Selection
}

// Selection is which connections get series and traffic of their own. One that
// several accounts select belongs to the first.
type Selection struct {
	Match func(*fleet.Connection) bool
	Max   int  // so many of them at most
	All   bool // also those on no port of the account
}

// SeenFrom is the side from which to see a connection, and the port of the account on that
// side: with All it is the a-side and "" for one on no port. ok is false if it is not selected.
func (s *Selection) SeenFrom(c *fleet.Connection, ports map[string]bool) (side fleet.Side, port string, ok bool) {
	side, port, ok = c.SeenFrom(ports)
	if !ok && s.All {
		side, ok = fleet.ASide, true
	}
	return side, port, ok && s.Match(c)
}

// Config is what to poll, and how often.
type Config struct {
	Accounts       []Account      // a port of several accounts belongs to the first
	Windows        []fleet.Window // at least one; the first is the primary one
	Connections    time.Duration  // between two searches
	Inventory      time.Duration  // between two listings
	StaleIntervals int
	Shard          fleet.Shard // which of the ports to poll

	History History // gets every interval of traffic; nil if nothing wants them

	// The limits that the clients keep, one by one for each account.
	RequestsPerSecond float64
	Concurrency       int
	Timeout           time.Duration
}

// History gets the intervals of traffic, each with its own time.
type History interface {
	// Take gets what is new or changed after each answer, from several goroutines at a
	// time but never about one subject. It must not block.
	Take(h fleet.History)
}

// settings is what the configuration says of the snapshot.
func (c *Config) settings() fleet.Settings {
	set := fleet.Settings{
		Windows: c.Windows, StaleIntervals: c.StaleIntervals, Shard: c.Shard, Timeout: c.Timeout,
		Intervals: fleet.Intervals{Traffic: c.Windows[0].Interval, Connections: c.Connections, Inventory: c.Inventory},
	}
	for _, a := range c.Accounts {
		s := fleet.AccountSettings{
			Name: a.Name, Pairs: a.Pairs, MaxSeries: a.MaxSeries, Prices: a.Prices, Discovered: a.Discover,
			Sources: a.Sources, ConnectionSources: ConnectionSources(a.Sources),
		}
		if a.Connections != nil {
			s.Tracked, s.TrackedAll = a.Connections.Match, a.Connections.All
		}
		for _, p := range a.Ports {
			s.Ports = append(s.Ports, fleet.PortSettings(p))
		}
		set.Accounts = append(set.Accounts, s)
	}
	return set
}

// follows reports whether an account comes after another in the configuration.
func (c *Config) follows(account, other string) bool {
	first := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.Name == account || a.Name == other })
	return c.Accounts[first].Name != account
}

// Poller polls the accounts of a Config until its context ends.
type Poller struct {
	accounts []*account
}

// New returns a poller that publishes to store. It goes on from what the store holds:
// ports that stay keep their values and their place in the interval. One poller at a time
// may publish to a store.
func New(cfg Config, store *fleet.Store, metrics *Metrics, log *slog.Logger) *Poller {
	log = log.With("component", "poll")
	conflicts := &conflicts{metrics: metrics, log: log, noted: map[conflict]bool{}}
	cfg.Accounts = withoutConflicts(cfg.Accounts, conflicts)
	store.Reconfigure(cfg.settings())
	store.Update(func(e *fleet.Edit) {
		for _, a := range cfg.Accounts {
			takeLogin(e.Account(a.Name), a.Login())
		}
	})
	p := &Poller{}
	for i, a := range cfg.Accounts {
		p.accounts = append(p.accounts, newAccount(cfg, i, store, conflicts, metrics, newPollLog(log, a.Name, metrics)))
	}
	return p
}

// Run polls until ctx is done and then returns nil. Answers that come after that are not
// published.
func (p *Poller) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, a := range p.accounts {
		g.Go(func() error { return a.run(ctx) })
	}
	return g.Wait()
}

// Alive returns nil while every account hands out its work on time. It says nothing of the
// API: a restart cures no error of Equinix.
func (p *Poller) Alive() error {
	var errs []error
	for _, a := range p.accounts {
		errs = append(errs, a.alive(time.Now()))
	}
	return errors.Join(errs...)
}

// conflict is a port that an account leaves to an earlier one.
type conflict struct{ loser, uuid string }

// conflicts counts and logs the ports that two accounts have, each once.
type conflicts struct {
	metrics *Metrics
	log     *slog.Logger

	mu        sync.Mutex
	noted     map[conflict]bool
	ambiguous []string // redundancy groups, as logged
}

func (c *conflicts) note(loser, first, uuid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.noted[conflict{loser, uuid}] {
		return
	}
	c.noted[conflict{loser, uuid}] = true
	c.metrics.conflicts.WithLabelValues(loser).Inc()
	c.log.Warn("port is in two accounts; the first one polls it", "port_uuid", uuid, "first_account", first, "ignored_account", loser)
}

// changed reports whether these ambiguous groups are to be logged.
func (c *conflicts) changed(groups []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Equal(groups, c.ambiguous) {
		return false
	}
	c.ambiguous = groups
	return len(groups) > 0
}

// withoutConflicts leaves a port that several accounts name to the first.
func withoutConflicts(accounts []Account, conflicts *conflicts) []Account {
	owner := map[string]string{}
	var kept []Account
	for _, a := range accounts {
		var own []Port
		for _, p := range a.Ports {
			if first, taken := owner[p.UUID]; taken {
				conflicts.note(a.Name, first, p.UUID)
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
