package poll

import (
	"log/slog"
	"math"
)

func (a *account) currentPlan() plan {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.plan
}

// replan works out the effective intervals for what is known now. late is how
// late tasks start, notLooked where nobody has looked. One plan is made at a
// time, from the one before, and published before the next.
func (a *account) replan(late lateness) {
	a.planning.Lock()
	defer a.planning.Unlock()
	old := a.currentPlan()
	next := newPlan(a.cfg, a.load(), late, old)
	a.mu.Lock()
	a.plan = next
	a.mu.Unlock()
	a.rec.update(func(d *draft) { next.apply(d.account(a.index), a.Connections != nil) })
	a.tellPlan(old, next)
}

// load is what there is to ask about now.
func (a *account) load() Load {
	a.mu.Lock()
	pages := a.assetPages
	a.mu.Unlock()
	return Load{Ports: len(a.ownPorts()), Connections: a.knownConnections(), Measured: a.measuredConnections(), AssetPages: pages}
}

// tellPlan says what has become of the intervals.
func (a *account) tellPlan(old, next plan) {
	log := a.log.With("calls_per_cycle", math.Round(next.callsPerCycle), "budget_per_cycle", math.Round(next.budgetPerCycle))
	switch next.ports.since(old.ports) {
	case eased:
		log.Info("polling keeps its intervals again", "traffic_interval", next.traffic)
	case grown:
		log.Warn("calls cannot keep up with the intervals; they are stretched, evenly for all ports",
			"traffic_interval", next.traffic, "remedy", next.remedy(a.cfg))
	case steady:
	}
	if next.gaps && !old.gaps {
		log.Warn("the last polled rates of ports end between two polls: the interval is longer than they last",
			"traffic_interval", next.traffic)
	}
	if a.Connections != nil {
		a.tellConnectionPlan(log.With("connection_traffic_interval", next.connectionWindows[0]), old, next)
	}
}

// tellConnectionPlan is tellPlan for the traffic of connections.
func (a *account) tellConnectionPlan(log *slog.Logger, old, next plan) {
	switch next.connectionTraffic.since(old.connectionTraffic) {
	case eased:
		log.Info("the traffic of connections keeps its intervals again")
	case grown:
		log.Warn("calls for the traffic of connections cannot keep up with its intervals; they are stretched, behind those of the ports",
			"remedy", next.remedy(a.cfg))
	case steady:
	}
	if next.connectionTrafficGaps && !old.connectionTrafficGaps {
		log.Warn("the last polled rates of connections end between two polls: the interval is longer than they last")
	}
}

// change is what has become of a stretching, where that is worth a line.
type change int

const (
	steady change = iota
	eased         // the intervals hold again
	grown
)

// since compares with the plan before, which may be none.
func (s stretching) since(old stretching) change {
	const worthALine = 1.05
	switch {
	case s.factor == old.factor || old.factor == 0 && s.factor == 1:
		return steady
	case s.factor == 1:
		return eased
	case s.factor > worthALine*old.factor:
		return grown
	}
	return steady
}
