package poll

import (
	"fmt"
	"math"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pageSize is the number of ports or connections that one call of the API
// lists or may be asked about.
const pageSize = 100

// reserve is the part of the request budget that is left for retries, token
// renewals and the drift between plan and reality.
const reserve = 0.1

// slowStep is how fast intervals grow with lateness, once an interval. They
// shrink faster: an outage is over at once.
const slowStep = 1.25

// plan is the effective intervals of one account.
type plan struct {
	load                            Load
	stretch                         float64 // 1 where the calls keep up with the intervals
	slow                            float64 // the part of it that is due to an API that answers slowly
	callsPerCycle                   float64 // that the intervals want within one of the primary window, before stretching
	budgetPerCycle                  float64 // that the request budget has for them
	windows                         []time.Duration
	traffic, connections, inventory time.Duration
}

// notLooked is a lateness that changes nothing.
const notLooked time.Duration = -1

// newPlan stretches all intervals evenly where the calls they need do not fit
// into the request budget, rather than starving some ports. Where tasks start
// late all the same, because the API answers slowly or wants a pause, it
// stretches them step by step until they do not.
func newPlan(cfg Config, l Load, late time.Duration, old plan) plan {
	perSecond := func(calls int, interval time.Duration) float64 { return float64(calls) / interval.Seconds() }
	p := plan{load: l, stretch: 1, slow: max(1, old.slow)}
	wanted := perSecond(pagesOf(l.Connections)+pagesOf(l.Ports), cfg.Connections) + perSecond(pagesOf(l.Ports), cfg.Inventory)
	for _, w := range cfg.Windows {
		wanted += perSecond(l.Ports+l.Measured, w.Interval)
	}
	cycle := cfg.Windows[0].Interval.Seconds()
	p.callsPerCycle = wanted * cycle
	p.budgetPerCycle = cfg.RequestsPerSecond * (1 - reserve) * cycle
	p.stretch = max(1, p.callsPerCycle/p.budgetPerCycle)
	switch {
	case late == notLooked:
	case late > old.traffic/2:
		p.slow *= slowStep
	case late < old.traffic/10:
		p.slow = max(1, p.slow/2)
	}
	p.stretch *= p.slow
	for _, w := range cfg.Windows {
		p.windows = append(p.windows, p.stretched(w.Interval))
	}
	p.traffic = p.windows[0]
	p.connections, p.inventory = p.stretched(cfg.Connections), p.stretched(cfg.Inventory)
	return p
}

func pagesOf(n int) int { return (n + pageSize - 1) / pageSize }

// stretched rounds up to whole seconds: an interval of 5m0.013s helps nobody.
func (p plan) stretched(d time.Duration) time.Duration {
	if p.stretch == 1 {
		return d
	}
	s := time.Duration(float64(d) * p.stretch)
	return (s + time.Second - 1).Truncate(time.Second)
}

// remedy says which setting to change, and to what, so that the intervals hold.
func (p plan) remedy(cfg Config) string {
	if p.callsPerCycle <= p.budgetPerCycle {
		return "the API answers slowly: raise api.concurrency, or poll.interval"
	}
	over := p.callsPerCycle / p.budgetPerCycle
	rate := math.Ceil(cfg.RequestsPerSecond*over*10) / 10
	interval := time.Duration(float64(cfg.Windows[0].Interval) * over).Round(time.Second)
	remedy := fmt.Sprintf("raise api.requests_per_second from %v to %v, or all poll intervals by the factor %.2f (poll.interval to %v)",
		cfg.RequestsPerSecond, rate, over, interval)
	if p.load.Measured > p.load.Ports {
		remedy += fmt.Sprintf("; or ask for the traffic of fewer than %d connections: lower connections.max of the account, "+
			"or narrow its connections.include and exclude", p.load.Measured)
	}
	return remedy
}

// apply writes the effective intervals to the account.
func (p plan) apply(a *fleet.Account) {
	a.Traffic, a.Connections, a.Inventory, a.Windows = p.traffic, p.connections, p.inventory, p.windows
	a.CallsPerCycle, a.BudgetPerCycle = p.callsPerCycle, p.budgetPerCycle
}
