package poll

import (
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pair brings the pairs of next up to date. What has not changed since prev is
// not worked out again: thousands of pairs would be, with every answer.
func (r *recorder) pair(prev, next *fleet.Snapshot, touched map[string]bool) {
	switch {
	case len(touched) == 0:
		return
	case regrouped(prev, next, touched):
		r.regroup(prev, next)
	default:
		next.Pairs = slices.Clone(prev.Pairs)
	}
	r.load(prev, next, touched)
}

// regroup finds the pairs of next, with what prev knows of their loads.
func (r *recorder) regroup(prev, next *fleet.Snapshot) {
	pairs, ambiguous := fleet.PairUp(next.Ports, r.configured)
	known := make(map[[2]string][]fleet.PairTraffic, len(prev.Pairs))
	if slices.Equal(prev.Windows, next.Windows) {
		for _, p := range prev.Pairs {
			known[[2]string{p.Primary, p.Secondary}] = p.Traffic
		}
	}
	for _, p := range pairs {
		p.Traffic = known[[2]string{p.Primary, p.Secondary}]
	}
	next.Pairs = pairs
	r.complain(ambiguous)
}

// load works out the loads of the pairs of next whose ports were touched.
func (r *recorder) load(prev, next *fleet.Snapshot, touched map[string]bool) {
	for i, p := range next.Pairs {
		if touched[p.Primary] || touched[p.Secondary] || len(p.Traffic) != len(next.Windows) {
			next.Pairs[i] = loaded(prev, next, p)
		}
	}
}

// regrouped reports whether what makes and names pairs has changed.
func regrouped(prev, next *fleet.Snapshot, touched map[string]bool) bool {
	type membership struct{ name, group, priority string }
	of := func(p *fleet.Port) (m membership) {
		if p != nil {
			m.name = p.Name()
			if p.Inventory != nil {
				m.group, m.priority = p.Inventory.RedundancyGroup, p.Inventory.RedundancyPriority
			}
		}
		return m
	}
	for uuid := range touched {
		old, now := prev.Port(uuid), next.Port(uuid)
		if (old == nil) != (now == nil) || of(old) != of(now) {
			return true
		}
	}
	return false
}

// loaded is the pair p with its loads as the ports of next have them.
func loaded(prev, next *fleet.Snapshot, p *fleet.Pair) *fleet.Pair {
	a, b := next.Port(p.Primary), next.Port(p.Secondary)
	was := func(now *fleet.Port, window int) bool {
		old := prev.Port(now.UUID)
		return old != nil && len(old.Traffic) == len(next.Windows) && old.Traffic[window] == now.Traffic[window]
	}
	all := *p
	all.Traffic = make([]fleet.PairTraffic, len(next.Windows))
	for i, w := range next.Windows {
		known := len(p.Traffic) == len(next.Windows)
		// Until both ports have been polled in this run, their load is that of the
		// last one; its own time and theirs say how old it is.
		if known && (was(a, i) && was(b, i) || bare(a.Traffic[i]) || bare(b.Traffic[i])) {
			all.Traffic[i] = p.Traffic[i]
		} else {
			all.Traffic[i] = fleet.NewPairTraffic(a.Traffic[i], b.Traffic[i], w)
		}
	}
	return &all
}

func bare(t *fleet.Traffic) bool { return t != nil && t.Bare }

// complain logs redundancy groups that make no pair, once.
func (r *recorder) complain(ambiguous []string) {
	if !slices.Equal(ambiguous, r.ambiguous) && len(ambiguous) > 0 {
		r.log.Warn("redundancy groups have more than one primary or secondary port, so they make no pair; name pairs in the configuration",
			"redundancy_groups", ambiguous)
	}
	r.ambiguous = ambiguous
}

// notePairs logs, once, which ports of the account's pairs are not watched, when
// every account has had its chance to find them.
func (a *account) notePairs() {
	snap := a.rec.store.Load()
	own := &snap.Accounts[a.index]
	for _, p := range own.Pairs {
		unwatched, ok := snap.Unwatched(own, p)
		if !ok {
			return
		}
		for _, uuid := range []string{p.Primary, p.Secondary} {
			missing := slices.Contains(unwatched, uuid)
			if missing && !a.halved[uuid] {
				a.log.Warn("a port of a pair is not watched, so the load of the pair is not known; check its uuid, the filters of discover and the rights of the credentials",
					"pair", p.Name, "port_uuid", uuid)
			}
			a.halved[uuid] = missing
		}
	}
}

// pairsOf are the configured pairs of an account that are in the shard.
func (c *Config) pairsOf(a Account) []fleet.Pair {
	return slices.DeleteFunc(slices.Clone(a.Pairs), func(p fleet.Pair) bool { return !c.Shard.Has(p.Primary) })
}
