package poll

import (
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// measured is one kind of things that have traffic, ports or connections, with
// the source that answers for all of that kind.
type measured struct {
	what    string // for the log
	sources *sources
	tasks   group
	inUse   func(*fleet.Account) *string // where the source in use is published
}

func newMeasured(what string, names []string, state *fleet.Account, inUse func(*fleet.Account) *string) *measured {
	return &measured{what: what, sources: newSources(names, *inUse(state)), inUse: inUse}
}

// judge decides on the source by what it said, and acts on the verdict: it says
// so, and after a switch asks for all traffic of that kind anew.
func (a *account) judge(m *measured, w word) {
	w.interval = a.currentPlan().traffic
	switch m.sources.judge(w) {
	case answered:
		if *m.inUse(&a.rec.store.Load().Accounts[a.index]) != w.source && m.sources.name() == w.source {
			a.setSource(m, w.source)
			a.log.Info("traffic source answers with data; staying with it", "traffic_of", m.what, "traffic_source", w.source)
		}
	case abandoned:
		a.setSource(m, "")
		a.log.Warn("traffic source no longer exists; trying the next one",
			"traffic_of", m.what, "traffic_source", w.source, "next_source", m.sources.name())
		a.queue.hurry(&m.tasks, time.Now())
		a.queue.advance(a.attachments, time.Now())
	case exhausted:
		a.setSource(m, "")
		a.settle(m.sources.names)
		a.log.Error("no traffic source exists; trying again with the next poll",
			"traffic_of", m.what, "remedy", noSource(m.sources.names, m.what))
	case undecided:
	}
	if m.sources.settled(w.source) {
		a.settle([]string{w.source})
	}
}

func (a *account) setSource(m *measured, source string) {
	a.rec.update(func(d *draft) { *m.inUse(d.account(a.index)) = source })
}

// settle makes final what ports were told by these sources while there seemed to
// be another one to try.
func (a *account) settle(sources []string) {
	open := func(p fleet.Poll) bool { return slices.Contains(sources, p.Provisional) }
	a.rec.update(func(d *draft) {
		for _, own := range ownedBy(a.Name, d.snap) {
			if !slices.ContainsFunc(own.Polls, open) {
				continue
			}
			p := d.port(a.Name, own.UUID)
			for i := range p.Polls {
				if open(p.Polls[i]) {
					p.Polls[i].Provisional = ""
				}
			}
		}
	})
}
