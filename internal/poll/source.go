package poll

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The traffic sources, in the order in which auto tries them.
const (
	SourceV3      = "v3"
	SourceV4Stats = "v4-stats"
	// SourceV4Metrics has data only of ports that are attached to a stream.
	SourceV4Metrics = "v4-metrics"
)

// Sources lists every traffic source, in the order in which auto tries them.
func Sources() []string { return []string{SourceV3, SourceV4Stats, SourceV4Metrics} }

// ConnectionSources are those of sources that know connections: v3 does not.
// Where that leaves none, the others are tried.
func ConnectionSources(sources []string) []string {
	able := slices.DeleteFunc(slices.Clone(sources), func(s string) bool { return s == SourceV3 })
	if len(able) == 0 {
		return []string{SourceV4Stats, SourceV4Metrics}
	}
	return able
}

// Ask reads one window of a port from a traffic source. A panic on the way is an
// error of this one poll.
func Ask(ctx context.Context, api API, source, uuid string, from, to time.Time) (_ *fabric.Traffic, err error) {
	defer survive(&err)
	switch source {
	case SourceV3:
		return api.PortStatsV3(ctx, uuid, from, to)
	case SourceV4Stats:
		return api.PortStatsV4(ctx, uuid, from, to)
	case SourceV4Metrics:
		return api.PortMetrics(ctx, uuid, from, to)
	}
	panic("poll: unknown traffic source " + source)
}

// operation is the operation of the API that a traffic source of ports asks for.
func operation(source string) string {
	switch source {
	case SourceV3:
		return fabric.OpPortStatsV3
	case SourceV4Stats:
		return fabric.OpPortStatsV4
	}
	return fabric.OpSearchMetrics
}

// connectionOperation is operation for those of connections.
func connectionOperation(source string) string {
	if source == SourceV4Stats {
		return fabric.OpConnectionStatsV4
	}
	return fabric.OpSearchMetrics
}

// AskConnection is [Ask] for a connection, seen from one of its sides. The metrics
// have no view point: they are taken to be those of the a-side, whose name every
// connection has, so from the z-side inbound is what they call outbound.
func AskConnection(ctx context.Context, api API, source, uuid string, side fleet.Side, from, to time.Time) (_ *fabric.ConnectionTraffic, err error) {
	defer survive(&err)
	switch source {
	case SourceV4Stats:
		viewPoint := fabric.ASide
		if side == fleet.ZSide {
			viewPoint = fabric.ZSide
		}
		t, err := api.ConnectionStats(ctx, uuid, viewPoint, from, to)
		if err != nil {
			return nil, err
		}
		return &fabric.ConnectionTraffic{Traffic: *t}, nil
	case SourceV4Metrics:
		t, err := api.ConnectionMetrics(ctx, uuid, from, to)
		if err == nil && side == fleet.ZSide {
			t.Inbound, t.Outbound = t.Outbound, t.Inbound
		}
		return t, err
	}
	panic("poll: unknown traffic source of connections " + source)
}

// survive makes an error of a panic. It is for defer.
func survive(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v", r)
	}
}

// GoneSample is how many ports must agree that a source no longer exists, or
// all of them where there are fewer: one mistyped uuid decides nothing.
const GoneSample = 10

// sources chooses the traffic source of one account's ports, or of its
// connections. Safe for concurrent use.
type sources struct {
	mu      sync.Mutex
	names   []string
	current int
	tried   int       // sources in a row that turned out not to exist
	rest    time.Time // after all of them: no verdict before this

	// The latest word of the current source on each of them: an answer, or that
	// it does not exist. One that is answered keeps a source alive, however many
	// have left Equinix.
	alive, gone map[string]bool

	doubted bool // doubts were told since settled was last true
}

// newSources begins with the source in use, or with the first.
func newSources(names []string, inUse string) *sources {
	return &sources{
		names: names, current: max(0, slices.Index(names, inUse)),
		alive: map[string]bool{}, gone: map[string]bool{},
	}
}

// name is the source to ask.
func (s *sources) name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[s.current]
}

// restart goes back to the first source, and reports whether it was another.
func (s *sources) restart() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == 0 {
		return false
	}
	s.current, s.tried = 0, 0
	clear(s.alive)
	clear(s.gone)
	return true
}

// forget drops what was said of one that is no longer watched.
func (s *sources) forget(uuid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alive, uuid)
	delete(s.gone, uuid)
}

// doubts reports whether err may only say that the source does not exist, so that
// the next one is soon asked the same: nobody has been answered yet, and there
// is one to try. The second time that it says so of one it is believed.
func (s *sources) doubts(source, uuid string, err error, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !fabric.Gone(err) || len(s.names) == 1 || now.Before(s.rest) {
		return false
	}
	doubt := s.names[s.current] != source || len(s.alive) == 0 && !s.gone[uuid]
	s.doubted = s.doubted || doubt
	return doubt
}

// settled reports, once, that there is no more doubt about what a source said:
// it has answered somebody else since.
func (s *sources) settled(source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.doubted || len(s.alive) == 0 || s.names[s.current] != source {
		return false
	}
	s.doubted = false
	return true
}

// verdict is what an answer says of its source.
type verdict int

const (
	undecided verdict = iota
	answered          // it has data
	abandoned         // it does not exist any more; there is a next one to try at once
	exhausted         // it does not exist any more, nor does any other
)

// word is what a source said of one port or connection.
type word struct {
	source, uuid string
	answer       *fabric.Traffic
	err          error

	now        time.Time
	population func() int    // how many are watched; asked only where it matters
	interval   time.Duration // between two polls of one
}

// judge takes note of a word and decides on the source.
func (s *sources) judge(w word) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.names[s.current] != w.source:
		return undecided // from before a switch
	case w.err == nil:
		return s.live(w)
	case !fabric.Gone(w.err) || len(s.names) == 1:
		return undecided
	}
	delete(s.alive, w.uuid)
	s.gone[w.uuid] = true
	if len(s.alive) > 0 || len(s.gone) < min(GoneSample, w.population()) || w.now.Before(s.rest) {
		return undecided
	}
	return s.move(w)
}

// live notes that the source exists.
func (s *sources) live(w word) verdict {
	delete(s.gone, w.uuid)
	s.alive[w.uuid] = true
	if empty(w.answer) {
		return undecided // an empty answer decides nothing
	}
	s.tried = 0
	return answered
}

// move goes on to the next source, and rests for an interval once all of them
// were tried in vain: a loop over them would spend the whole request budget.
func (s *sources) move(w word) verdict {
	s.current = (s.current + 1) % len(s.names)
	clear(s.alive)
	clear(s.gone)
	if s.tried++; s.tried < len(s.names) {
		return abandoned
	}
	s.tried, s.rest = 0, w.now.Add(w.interval)
	return exhausted
}

// noSource is the advice when no source exists for what is asked about.
func noSource(names []string, what string) string {
	return fmt.Sprintf("none of %v knows the %s; check the uuids, the rights of the credentials and api_url", names, what)
}
