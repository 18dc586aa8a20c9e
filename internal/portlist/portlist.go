// Package portlist polls each port that the credentials see once, and prints the
// ports with their load.
package portlist

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// Daemon is what polls the ports.
type Daemon interface {
	Run(ctx context.Context) error // polls until ctx is done, and returns nil then
	Snapshot() *fleet.Snapshot     // never nil
}

// Options are the output format and the time limit.
type Options struct {
	Format  string        // one of Formats
	Bars    bool          // in the table, beside the rates
	Units   human.Units   // of the rates in the table
	Timeout time.Duration // after it, print what is known
	Log     *slog.Logger
}

// Run runs d until every port has been polled, the timeout has passed or ctx is done,
// and then writes what is known to w. If no account could be read, it writes nothing
// and returns an error.
func Run(ctx context.Context, d Daemon, o Options, w io.Writer) error {
	write, ok := writers[o.Format]
	if !ok {
		return fmt.Errorf("unknown format %q", o.Format)
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("--timeout %v leaves no time: give more than 0s", o.Timeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errors.New("timeout"))
	defer cancel()
	if err := poll(ctx, d); err != nil {
		return err
	}
	snap := d.Snapshot()
	if err := unread(snap, o.Log); err != nil {
		return err
	}
	if !snap.Complete() {
		o.Log.Warn("not all ports have been polled; printing what is known", "cause", context.Cause(ctx))
	}
	if err := write(w, newList(snap, time.Now()), o); err != nil {
		return err
	}
	return refused(snap)
}

// poll runs d until its ports have been polled or ctx is done. A failed poll may
// succeed later: ports fail until the traffic source is known, and why a port has no
// samples is polled last. So after the first cycle poll waits as long as the number
// of pending ports falls.
func poll(ctx context.Context, d Daemon) error {
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
			if before == 0 || now.Sub(since) >= patience {
				cancel()
			}
		}
	}
}

// pending counts the listings and ports that may yet get an answer. If the login of
// an account was refused, its ports are not pending.
func pending(snap *fleet.Snapshot) int {
	n := 0
	refused := map[string]bool{}
	for _, a := range snap.Accounts {
		refused[a.Name] = a.LoginError != ""
		if !a.InventoryPoll.OK && !refused[a.Name] {
			n++
		}
	}
	for _, p := range snap.Ports {
		answered := p.Polls[0].OK && (sampled(p) || p.Attached != nil)
		if !answered && !refused[p.Account] {
			n++
		}
	}
	return n
}

// unread returns an error if no account has answered. If some have, it logs the others.
func unread(snap *fleet.Snapshot, log *slog.Logger) error {
	var silent []string
	for _, a := range snap.Accounts {
		if a.LastData.IsZero() {
			why := human.Printable(cmp.Or(a.LoginError, a.LastError, "no answer yet"))
			silent = append(silent, fmt.Sprintf("account %q: %s", a.Name, why))
		}
	}
	if len(silent) == len(snap.Accounts) {
		return fmt.Errorf("no account could be read: %s", strings.Join(silent, "; "))
	}
	for _, s := range silent {
		log.Warn("an account could not be read; its ports may be missing", "err", s)
	}
	return nil
}

// refused returns an error if the login of an account was refused, since its ports
// are missing in the output.
func refused(snap *fleet.Snapshot) error {
	var errs []error
	for _, a := range snap.Accounts {
		if a.LoginError != "" {
			errs = append(errs, fmt.Errorf("the list is not complete: account %q: %s", a.Name, human.Printable(a.LoginError)))
		}
	}
	return errors.Join(errs...)
}
