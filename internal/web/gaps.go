package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// gap is something that is not known, and why.
type gap struct {
	Account, Why string
	Class        string
	Ports        []portLink // the first ones that it is about; none if it is about all of the account
	More         int        // and how many others

	count int
}

// gaps gathers what is not known, ports with the same reason together.
type gaps struct {
	all []*gap
	by  map[[2]string]*gap // account and reason
}

// newGaps are the gaps of accounts and pairs.
func newGaps(snap *fleet.Snapshot, q query, now time.Time) gaps {
	g := gaps{by: map[[2]string]*gap{}}
	say := func(account, why string) {
		g.all = append(g.all, &gap{Account: account, Why: why, Class: "bad"})
	}
	for i := range snap.Accounts {
		a := &snap.Accounts[i]
		if q.Account != "" && q.Account != a.Name {
			continue
		}
		switch {
		case a.LoginHeld:
			say(a.Name, strings.TrimSuffix("login suspended, nothing is polled: "+short(a.LoginError), ": "))
		case !a.Up(now) && snap.Ready:
			say(a.Name, strings.TrimSuffix("no answer of Equinix for some time: "+short(a.LastError), ": "))
		}
		if a.InventoryPoll.Tried() && !a.InventoryPoll.OK && !a.LoginHeld {
			say(a.Name, "ports cannot be listed: "+short(a.InventoryPoll.Err))
		}
		for _, pair := range a.Pairs {
			if missing, ok := snap.MissingPairPorts(a, pair); ok && len(missing) > 0 {
				say(a.Name, "pair "+pair.Name+": not polled: "+strings.Join(missing, ", "))
			}
		}
	}
	for _, group := range snap.AmbiguousGroups {
		say("", "redundancy group "+group+" has several primary or secondary ports: what a failover would do is unknown")
	}
	return g
}

func (g *gaps) add(v *portView, a *fleet.Account) {
	put := func(class, why string) {
		key := [2]string{v.Account, v.without(why)}
		one := g.by[key]
		if one == nil {
			one = &gap{Account: v.Account, Why: key[1], Class: class}
			g.all, g.by[key] = append(g.all, one), one
		}
		if one.count++; one.count <= maxNamed {
			one.Ports = append(one.Ports, v.link())
		} else {
			one.More++
		}
	}
	for _, why := range problems(&v.View, a) {
		put("bad", why)
	}
	for _, why := range stale(&v.View, lateDirections(&v.View)) {
		put("mid", why)
	}
}

// without is a text of the port without its UUID, which errors name.
func (p *portView) without(text string) string { return strings.ReplaceAll(text, p.UUID, "…") }

// shown are the most important ones: accounts, then what most ports have.
func (g *gaps) shown() (all []gap, more int) {
	slices.SortStableFunc(g.all, func(a, b *gap) int {
		return cmp.Or(known(a.count == 0, b.count == 0), cmp.Compare(b.count, a.count))
	})
	for _, one := range g.all[:min(len(g.all), maxGaps)] {
		all = append(all, *one)
	}
	return all, len(g.all) - len(all)
}

// problems are the faults of the latest polls, and the reasons why there may be no data.
func problems(v *fleet.View, a *fleet.Account) []string {
	var all []string
	unattached := v.Attached != nil && !*v.Attached
	if unattached {
		all = append(all, "not attached to a stream")
	}
	if a.InventoryPoll.OK && v.Listed && v.Port.Inventory == nil {
		all = append(all, "not in the listing of its account: check its uuid")
	}
	switch {
	case !v.Polls[0].Tried() && a.Source == "":
		all = append(all, "traffic not polled yet: the source is not known")
	case !v.Polls[0].Tried():
		all = append(all, "traffic not polled yet")
	case v.Polls[0].OK && v.NewestSample().IsZero() && !unattached:
		all = append(all, "no samples at Equinix")
	}
	var failed []string // windows whose polls failed alike
	for i, poll := range v.Polls {
		if poll.Err == "" {
			continue
		}
		failed = append(failed, v.Windows[i].Label())
		if i+1 == len(v.Polls) || v.Polls[i+1].Err != poll.Err {
			all = append(all, "traffic "+strings.Join(failed, ", ")+": "+short(poll.Err))
			failed = nil
		}
	}
	if err := v.ConnectionsPoll.Err; err != "" {
		all = append(all, "connections: "+short(err))
	}
	if v.Inventory != nil && v.EffectiveCapacity() == nil {
		all = append(all, "capacity unknown: Equinix says neither the line rate nor which links are up")
	}
	return all
}

// lateDirections are the directions whose newest sample is too old to be shown as last rate.
func lateDirections(v *fleet.View) []string {
	var all []string
	for _, d := range fleet.Directions() {
		if t := v.Traffic[0]; t != nil && t.Rates(d).Last != nil && v.Last(d) == nil {
			all = append(all, string(d))
		}
	}
	return all
}

// stale lists values that are no longer shown because of their age.
func stale(v *fleet.View, late []string) []string {
	var old, all []string
	for i, t := range v.Port.Traffic {
		if t != nil && v.Traffic[i] == nil {
			old = append(old, "traffic "+v.Windows[i].Label())
		}
	}
	if v.Port.Connections != nil && v.Connections == nil && v.Confirmed {
		old = append(old, "connections")
	}
	if v.Port.Inventory != nil && v.Inventory == nil {
		old = append(old, "inventory")
	}
	if len(old) > 0 {
		all = append(all, "stale: "+strings.Join(old, ", "))
	}
	if len(late) > 0 {
		all = append(all, "no current sample: "+strings.Join(late, ", "))
	}
	return all
}
