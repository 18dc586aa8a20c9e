package doctor

import (
	"fmt"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const (
	// publication is how long after its end an interval may appear. Equinix
	// promises 12 minutes; the rest is for promises.
	publication = 20 * time.Minute

	waitForSamples = "Equinix publishes samples 5 to 17 minutes late: run again in half an hour; if it stays so, and the port carries traffic, ask their support"
	noSamples      = "a port that is not active yet, or that is down, has none; else ask the support of Equinix"
)

// lookAtSamples judges the readings of the source that the exporter would stay
// with: ports that are refused, that have no samples or old ones.
func (e *exam) lookAtSamples() {
	if e.source == "" {
		e.add(skip, checkSamples, "", "no traffic source was found", "")
		return
	}
	now := e.now()
	var fresh int
	var youngest, oldest time.Duration
	for _, r := range e.readings {
		newest := r.newest()
		age := now.Sub(newest)
		switch attached, asked := e.attached[r.port.uuid]; {
		case r.err != nil:
			e.tellRefused(r)
		case newest.IsZero() && asked && !attached: // said already, and why
		case newest.IsZero():
			e.add(warn, checkSamples, r.port.uuid, fmt.Sprintf("%s%s: no samples", r.port, inState(r.port)), noSamples)
		case age > e.resolution(r)+publication:
			e.add(warn, checkSamples, r.port.uuid, fmt.Sprintf("%s: the newest sample is %s old", r.port, short(age)), waitForSamples)
		default:
			if fresh++; fresh == 1 {
				youngest, oldest = age, age
			}
			youngest, oldest = min(youngest, age), max(oldest, age)
		}
	}
	if fresh > 0 {
		e.add(ok, checkSamples, "", fmt.Sprintf("%s: the newest samples are %s to %s old", human.Plural(fresh, "port"), short(youngest), short(oldest)), "")
	}
}

// tellRefused is about a port that got no answer where others got one.
func (e *exam) tellRefused(r reading) {
	s := fail
	switch fabric.Reason(r.err) {
	case fabric.ReasonServer, fabric.ReasonTimeout, fabric.ReasonTransport, fabric.ReasonRateLimited:
		s = warn // may pass
	}
	remedy := remedyFor(r.err)
	if fabric.Gone(r.err) {
		remedy = "the source knows other ports and not this one: check that it still exists, and the rights of the credentials to it"
	}
	e.add(s, checkSamples, r.port.uuid, fmt.Sprintf("%s: %v", r.port, r.err), remedy)
}

func inState(p port) string {
	if p.state == "" {
		return ""
	}
	return " (" + p.state + ")"
}

// resolution is the length of the intervals of an answer, as it says or as it
// was asked.
func (e *exam) resolution(r reading) time.Duration {
	if r.traffic.Resolution > 0 {
		return r.traffic.Resolution
	}
	return e.cfg.Poll.Windows[0].Resolution
}
