package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pairRow is a pair, and what a failover would do.
type pairRow struct {
	Name               string
	Primary, Secondary portLink
	Class              string
	In, Out            failover
	Why                string // why that is unknown; "" if it is known
}

// failover is the load of both ports on one, as a share of its capacity.
type failover struct {
	Now      meter
	P95      number
	P95Class string
}

// addPairs adds the pairs with a port that the filters let through, or of a name that is
// searched for, the worst first.
func (p *fleetPage) addPairs(pairs []*fleet.Pair, ports map[string]*portView, now time.Time) {
	type ranked struct {
		fleet.PairView

		level fleet.Level
		share *float64
	}
	var all []ranked
	for _, pair := range pairs {
		primary, secondary := ports[pair.Primary], ports[pair.Secondary]
		if primary == nil || secondary == nil {
			continue
		}
		without := p.query // the text that is searched for
		without.Q = ""
		named := p.Q != "" && p.finds(pair.Name) && (without.matches(&primary.View) || without.matches(&secondary.View))
		if !named && !p.matches(&primary.View) && !p.matches(&secondary.View) {
			continue
		}
		r := ranked{PairView: fleet.NewPairView(pair, &primary.View, &secondary.View, now)}
		r.level, r.share = r.Worst()
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.level, a.level), descending(a.share, b.share)) })
	p.PairPager = p.newPager("pairs", "pairs", p.PairPage, maxPairs, len(all))
	for _, r := range rows(p.PairPager, all) {
		p.Pairs = append(p.Pairs, newPairRow(&r.PairView, ports[r.Primary], ports[r.Secondary]))
	}
}

func newPairRow(v *fleet.PairView, primary, secondary *portView) pairRow {
	l, share := v.Worst()
	row := pairRow{
		Name: v.Name, Primary: primary.link(), Secondary: secondary.link(), Class: class(l),
		In: newFailover(v, fleet.Inbound), Out: newFailover(v, fleet.Outbound),
	}
	if share != nil {
		return row
	}
	row.Why = "the two ports have no intervals in common"
	for _, p := range []*portView{primary, secondary} {
		switch {
		case p.Inventory != nil && p.Inventory.OperationalStatus() == fleet.StatusDown:
			row.Why = p.Name() + " is down: it has failed over already"
			return row
		case p.Traffic[0] == nil:
			row.Why = "no traffic known of " + p.Name()
		case p.EffectiveCapacity() == nil:
			row.Why = "capacity of " + p.Name() + " unknown"
		}
	}
	return row
}

func newFailover(v *fleet.PairView, d fleet.Direction) failover {
	return failover{
		Now: newMeter(v.Utilization(d), v.ShareLevel(d)),
		P95: shareOf(v.P95(d, 0)), P95Class: class(v.P95Level(d, 0)),
	}
}
