package poll

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pageSize is the number of ports or connections that one call of the API
// lists or may be asked about.
const pageSize = 100

// reserve is the part of the request budget that is left for retries, token
// renewals and the drift between plan and reality.
const reserve = 0.1

// slowStep is how fast intervals grow with lateness, once an interval.
const slowStep = 1.25

// plan is the effective intervals of one account.
type plan struct {
	stretch                         float64 // 1 where the calls keep up with the intervals
	slow                            float64 // the part of it that is due to an API that answers slowly
	callsPerSecond                  float64 // wanted, before stretching
	windows                         []time.Duration
	traffic, connections, inventory time.Duration
}

// newPlan stretches all intervals evenly where the calls they need do not fit
// into the request budget, rather than starving some ports. Where tasks start
// late all the same, because the API answers slowly or wants a pause, it
// stretches them step by step until they do not.
func newPlan(cfg Config, ports, connections int, late time.Duration, old plan) plan {
	perSecond := func(calls int, interval time.Duration) float64 { return float64(calls) / interval.Seconds() }
	p := plan{stretch: 1, slow: max(1, old.slow)}
	for _, w := range cfg.Windows {
		p.callsPerSecond += perSecond(ports, w.Interval)
	}
	p.callsPerSecond += perSecond(pagesOf(connections)+pagesOf(ports), cfg.Connections)
	p.callsPerSecond += perSecond(pagesOf(ports), cfg.Inventory)
	if budget := cfg.RequestsPerSecond * (1 - reserve); p.callsPerSecond > budget {
		p.stretch = p.callsPerSecond / budget
	}
	switch {
	case late > old.traffic/2 && old.traffic > 0:
		p.slow *= slowStep
	case late < old.traffic/10:
		p.slow = max(1, p.slow/slowStep)
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

// apply writes the effective intervals to the account.
func (p plan) apply(a *fleet.Account) {
	a.Traffic, a.Connections, a.Inventory, a.Windows = p.traffic, p.connections, p.inventory, p.windows
}
