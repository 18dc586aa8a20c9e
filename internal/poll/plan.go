package poll

import (
	"math"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pageSize is the number of things that one call of the API lists or may be
// asked about.
const pageSize = 100

// reserve is the part of the request budget that is left for retries, token
// renewals and the drift between plan and reality.
const reserve = 0.1

// leastShare is the part of the planned budget that the traffic of connections
// has even where ports leave it none. It comes out of the reserve, not out of
// what ports have.
const leastShare = 0.1

// slowStep is how fast intervals grow with lateness, once an interval. They
// shrink faster: an outage is over at once.
const slowStep = 1.25

// plan is the effective intervals of one account.
type plan struct {
	load           Load
	callsPerCycle  float64 // that the intervals want within one of the primary window, before stretching
	firstPerCycle  float64 // of those, all but the traffic of connections
	budgetPerCycle float64 // that the request budget has for them

	ports, connectionTraffic    stretching
	windows, connectionWindows  []time.Duration
	traffic, search, inventory  time.Duration
	gaps, connectionTrafficGaps bool // whether the last polled rate ends between two polls
}

// stretching is the factor of intervals, 1 where the calls keep up with them.
type stretching struct {
	factor float64
	slow   float64 // the part of it that is due to tasks that start late
}

// lateness is how late tasks start.
type lateness struct {
	first    time.Duration // those that yield to nothing
	yielding time.Duration // the traffic of connections
}

// notLooked is a lateness that changes nothing.
var notLooked = lateness{-1, -1}

// newPlan gives the request budget to ports, searches and listings first. Where
// their calls do not fit, it stretches their intervals evenly, rather than
// starving some ports. The traffic of connections has what is left, and is
// stretched by itself. Where tasks start late all the same, because the API
// answers slowly or wants a pause, it stretches them step by step until they do
// not, connections along with the ports.
func newPlan(cfg Config, l Load, late lateness, old plan) plan {
	p := plan{load: l}
	p.count(cfg)
	p.ports.slow, p.connectionTraffic.slow = max(1, old.ports.slow), max(1, old.connectionTraffic.slow)
	if late != notLooked {
		p.ports.heed(late.first, old.traffic, 1)
		// Behind ports that are late connections are late, too, and stretched with
		// them. Lateness is looked at once an interval of the ports.
		if own := old.connectionWindows[0]; late.first <= old.traffic/2 {
			p.connectionTraffic.heed(late.yielding, own, min(1, old.traffic.Seconds()/own.Seconds()))
		}
	}
	left := max(p.budgetPerCycle-p.firstPerCycle, p.budgetPerCycle*leastShare)
	p.ports.factor = max(1, p.firstPerCycle/p.budgetPerCycle) * p.ports.slow
	p.connectionTraffic.factor = max(1, (p.callsPerCycle-p.firstPerCycle)/left) * p.ports.slow * p.connectionTraffic.slow
	for _, w := range cfg.Windows {
		p.windows = append(p.windows, p.ports.stretched(w.Interval))
		p.connectionWindows = append(p.connectionWindows, p.connectionTraffic.stretched(w.Interval))
	}
	p.traffic = p.windows[0]
	p.search, p.inventory = p.ports.stretched(cfg.Connections), p.ports.stretched(cfg.Inventory)
	p.gaps = cfg.Windows[0].Gaps(p.traffic)
	p.connectionTrafficGaps = cfg.Windows[0].Gaps(p.connectionWindows[0])
	return p
}

// count sums up what the intervals want, and what there is for them.
func (p *plan) count(cfg Config) {
	cycle := cfg.Windows[0].Interval
	within := func(calls int, interval time.Duration) float64 {
		return float64(calls) * cycle.Seconds() / interval.Seconds()
	}
	l := p.load
	p.firstPerCycle = within(pagesOf(l.Connections)+pagesOf(l.Ports), cfg.Connections) +
		within(pagesOf(l.Ports)+l.AssetPages, cfg.Inventory)
	measured := 0.
	for _, w := range cfg.Windows {
		p.firstPerCycle += within(l.Ports, w.Interval)
		measured += within(l.Measured, w.Interval)
	}
	p.callsPerCycle = p.firstPerCycle + measured
	p.budgetPerCycle = cfg.RequestsPerSecond * (1 - reserve) * cycle.Seconds()
}

func pagesOf(n int) int { return (n + pageSize - 1) / pageSize }

// heed grows with tasks of that interval that start late, and shrinks when they
// do not. steps is how many it takes.
func (s *stretching) heed(late, interval time.Duration, steps float64) {
	switch {
	case late > interval/2:
		s.slow *= math.Pow(slowStep, steps)
	case late < interval/10:
		s.slow = max(1, s.slow/math.Pow(2, steps))
	}
}

// stretched rounds up to whole seconds: an interval of 5m0.013s helps nobody.
func (s stretching) stretched(d time.Duration) time.Duration {
	if s.factor == 1 {
		return d
	}
	long := time.Duration(float64(d) * s.factor)
	return (long + time.Second - 1).Truncate(time.Second)
}

// apply writes the effective intervals to the account. Those of the traffic of
// connections are there only where it wants any.
func (p plan) apply(a *fleet.Account, wanted bool) {
	a.Traffic, a.Connections, a.Inventory, a.Windows = p.traffic, p.search, p.inventory, p.windows
	a.CallsPerCycle, a.BudgetPerCycle = p.callsPerCycle, p.budgetPerCycle
	a.ConnectionWindows = nil
	if wanted {
		a.ConnectionWindows = p.connectionWindows
	}
}
