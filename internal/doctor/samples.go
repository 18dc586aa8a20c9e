package doctor

import (
	"fmt"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// checkSamples reports ports of the sample that the source in use refuses, or of which it
// has no samples, or old ones.
func (e *exam) checkSamples(t *traffic) {
	const (
		publication    = 20 * time.Minute // from the end of an interval; Equinix promises 12 minutes
		waitForSamples = "Equinix publishes samples 5 to 17 minutes late: run again in half an hour; if it stays so, and the port carries traffic, ask their support"
		noSamples      = "a port that is not active yet, or that is down, has none; otherwise ask the support of Equinix"
	)
	e.check = "samples"
	if t.used.source == "" {
		e.add(skip, "", noSourceFound, "")
		return
	}
	now := time.Now()
	if skew, known := e.clockSkew(); known {
		now = now.Add(-skew)
	}
	var ages []time.Duration // of those that are not too old
	for _, r := range t.used.readings {
		age := max(now.Sub(r.newest), 0)
		switch attached, asked := t.attached[r.uuid]; {
		case r.err != nil:
			e.reportRefused(r)
		case r.newest.IsZero() && asked && !attached: // checkAttachment has reported it
		case r.newest.IsZero():
			detail := r.String()
			if r.state != "" {
				detail += " (" + r.state + ")"
			}
			e.add(warn, r.uuid, detail+": no samples", noSamples)
		case age > r.resolution+publication:
			e.add(warn, r.uuid, fmt.Sprintf("%s: the newest sample is %s old", r, human.Duration(age)), waitForSamples)
		default:
			ages = append(ages, age)
		}
	}
	if len(ages) > 0 {
		e.add(ok, "", fmt.Sprintf("%s: the newest samples are %s to %s old",
			human.Plural(len(ages), "port"), human.Duration(slices.Min(ages)), human.Duration(slices.Max(ages))), "")
	}
}

// reportRefused is about a port that the source refuses, though it answers others.
func (e *exam) reportRefused(r reading) {
	s, remedy := fail, remedyFor(r.err)
	switch fabric.Reason(r.err) {
	case fabric.ReasonServer, fabric.ReasonTimeout, fabric.ReasonTransport, fabric.ReasonRateLimited:
		s = warn // it may pass
	}
	if fabric.Gone(r.err) {
		remedy = "the source knows other ports but not this one: check that it still exists, and the rights of the credentials to it"
	}
	e.add(s, r.uuid, fmt.Sprintf("%s: %v", r, r.err), remedy)
}
