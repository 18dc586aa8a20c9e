package poll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

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

// ConnectionSources are those of sources that know connections: v3 does not. If that
// leaves none, the others are tried.
func ConnectionSources(sources []string) []string {
	able := slices.DeleteFunc(slices.Clone(sources), func(s string) bool { return s == SourceV3 })
	if len(able) == 0 {
		return []string{SourceV4Stats, SourceV4Metrics}
	}
	return able
}

// Ask reads one window of a port from a traffic source. A panic on the way is an error of
// this one poll.
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

// AskConnection is [Ask] for a connection, seen from one of its sides. The metrics have
// no view point: they are taken to be those of the a-side, whose name every connection
// has, so from the z-side inbound is what they call outbound.
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

// operation is the operation of the API that a traffic source asks for.
func operation(source string, connections bool) string {
	switch {
	case source == SourceV3:
		return fabric.OpPortStatsV3
	case source == SourceV4Stats && connections:
		return fabric.OpConnectionStatsV4
	case source == SourceV4Stats:
		return fabric.OpPortStatsV4
	}
	return fabric.OpSearchMetrics
}

// GoneSample is how many ports, or connections, a probe asks about, or all of them if there
// are fewer: one mistyped UUID decides nothing.
const GoneSample = 10

// Sample are as many of all as a probe asks about, spread evenly over them.
func Sample[T any](all []T) []T {
	n := min(GoneSample, len(all))
	sample := make([]T, n)
	for i := range sample {
		sample[i] = all[i*len(all)/n]
	}
	return sample
}

// Exists reports whether a traffic source that was asked about a sample exists. An answer
// shows that it does. Without one, it does not if more than half of the sample are gone;
// errors that may pass, like HTTP 500, decide nothing.
func Exists(outcomes []error, gone func(error) bool) bool {
	n := 0
	for _, err := range outcomes {
		if err == nil {
			return true
		}
		if gone(err) {
			n++
		}
	}
	return 2*n <= len(outcomes)
}

// gone reports whether an error says that a traffic source does not exist. For connections
// that come from v3, because v4 is gone or refuses the account, a refusal says it as well.
func (a *account) gone(t *traffic, err error) bool {
	return fabric.Gone(err) || t.kind == connectionKind && a.fromV3() && SearchRefused(err)
}

// probe looks for the traffic source: it asks the sources, one after the other, about a
// sample, and stays with the first that exists. It is due when no source is known, and
// when nothing has an answer from the one in use and most say that it is gone. It reports
// whether it has looked.
func (a *account) probe(ctx context.Context, t *traffic) bool {
	if !a.probeDue(t) {
		return false
	}
	before, known := t.current()
	sample := make([]key, 0, GoneSample)
	for _, uuid := range Sample(t.kind.all(a.store.Load(), a.Name)) {
		sample = append(sample, key{uuid: uuid})
	}
	outcomes := make([]error, len(sample))
	for _, source := range t.sources {
		t.use(source, false, time.Time{})
		a.askSample(ctx, t, sample, source, outcomes)
		if ctx.Err() != nil {
			return true
		}
		if !Exists(outcomes, func(err error) bool { return a.gone(t, err) }) {
			continue
		}
		if known && source == before { // it answers again: no other probe for one interval
			t.use(source, true, time.Now().Add(a.interval(t, 0)))
		} else {
			t.use(source, true, time.Time{})
			t.lap.hurry(func(key) bool { return true })
		}
		a.forgetSource(t, source)
		if known && source != before {
			a.log.Warn("traffic source no longer exists; using another one", "traffic_of", t.kind.name, "traffic_source", before, "next_source", source)
		}
		var polled []key
		for i, err := range outcomes {
			if !fabric.Gone(err) && !errors.Is(err, context.Canceled) {
				polled = append(polled, sample[i])
			}
		}
		t.lap.polled(polled)
		return true
	}
	if t.kind == connectionKind && a.fromV3() {
		a.withoutTraffic(t)
		t.lap.polled(sample)
		return true
	}
	// A loop over all sources would spend the whole request budget.
	t.use(t.sources[0], false, time.Now().Add(a.interval(t, 0)))
	a.forgetSource(t, "")
	for i, k := range sample {
		of, _ := a.find(t, k.uuid)
		a.recordPoll(t, k, of, time.Now(), outcomes[i], nil, counts{})
	}
	t.lap.polled(sample)
	a.log.Error("no traffic source exists; trying again in one interval", "traffic_of", t.kind.name, "remedy", fmt.Sprintf(
		"none of %v knows the %s; check the uuids, the rights of the credentials and api_url", t.sources, t.kind.name))
	return true
}

// withoutTraffic stops asking for the traffic of connections that come from v3, which does not
// know it, because no other source does either. That is no failure, and no poll. It is
// looked at again once in an interval of the inventory.
func (a *account) withoutTraffic(t *traffic) {
	t.use(t.sources[0], false, time.Now().Add(a.plan().inventory))
	t.mu.Lock()
	t.none = true
	t.mu.Unlock()
	first := false
	a.store.Update(func(e *fleet.Edit) {
		state := e.Account(a.Name)
		first = state.ConnectionSource != fleet.NoSource
		state.ConnectionSource = fleet.NoSource
		for _, c := range e.Snapshot().ConnectionsOf(a.Name) {
			if _, tried := c.Succeeded(); tried { // in an earlier run, or before v4 was gone
				e.Connection(a.Name, c.UUID).Polls = make([]fleet.Poll, len(a.cfg.Windows))
			}
		}
	})
	if first {
		a.log.Info("connections have no traffic: they come from v3, which does not know it, and no other source exists", "sources", t.sources)
		a.replan()
	}
}

// idle reports whether no source knows the traffic.
func (t *traffic) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.none
}

// enoughTime is how long a probe waits for the other answers after the first one.
const enoughTime = 5 * time.Second

// askSample polls a sample from a source. Soon after the first answer, which shows that the
// source exists, it gives the others up: they are polled with all the rest.
func (a *account) askSample(ctx context.Context, t *traffic, sample []key, source string, outcomes []error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var asking errgroup.Group
	asking.SetLimit(a.cfg.Concurrency)
	for i, k := range sample {
		asking.Go(func() error {
			defer survive(&outcomes[i])
			if outcomes[i] = a.pollTraffic(ctx, t, k, source, true); outcomes[i] == nil {
				time.AfterFunc(enoughTime, cancel)
			}
			return nil
		})
	}
	_ = asking.Wait() // the errors are in outcomes
}

// current is the source to ask, and whether it is known to exist.
func (t *traffic) current() (source string, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.source, t.known
}

// use makes a source the one to ask. There is no probe before rest.
func (t *traffic) use(source string, known bool, rest time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.source, t.known, t.rest, t.none = source, known, rest, false
	clear(t.silent)
}

// forgetSource clears the published source unless it is this one. A source is published only
// after it has answered with data.
func (a *account) forgetSource(t *traffic, source string) {
	a.store.Update(func(e *fleet.Edit) {
		if inUse := t.kind.inUse(e.Account(a.Name)); *inUse != source {
			*inUse = ""
		}
		a.markAttached(e)
	})
	if source == SourceV4Metrics {
		a.chores.hurry(func(k key) bool { return k == choreStreams })
	}
}

// probeDue reports whether to look for a source.
func (a *account) probeDue(t *traffic) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sources) == 1 || time.Now().Before(t.rest) {
		return false
	}
	gone := 0
	for _, is := range t.silent {
		if is {
			gone++
		}
	}
	if t.known && gone == 0 { // the API may be down: do not count the ports at each poll
		return false
	}
	all := 0
	a.store.Read(func(s *fleet.Snapshot) { all = len(t.kind.all(s, a.Name)) })
	if !t.known {
		return all > 0
	}
	if !t.answered { // a restart: nothing is known of the source but that it was in use
		all = min(all, GoneSample)
	}
	return len(t.silent) >= all && 2*gone > all
}

// heard takes down what a source said of one port or connection.
func (a *account) heard(t *traffic, source, uuid string, err error, data bool) {
	t.mu.Lock()
	if t.source != source {
		t.mu.Unlock()
		return // from before a change of the source
	}
	if err != nil {
		t.silent[uuid] = fabric.Gone(err)
	} else {
		t.known, t.answered = true, true
		clear(t.silent)
	}
	t.mu.Unlock()
	if !data {
		return
	}
	inUse := ""
	a.store.Read(func(s *fleet.Snapshot) { inUse = *t.kind.inUse(&s.Accounts[a.index]) })
	if inUse != source {
		a.store.Update(func(e *fleet.Edit) { *t.kind.inUse(e.Account(a.Name)) = source })
		a.log.Info("traffic source has data; using it", "traffic_of", t.kind.name, "traffic_source", source)
	}
}
