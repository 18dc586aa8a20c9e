package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// reading is a port at the moment it is looked at.
type reading struct {
	fleet.View

	in, out  *float64 // last polled, bit/s
	capacity *float64 // line rate, bit/s
	load     float64  // the busier direction as a share of the capacity; -1 where unknown
}

// busiestFirst reads all ports, those with the highest load first and those
// whose load is unknown last.
func busiestFirst(snap *fleet.Snapshot, now time.Time) []reading {
	readings := make([]reading, 0, len(snap.Ports))
	for _, p := range snap.Ports {
		if a, ok := snap.Account(p.Account); ok {
			readings = append(readings, newReading(snap.View(&a, p, now)))
		}
	}
	slices.SortFunc(readings, func(a, b reading) int {
		return cmp.Or(cmp.Compare(b.load, a.load), cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.UUID, b.UUID))
	})
	return readings
}

func newReading(v fleet.View) reading {
	r := reading{View: v, in: v.Last(fleet.Inbound), out: v.Last(fleet.Outbound), capacity: v.Capacity(), load: -1}
	if r.capacity != nil && *r.capacity > 0 {
		for _, v := range []*float64{r.in, r.out} {
			if v != nil {
				r.load = max(r.load, *v / *r.capacity)
			}
		}
	}
	return r
}

// newest is the time of the newest sample of either direction.
func (r *reading) newest() time.Time {
	in, out := r.Newest(fleet.Inbound), r.Newest(fleet.Outbound)
	if in.After(out) {
		return in
	}
	return out
}

// spark draws a direction over the primary window, unless it has gone stale.
func (r *reading) spark(d fleet.Direction) spark {
	t := r.Traffic[0]
	if t == nil {
		return spark{}
	}
	return newSpark(t.Series(d), r.Windows[0], t.At, r.capacity, d)
}

// problems are the faults of the latest polls, and why there may be no data.
func (r *reading) problems() []string {
	var all []string
	if r.Attached != nil && !*r.Attached {
		all = append(all, "not attached to a stream")
	}
	for i, poll := range r.Polls {
		if poll.Err != "" {
			all = append(all, "traffic "+r.Windows[i].Label()+": "+short(poll.Err))
		}
	}
	if err := r.ConnectionsPoll.Err; err != "" {
		all = append(all, "connections: "+short(err))
	}
	return all
}
