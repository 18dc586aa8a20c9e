package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// asset is a port or a connection that the exporter would poll.
type asset struct {
	uuid  string
	name  string // as configured, or else as the API has it; may be ""
	state string // lifecycle state, "" if unknown
	ask   func(ctx context.Context, source string, from, to time.Time) (*fabric.Traffic, error)
}

func (a asset) String() string { return cmp.Or(a.name, a.uuid) }

// traffic is what the checks of traffic are about: all ports, or all connections that are
// selected. Each kind has a source of its own, since one may exist without the other.
type traffic struct {
	noun                         string
	sourceCheck, attachmentCheck string
	ifGone, orElse               string // remedies; orElse is added to those of an attachment

	gone     func(error) bool // whether an error says that a source does not exist
	optional bool             // without a source there is no traffic, and nothing is wrong

	sources []string // to ask, in order
	assets  []asset

	used     outcome         // of the source that the exporter would use; its source is "" if unknown
	attached map[string]bool // assets in a stream that delivers; nil if that does not matter, or is unknown
}

func (e *exam) portTraffic() *traffic {
	return &traffic{
		noun: "port", sourceCheck: "traffic_source", attachmentCheck: "attachment",
		ifGone:  "check the uuids, the rights of the credentials and api_url",
		gone:    fabric.Gone,
		sources: daemon.Sources(e.account.TrafficSource), assets: e.reachable(),
	}
}

func (e *exam) connectionTraffic() *traffic {
	gone := fabric.Gone
	if e.fromV3 {
		gone = poll.SearchRefused
	}
	return &traffic{
		gone: gone, optional: e.fromV3,
		noun: "connection", sourceCheck: "connection_traffic", attachmentCheck: "connection_attachment",
		ifGone:  "check the rights of the credentials to the connections, and api_url; without a source, set connections.traffic: false",
		orElse:  "; or leave it out by connections.exclude", // few fit into the streams of a project
		sources: poll.ConnectionSources(daemon.Sources(e.account.TrafficSource)), assets: e.connections,
	}
}

// outcome is what a source answered about a sample.
type outcome struct {
	source   string
	exists   bool // by the rule of the exporter
	readings []reading
	answers  map[string]int // how many of each kind: one of those below, or the reason of an error
	failure  error          // one of those errors, first of all that the time ended
}

const (
	withData = "with data"
	empty    = "empty"
	notFound = "not found"
)

// reading is the answer about one asset.
type reading struct {
	asset

	newest     time.Time     // interval; zero if there is none
	resolution time.Duration // of the intervals, as answered or else as asked for
	err        error
}

// askSource reads the primary window of each asset of a sample.
func (e *exam) askSource(ctx context.Context, t *traffic, source string, sample []asset) outcome {
	window := e.cfg.Poll.Windows[0]
	to := time.Now().UTC().Truncate(time.Second)
	o := outcome{source: source, readings: make([]reading, len(sample)), answers: map[string]int{}}
	errs := make([]error, len(sample))
	var asking sync.WaitGroup // the client limits how many calls are open
	for i, a := range sample {
		asking.Go(func() {
			answer, err := a.ask(ctx, source, to.Add(-window.Span), to)
			r := reading{asset: a, err: err}
			if err == nil {
				r.resolution = cmp.Or(answer.Resolution, window.Resolution)
				for _, p := range slices.Concat(answer.Inbound.Points, answer.Outbound.Points) {
					if p.Time.After(r.newest) {
						r.newest = p.Time
					}
				}
			}
			o.readings[i], errs[i] = r, err
		})
	}
	asking.Wait()
	o.exists = poll.Exists(errs, t.gone)
	for _, r := range o.readings {
		answer := withData
		switch {
		case r.err == nil && r.newest.IsZero():
			answer = empty
		case r.err == nil:
		case t.gone(r.err):
			answer = notFound
		default:
			answer = fabric.Reason(r.err)
			if o.failure == nil || outOfTime(r.err) {
				o.failure = r.err
			}
		}
		o.answers[answer]++
	}
	return o
}

// tally says how many answers of each kind there are.
func (o *outcome) tally(noun string) string {
	var parts []string
	for _, answer := range slices.Concat([]string{withData, empty, notFound}, fabric.Reasons()) {
		if n := o.answers[answer]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(answer, "_", " ")))
		}
	}
	return fmt.Sprintf("of %s asked: %s", human.Plural(len(o.readings), noun), strings.Join(parts, ", "))
}

// findSource asks the sources, one after the other, about a sample until one has data, and
// sets t.used. That is the first that exists, since auto stays with it, even without data.
func (e *exam) findSource(ctx context.Context, t *traffic) {
	e.check = t.sourceCheck
	if e.cannotAsk(ctx) {
		return
	}
	if len(t.assets) == 0 {
		e.add(skip, "", "there is no "+t.noun+" to ask about", "")
		return
	}
	sample := poll.Sample(slices.SortedFunc(slices.Values(t.assets), func(a, b asset) int { return strings.Compare(a.uuid, b.uuid) }))
	var asked []outcome
	var ended error // why no further source was asked
	best := ""      // the source with data
	for _, source := range t.sources {
		o := e.askSource(ctx, t, source, sample)
		ended = ctx.Err()
		if outOfTime(o.failure) {
			ended = o.failure
		}
		if ended != nil {
			break
		}
		asked = append(asked, o)
		if o.exists && t.used.source == "" {
			t.used = o
		}
		if o.answers[withData] > 0 {
			best = source
			break
		}
	}
	for i, o := range asked {
		switch {
		case o.answers[withData] > 0:
			e.add(ok, o.source, o.source+" has data; "+o.tally(t.noun), "")
		case o.exists:
			e.reportNoData(t, &o, best)
		case t.used.source != "" && slices.Index(t.sources, t.used.source) < i:
			e.add(ok, o.source, o.source+" is gone; auto stays with "+t.used.source, "")
		case i < len(t.sources)-1:
			e.add(ok, o.source, o.source+" is gone; auto goes on to the next source", "")
		case t.optional:
			e.add(ok, o.source, fmt.Sprintf("%s is gone; the %ss come from v3, which does not know their traffic: they have series without it", o.source, t.noun), "")
		default:
			remedy := "no source is left: " + t.ifGone
			if len(t.sources) == 1 {
				remedy = "set traffic_source: auto; if that finds nothing either, " + t.ifGone
			}
			e.add(fail, o.source, fmt.Sprintf("%s is gone: there is no such call, or none of these %ss", o.source, t.noun), remedy)
		}
	}
	if ended != nil {
		source := t.sources[len(asked)]
		e.fault(ctx, source, source+": ", ended)
	}
}

// reportNoData is about a source that exists and has no data; best is one that has, or "".
func (e *exam) reportNoData(t *traffic, o *outcome, best string) {
	s, detail := warn, o.source+" answers without a single sample; "+o.tally(t.noun)
	remedy := fmt.Sprintf("see whether the %[1]ss are up and carry traffic in the Fabric portal; a new %[1]s has its first samples after half an hour", t.noun)
	if o.source == poll.SourceV4Metrics && t.used.source == o.source {
		remedy = "see " + t.attachmentCheck + " below"
	}
	if o.failure != nil {
		s, detail, remedy = fail, fmt.Sprintf("%s has no data; %s; %v", o.source, o.tally(t.noun), o.failure), remedyFor(o.failure)
	}
	if best != "" {
		s, remedy = fail, "auto stays with a source that answers: set traffic_source: "+best+", which has data"
	}
	e.add(s, o.source, detail, remedy)
}
