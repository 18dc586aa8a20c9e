package collector

import (
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// leftOut is what an account does not show because it has more series than max_series.
type leftOut struct {
	objects [3]int // by kind, those that would have series
	series  int    // the most that these have had
}

// limit marks what to leave out: the first port, pair or connection that does not fit
// into max_series, and all after it. Each counts as the most series that it has had, so
// what is left out stays left out when series come and go. Before it has been polled whole
// it counts as at least the usual number, so nothing is shown at the start and left out once
// the others have all their series. What is left out keeps its text, for its number of series.
func (c *Collector) limit() map[string]leftOut {
	usual := c.usualSeries(len(c.snap.Windows))
	charge := func(p *page) int {
		if p.polled() {
			return p.most
		}
		return max(p.most, usual[p.kind])
	}
	total, room := map[string]int{}, map[string]int{} // by account; room only of those that have too much
	for _, p := range c.order {
		total[p.account] += charge(p)
	}
	for _, a := range c.snap.Accounts {
		if a.MaxSeries > 0 && total[a.Name] > a.MaxSeries {
			room[a.Name] = a.MaxSeries
		}
	}
	out := map[string]leftOut{}
	for _, p := range c.order {
		p.leftOut = false
		account := p.account
		if p.kind == pair && p.ports[1].leftOut && !p.ports[0].leftOut { // it goes with either of its ports
			account = p.ports[1].account
		}
		left, limited := room[account]
		if !limited {
			continue
		}
		if n := charge(p); n <= left {
			room[account] = left - n
			continue
		}
		room[account] = 0 // everything after it is left out too
		p.leftOut = true
		if p.seen != nil {
			o := out[account]
			o.series += p.most
			o.objects[p.kind]++
			out[account] = o
		}
	}
	c.logChanges(usual[port], out)
	return out
}

// polled reports whether every poll of the port or the connection has succeeded once, so
// that it has had all its series. A pair has no polls of its own.
func (p *page) polled() bool {
	missing := func(p fleet.Poll) bool { return !p.Tried() || p.LastSuccess.IsZero() }
	switch p.kind {
	case port:
		return p.port.Inventory != nil && !missing(p.port.ConnectionsPoll) && !slices.ContainsFunc(p.port.Polls, missing)
	case connection:
		return !p.connection.CarriesTraffic() || !slices.ContainsFunc(p.connection.Polls, missing)
	}
	return false
}

// logged is what was last logged of an account.
type logged struct {
	maxSeries, usual int    // which the room follows from
	leftOut          [3]int // by kind
}

// logChanges logs what is left out, and how many ports there is room for, each change of
// it once.
func (c *Collector) logChanges(usual int, out map[string]leftOut) {
	for _, account := range c.snap.Accounts {
		now, last := out[account.Name], c.logged[account.Name]
		c.logged[account.Name] = logged{account.MaxSeries, usual, now.objects}
		if (account.MaxSeries != last.maxSeries || usual != last.usual) && account.MaxSeries > 0 {
			c.log.Info("room in max_series", "account", account.Name, "max_series", account.MaxSeries,
				"enough_for_ports", account.MaxSeries/usual, "series_of_a_port", usual)
		}
		if now.objects == last.leftOut {
			continue
		}
		if now == (leftOut{}) {
			c.log.Info("account is within max_series again; nothing is left out", "account", account.Name)
			continue
		}
		c.log.Warn("account has more series than max_series allows; whole ports, pairs and connections are left out",
			"account", account.Name, "max_series", account.MaxSeries, "left_out", now.series,
			"ports", now.objects[port], "pairs", now.objects[pair], "connections", now.objects[connection],
			"remedy", "raise max_series of the account if Prometheus can take them, else narrow discover or connections")
	}
}
