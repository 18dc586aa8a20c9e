package doctor

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// lookAtBudget plans the calls of a cycle as the exporter would.
func (e *exam) lookAtBudget() {
	if e.account.Discover.Enabled && e.listed == nil {
		e.add(skip, checkBudget, "", "the ports were not listed", "")
		return
	}
	b := poll.NewBudget(daemon.PollConfig(e.cfg), poll.Load{
		Ports: len(e.watched), Connections: e.connections, Measured: len(e.measured), AssetPages: e.assetPages,
	})
	load := human.Plural(len(e.watched), "port")
	if len(e.measured) > 0 {
		load += " and the traffic of " + human.Plural(len(e.measured), "connection")
	}
	configured := e.cfg.Poll.Windows[0].Interval
	detail := fmt.Sprintf("%.0f calls per %s for %s; the budget allows %.0f",
		math.Ceil(b.Calls), short(configured), load, math.Floor(b.Allowed))
	if b.Remedy == "" {
		e.add(ok, checkBudget, "", detail, "")
		return
	}
	var polled []string
	tell := func(what string, interval time.Duration, gaps bool) {
		text := fmt.Sprintf("each %s is polled every %s", what, interval)
		if gaps {
			text += ", and its last polled rate ends in between"
		}
		polled = append(polled, text)
	}
	if b.Interval > configured {
		tell("port", b.Interval, b.Gaps)
	}
	if len(e.measured) > 0 && b.ConnectionTraffic > configured {
		tell("connection", b.ConnectionTraffic, b.ConnectionTrafficGaps)
	}
	e.add(warn, checkBudget, "", detail+", so "+strings.Join(polled, "; "), b.Remedy)
}
