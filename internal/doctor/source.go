package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// subject is a port or a connection, with the way to ask for its traffic.
type subject struct {
	port

	ask func(ctx context.Context, source string, from, to time.Time) (*fabric.Traffic, error)
}

// search is the search for the traffic source of ports, or of connections.
type search struct {
	check, noun string
	sources     []string
	subjects    []subject
	attachment  string // the check that tells which of them are attached
	idle, lost  string // what to do where there are no samples, or no sources
}

// search asks the sources one after the other about a sample, until one has data.
// It returns the one that the exporter would stay with, which is the first that
// exists, and what that said; "" where none is known to.
func (e *exam) search(ctx context.Context, s search) (source string, readings []reading) {
	if e.stopped(ctx, s.check) {
		return "", nil
	}
	sample := poll.Sample(slices.SortedFunc(slices.Values(s.subjects), func(a, b subject) int { return strings.Compare(a.uuid, b.uuid) }))
	if len(sample) == 0 {
		e.add(skip, s.check, "", "there is no "+s.noun+" to ask about", "")
		return "", nil
	}
	var outcomes []outcome
	for _, name := range s.sources {
		o := newOutcome(name, s.noun, e.ask(ctx, name, sample))
		if ctx.Err() != nil || o.example != nil && outOfTime(o.example) {
			e.fault(ctx, s.check, name, name+": ", o.cause(ctx))
			break
		}
		outcomes = append(outcomes, o)
		if o.exists() && source == "" {
			source, readings = name, o.readings
		}
		if o.data > 0 {
			break
		}
	}
	e.tellSources(s, outcomes, source)
	return source, readings
}

// ask reads the primary window of each subject from a source.
func (e *exam) ask(ctx context.Context, source string, subjects []subject) []reading {
	to := time.Now().UTC().Truncate(time.Second)
	from := to.Add(-e.cfg.Poll.Windows[0].Span)
	readings := make([]reading, len(subjects))
	var asking errgroup.Group // the client bounds how many calls are open
	for i, s := range subjects {
		asking.Go(func() error {
			t, err := s.ask(ctx, source, from, to)
			readings[i] = reading{s.port, t, err}
			return nil
		})
	}
	_ = asking.Wait() // errors are in the readings
	return readings
}

// tellSources adds a line for every source that was asked; source is the one to
// stay with.
func (e *exam) tellSources(s search, outcomes []outcome, source string) {
	better := "" // than that
	if n := len(outcomes); n > 0 && outcomes[n-1].data > 0 && outcomes[n-1].source != source {
		better = outcomes[n-1].source
	}
	for i, o := range outcomes {
		last := i == len(outcomes)-1
		switch {
		case o.data > 0:
			e.add(ok, s.check, o.source, fmt.Sprintf("%s has data; %s", o.source, o.tally()), "")
		case !o.exists() && !last:
			e.add(ok, s.check, o.source, o.source+" is gone; auto goes on to the next source", "")
		case !o.exists():
			e.add(fail, s.check, o.source, fmt.Sprintf("%s is gone: there is no such call, or none of these %ss", o.source, s.noun), s.noSource())
		default:
			e.tellPoorSource(s, o, better)
		}
	}
}

func (s search) noSource() string {
	if len(s.sources) == 1 {
		return "set traffic_source: auto; if that finds nothing either, " + s.lost
	}
	return "no source is left: " + s.lost
}

// tellPoorSource is about a source that exists and has no data.
func (e *exam) tellPoorSource(s search, o outcome, better string) {
	how, detail, remedy := warn, o.source+" answers, without a single sample; "+o.tally(), s.idle
	if o.source == poll.SourceV4Metrics {
		remedy = "see " + s.attachment + " below"
	}
	if o.example != nil {
		how, detail, remedy = fail, fmt.Sprintf("%s has no data; %s; %v", o.source, o.tally(), o.example), remedyFor(o.example)
	}
	if better != "" {
		how, remedy = fail, "auto stays with a source that answers: set traffic_source: "+better+", which has data"
	}
	e.add(how, s.check, o.source, detail, remedy)
}
