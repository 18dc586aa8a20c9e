package web

import (
	"strings"
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
	return newSpark(t.Rates(d), r.Windows[0], t.Answered(d), r.capacity, d)
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

// late are the directions whose newest sample is too old to be called the last.
func (r *reading) late() []string {
	var all []string
	for _, d := range fleet.Directions() {
		if t := r.Traffic[0]; t != nil && t.Rates(d).Last != nil && r.Last(d) == nil {
			all = append(all, string(d))
		}
	}
	return all
}

// stale says what was known and is not shown any more, because of its age.
func (r *reading) stale() []string {
	var old, all []string
	for i, t := range r.Port.Traffic {
		if t != nil && r.Traffic[i] == nil {
			old = append(old, "traffic "+r.Windows[i].Label())
		}
	}
	if r.Port.Connections != nil && r.Connections == nil && r.Confirmed {
		old = append(old, "connections")
	}
	if r.Port.Inventory != nil && r.Inventory == nil {
		old = append(old, "inventory")
	}
	if len(old) > 0 {
		all = append(all, "stale: "+strings.Join(old, ", "))
	}
	if late := r.late(); len(late) > 0 {
		all = append(all, "no current sample: "+strings.Join(late, ", "))
	}
	return all
}
