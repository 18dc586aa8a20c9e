package fleet_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Shares are of the links that are up: of this LAG one of two is, 10 of 20 Gbit/s.
func TestLevelsAreOfTheLinksThatAreUp(t *testing.T) {
	for _, tt := range []struct {
		last, p95    float64 // bit/s
		status       string
		now, of, all fleet.Level // of the last polled rate, of p95, and the worst of all
	}{
		{7.9e9, 7.9e9, fleet.StatusUp, fleet.Fine, fleet.Fine, fleet.Fine},
		{8e9, 8e9, fleet.StatusUp, fleet.Warning, fleet.Warning, fleet.Warning},
		{8.9e9, 9.4e9, fleet.StatusUp, fleet.Warning, fleet.Warning, fleet.Warning},
		{9e9, 0, fleet.StatusUp, fleet.Critical, fleet.Fine, fleet.Critical},
		{0, 9.5e9, fleet.StatusUp, fleet.Fine, fleet.Critical, fleet.Critical},
		{0, 0, fleet.StatusPartial, fleet.Fine, fleet.Fine, fleet.Warning},
		{0, 0, fleet.StatusDown, fleet.Fine, fleet.Fine, fleet.Critical},
	} {
		v := viewed(func(p *fleet.Port) {
			p.Inventory.Status = tt.status
			p.Traffic[0].Inbound.Last, p.Traffic[0].Inbound.P95 = new(tt.last), new(tt.p95)
		})(noon)
		worst, share := v.Worst()
		if now, of := v.ShareLevel(fleet.Inbound), v.P95Level(fleet.Inbound, 0); now != tt.now || of != tt.of || worst != tt.all {
			t.Errorf("%+v: %v, %v, %v", tt, now, of, worst)
		}
		if want := max(tt.last, tt.p95) / 10e9; share == nil || *share != want {
			t.Errorf("%+v: the highest share is not %v", tt, want)
		}
	}
	unknown := viewed(nil)(noon.Add(76 * time.Minute)) // the inventory and the traffic are stale
	if worst, share := unknown.Worst(); worst != fleet.Fine || share != nil {
		t.Errorf("of what is unknown: %v, %v", worst, share)
	}
}

// A port that is being built is down for weeks, and no alert fires for it.
func TestLevelOfAPortThatComesOrGoes(t *testing.T) {
	for state, want := range map[string]fleet.Level{
		"ACTIVE": fleet.Critical, "": fleet.Critical, "PROVISIONED": fleet.Critical,
		"PROVISIONING": fleet.Fine, "PENDING_CROSS_CONNECT": fleet.Fine, "DEPROVISIONED": fleet.Fine, "TO_BE_DELETED": fleet.Fine,
	} {
		v := viewed(func(p *fleet.Port) { p.Inventory.State, p.Inventory.Status = state, fleet.StatusDown })(noon)
		if got := v.StatusLevel(); got != want {
			t.Errorf("%s and down: %v, want %v", state, got, want)
		}
	}
}

func TestLevelOfALAGWithOneLinkLess(t *testing.T) {
	for last, want := range map[float64]fleet.Level{8.9e9: fleet.Fine, 9e9: fleet.Warning, 10e9: fleet.Critical} {
		v := viewed(func(p *fleet.Port) {
			p.Inventory.Links[1].Status = fleet.StatusUp
			p.Traffic[0].Inbound.Last = new(last)
		})(noon)
		if got := v.LAGLevel(fleet.Inbound); got != want {
			t.Errorf("%v of 10 Gbit/s: %v, want %v", last, got, want)
		}
	}
}

func TestLevelOfAConnectionIsOfItsBandwidth(t *testing.T) {
	snap := &fleet.Snapshot{Windows: []fleet.Window{oneDay}, StaleIntervals: 5}
	account := &fleet.Account{Connections: time.Minute, ConnectionWindows: []time.Duration{time.Minute}}
	for last, want := range map[float64]fleet.Level{0.89e9: fleet.Fine, 0.9e9: fleet.Critical} {
		c := &fleet.Tracked{
			Metered:    fleet.Metered{Traffic: []*fleet.Traffic{{At: noon, Outbound: fleet.Rates{Last: new(last), Newest: noon}}}, Polls: []fleet.Poll{{}}},
			Connection: fleet.Connection{Bandwidth: new(1e9)}, At: noon,
		}
		v := snap.ConnectionView(account, &fleet.Port{}, c, noon)
		if got := v.ShareLevel(fleet.Outbound); got != want {
			t.Errorf("%v of 1 Gbit/s: %v, want %v", last, got, want)
		}
		stale := snap.ConnectionView(account, &fleet.Port{}, c, noon.Add(6*time.Minute))
		if stale.Share(fleet.Outbound) != nil {
			t.Error("a share of a stale rate")
		}
	}
}
