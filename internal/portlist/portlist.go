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
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/backfill"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// Daemon is what polls the ports.
type Daemon = backfill.Daemon

// Options are the output format and the time limit.
type Options struct {
	Format      string        // one of Formats
	Bars        bool          // in the table, beside the rates
	Units       human.Units   // of the rates in the table
	Timeout     time.Duration // after it, print what is known
	Window      time.Duration // print the traffic of the past 1d to 90d; 0: the newest values
	Concurrency int           // how many ports are asked for at a time, for a window
	Log         *slog.Logger
}

// Run runs d until every port has been polled, the timeout has passed or ctx is done,
// and then writes what is known to w. If no account could be read, it writes nothing
// and returns an error.
func Run(ctx context.Context, d Daemon, o Options, w io.Writer) error {
	write, ok := writers[o.Format]
	if !ok {
		return fmt.Errorf("unknown format %q", o.Format)
	}
	if o.Window != 0 {
		if err := checkWindow(o); err != nil {
			return err
		}
		write = usageWriters[o.Format]
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("--timeout %v leaves no time: give more than 0s", o.Timeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errors.New("timeout"))
	defer cancel()
	var l *list
	look := func(ctx context.Context) error {
		awaitPrices(ctx, d)
		l = newList(d.Snapshot(), time.Now())
		if o.Window != 0 {
			measureUsage(ctx, d, l, o)
		}
		return nil
	}
	if err := backfill.WhilePolling(ctx, d, look); err != nil {
		return err
	}
	if l == nil { // the time is over
		_ = look(ctx)
	}
	snap := d.Snapshot()
	if err := unread(snap, o.Log); err != nil {
		return err
	}
	if !snap.Complete() {
		o.Log.Warn("not all ports have been polled; printing what is known", "cause", context.Cause(ctx))
	}
	if err := write(w, *l, o); err != nil {
		return err
	}
	return refused(snap)
}

// awaitPrices returns when every port has had an answer about its list price, good or bad, or
// ctx is done. Prices are asked for after everything else.
func awaitPrices(ctx context.Context, d Daemon) {
	for look := time.Tick(100 * time.Millisecond); ; {
		snap := d.Snapshot()
		if !slices.ContainsFunc(snap.Ports, func(p *fleet.Port) bool {
			a, _ := snap.Account(p.Account)
			return a.Prices > 0 && a.LoginError == "" && p.Inventory != nil && !p.PricePoll.Tried()
		}) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-look:
		}
	}
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
