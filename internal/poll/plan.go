package poll

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pageSize is the number of things that one call of the API lists or may be asked about.
const pageSize = 100

// reserve is the part of the request budget that is left for retries, token renewals and
// the drift between plan and reality.
const reserve = 0.1

// leastShare is the part of the planned budget that the traffic of connections always gets.
// It comes out of the reserve, so ports lose nothing.
const leastShare = 0.1

// Load is what there is to ask about.
type Load struct {
	Ports       int
	Connections int // a connection between two of the ports is two
	Measured    int // connections whose traffic is polled
	AssetPages  int // calls that a listing of stream assets takes, 0 if none is made
}

// AssetPages is how many calls a listing of so many stream assets takes.
func AssetPages(assets int) int { return max(1, pagesOf(assets)) }

func pagesOf(n int) int { return (n + pageSize - 1) / pageSize }

// capacity is how many polls a second each lap manages, 0 if that is not known.
type capacity struct{ ports, connections float64 }

// plan is the effective intervals of one account: those of the configuration, or longer
// ones if calls cannot keep up with them.
type plan struct {
	callsPerCycle  float64 // wanted within one interval of the primary window
	budgetPerCycle float64 // allowed within it

	ports, connections         stretch
	windows, connectionWindows []time.Duration
	search, inventory          time.Duration

	load Load
}

// stretch is the factors by which the intervals of a kind must grow, at least 1: because of
// the request budget, and because calls take long.
type stretch struct{ budget, slowness float64 }

func (s stretch) factor() float64 { return max(s.budget, s.slowness) }

// stretched rounds up to whole seconds: an interval of 5m0.013s helps no reader.
func (s stretch) stretched(d time.Duration) time.Duration {
	if s.factor() == 1 {
		return d
	}
	return (time.Duration(float64(d)*s.factor()) + time.Second - 1).Truncate(time.Second)
}

// newPlan gives the request budget to ports, searches and listings first. If their calls
// do not fit, it stretches their intervals evenly, rather than starving some ports. The
// traffic of connections has what is left.
func newPlan(cfg Config, l Load, c capacity) plan {
	cycle := cfg.Windows[0].Interval.Seconds()
	within := func(calls int, interval time.Duration) float64 { return float64(calls) * cycle / interval.Seconds() }
	ports, connections := 0.0, 0.0
	for _, w := range cfg.Windows {
		ports += within(l.Ports, w.Interval)
		connections += within(l.Measured, w.Interval)
	}
	first := ports + within(pagesOf(l.Connections)+pagesOf(l.Ports), cfg.Connections) +
		within(pagesOf(l.Ports)+l.AssetPages, cfg.Inventory)

	p := plan{callsPerCycle: first + connections, budgetPerCycle: cfg.RequestsPerSecond * (1 - reserve) * cycle, load: l}
	left := max(p.budgetPerCycle-first, p.budgetPerCycle*leastShare)
	slow := func(calls, perSecond float64) float64 {
		if perSecond == 0 {
			return 1
		}
		return max(1, calls/cycle/perSecond)
	}
	p.ports = stretch{max(1, first/p.budgetPerCycle), slow(ports, c.ports)}
	// Connections get the workers that ports do not need, at least a tenth.
	share := 1.0
	if c.ports > 0 {
		share = max(leastShare, 1-ports/cycle/c.ports)
	}
	p.connections = stretch{max(1, connections/left), slow(connections, c.connections*share)}
	for _, w := range cfg.Windows {
		p.windows = append(p.windows, p.ports.stretched(w.Interval))
		p.connectionWindows = append(p.connectionWindows, p.connections.stretched(w.Interval))
	}
	byBudget := stretch{p.ports.budget, 1}
	p.search, p.inventory = byBudget.stretched(cfg.Connections), byBudget.stretched(cfg.Inventory)
	return p
}

// remedy says which settings to change, and to what, so that all intervals hold.
func (p plan) remedy(cfg Config) string {
	var all []string
	if over := p.callsPerCycle / p.budgetPerCycle; over > 1 {
		rate := math.Ceil(cfg.RequestsPerSecond*over*10) / 10
		all = append(all, fmt.Sprintf("raise api.requests_per_second from %v to %v", cfg.RequestsPerSecond, rate))
	}
	// A worker that waits for the request budget is slow, too; only what goes clearly
	// beyond that is the fault of slow answers.
	const clearly = 1.2 * (1 - reserve)
	workers := 0.0
	for _, s := range []stretch{p.ports, p.connections} {
		if s.slowness > max(1, clearly*s.budget) {
			workers = max(workers, math.Ceil(float64(cfg.Concurrency)*s.slowness))
		}
	}
	if workers > 0 {
		all = append(all, fmt.Sprintf("raise api.concurrency from %d to %v, because the API answers slowly", cfg.Concurrency, workers))
	}
	remedy, separator := strings.Join(all, " and "), ", or "
	if factor := p.ports.factor(); factor > 1 {
		factor = max(factor, p.callsPerCycle/p.budgetPerCycle)
		interval := time.Duration(float64(cfg.Windows[0].Interval) * factor).Round(time.Second)
		longer := fmt.Sprintf("all poll intervals by the factor %.2f (poll.interval to %v)", factor, interval)
		if remedy == "" { // the API wants pauses
			remedy, separator = "raise "+longer, "; or "
		} else {
			remedy, separator = remedy+", or "+longer, "; or "
		}
	}
	if p.load.Measured > 0 {
		remedy += separator + fmt.Sprintf("narrow connections.include and exclude of the account, or lower its connections.max: "+
			"the traffic of %d connections is asked for every %v", p.load.Measured, p.connectionWindows[0])
	}
	return strings.TrimPrefix(remedy, ", or ")
}

// Budget is what the intervals of one account take of its request budget.
type Budget struct {
	Calls   float64 // that the intervals want within one of the primary window
	Allowed float64 // that the request budget has for them

	// Of the primary window, after stretching: for ports, and for the traffic of
	// connections.
	Interval, ConnectionTraffic time.Duration
	// Whether the last polled rate ends between two polls, because the interval is longer
	// than it lasts.
	Gaps, ConnectionTrafficGaps bool

	Remedy string // what to change so that the intervals hold; "" if they do
}

// NewBudget plans for a load, and for an API that answers in time.
func NewBudget(cfg Config, l Load) Budget {
	p := newPlan(cfg, l, capacity{})
	b := Budget{
		Calls: p.callsPerCycle, Allowed: p.budgetPerCycle,
		Interval: p.windows[0], ConnectionTraffic: p.connectionWindows[0],
		Gaps: cfg.Windows[0].Gaps(p.windows[0]), ConnectionTrafficGaps: l.Measured > 0 && cfg.Windows[0].Gaps(p.connectionWindows[0]),
	}
	if p.ports.factor() > 1 || p.connections.factor() > 1 {
		b.Remedy = p.remedy(cfg)
	}
	return b
}

// plan returns the intervals that hold now.
func (a *account) plan() plan {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current
}

// replan works out the effective intervals for what is known now, publishes them, and
// logs what has become of them.
func (a *account) replan() {
	a.planning.Lock()
	defer a.planning.Unlock()
	snap := a.store.Load()
	a.mu.Lock()
	pages := a.assetPages
	a.mu.Unlock()
	load := Load{Ports: len(snap.PortsOf(a.Name)), Measured: len(snap.ConnectionsOf(a.Name)), AssetPages: pages}
	for _, p := range snap.PortsOf(a.Name) {
		if p.Connections != nil {
			load.Connections += p.Connections.Total()
		}
	}
	next := newPlan(a.cfg, load, a.capacity())
	a.mu.Lock()
	next.search, next.inventory = max(next.search, a.searchTook), max(next.inventory, a.listingTook)
	old := a.current
	a.current = next
	a.mu.Unlock()
	was := &snap.Accounts[a.index]
	windows, connectionWindows := a.published(a.ports, old.windows, next.windows, was.Windows), []time.Duration(nil)
	if a.connections != nil {
		connectionWindows = a.published(a.connections, old.connectionWindows, next.connectionWindows, was.ConnectionWindows)
	}
	a.store.Update(func(e *fleet.Edit) {
		state := e.Account(a.Name)
		state.Traffic, state.Windows, state.ConnectionWindows = windows[0], windows, connectionWindows
		state.Connections, state.Inventory = next.search, next.inventory
		state.CallsPerCycle, state.BudgetPerCycle = next.callsPerCycle, next.budgetPerCycle
	})
	log := a.log.With("calls_per_cycle", math.Round(next.callsPerCycle), "budget_per_cycle", math.Round(next.budgetPerCycle))
	gaps := func(intervals []time.Duration) bool { return len(intervals) > 0 && a.cfg.Windows[0].Gaps(intervals[0]) }
	a.logStretch(log.With("traffic_interval", next.windows[0]), a.ports, next.ports, next)
	if gaps(next.windows) && !gaps(old.windows) {
		log.Warn("port_traffic_last will have gaps: ports are polled less often than a rate stays valid", "traffic_interval", next.windows[0])
	}
	if a.Connections == nil {
		return
	}
	log = log.With("connection_traffic_interval", next.connectionWindows[0])
	a.logStretch(log, a.connections, next.connections, next)
	if gaps(next.connectionWindows) && !gaps(old.connectionWindows) {
		log.Warn("connection_traffic_last will have gaps: connections are polled less often than a rate stays valid")
	}
}

// published are the intervals to show, and to expire values by. When intervals become
// shorter, these are the old ones until every key has been polled at the new pace.
func (a *account) published(t *traffic, planned, next, before []time.Duration) []time.Duration {
	if len(planned) > 0 && next[0] < planned[0] {
		a.catchUp[t] = t.lap.sooner().Add(a.cfg.Timeout)
	}
	if len(before) == len(next) && next[0] < before[0] && time.Now().Before(a.catchUp[t]) {
		return before
	}
	return next
}

// logStretch logs when intervals have grown by more than 5 % since the latest line, or are as
// configured again.
func (a *account) logStretch(log *slog.Logger, t *traffic, now stretch, p plan) {
	const worthALine = 1.05
	switch was, is := max(1, a.logged[t]), now.factor(); {
	case is == 1 && was > 1:
		a.logged[t] = 1
		log.Info("poll intervals are as configured again", "traffic_of", t.kind.name)
	case is > worthALine*was:
		a.logged[t] = is
		log.Warn("poll intervals are too short for the calls they need; polling less often", "traffic_of", t.kind.name, "remedy", p.remedy(a.cfg))
	}
}

// capacity is what the laps manage now.
func (a *account) capacity() (c capacity) {
	c.ports, _ = a.ports.lap.rate()
	if a.connections != nil {
		c.connections, _ = a.connections.lap.rate()
	}
	return c
}

// replanIfPaceChanged replans when a lap has become clearly slower or faster than the plan
// assumed. The first answers show that already.
func (a *account) replanIfPaceChanged(t *traffic) {
	perSecond, ok := t.lap.rate()
	if !ok {
		return
	}
	p := a.plan()
	was, calls := p.ports.slowness, p.load.Ports
	if t == a.connections {
		was, calls = p.connections.slowness, p.load.Measured
	}
	wanted := 0.0 // a second
	for _, w := range a.cfg.Windows {
		wanted += float64(calls) / w.Interval.Seconds()
	}
	if now := wanted / perSecond; now > 1.05*was || was > 1 && now < was/1.25 {
		a.replan()
	}
}
