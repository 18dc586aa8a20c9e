package poll

import (
	"fmt"
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
	Connections int  // a connection between two of the ports is two
	Listing     int  // calls that a listing of all connections takes, 0 if none is made
	FromV3      bool // the listing is that of v3, and takes the place of searches
	Measured    int  // connections whose traffic is polled
	AssetPages  int  // calls that a listing of stream assets takes, 0 if none is made
	Products    int  // that list prices are asked for, each once in PriceInterval

	PriceInterval time.Duration
}

// Pages is how many calls a listing of so many things takes.
func Pages(things int) int { return max(1, pagesOf(things)) }

func pagesOf(n int) int { return (n + pageSize - 1) / pageSize }

// plan is the effective intervals of one account: those of the configuration, or longer
// ones if calls cannot keep up with them.
type plan struct {
	callsPerCycle  float64 // wanted within one interval of the primary window
	budgetPerCycle float64 // allowed within it

	ports, connections pace
	search, inventory  time.Duration

	load Load
}

// pace is how often the traffic of a kind is polled, by window.
type pace struct {
	polls            float64 // a second, in the configured intervals; with ports, searches and listings count
	budget, slowness float64 // factors by which intervals must grow, at least 1: for the request budget, and because calls take long
	windows          []time.Duration
}

func (p *pace) factor() float64 { return max(p.budget, p.slowness) }

// of is the pace of a kind.
func (p *plan) of(t *traffic) *pace {
	if t.kind == connectionKind {
		return &p.connections
	}
	return &p.ports
}

// stretched rounds up to whole seconds: an interval of 5m0.013s helps no reader.
func stretched(d time.Duration, factor float64) time.Duration {
	if factor == 1 {
		return d
	}
	return (time.Duration(float64(d)*factor) + time.Second - 1).Truncate(time.Second)
}

// newPlan gives the request budget to ports, searches and listings first. If their calls
// do not fit, it stretches their intervals evenly, rather than starving some ports. The
// traffic of connections has what is left. rate is how many polls a second the lap of a
// kind manages, 0 if that is not known.
func newPlan(cfg Config, l Load, ratePorts, rateConnections float64) plan {
	cycle := cfg.Windows[0].Interval.Seconds()
	calls := func(n int, interval time.Duration) float64 { return float64(n) / interval.Seconds() }
	p := plan{budgetPerCycle: cfg.RequestsPerSecond * (1 - reserve) * cycle, load: l}
	for _, w := range cfg.Windows {
		p.ports.polls += calls(l.Ports, w.Interval)
		p.connections.polls += calls(l.Measured, w.Interval)
	}
	searches := pagesOf(l.Connections) + pagesOf(l.Ports)
	if l.FromV3 {
		searches = min(1, l.Ports) // to learn whether v4 is back
	}
	p.ports.polls += calls(searches+l.Listing, cfg.Connections) +
		calls(pagesOf(l.Ports)+l.AssetPages, cfg.Inventory)
	if l.Products > 0 {
		p.ports.polls += calls(l.Products, l.PriceInterval)
	}
	first := cycle * p.ports.polls
	p.callsPerCycle = first + cycle*p.connections.polls

	left := max(p.budgetPerCycle-first, p.budgetPerCycle*leastShare)
	p.ports.budget, p.connections.budget = max(1, first/p.budgetPerCycle), max(1, cycle*p.connections.polls/left)
	p.ports.slowness, p.connections.slowness = 1, 1
	share := 1.0       // connections get the workers that ports do not need, at least a tenth
	if ratePorts > 0 { // searches and listings take workers, too, and go first
		p.ports.slowness = max(1, p.ports.polls/ratePorts)
		share = max(leastShare, 1-p.ports.polls/ratePorts)
	}
	if rateConnections > 0 {
		p.connections.slowness = max(1, p.connections.polls/rateConnections/share)
	}
	for _, w := range cfg.Windows {
		p.ports.windows = append(p.ports.windows, stretched(w.Interval, p.ports.factor()))
		p.connections.windows = append(p.connections.windows, stretched(w.Interval, p.connections.factor()))
	}
	p.search, p.inventory = stretched(cfg.Connections, p.ports.factor()), stretched(cfg.Inventory, p.ports.factor())
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
	for _, s := range []pace{p.ports, p.connections} {
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
			"the traffic of %d connections is asked for every %v", p.load.Measured, p.connections.windows[0])
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
	p := newPlan(cfg, l, 0, 0)
	b := Budget{
		Calls: p.callsPerCycle, Allowed: p.budgetPerCycle,
		Interval: p.ports.windows[0], ConnectionTraffic: p.connections.windows[0],
		Gaps: cfg.Windows[0].Gaps(p.ports.windows[0]), ConnectionTrafficGaps: l.Measured > 0 && cfg.Windows[0].Gaps(p.connections.windows[0]),
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
	load := Load{Ports: len(snap.PortsOf(a.Name)), Measured: len(snap.ConnectionsOf(a.Name))}
	for _, p := range snap.PortsOf(a.Name) {
		if p.Connections != nil {
			load.Connections += p.Connections.Total()
		}
	}
	ratePorts, rateConnections := a.ports.lap.rate(), 0.0
	if a.connections != nil {
		rateConnections = a.connections.lap.rate()
	}
	if a.connections != nil && a.connections.idle() {
		load.Measured = 0
	}
	a.mu.Lock()
	load.AssetPages, load.Listing, load.FromV3 = a.assetPages, a.listingPages, a.searchedV3
	load.Products, load.PriceInterval = a.productCount, a.Prices
	next := newPlan(a.cfg, load, ratePorts, rateConnections)
	next.search, next.inventory = max(next.search, a.searchTook), max(next.inventory, a.listingTook)
	old := a.current
	a.current = next
	a.mu.Unlock()

	windows := a.published(a.ports, old, next, snap.Accounts[a.index].Windows)
	var connectionWindows []time.Duration
	if a.connections != nil {
		connectionWindows = a.published(a.connections, old, next, snap.Accounts[a.index].ConnectionWindows)
	}
	a.store.Update(func(e *fleet.Edit) {
		state := e.Account(a.Name)
		state.Traffic, state.Windows, state.ConnectionWindows = windows[0], windows, connectionWindows
		state.Connections, state.Inventory = next.search, next.inventory
		state.CallsPerCycle, state.BudgetPerCycle = next.callsPerCycle, next.budgetPerCycle
	})
	for _, t := range a.kinds {
		a.logPace(t, old, next)
	}
}

// published are the intervals to show, and to expire values by. When intervals become
// shorter, these are the old ones until every key has been polled at the new pace.
func (a *account) published(t *traffic, old, next plan, before []time.Duration) []time.Duration {
	windows := next.of(t).windows
	if planned := old.of(t).windows; len(planned) > 0 && windows[0] < planned[0] {
		a.catchUp[t] = t.lap.sooner().Add(a.cfg.Timeout)
	}
	if len(before) == len(windows) && windows[0] < before[0] && time.Now().Before(a.catchUp[t]) {
		return before
	}
	return windows
}

// logPace logs when intervals have grown by more than 5 % since the latest line, or are as
// configured again, and when they become longer than a last polled rate is valid.
func (a *account) logPace(t *traffic, old, next plan) {
	const worthALine = 1.05
	now := next.of(t)
	log := a.log.With("traffic_of", t.kind.name, "interval", now.windows[0],
		"calls_per_cycle", math.Round(next.callsPerCycle), "budget_per_cycle", math.Round(next.budgetPerCycle))
	switch was, is := max(1, a.logged[t]), now.factor(); {
	case is == 1 && was > 1:
		a.logged[t] = 1
		log.Info("poll intervals are as configured again")
	case is > worthALine*was:
		a.logged[t] = is
		log.Warn("poll intervals are too short for the calls they need; polling less often", "remedy", next.remedy(a.cfg))
	}
	gaps := func(p *pace) bool { return len(p.windows) > 0 && a.cfg.Windows[0].Gaps(p.windows[0]) }
	if gaps(now) && !gaps(old.of(t)) {
		log.Warn("last polled rates will have gaps: they are polled less often than they stay valid")
	}
}

// replanIfPaceChanged replans when a lap has become clearly slower or faster than the plan
// assumed. The first answers show that already.
func (a *account) replanIfPaceChanged(t *traffic) {
	rate := t.lap.rate()
	if rate == 0 {
		return
	}
	p := a.plan()
	was := p.of(t)
	if now := was.polls / rate; now > 1.05*was.slowness || was.slowness > 1 && now < was.slowness/1.25 {
		a.replan()
	}
}
