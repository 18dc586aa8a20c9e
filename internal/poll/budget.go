package poll

import "time"

// Budget is what the intervals of one account take of its request budget.
type Budget struct {
	Calls   float64 // that the intervals want within one of the primary window
	Allowed float64 // that the request budget has for them

	Interval time.Duration // of the primary window, after stretching
	Remedy   string        // what to change so that the intervals hold; "" where they do
}

// Load is what there is to ask about.
type Load struct {
	Ports       int
	Connections int // a connection between two of the ports is two
	Measured    int // connections whose traffic is asked for
}

// NewBudget plans for a load, and for an API that answers in time.
func NewBudget(cfg Config, l Load) Budget {
	p := newPlan(cfg, l, notLooked, plan{})
	b := Budget{Calls: p.callsPerCycle, Allowed: p.budgetPerCycle, Interval: p.traffic}
	if p.stretch > 1 {
		b.Remedy = p.remedy(cfg)
	}
	return b
}
