package daemon

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// generation is all that is built from one reading of the configuration.
type generation struct {
	cfg      poll.Config
	accounts map[string]*account
	poller   *poll.Poller // from start on
}

// account is a client with what it was built from.
type account struct {
	settings  settings
	transport http.RoundTripper
	tokens    *fabric.TokenSource
	client    *fabric.Client
}

// close ends the logins, and the connections that nobody uses any more.
func (a *account) close() {
	a.tokens.Close()
	CloseIdle(a.transport)
}

// settings are what a client depends on. While they stay the same, a reload
// keeps the client, and with it its place in the request budget.
type settings struct {
	url         string
	ca          string // the certificates themselves: the file may have changed
	credentials config.Credentials
	api         config.API
}

// newGeneration builds clients for cfg, or takes those of prev that still fit.
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
		g.cfg.Accounts = append(g.cfg.Accounts, poll.Account{
			Name: a.Name, API: next.client, Login: next.tokens.Status,
			Ports: pollPorts(a.Ports), Sources: Sources(a.TrafficSource), Discover: discover(a.Discover),
			Pairs: pairs(a.Pairs), Connections: Selection(a.Connections), MaxSeries: a.MaxSeries,
		})
	}
	return g, nil
}

// start makes the poller, which begins with what the store holds.
func (g *generation) start(store *fleet.Store, metrics *poll.Metrics, log *slog.Logger) {
	g.poller = poll.New(g.cfg, store, metrics, log)
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
		Key: d.keeper.ids.key, Refused: func(h fabric.Hold) { d.keeper.refused(a, h) },
	})
	if err != nil {
		return nil, err
	}
	tokens.Restore(d.keeper.hold(a))
	return &account{s, t, tokens, client}, nil
}

// loginKey is what Equinix counts refused logins by, as far as the settings
// tell; the account's name and the secret have no part in it.
type loginKey struct {
	url, clientID, clientIDFile string
	exchange                    config.TokenExchange
}

func newLoginKey(url string, c config.Credentials) loginKey {
	return loginKey{url, c.ClientID, c.ClientIDFile, c.TokenExchange}
}

func (s settings) login() loginKey { return newLoginKey(s.url, s.credentials) }

// handOver gives the logins of prev, which has ended, to next: those that are
// not kept end, their refusals count on, and what is suspended gets one more try.
func (d *Daemon) handOver(prev, next *generation) {
	var leaving []*account
	for name, old := range prev.accounts {
		if next.accounts[name] == old {
			old.tokens.Resume()
			continue
		}
		leaving = append(leaving, old)
		d.retired[old.settings.login()] = old.tokens
	}
	closeAll(leaving)
	for name, a := range next.accounts {
		if old := d.retired[a.settings.login()]; old != nil && prev.accounts[name] != a {
			a.tokens.InheritHold(old)
		}
	}
}

// end closes every account.
func (g *generation) end() {
	var all []*account
	for _, a := range g.accounts {
		all = append(all, a)
	}
	closeAll(all)
}

// closeAll closes accounts side by side: each may wait seconds for the answer to
// its login, and however many there are, a stop must not take longer.
func closeAll(accounts []*account) {
	var closing sync.WaitGroup
	for _, a := range accounts {
		closing.Go(a.close)
	}
	closing.Wait()
}

// discover is the filter of discovery, nil where it is off.
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

// Selection is the filter of connections, nil where none is wanted.
func Selection(c config.Connections) *poll.Selection {
	if !c.Traffic {
		return nil
	}
	return &poll.Selection{Max: c.Max, Match: func(f *fleet.Connection) bool {
		return c.Match(config.ConnectionTraits{ // as the labels show them
			Name: f.Name(), Type: f.Type, State: cmp.Or(f.State, fleet.Unknown), ZSide: f.ZSide.Name,
		})
	}}
}

// PollConfig is what is polled of every account, and how often.
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

func pollPorts(ports []config.Port) []poll.Port {
	all := make([]poll.Port, len(ports))
	for i, p := range ports {
		all[i] = poll.Port{UUID: p.UUID, Name: p.Name}
	}
	return all
}

func pairs(configured []config.Pair) []fleet.Pair {
	all := make([]fleet.Pair, len(configured))
	for i, p := range configured {
		all[i] = fleet.Pair{Name: p.Name, Primary: p.Primary, Secondary: p.Secondary}
	}
	return all
}

// Sources are the traffic sources to try, in order.
func Sources(s config.TrafficSource) []string {
	if s == config.TrafficAuto {
		return slices.Clone(poll.Sources())
	}
	return []string{string(s)}
}
