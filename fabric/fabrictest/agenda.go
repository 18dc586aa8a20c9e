package fabrictest

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// step is something that happens to a connection by itself when its time comes,
// and what will happen next, nil for nothing.
type step struct {
	at    time.Time
	apply func(*Connection) *step
}

// agenda is what will happen to connections. There is no goroutine behind it:
// whatever is due happens before the next request is answered. API.editing
// guards it.
type agenda struct {
	steps map[string]*step // by connection
	next  atomic.Int64     // time of the soonest, Unix milliseconds; may be read unguarded
}

func newAgenda() *agenda {
	g := &agenda{steps: map[string]*step{}}
	g.next.Store(math.MaxInt64)
	return g
}

// set replaces what will happen to a connection.
func (g *agenda) set(uuid string, s *step) {
	if s == nil {
		delete(g.steps, uuid)
	} else {
		g.steps[uuid] = s
	}
	g.schedule()
}

func (g *agenda) schedule() {
	next := int64(math.MaxInt64)
	for _, s := range g.steps {
		next = min(next, s.at.UnixMilli())
	}
	g.next.Store(next)
}

// play lets everything happen that is due, and reports whether anything was.
func (g *agenda) play(f *Fleet, now time.Time) bool {
	played := false
	for uuid, s := range g.steps {
		i := slices.IndexFunc(f.Connections, func(c Connection) bool { return c.UUID == uuid })
		for i >= 0 && s != nil && !s.at.After(now) {
			c := &f.Connections[i]
			c.Updated = s.at
			s, played = s.apply(c), true
		}
		if i < 0 || s == nil {
			delete(g.steps, uuid)
		} else {
			g.steps[uuid] = s
		}
	}
	g.schedule()
	return played
}

// settle brings the connections up to the time now.
func (a *API) settle(now time.Time) {
	if now.UnixMilli() < a.agenda.next.Load() {
		return
	}
	a.edit(func(f *Fleet) bool { return a.agenda.play(f, now) })
}
