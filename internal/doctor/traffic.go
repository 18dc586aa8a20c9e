package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

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

// outcome is what a traffic source says of a sample of ports.
type outcome struct {
	source            string
	readings          []reading
	data, empty, gone int
	refused           map[string]int // by the reason
	example           error          // of a refusal
}

func newOutcome(source string, readings []reading) outcome {
	o := outcome{source: source, readings: readings, refused: map[string]int{}}
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

// exists is what the exporter, too, takes as a sign of life: it leaves a source
// only when every port of a sample says that there is none.
func (o outcome) exists() bool { return o.gone < len(o.readings) }

// tally says how many ports were answered in which way.
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
	return fmt.Sprintf("of %s asked: %s", human.Plural(len(o.readings), "port"), strings.Join(parts, ", "))
}

// findSource asks the configured sources one after the other about a sample of
// ports, until one has data. It remembers the one that the exporter would stay
// with, which is the first that exists.
func (e *exam) findSource(ctx context.Context) {
	if e.stopped(ctx, checkTrafficSource) {
		return
	}
	sample := e.sample()
	if len(sample) == 0 {
		e.add(skip, checkTrafficSource, "", "there is no port to ask about", "")
		return
	}
	var outcomes []outcome
	for _, source := range e.sources {
		o := newOutcome(source, e.ask(ctx, source, sample))
		if ctx.Err() != nil || o.example != nil && outOfTime(o.example) {
			e.fault(ctx, checkTrafficSource, source, source+": ", o.cause(ctx))
			break
		}
		outcomes = append(outcomes, o)
		if o.exists() && e.source == "" {
			e.source, e.readings = source, o.readings
		}
		if o.data > 0 {
			break
		}
	}
	e.tellSources(outcomes)
}

// cause is why the sample was not read to its end.
func (o outcome) cause(ctx context.Context) error {
	if o.example != nil && outOfTime(o.example) {
		return o.example
	}
	return ctx.Err()
}

// ask reads the primary window of each port from a source.
func (e *exam) ask(ctx context.Context, source string, ports []port) []reading {
	to := time.Now().UTC().Truncate(time.Second)
	from := to.Add(-e.cfg.Poll.Windows[0].Span)
	readings := make([]reading, len(ports))
	var asking errgroup.Group // the client bounds how many calls are open
	for i, p := range ports {
		asking.Go(func() error {
			t, err := poll.Ask(ctx, e.client, source, p.uuid, from, to)
			readings[i] = reading{p, t, err}
			return nil
		})
	}
	_ = asking.Wait() // errors are in the readings
	return readings
}

// sample are ports spread evenly over those worth asking about, as many as the
// exporter hears before it leaves a source.
func (e *exam) sample() []port {
	all := slices.SortedFunc(slices.Values(e.reachable()), func(a, b port) int { return strings.Compare(a.uuid, b.uuid) })
	n := min(poll.GoneSample, len(all))
	ports := make([]port, n)
	for i := range ports {
		ports[i] = all[i*len(all)/n]
	}
	return ports
}

// tellSources adds a line for every source that was asked.
func (e *exam) tellSources(outcomes []outcome) {
	better := "" // than the one to stay with
	if n := len(outcomes); n > 0 && outcomes[n-1].data > 0 && outcomes[n-1].source != e.source {
		better = outcomes[n-1].source
	}
	for i, o := range outcomes {
		last := i == len(outcomes)-1
		switch {
		case o.data > 0:
			e.add(ok, checkTrafficSource, o.source, fmt.Sprintf("%s has data; %s", o.source, o.tally()), "")
		case !o.exists() && !last:
			e.add(ok, checkTrafficSource, o.source, o.source+" is gone; auto goes on to the next source", "")
		case !o.exists():
			e.add(fail, checkTrafficSource, o.source, o.source+" is gone: there is no such call, or none of these ports", e.noSource())
		default:
			e.tellPoorSource(o, better)
		}
	}
}

func (e *exam) noSource() string {
	if len(e.sources) == 1 {
		return "set traffic_source: auto; if that finds nothing either, check the uuids, the rights of the credentials and api_url"
	}
	return "no source is left: check the uuids, the rights of the credentials and api_url"
}

// tellPoorSource is about a source that exists and has no data.
func (e *exam) tellPoorSource(o outcome, better string) {
	s, detail, remedy := warn, o.source+" answers, without a single sample; "+o.tally(),
		"see whether the ports are up and carry traffic in the Fabric portal; a new port has its first samples after half an hour"
	if o.source == poll.SourceV4Metrics {
		remedy = "see attachment below"
	}
	if o.example != nil {
		s, detail, remedy = fail, fmt.Sprintf("%s has no data; %s; %v", o.source, o.tally(), o.example), remedyFor(o.example)
	}
	if better != "" {
		s, remedy = fail, "auto stays with a source that answers: set traffic_source: "+better+", which has data"
	}
	e.add(s, checkTrafficSource, o.source, detail, remedy)
}
