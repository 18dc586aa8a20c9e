package doctor

import (
	"fmt"
	"math"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// lookAtBudget plans the calls of a cycle as the exporter would.
func (e *exam) lookAtBudget() {
	if e.account.Discover.Enabled && e.listed == nil {
		e.add(skip, checkBudget, "", "the ports were not listed", "")
		return
	}
	b := poll.NewBudget(daemon.PollConfig(e.cfg), poll.Load{Ports: len(e.watched), Connections: e.connections, Measured: e.measured})
	load := plural(len(e.watched), "port")
	if e.measured > 0 {
		load += " and the traffic of " + plural(e.measured, "connection")
	}
	detail := fmt.Sprintf("%.0f calls per %s for %s; the budget allows %.0f",
		math.Ceil(b.Calls), short(e.cfg.Poll.Windows[0].Interval), load, math.Floor(b.Allowed))
	if b.Remedy == "" {
		e.add(ok, checkBudget, "", detail, "")
		return
	}
	e.add(warn, checkBudget, "", fmt.Sprintf("%s, so each port is polled every %s", detail, b.Interval), b.Remedy)
}
