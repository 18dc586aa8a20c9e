package poll

import "time"

// Budget is what the intervals of one account take of its request budget.
type Budget struct {
	Calls   float64 // that the intervals want within one of the primary window
	Allowed float64 // that the request budget has for them

	// Of the primary window, after stretching: for ports, and for the traffic of
	// connections.
	Interval, ConnectionTraffic time.Duration
	// Whether the last polled rate ends between two polls, for the interval is
	// longer than it lasts.
	Gaps, ConnectionTrafficGaps bool

	Remedy string // what to change so that the intervals hold; "" where they do
}

// Load is what there is to ask about.
type Load struct {
	Ports       int
	Connections int // a connection between two of the ports is two
	Measured    int // connections whose traffic is asked for
	AssetPages  int // calls that a listing of stream assets takes, 0 where none is made
}

// AssetPages is how many calls a listing of so many stream assets takes.
func AssetPages(assets int) int { return max(1, pagesOf(assets)) }

// NewBudget plans for a load, and for an API that answers in time.
func NewBudget(cfg Config, l Load) Budget {
	p := newPlan(cfg, l, notLooked, plan{})
	b := Budget{
		Calls: p.callsPerCycle, Allowed: p.budgetPerCycle,
		Interval: p.traffic, ConnectionTraffic: p.connectionWindows[0],
		Gaps: p.gaps, ConnectionTrafficGaps: p.connectionTrafficGaps && l.Measured > 0,
	}
	if p.ports.factor > 1 || p.connectionTraffic.factor > 1 {
		b.Remedy = p.remedy(cfg)
	}
	return b
}
