package collector

import (
	"log/slog"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// hidden is what one scrape leaves out because an account has more series than
// it may: ports and connections by UUID, pairs by name.
type hidden struct {
	ports, pairs, connections map[string]bool
	accounts                  map[string]*allowance
}

// allowance is what an account may show, and what it had to drop.
type allowance struct {
	left    int  // series that nothing is admitted for yet
	full    bool // something was dropped, and so is all that follows
	series  int  // dropped, as far as they are known, and what they are of:
	objects objects
}

type objects struct{ ports, pairs, connections int }

// charges are the series that one of each can have at most. They depend on the
// configuration alone: what the API says of one port moves no other one.
type charges struct{ port, pair, connection int }

func (c *Collector) charges(windows int) (most charges) {
	for i := range c.families {
		switch f := &c.families[i]; {
		case f.port != nil:
			most.port += f.most(windows)
		case f.pair != nil:
			most.pair += f.most(windows)
		case f.connection != nil:
			most.connection += f.most(windows)
		}
	}
	return most
}

// unaged is a time before all others: nothing is stale then. What has gone
// stale counts on, so that nothing comes and goes with the age of something else.
var unaged time.Time

// hide decides what to leave out: whole ports, pairs and connections, from the
// first one on that does not fit. Configured ports come first, then the others
// by UUID, then pairs, then single connections. Each is charged what it can have
// at most from when it is known on, so that it does not take the place of another
// as it fills in.
func (c *Collector) hide(snap *fleet.Snapshot) hidden {
	h := hidden{accounts: map[string]*allowance{}}
	charge := c.charges(len(snap.Windows))
	total := charge.total(snap)
	for _, a := range snap.Accounts {
		if a.MaxSeries > 0 && total[a.Name] > a.MaxSeries {
			h.accounts[a.Name] = &allowance{left: a.MaxSeries}
		}
	}
	if len(h.accounts) == 0 {
		return h
	}
	h.ports, h.pairs, h.connections = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, configured := range []bool{true, false} {
		for _, p := range snap.Ports {
			a := h.accounts[p.Account]
			if p.Configured != configured || a.admits(charge.port) {
				continue
			}
			h.ports[p.UUID] = true
			a.objects.ports += a.drop(func(to sender) { c.portSeries(snap, p, unaged, to) })
		}
	}
	c.hidePairs(snap, &h, charge.pair)
	for _, w := range snap.Connections {
		if a := h.accounts[w.Account]; !a.admits(charge.connection) {
			h.connections[w.UUID] = true
			a.objects.connections += a.drop(func(to sender) { c.connectionSeries(snap, w, unaged, to) })
		}
	}
	return h
}

// hidePairs hides pairs with either of their ports; else they count for the
// account of the primary one.
func (c *Collector) hidePairs(snap *fleet.Snapshot, h *hidden, charge int) {
	for _, p := range snap.Pairs {
		primary, secondary := snap.Port(p.Primary), snap.Port(p.Secondary)
		if primary == nil || secondary == nil { // then it has no series
			continue
		}
		a := h.accounts[primary.Account]
		if h.ports[p.Secondary] && !h.ports[p.Primary] {
			a = h.accounts[secondary.Account]
		}
		if a.admits(charge) { // where a port was dropped, nothing is admitted any more
			continue
		}
		h.pairs[p.Name] = true
		a.objects.pairs += a.drop(func(to sender) { c.pairSeries(snap, p, unaged, to) })
	}
}

// admits takes a charge off what is left, if it fits. Nobody limits nil.
func (a *allowance) admits(charge int) bool {
	if a == nil {
		return true
	}
	if a.full || charge > a.left {
		a.full = true
		return false
	}
	a.left -= charge
	return true
}

// drop counts the series of an object that is left out, and returns how many
// objects those are of: 0 as long as it would have none.
func (a *allowance) drop(series func(sender)) int {
	n := 0
	series(counter(&n))
	a.series += n
	return min(n, 1)
}

// total is what all objects of each account are charged.
func (c charges) total(snap *fleet.Snapshot) map[string]int {
	n := map[string]int{}
	for _, p := range snap.Ports {
		n[p.Account] += c.port
	}
	for _, p := range snap.Pairs {
		if primary := snap.Port(p.Primary); primary != nil {
			n[primary.Account] += c.pair
		}
	}
	for _, w := range snap.Connections {
		n[w.Account] += c.connection
	}
	return n
}

// counter counts series that are not sent.
func counter(n *int) sender {
	return func(*described, ...string) emit {
		return func(float64, ...string) { *n++ }
	}
}

// LogTo has the collector log when what it leaves out changes. It is called
// before the first scrape, if at all.
func (c *Collector) LogTo(log *slog.Logger) { c.log = log }

// say logs what is left out, each change of it once.
func (c *Collector) say(snap *fleet.Snapshot, h hidden) {
	c.saying.Lock()
	defer c.saying.Unlock()
	for _, account := range snap.Accounts {
		var now objects
		series := 0
		if a := h.accounts[account.Name]; a != nil {
			now, series = a.objects, a.series
		}
		if now == c.said[account.Name] {
			continue
		}
		c.said[account.Name] = now
		if now == (objects{}) {
			c.log.Info("account is within max_series again; nothing is left out", "account", account.Name)
			continue
		}
		c.log.Warn("account could have more series than max_series allows; whole ports, pairs and connections are left out",
			"account", account.Name, "max", account.MaxSeries, "series", series,
			"ports", now.ports, "pairs", now.pairs, "connections", now.connections,
			"remedy", "raise max_series of the account if Prometheus can take them, else narrow discover or connections")
	}
}
