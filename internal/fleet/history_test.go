package fleet_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The mark is before an interval that one of the tracks lacks and that may still come.
func TestMarkOfAHistory(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return now.Add(time.Duration(minute) * time.Minute) }
	intervals := func(minutes ...int) (all []fleet.Interval) {
		for _, m := range minutes {
			all = append(all, fleet.Interval{Time: at(m), Mean: 1})
		}
		return all
	}
	for name, tt := range map[string]struct {
		inbound, outbound []fleet.Interval
		dropped           []fleet.Count
		want              int
	}{
		"nothing is missing":           {inbound: intervals(-20, -15, -10), outbound: intervals(-20, -15, -10), want: -10},
		"one direction knows nothing":  {inbound: intervals(-20, -15, -10), want: -10},
		"one direction is later":       {inbound: intervals(-20, -15, -10), outbound: intervals(-20, -15), want: -15},
		"one direction has a hole":     {inbound: intervals(-20, -15, -10), outbound: intervals(-20, -10), want: -20},
		"packets are later":            {inbound: intervals(-20, -15, -10), dropped: []fleet.Count{{End: at(-20)}}, want: -20},
		"a hole is long":               {inbound: intervals(-200, -10), want: -130},
		"one direction has long ended": {inbound: intervals(-600, -10), outbound: intervals(-600), want: -130},
	} {
		t.Run(name, func(t *testing.T) {
			a := fleet.Answer{Resolution: 5 * time.Minute}
			a.Inbound.Intervals, a.Outbound.Intervals = tt.inbound, tt.outbound
			l := fleet.NewLimits(&a, fleet.Window{Span: 24 * time.Hour, Resolution: 5 * time.Minute}, now.Add(-24*time.Hour), now)
			h := fleet.NewHistory(fleet.Subject{UUID: "aa"}, &a, &l, []fleet.CountTrack{{Quantity: fleet.PacketsDropped, Counts: tt.dropped}}, now, fleet.Rejected{})
			if !h.Mark.Equal(at(tt.want)) {
				t.Errorf("mark is %v, want %v", h.Mark, at(tt.want))
			}
		})
	}
}
