package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// connectionRow is a tracked connection as the page of its port shows it.
type connectionRow struct {
	Name, UUID, Other, VLAN, State, Status, StatusClass string
	Bandwidth                                           number
	In, Out                                             rate
	Sample                                              moment
	Problem                                             string
}

// elsewhere is a connection of the port, and the port whose page has its rates.
type elsewhere struct {
	Name string
	On   portLink
}

// addConnections adds the tracked connections that are seen from the port, the fullest
// first, and how many connections there are by state.
func (p *portPage) addConnections(snap *fleet.Snapshot, v *portView, now time.Time) {
	type ranked struct {
		fleet.ConnectionView

		share *float64
	}
	var all []ranked
	for _, c := range snap.Connections {
		if c.Port != v.UUID {
			if c.ASidePort == v.UUID || c.ZSidePort == v.UUID {
				p.addElsewhere(c.Name(), snap.Port(c.Port))
			}
			continue
		}
		a, ok := snap.Account(c.Account)
		if !ok {
			continue
		}
		r := ranked{ConnectionView: snap.ConnectionView(&a, v.Port, c, now)}
		for _, d := range fleet.Directions() {
			if s := r.Share(d); s != nil && (r.share == nil || *s > *r.share) {
				r.share = s
			}
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		return cmp.Or(descending(a.share, b.share), cmp.Compare(a.Name(), b.Name()))
	})
	p.Pager = p.newPager("connections", "connections", p.ConnectionPage, maxConnections, len(all))
	for _, r := range rows(p.Pager, all) {
		p.Tracked = append(p.Tracked, newConnectionRow(&r.ConnectionView, p.Units))
	}
	if v.Connections == nil {
		return
	}
	p.Counted = true
	for _, state := range slices.Sorted(maps.Keys(v.Connections.States)) {
		p.States = append(p.States, count{state, countOf(v.Connections.States[state])})
	}
}

// addElsewhere adds a tracked connection of the port that is seen from the port at its
// other side.
func (p *portPage) addElsewhere(name string, other *fleet.Port) {
	switch {
	case other == nil: // it is on no port of its account
	case len(p.Elsewhere) == maxElsewhere:
		p.MoreElsewhere++
	default:
		p.Elsewhere = append(p.Elsewhere, elsewhere{name, portLink{other.UUID, other.Name()}})
	}
}

func newConnectionRow(v *fleet.ConnectionView, u human.Units) connectionRow {
	other := v.End(fleet.ZSide)
	if v.Side == fleet.ZSide {
		other = v.End(fleet.ASide)
	}
	row := connectionRow{Name: v.Name(), UUID: v.UUID, Other: other.Name, VLAN: v.End(v.Side).VLAN}
	if other.Metro != "" {
		row.Other = strings.TrimSpace(row.Other + " (" + other.Metro + ")")
	}
	if v.Facts != nil {
		row.State, row.Status, row.StatusClass = cmp.Or(v.Facts.State, fleet.Unknown), v.Facts.Status, statusClass(v.Facts.Status)
		row.Bandwidth = rateOf(v.Facts.Bandwidth, u)
	}
	row.In, row.Out = connectionRate(v, fleet.Inbound, u), connectionRate(v, fleet.Outbound, u)
	newest := v.Newest(fleet.Inbound)
	if out := v.Newest(fleet.Outbound); out.After(newest) {
		newest = out
	}
	row.Sample = newMoment(newest, v.Now)
	switch {
	case !v.CarriesTraffic():
	case v.Attached != nil && !*v.Attached:
		row.Problem = "not attached to a stream"
	case v.Subject.Polls[0].Err != "":
		row.Problem = short(v.Subject.Polls[0].Err)
	}
	return row
}

func connectionRate(v *fleet.ConnectionView, d fleet.Direction, u human.Units) rate {
	r := rate{Last: rateOf(v.Last(d), u), Now: newMeter(v.Share(d), v.ShareLevel(d))}
	if t := v.Traffic[0]; t != nil {
		r.P95 = rateOf(t.Rates(d).P95, u)
	}
	return r
}
