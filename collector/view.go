package collector

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// accountView is an account at the moment of a scrape.
type accountView struct {
	*fleet.Account

	now time.Time
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
