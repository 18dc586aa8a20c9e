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
	left    int
	full    bool // something was dropped, and so is all that follows
	series  int  // dropped, and what they are of:
	objects objects
}

type objects struct{ ports, pairs, connections int }

// unaged is a time before all others: nothing is stale then. What has gone
// stale counts on, so that nothing comes and goes with the age of something else.
var unaged time.Time

// hide decides what to leave out: whole ports, pairs and connections, from the
// first one on that does not fit. Configured ports come first, then the others
// by UUID, then pairs, then single connections.
func (c *Collector) hide(snap *fleet.Snapshot) hidden {
	h := hidden{accounts: map[string]*allowance{}}
	rough := atMost(snap)
	for _, a := range snap.Accounts {
		if a.MaxSeries > 0 && rough[a.Name] > a.MaxSeries {
			h.accounts[a.Name] = &allowance{left: a.MaxSeries}
		}
	}
	if len(h.accounts) == 0 {
		return h
	}
	h.ports, h.pairs, h.connections = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, configured := range []bool{true, false} {
		for _, p := range snap.Ports {
			if p.Configured != configured {
				continue
			}
			n := 0
			c.portSeries(snap, p, unaged, counter(&n))
			if a := h.accounts[p.Account]; n > 0 && !a.admits(n) {
				h.ports[p.UUID] = true
				a.objects.ports++
			}
		}
	}
	c.hidePairs(snap, &h)
	for _, w := range snap.Connections {
		n := 0
		c.connectionSeries(snap, w, unaged, counter(&n))
		if a := h.accounts[w.Account]; n > 0 && !a.admits(n) {
			h.connections[w.UUID] = true
			a.objects.connections++
		}
	}
	return h
}

// hidePairs hides pairs with either of their ports; else they count for the
// account of the primary one.
func (c *Collector) hidePairs(snap *fleet.Snapshot, h *hidden) {
	for _, p := range snap.Pairs {
		n := 0
		c.pairSeries(snap, p, unaged, counter(&n))
		if n == 0 { // else both ports are there
			continue
		}
		a := h.accounts[snap.Port(p.Primary).Account]
		if h.ports[p.Secondary] && !h.ports[p.Primary] {
			a = h.accounts[snap.Port(p.Secondary).Account]
		}
		if a.admits(n) { // where a port was dropped, nothing is admitted any more
			continue
		}
		h.pairs[p.Name] = true
		a.objects.pairs++
	}
}

// admits takes n series off what is left, or drops them whole. Nobody limits
// nil.
func (a *allowance) admits(n int) bool {
	if a == nil {
		return true
	}
	if a.full || n > a.left {
		a.full = true
		a.series += n
		return false
	}
	a.left -= n
	return true
}

// atMost is more than the series that each account can have, without looking
// for them: few accounts come near their limit.
func atMost(snap *fleet.Snapshot) map[string]int {
	const each, perWindow = 64, 8
	object := each + perWindow*len(snap.Windows)
	n := map[string]int{}
	for _, p := range snap.Ports {
		n[p.Account] += 2 * object // and half a pair
		if i := p.Inventory; i != nil {
			n[p.Account] += len(i.Links)
		}
		if c := p.Connections; c != nil {
			n[p.Account] += len(c.States) + len(c.Equinix) + len(c.Provider)
		}
	}
	for _, w := range snap.Connections {
		n[w.Account] += object
	}
	return n
}

// counter counts series that are not sent.
func counter(n *int) func(*described, ...string) emit {
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
		c.log.Warn("account has more series than max_series allows; whole ports, pairs and connections are left out",
			"account", account.Name, "max", account.MaxSeries, "series", series,
			"ports", now.ports, "pairs", now.pairs, "connections", now.connections,
			"remedy", "raise max_series of the account if Prometheus can take them, else narrow discover or connections")
	}
}
