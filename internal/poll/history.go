package poll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// historic reports whether the intervals of a window are handed on: only those of the first
// window of a resolution, as the others have the same intervals.
func (a *account) historic(window int) bool {
	of := func(w fleet.Window) bool { return w.Resolution == a.cfg.Windows[window].Resolution }
	return slices.IndexFunc(a.cfg.Windows, of) == window
}

// handOn gives what is new in an answer to Config.History.
func (a *account) handOn(t *traffic, k key, checked *fleet.Answer, limits *fleet.Limits, c counts) {
	of, named := a.subject(t, k.uuid)
	if !named {
		return // the next answer has it too
	}
	h := fleet.NewHistory(of, checked, limits, c.tracks(), c.now, fleet.Rejected{}) // NewTraffic has counted what is implausible
	t.mu.Lock()                                                                     // a probe may ask about a key that is being polled
	defer t.mu.Unlock()
	seen := t.seen[k]
	if seen == nil {
		seen = &fleet.Seen{}
		t.seen[k] = seen
	}
	if news := seen.News(h); len(news.Tracks) > 0 {
		a.cfg.History.Take(news)
	}
}

// subject is a port or connection; named is false if it is no longer there, or if its name is
// still to come with the first good listing.
func (a *account) subject(t *traffic, uuid string) (s fleet.Subject, named bool) {
	s = fleet.Subject{Account: a.Name, Connection: t.kind == connectionKind, UUID: uuid}
	a.mu.Lock()
	unlisted := a.unlisted
	a.mu.Unlock()
	a.store.Read(func(snap *fleet.Snapshot) {
		if s.Connection {
			if c := snap.Connection(uuid); c != nil {
				s.Name, named = c.Name(), true
			}
		} else if p := snap.Port(uuid); p != nil {
			s.Name = p.Name()
			named = p.Listed && (s.Name != uuid || unlisted || snap.Accounts[a.index].InventoryPoll.OK)
		}
	})
	return s, named
}

// tracks are the plausible packets that an answer counts, for a History.
func (c *counts) tracks() (all []fleet.CountTrack) {
	if !c.known {
		return nil // without a line rate no count can be checked
	}
	add := func(q fleet.Quantity, side fleet.Side, by map[fleet.Direction][]fleet.Count) {
		for _, d := range fleet.Directions() {
			all = append(all, fleet.CountTrack{Quantity: q, Direction: d, Side: side, Counts: by[d]})
		}
	}
	add(fleet.PacketsDropped, "", c.dropped)
	add(fleet.PacketsErrored, "", c.errored)
	add(fleet.PacketsDropped, fleet.ASide, c.aSide)
	add(fleet.PacketsDropped, fleet.ZSide, c.zSide)
	return all
}

// ErrNotPolled says that a port or connection is not among those that are polled.
var ErrNotPolled = errors.New("is not polled any more")

// History asks for the intervals of a port or connection that end after from and not after to,
// which are at most 7 days apart for 5-minute intervals, with the source in use. The request
// waits until no poll waits for the request budget. rejected are the intervals that were left
// out because they are implausible.
func (p *Poller) History(ctx context.Context, of fleet.Subject, resolution time.Duration, from, to time.Time) (h fleet.History, rejected fleet.Rejected, err error) {
	i := slices.IndexFunc(p.accounts, func(a *account) bool { return a.Name == of.Account })
	if i < 0 {
		return h, nil, fmt.Errorf("account %s %w", of.Account, ErrNotPolled)
	}
	a := p.accounts[i]
	t := a.ports
	if of.Connection {
		t = a.connections
	}
	left := fmt.Errorf("%s %w", of.UUID, ErrNotPolled)
	if t == nil {
		return h, nil, left
	}
	what, ok := a.find(t, of.UUID)
	of, named := a.subject(t, of.UUID)
	switch {
	case !ok || of.Name == "":
		return h, nil, left
	case !named:
		return h, nil, fmt.Errorf("%s: its name is not known before the ports have been listed", of.UUID)
	}
	source, _ := t.current()
	ctx, _ = fabric.InTurn(ctx, fabric.HistoryTurn)
	answer, err := t.kind.ask(ctx, a.API, source, what, from, to)
	if err != nil {
		return h, nil, err
	}
	rejected = fleet.Rejected{}
	checked := fleetAnswer(&answer.Traffic, source == SourceV4Metrics)
	limits := fleet.NewLimits(&checked, fleet.Window{Span: to.Sub(from), Resolution: resolution}, from, to, what.line)
	c := newCounts(&limits, answer, checked.Streamed, rejected)
	h = fleet.NewHistory(of, &checked, &limits, c.tracks(), time.Now(), rejected)
	return h.Between(from, to), rejected, nil
}
