// Package portlist prints the ports that the credentials see, with their load,
// once each of them has been asked for it.
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

// Options say what is printed, and when at the latest.
type Options struct {
	Format  string        // one of Formats
	Bars    bool          // in the table, beside the rates
	Timeout time.Duration // print then what there is
	Log     *slog.Logger
}

// Run has d poll until every port has been tried, the timeout has passed or ctx
// is done, and writes to w what is known then. It writes nothing and returns an
// error where no account could be read.
func Run(ctx context.Context, d Daemon, o Options, w io.Writer) error {
	write, ok := writers[o.Format]
	if !ok {
		return fmt.Errorf("unknown format %q", o.Format)
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("--timeout %v leaves no time: give more than 0s", o.Timeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
	defer cancel()
	if err := settle(ctx, d); err != nil {
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

// refused is an error where an account's login was refused: its ports are missing
// in what was printed.
func refused(snap *fleet.Snapshot) error {
	var errs []error
	for _, a := range snap.Accounts {
		if a.LoginError != "" {
			errs = append(errs, fmt.Errorf("the list is not complete: account %q: %s", a.Name, human.Printable(a.LoginError)))
		}
	}
	return errors.Join(errs...)
}

var errTimeout = errors.New("timeout")

// settle runs d until its ports have settled or ctx is done.
func settle(ctx context.Context, d Daemon) error {
	dctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(dctx) }()
	var s settling
	for look := time.Tick(100 * time.Millisecond); ; {
		select {
		case err := <-ended:
			return err
		case now := <-look:
			if s.settled(d.Snapshot(), now) {
				cancel()
			}
		}
	}
}

// settling watches the first cycle come to its end. A failure is not the last
// word at once: where the traffic source is found by trying, ports fail until
// the next one is asked, and why there are no samples is asked after them.
type settling struct {
	pending int       // as of since
	since   time.Time // zero before the first cycle is complete
}

// patience is how long the same number of ports may be pending before they are
// taken to have failed.
const patience = 5 * time.Second

func (s *settling) settled(snap *fleet.Snapshot, now time.Time) bool {
	if !snap.Complete() {
		return false
	}
	if n := pending(snap); s.since.IsZero() || n != s.pending {
		s.pending, s.since = n, now
	}
	return s.pending == 0 || now.Sub(s.since) >= patience
}

// pending counts the listings and ports of which there may yet be more to say:
// no patience helps against a refused login.
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
		told := p.Polls[0].OK && (sampled(p) || p.Attached != nil)
		if !told && !refused[p.Account] {
			n++
		}
	}
	return n
}

// unread returns an error where no account has answered, and logs those that
// have not where others have.
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
