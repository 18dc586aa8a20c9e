package replay_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/rules"
)

// spell is the time from which an alert was pending to when it was resolved, in
// time since the story began, which is as long before the first scrape as the
// second one is after it. It is over
// where to is not zero. An alert that went before it fired has no firing.
type spell struct{ pending, firing, to time.Duration }

// timeline is the spells of each alert in order.
type timeline map[string][]spell

// newTimeline evaluates the rules over what was recorded.
func newTimeline(t *testing.T, recorded []scrape) timeline {
	t.Helper()
	return newEngine(t, ruleFiles()...).newTimeline(recorded)
}

// newTimeline is the same with the rules of the engine.
func (e *engine) newTimeline(recorded []scrape) timeline {
	e.Helper()
	line := timeline{}
	began := recorded[0].at.Add(recorded[0].at.Sub(recorded[1].at))
	for _, s := range recorded {
		e.append(s)
		e.evaluate(s.at)
		line.note(e.active(), s.at.Sub(began))
	}
	return line
}

func (l timeline) note(active map[string]rules.AlertState, at time.Duration) {
	for key, state := range active {
		spells := l[key]
		if n := len(spells); n == 0 || spells[n-1].to != 0 {
			spells = append(spells, spell{pending: at})
		}
		if last := &spells[len(spells)-1]; state == rules.StateFiring && last.firing == 0 {
			last.firing = at
		}
		l[key] = spells
	}
	for key, spells := range l {
		if _, is := active[key]; !is && spells[len(spells)-1].to == 0 {
			spells[len(spells)-1].to = at
		}
	}
}

// fired are the spells in which the alert fired.
func (l timeline) fired(key string) []spell {
	return slices.DeleteFunc(slices.Clone(l[key]), func(s spell) bool { return s.firing == 0 })
}

// between is a span of time since a story began.
type between struct{ from, to time.Duration }

func (b between) has(d time.Duration) bool { return b.from <= d && d <= b.to }

// want is an alert that fires once.
type want struct {
	alert    string // with what it is about
	fires    between
	resolves between // zero: it does not
}

// expect wants these alerts and no other ones to have fired.
func (l timeline) expect(t *testing.T, wanted ...want) {
	t.Helper()
	others := map[string]bool{}
	for key := range l {
		others[key] = len(l.fired(key)) > 0
	}
	for _, w := range wanted {
		others[w.alert] = false
		spells := l.fired(w.alert)
		if len(spells) != 1 {
			t.Errorf("%s: want it to fire once, got %v of %v", w.alert, spells, l[w.alert])
			continue
		}
		s := spells[0]
		if !w.fires.has(s.firing) {
			t.Errorf("%s: fires at %v (pending from %v), want %v", w.alert, s.firing, s.pending, w.fires)
		}
		if !w.resolves.has(s.to) {
			t.Errorf("%s: resolved at %v, want %v", w.alert, s.to, w.resolves)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(others)) {
		if others[key] {
			t.Errorf("%s fires too: %s", key, fmt.Sprint(l.fired(key)))
		}
	}
}
