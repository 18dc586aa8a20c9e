package web

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// reading is a port at the moment it is looked at.
type reading struct {
	fleet.View

	in, out  *float64 // last polled, bit/s
	capacity *float64 // line rate, bit/s
}

// busiestFirst reads all ports, those with the highest load first and those
// whose load is unknown last.
func busiestFirst(snap *fleet.Snapshot, now time.Time) []reading {
	views := snap.Busiest(now)
	readings := make([]reading, len(views))
	for i, v := range views {
		readings[i] = reading{View: v, in: v.Last(fleet.Inbound), out: v.Last(fleet.Outbound), capacity: v.Capacity()}
	}
	return readings
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
