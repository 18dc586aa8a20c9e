package fleet

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Pair is two ports that back each other up.
type Pair struct {
	Name               string        // unique in a snapshot
	Primary, Secondary string        // UUIDs of the ports
	Traffic            []PairTraffic `json:"Loads"` // one per Snapshot.Windows
}

// The priorities of ports in a redundancy group.
const (
	priorityPrimary   = "PRIMARY"
	prioritySecondary = "SECONDARY"
)

// PairUp returns the configured pairs whose ports are both there, and the pairs that
// follow from redundancy groups and priorities of the API, sorted by name and without
// traffic. A port of a configured pair is in no other pair. A group with several primary
// or several secondary ports makes no pair, and is among the ambiguous ones.
func PairUp(ports []*Port, configured []Pair) (pairs []*Pair, ambiguous []string) {
	byUUID := make(map[string]*Port, len(ports))
	for _, p := range ports {
		byUUID[p.UUID] = p
	}
	paired, taken := map[string]bool{}, map[string]bool{}
	for _, c := range configured {
		paired[c.Primary], paired[c.Secondary] = true, true
		taken[c.Name] = true
		if byUUID[c.Primary] != nil && byUUID[c.Secondary] != nil {
			pairs = append(pairs, &Pair{Name: c.Name, Primary: c.Primary, Secondary: c.Secondary})
		}
	}
	groups := redundancyGroups(ports, paired)
	var derived []*Pair
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		switch g := groups[key]; {
		case len(g.primary) == 1 && len(g.secondary) == 1:
			derived = append(derived, &Pair{Primary: g.primary[0].UUID, Secondary: g.secondary[0].UUID})
		case len(g.primary) > 1 || len(g.secondary) > 1:
			ambiguous = append(ambiguous, key)
		}
	}
	nameApart(derived, byUUID, taken)
	pairs = append(pairs, derived...)
	slices.SortFunc(pairs, func(a, b *Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs, ambiguous
}

type redundancyGroup struct{ primary, secondary []*Port }

// redundancyGroups gathers the ports that are not paired by the group that the
// latest inventory names. Equinix calls a group by the UUID of its primary port,
// which may then have no group itself: that tells the role of a port without a
// priority, too.
func redundancyGroups(ports []*Port, paired map[string]bool) map[string]redundancyGroup {
	groups := map[string]redundancyGroup{}
	for _, p := range ports {
		if p.Inventory == nil || paired[p.UUID] {
			continue
		}
		key := cmp.Or(p.Inventory.RedundancyGroup, p.UUID)
		g := groups[key]
		switch priority := p.Inventory.RedundancyPriority; {
		case priority == priorityPrimary, priority == "" && key == p.UUID:
			g.primary = append(g.primary, p)
		case priority == prioritySecondary && p.Inventory.RedundancyGroup != "", priority == "":
			g.secondary = append(g.secondary, p)
		default:
			continue
		}
		groups[key] = g
	}
	return groups
}

// nameApart names pairs after their ports. Ports may bear the same names, or a
// configured pair the name of this one: then the primary's UUID tells them apart.
func nameApart(pairs []*Pair, ports map[string]*Port, taken map[string]bool) {
	times := map[string]int{}
	for _, p := range pairs {
		p.Name = ports[p.Primary].Name() + " + " + ports[p.Secondary].Name()
		times[p.Name]++
	}
	for _, p := range pairs {
		apart := " (" + p.Primary + ")"
		if times[p.Name] > 1 {
			p.Name += apart
		}
		for taken[p.Name] {
			p.Name += apart
		}
		taken[p.Name] = true
	}
}

// MissingPairPorts returns the ports of p, a configured pair of the account a, that are
// not polled. ok is false while they may yet be found: until a listing of the
// account came through, and every other account's was tried.
func (s *Snapshot) MissingPairPorts(a *Account, p Pair) (uuids []string, ok bool) {
	if a.InventoryPoll.LastSuccess.IsZero() ||
		slices.ContainsFunc(s.Accounts, func(o Account) bool { return !o.InventoryPoll.Tried() }) {
		return nil, false
	}
	for _, uuid := range []string{p.Primary, p.Secondary} {
		if s.Port(uuid) == nil {
			uuids = append(uuids, uuid)
		}
	}
	return uuids, true
}

// PairView is a pair as it may be shown at one moment.
type PairView struct {
	*Pair

	Windows []Window

	now                time.Time
	primary, secondary *View
}

// NewPairView is the pair p as it may be shown at a time, with its ports as they may be
// shown then.
func NewPairView(p *Pair, primary, secondary *View, now time.Time) PairView {
	return PairView{Pair: p, Windows: primary.Windows, now: now, primary: primary, secondary: secondary}
}

// Same reports whether v shows what o shows, each at its own moment.
func (v *PairView) Same(o *PairView) bool {
	for _, d := range Directions() {
		if v.current(d) != o.current(d) {
			return false
		}
	}
	return v.Pair == o.Pair && v.primary.Same(o.primary) && v.secondary.Same(o.secondary)
}

// capacity is the smaller effective capacity of the two in bit/s: what is there
// should either fail. It is nil if one is unknown, or a port is down.
func (v *PairView) capacity() *float64 {
	for _, p := range []*View{v.primary, v.secondary} {
		if p.Inventory != nil && p.Inventory.OperationalStatus() == StatusDown {
			return nil
		}
	}
	a, b := v.primary.EffectiveCapacity(), v.secondary.EffectiveCapacity()
	if a == nil || b == nil {
		return nil
	}
	return new(min(*a, *b))
}

// Utilization is the load of both ports in the newest interval that both have,
// as a share of the smaller effective capacity. It is nil if either is not
// known now, or a port has no link up: then it has failed over already.
func (v *PairView) Utilization(d Direction) *float64 {
	if !v.current(d) {
		return nil
	}
	return ShareOf(v.Traffic[0].Of(d).Last, v.capacity())
}

// current reports whether the newest interval that both ports have is recent enough.
func (v *PairView) current(d Direction) bool {
	if !v.fresh(d, 0) {
		return false
	}
	load, w := v.Traffic[0].Of(d), v.Windows[0]
	w.Resolution = max(w.Resolution, load.Resolution)
	return w.Current(load.Newest, v.now)
}

// P95 is the 95th percentile of the load of both ports in a window as a share of
// the smaller effective capacity, nil if [PairView.Utilization] would be.
func (v *PairView) P95(d Direction, window int) *float64 {
	if !v.fresh(d, window) {
		return nil
	}
	return ShareOf(v.Traffic[window].Of(d).P95, v.capacity())
}

func (v *PairView) fresh(d Direction, window int) bool {
	fresh := func(t *Traffic) bool { return t != nil && !t.Rates(d).ended() }
	return window < len(v.Traffic) && fresh(v.primary.Traffic[window]) && fresh(v.secondary.Traffic[window])
}
