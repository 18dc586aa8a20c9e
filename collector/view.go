package collector

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// accountView is an account at the moment of a scrape.
type accountView struct {
	*fleet.Account

	now     time.Time
	watched int // connections of the account that have series
	dropped int // series
}

// accountViews are the accounts of a snapshot, in its order.
func accountViews(snap *fleet.Snapshot, h hidden, now time.Time) []accountView {
	watched := map[string]int{}
	for _, c := range snap.Connections {
		if p := snap.Port(c.Port); p != nil && p.Listed && !h.connections[c.UUID] {
			watched[c.Account]++
		}
	}
	views := make([]accountView, len(snap.Accounts))
	for i := range snap.Accounts {
		a := &snap.Accounts[i]
		views[i] = accountView{Account: a, now: now, watched: watched[a.Name]}
		if allowed := h.accounts[a.Name]; allowed != nil {
			views[i].dropped = allowed.series
		}
	}
	return views
}

// sendBytes sends bit/s as bytes/s, and nothing for nil.
func sendBytes(send emit, bits *float64, labels ...string) {
	if bits != nil {
		send(*bits/8, labels...)
	}
}

// one is 1 for true and 0 for false.
func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unix is t in seconds since the epoch, to the millisecond that a float64 holds
// without noise.
func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
