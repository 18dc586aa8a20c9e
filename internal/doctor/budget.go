package doctor

import (
	"fmt"
	"math"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

const (
	agreement = 2 * time.Second
	maxSkew   = time.Minute
	wrongSkew = 5 * time.Minute // from here on, windows lack their newest samples or end in the future

	setClock = "synchronise the clock of this host, by NTP or chrony"
)

// skew is how far the local clock is ahead of the API's.
func (e *exam) skew() (time.Duration, bool) {
	if skew, ok := e.client.ClockSkew(); ok {
		return skew, true
	}
	return e.tokens.ClockSkew()
}

func (e *exam) lookAtClock() {
	skew, known := e.skew()
	off, direction := skew.Abs().Round(time.Second), "ahead of" // the header counts in seconds
	if skew < 0 {
		direction = "behind"
	}
	detail := fmt.Sprintf("about %s %s the clock of the API", short(off), direction)
	switch {
	case !known:
		e.add(skip, checkClock, "", "no answer had a date", "")
	case off > wrongSkew:
		e.add(fail, checkClock, "", detail+": windows are asked for at the wrong time", setClock)
	case off > maxSkew:
		e.add(warn, checkClock, "", detail, setClock)
	case off > agreement:
		e.add(ok, checkClock, "", detail, "")
	default:
		e.add(ok, checkClock, "", "agrees with the clock of the API", "")
	}
}

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
