package daemon

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// generation is everything that is built from one reading of the configuration.
type generation struct {
	cfg       poll.Config
	accounts  map[string]*account
	receivers []history.Receiver
	poller    *poll.Poller // nil before start, like writer
	writer    *history.Writer
}

// account is a client and the settings that it was built from.
type account struct {
	settings  settings
	transport http.RoundTripper
	tokens    *fabric.TokenSource
	client    *fabric.Client
}

// settings are the settings that a client depends on. If a reload does not change
// them it keeps the client, and with it the request budget.
type settings struct {
	url         string
	ca          string // the certificates themselves, since the file may change
	credentials config.Credentials
	api         config.API
}

// newGeneration builds the clients for cfg. It keeps the clients of prev whose
// settings are the same.
func (d *Daemon) newGeneration(cfg *config.Config, prev *generation) (*generation, error) {
	g := &generation{cfg: PollConfig(cfg), accounts: map[string]*account{}}
	g.cfg.Shard = d.opts.Shard
	for _, a := range cfg.Accounts {
		var old *account
		if prev != nil {
			old = prev.accounts[a.Name]
		}
		next, err := d.newAccount(a, cfg.API, old)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", a.Name, err)
		}
		g.accounts[a.Name] = next
		polled := poll.Account{
			Name: a.Name, API: next.client, Login: next.tokens.Status, Sources: Sources(a.TrafficSource),
			Discover: discover(a.Discover), Connections: Selection(a.Connections), MaxSeries: a.MaxSeries,
			Prices: a.Prices.Every(),
		}
		for _, p := range a.Ports {
			polled.Ports = append(polled.Ports, poll.Port(p))
		}
		for _, p := range a.Pairs {
			polled.Pairs = append(polled.Pairs, fleet.Pair{Name: p.Name, Primary: p.Primary, Secondary: p.Secondary})
		}
		g.cfg.Accounts = append(g.cfg.Accounts, polled)
	}
	var err error
	g.receivers, err = d.receivers(cfg)
	return g, err
}

// receivers are the receivers of remote write.
func (d *Daemon) receivers(cfg *config.Config) (all []history.Receiver, err error) {
	if !d.opts.KeepState { // beside an exporter, which sends everything
		return nil, nil
	}
	return Receivers(cfg, d.opts.Receivers, d.opts.UserAgent)
}

// Receivers are the receivers of remote write. t replaces their transport, unless it is nil.
func Receivers(cfg *config.Config, t http.RoundTripper, userAgent string) (all []history.Receiver, err error) {
	for _, w := range cfg.RemoteWrite {
		own := t
		if own == nil {
			if own, err = w.Transport(userAgent); err != nil {
				return nil, fmt.Errorf("remote_write %s: %w", w.Name, err)
			}
		}
		all = append(all, history.Receiver{
			Name: w.Name, URL: w.URL, Transport: own, Timeout: w.RemoteTimeout, V2: w.ProtobufMessage == config.RemoteWriteV2, Secrets: w.Secrets(),
		})
	}
	return all, nil
}

// start makes the poller, which continues with the values in the store, and the writer, which
// continues at marks.
func (g *generation) start(store *fleet.Store, metrics *metrics, marks history.Marks, log *slog.Logger) {
	g.writer = history.NewWriter(g.receivers, marks, metrics.history, log)
	if len(g.receivers) > 0 {
		g.cfg.History = g.writer
	}
	g.poller = poll.New(g.cfg, store, metrics.Metrics, log)
}

// run polls and sends until ctx is done.
func (g *generation) run(ctx context.Context) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return g.poller.Run(ctx) })
	running.Go(func() error { return g.writer.Run(ctx, g.poller.History) })
	return running.Wait()
}

func (d *Daemon) newAccount(a config.Account, api config.API, old *account) (*account, error) {
	ca, err := a.CA()
	if err != nil {
		return nil, err
	}
	s := settings{a.APIURL, ca, a.Credentials, api}
	if old != nil && old.settings == s {
		return old, nil
	}
	t := newTransport(ca, d.opts.Transport)
	tokens, client, err := Connect(a, api, Wiring{
		Transport: t, UserAgent: d.opts.UserAgent, Observe: d.metrics.Observer(a.Name), Skipped: d.metrics.Skipped(a.Name, d.opts.Log),
		Refusals: d.keeper.refusals,
	})
	if err != nil {
		return nil, err
	}
	return &account{s, t, tokens, client}, nil
}

// closeAccounts ends the logins and the idle connections of all accounts at the same
// time: each may wait seconds for the answer to its login, and a stop must not take
// longer with more accounts.
func closeAccounts(accounts []*account) {
	var closing sync.WaitGroup
	for _, a := range accounts {
		closing.Go(func() {
			a.tokens.Close()
			CloseIdle(a.transport)
		})
	}
	closing.Wait()
}

// discover is the filter of discovery; nil if discovery is off.
func discover(d config.Discover) func(string, *fleet.Inventory) bool {
	if !d.Enabled {
		return nil
	}
	return func(name string, i *fleet.Inventory) bool {
		return d.Match(config.PortTraits{
			Name: name, Metro: i.Metro, IBX: i.IBX, State: i.State, Project: i.Project, Package: i.Package,
		})
	}
}

// Selection is the filter of connections; nil if connections.traffic is off.
func Selection(c config.Connections) *poll.Selection {
	if !c.Traffic {
		return nil
	}
	return &poll.Selection{Max: c.Max, All: c.All, Match: func(f *fleet.Connection) bool {
		return c.Match(config.ConnectionTraits{ // as the labels show them
			Name: f.Name(), Type: f.Type, State: cmp.Or(f.State, fleet.Unknown), ZSide: f.ZSide.Name,
		})
	}}
}

// PollConfig returns what is polled of every account, and how often.
func PollConfig(cfg *config.Config) poll.Config {
	p := poll.Config{
		Connections: cfg.Poll.ConnectionsInterval, Inventory: cfg.Poll.InventoryInterval,
		StaleIntervals:    cfg.Poll.StaleIntervals,
		RequestsPerSecond: cfg.API.RequestsPerSecond, Concurrency: cfg.API.Concurrency, Timeout: cfg.API.Timeout,
	}
	for _, w := range cfg.Poll.Windows {
		p.Windows = append(p.Windows, fleet.Window{Span: w.Span, Resolution: w.Resolution, Interval: w.Interval})
	}
	return p
}

// Sources are the traffic sources to try, in order.
func Sources(s config.TrafficSource) []string {
	if s == config.TrafficAuto {
		return slices.Clone(poll.Sources())
	}
	return []string{string(s)}
}
