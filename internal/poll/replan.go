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

// worthALine is how much longer intervals must have become to be said again.
const worthALine = 1.05

// tellPlan says what has become of the intervals.
func (a *account) tellPlan(old, next plan) {
	budget := []any{
		"calls_per_cycle", math.Round(next.callsPerCycle), "budget_per_cycle", math.Round(next.budgetPerCycle),
		"remedy", next.remedy(a.cfg),
	}
	tellStretch(a.log.With("traffic_interval", next.traffic), old.ports, next.ports, budget,
		"polling keeps its intervals again",
		"calls cannot keep up with the intervals; they are stretched, evenly for all ports")
	if next.gaps && !old.gaps {
		a.log.Warn("the last polled rates of ports end between two polls: the interval is longer than they last",
			"traffic_interval", next.traffic)
	}
	if a.Connections == nil {
		return
	}
	own := a.log.With("connection_traffic_interval", next.connectionWindows[0])
	tellStretch(own, old.connectionTraffic, next.connectionTraffic, budget,
		"the traffic of connections keeps its intervals again",
		"calls for the traffic of connections cannot keep up with the intervals; theirs are stretched, behind those of the ports")
	if next.connectionTrafficGaps && !old.connectionTrafficGaps {
		own.Warn("the last polled rates of connections end between two polls: the interval is longer than they last")
	}
}

// tellStretch says that intervals hold again, or no longer do.
func tellStretch(log *slog.Logger, old, next stretching, budget []any, again, stretched string) {
	switch {
	case next.factor == old.factor || old.factor == 0 && next.factor == 1:
	case next.factor == 1:
		log.Info(again)
	case next.factor > worthALine*old.factor:
		log.Warn(stretched, budget...)
	}
}
