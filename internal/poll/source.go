package poll

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// The traffic sources, in the order in which auto tries them.
const (
	SourceV3      = "v3"
	SourceV4Stats = "v4-stats"
)

// Sources lists every traffic source, in the order in which auto tries them.
func Sources() []string { return []string{SourceV3, SourceV4Stats} }

// ask reads one window of a port from a traffic source. A panic on the way is an
// error of this one poll.
func ask(ctx context.Context, api API, source, uuid string, from, to time.Time) (_ *fabric.Traffic, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	switch source {
	case SourceV3:
		return api.PortStatsV3(ctx, uuid, from, to)
	case SourceV4Stats:
		return api.PortStatsV4(ctx, uuid, from, to)
	}
	panic("poll: unknown traffic source " + source)
}

// goneSample is how many ports must agree that a source no longer exists, or
// all of them where there are fewer: one mistyped uuid decides nothing.
const goneSample = 10

// sources chooses the traffic source of one account. Safe for concurrent use.
type sources struct {
	mu        sync.Mutex
	names     []string
	current   int
	sample    int
	gone      []string // ports for which the current one was gone since it last answered
	fruitless int      // switches since a source last answered with data
}

// newSources begins with the source in use, or with the first.
func newSources(names []string, inUse string, ports int) *sources {
	return &sources{names: names, current: max(0, slices.Index(names, inUse)), sample: min(goneSample, ports)}
}

// name is the source to ask.
func (s *sources) name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[s.current]
}

// verdict is what an answer says of its source.
type verdict int

const (
	undecided verdict = iota
	answered          // it has data
	abandoned         // it does not exist any more; there is a next one to try at once
	exhausted         // it does not exist any more, nor does any other
)

// judge takes note of what a source said of a port.
func (s *sources) judge(name, uuid string, answer *fabric.Traffic, err error) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[s.current] != name {
		return undecided // an answer from before a switch
	}
	if err == nil {
		s.gone = nil
		if len(answer.Inbound.Points)+len(answer.Outbound.Points) == 0 {
			return undecided // an empty answer decides nothing
		}
		s.fruitless = 0
		return answered
	}
	if !fabric.Gone(err) {
		return undecided
	}
	if !slices.Contains(s.gone, uuid) {
		s.gone = append(s.gone, uuid)
	}
	if len(s.gone) < s.sample || len(s.names) == 1 {
		return undecided
	}
	s.current, s.gone = (s.current+1)%len(s.names), nil
	if s.fruitless++; s.fruitless < len(s.names) {
		return abandoned
	}
	s.fruitless = 0
	return exhausted
}

// noSource is the advice when no source exists.
func noSource(names []string) string {
	return fmt.Sprintf("none of %v knows the ports; check the uuids, the rights of the credentials and api_url", names)
}
