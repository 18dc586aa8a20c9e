package fleet

import (
	"cmp"
	"slices"
	"time"
)

// Views are all ports of known accounts as they may be shown now, sorted by UUID.
func (s *Snapshot) Views(now time.Time) []View {
	accounts := make(map[string]*Account, len(s.Accounts))
	for i := range s.Accounts {
		accounts[s.Accounts[i].Name] = &s.Accounts[i]
	}
	all := make([]View, 0, len(s.Ports))
	for _, p := range s.Ports {
		if a := accounts[p.Account]; a != nil {
			all = append(all, s.View(a, p, now))
		}
	}
	return all
}

// Busiest views every port as it may be shown now, those with the highest
// utilization first and those of unknown utilization last.
func (s *Snapshot) Busiest(now time.Time) []View {
	type ranked struct {
		View

		utilization float64 // -1 if it is unknown
	}
	var all []ranked
	for _, v := range s.Views(now) {
		r := ranked{v, -1}
		if u := v.Utilization(); u != nil {
			r.utilization = *u
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.utilization, a.utilization), cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.UUID, b.UUID))
	})
	views := make([]View, len(all))
	for i, r := range all {
		views[i] = r.View
	}
	return views
}

// Utilization is the last polled rate of the busier direction as a share of the
// line rate, nil if either is unknown.
func (v *View) Utilization() *float64 {
	capacity := v.Capacity()
	var busier *float64
	for _, d := range Directions() {
		if share := ShareOf(v.Last(d), capacity); share != nil && (busier == nil || *share > *busier) {
			busier = share
		}
	}
	return busier
}

// ShareOf is a rate as a share of a capacity, nil if either is unknown.
func ShareOf(rate, capacity *float64) *float64 {
	if rate == nil || capacity == nil || *capacity <= 0 {
		return nil
	}
	return new(*rate / *capacity)
}

// NewestSample is the time of the newest sample of either direction, zero if
// there never was one.
func (v *View) NewestSample() time.Time {
	in, out := v.Newest(Inbound), v.Newest(Outbound)
	if in.After(out) {
		return in
	}
	return out
}
