package backfill

import (
	"context"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Poller is the part of [Daemon] that polls.
type Poller interface {
	Run(ctx context.Context) error
	Snapshot() *fleet.Snapshot
}

// WhilePolling runs d. Once its ports have been polled it calls then, and stops d when then
// has returned. If ctx is done before, it returns nil without calling then.
//
// A failed poll may succeed later: ports fail until the traffic source is known, and why a
// port has no samples is polled last. So after the first cycle it waits as long as the
// number of pending ports falls.
func WhilePolling(ctx context.Context, d Poller, then func(ctx context.Context) error) error {
	const patience = 5 * time.Second
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	before, since := -1, time.Time{}
	for look := time.Tick(100 * time.Millisecond); ; {
		select {
		case err := <-ended:
			return err
		case now := <-look:
			snap := d.Snapshot()
			if !snap.Complete() {
				continue
			}
			if n := pending(snap); n != before {
				before, since = n, now
			}
			if before > 0 && now.Sub(since) < patience {
				continue
			}
			err := then(ctx)
			cancel()
			if stopped := <-ended; err == nil {
				err = stopped
			}
			return err
		}
	}
}

// pending counts the listings, ports and connections that may yet get an answer. If the login
// of an account was refused, its ports are not pending. Of connections nothing is needed but
// their traffic source.
func pending(snap *fleet.Snapshot) int {
	n := 0
	refused := map[string]bool{}
	for _, a := range snap.Accounts {
		if refused[a.Name] = a.LoginError != ""; refused[a.Name] {
			continue
		}
		if !a.InventoryPoll.OK {
			n++
		}
		if a.ConnectionSource == "" {
			for _, c := range snap.ConnectionsOf(a.Name) {
				if !c.Polls[0].OK {
					n++
				}
			}
		}
	}
	for _, p := range snap.Ports {
		answered := p.Polls[0].OK && (p.Sampled() || p.Attached != nil)
		if !answered && !refused[p.Account] {
			n++
		}
	}
	return n
}
