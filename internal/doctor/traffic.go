package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// reading is what a traffic source says of a port.
type reading struct {
	port    port
	traffic *fabric.Traffic
	err     error
}

// newest is the time of the newest interval, zero where there is none.
func (r reading) newest() time.Time {
	var newest time.Time
	if r.traffic == nil {
		return newest
	}
	for _, p := range slices.Concat(r.traffic.Inbound.Points, r.traffic.Outbound.Points) {
		if p.Time.After(newest) {
			newest = p.Time
		}
	}
	return newest
}

// outcome is what a traffic source says of a sample of ports, or of connections.
type outcome struct {
	source, noun      string
	readings          []reading
	data, empty, gone int
	refused           map[string]int // by the reason
	example           error          // of a refusal
}

func newOutcome(source, noun string, readings []reading) outcome {
	o := outcome{source: source, noun: noun, readings: readings, refused: map[string]int{}}
	for _, r := range readings {
		switch {
		case r.err == nil && r.newest().IsZero():
			o.empty++
		case r.err == nil:
			o.data++
		case fabric.Gone(r.err):
			o.gone++
		default:
			o.refused[fabric.Reason(r.err)]++
			if o.example == nil || outOfTime(r.err) {
				o.example = r.err
			}
		}
	}
	return o
}

// exists reports what the exporter, too, would take from these answers.
func (o outcome) exists() bool {
	errs := make([]error, len(o.readings))
	for i, r := range o.readings {
		errs[i] = r.err
	}
	return poll.Exists(errs)
}

// tally says how many were answered in which way.
func (o outcome) tally() string {
	var parts []string
	say := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, text))
		}
	}
	say(o.data, "with data")
	say(o.empty, "empty")
	say(o.gone, "not found")
	for _, reason := range fabric.Reasons() {
		say(o.refused[reason], strings.ReplaceAll(reason, "_", " "))
	}
	return fmt.Sprintf("of %s asked: %s", human.Plural(len(o.readings), o.noun), strings.Join(parts, ", "))
}

// cause is why the sample was not read to its end.
func (o outcome) cause(ctx context.Context) error {
	if o.example != nil && outOfTime(o.example) {
		return o.example
	}
	return ctx.Err()
}

// findSource finds the one that the exporter would stay with for its ports.
func (e *exam) findSource(ctx context.Context) {
	var subjects []subject
	for _, p := range e.reachable() {
		subjects = append(subjects, subject{p, func(ctx context.Context, source string, from, to time.Time) (*fabric.Traffic, error) {
			return poll.Ask(ctx, e.client, source, p.uuid, from, to)
		}})
	}
	e.source, e.readings = e.search(ctx, search{
		check: checkTrafficSource, noun: "port", sources: e.sources, subjects: subjects, attachment: checkAttachment,
		idle: "see whether the ports are up and carry traffic in the Fabric portal; a new port has its first samples after half an hour",
		lost: "check the uuids, the rights of the credentials and api_url",
	})
}
