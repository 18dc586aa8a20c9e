// Package backfill asks Equinix for the intervals of the past, and writes them to a file for
// Prometheus or sends them to the receivers of remote write. Begin at [Run].
package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// Options say what to ask for, and where to put it.
type Options struct {
	From, To   string   // as [parseTime] reads them
	Resolution string   // 5m or 1h
	Ports      []string // UUIDs and patterns of names; all ports if there are none

	Output      string    // file, or "-" for standard output; "" for Receivers
	Receivers   Receivers // nil for Output
	ProgressDir string    // of a backfill to Receivers; that of a file is beside it

	Concurrency    int // ports and connections at a time, of each account
	Stdout, Stderr io.Writer
	Terminal       bool // Stderr is one
	Log            *slog.Logger
}

// Receivers take samples by remote write.
type Receivers interface {
	Send(ctx context.Context, h fleet.History) error // returns when all is accepted or refused, or ctx is done
	Refused() map[string]map[string]int              // samples, by receiver (all of them) and reason
}

// run is one run of a backfill.
type run struct {
	Options

	d        Daemon
	progress *progress
	file     *file // nil for receivers
	meter    meter

	mu     sync.Mutex
	failed []*subject // not complete: a repeat may get the rest
	errs   []error    // why subjects are missing altogether
}

// Run asks d for the history of its ports and connections. It reports what it got on o.Stderr.
// The error is not nil if something is missing that the same command may get if it is repeated.
func Run(ctx context.Context, d Daemon, o Options) error {
	r := &run{Options: o, d: d}
	t, err := newTask(&o, time.Now())
	if err != nil {
		return err
	}
	dir := o.ProgressDir
	if o.Output == "-" {
		if dir, err = os.MkdirTemp("", "backfill."); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	} else if o.Output != "" {
		dir = o.Output + ".part"
	}
	if r.progress, err = open(dir, t); err != nil {
		return err
	}
	defer r.progress.close()
	if o.Output != "" {
		if r.file, err = newFile(dir, r.progress.Done); err != nil {
			return err
		}
		defer func() { _ = r.file.points.Close() }()
	}
	stop := r.meter.show(o.Stderr, o.Terminal, o.Log)
	err = WhilePolling(ctx, d, r.askAll)
	stop()
	switch {
	case ctx.Err() != nil && o.Output == "-":
		return fmt.Errorf("stopped: %w", context.Cause(ctx))
	case ctx.Err() != nil:
		return fmt.Errorf("stopped: %w; repeat the command to go on, or delete %s", context.Cause(ctx), dir)
	case err != nil:
		return err
	}
	return r.finish()
}

// newTask checks the flags.
func newTask(o *Options, now time.Time) (t task, err error) {
	if (o.Output == "") == (o.Receivers == nil) {
		return t, errors.New("give either --output=FILE or --remote-write")
	}
	var errs []error
	if info, err := os.Stat(o.Output); err == nil && !info.Mode().IsRegular() {
		errs = append(errs, fmt.Errorf("--output=%s is not a regular file; give - for standard output", o.Output))
	}
	for _, at := range []struct {
		flag, text string
		time       *time.Time
	}{{"--from", o.From, &t.From}, {"--to", o.To, &t.To}} {
		if *at.time, err = parseTime(at.text, now); err != nil {
			errs = append(errs, fmt.Errorf("%s=%s: %w", at.flag, at.text, err))
		}
	}
	if t.Resolution = resolutions[o.Resolution]; t.Resolution == 0 {
		errs = append(errs, fmt.Errorf("--resolution=%s: give 5m or 1h", o.Resolution))
	}
	for _, p := range o.Ports {
		if _, err := regexp.Compile(p); err != nil {
			errs = append(errs, fmt.Errorf("--ports=%s: %w", p, err))
		}
	}
	switch {
	case len(errs) > 0:
	case t.From.Before(now.Add(-history.Oldest - time.Minute)):
		errs = append(errs, fmt.Errorf("--from=%s: Equinix keeps %s", o.From, human.Duration(history.Oldest)))
	case t.To.After(now):
		errs = append(errs, fmt.Errorf("--to=%s is in the future", o.To))
	case !t.From.Before(t.To):
		errs = append(errs, fmt.Errorf("--from=%s is not before --to=%s", o.From, o.To))
	}
	t.Command = fmt.Sprintf("--from=%s --to=%s --resolution=%s", o.From, o.To, o.Resolution)
	for _, p := range o.Ports {
		t.Command += " --ports=" + p
	}
	if o.Receivers != nil { // another receiver needs what the others have
		t.Command += " --remote-write, to " + strings.Join(slices.Sorted(maps.Keys(o.Receivers.Refused())), ", ")
	}
	return t, errors.Join(errs...)
}

var resolutions = map[string]time.Duration{"5m": 5 * time.Minute, "1h": time.Hour}

// parseTime reads how long ago it was ("90d", "0s"), a day in UTC ("2026-11-30"), or a time as
// in RFC 3339.
func parseTime(text string, now time.Time) (time.Time, error) {
	if ago, err := model.ParseDuration(text); err == nil {
		return now.Add(-time.Duration(ago)).UTC().Truncate(time.Second), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, errors.New("give how long ago it was, as in 90d, or a time, as in 2026-11-30 or 2026-11-30T18:00:00Z")
}

// subjects are the ports and connections to ask for, in the order of their UUIDs, by account.
func (r *run) subjects(snap *fleet.Snapshot) (map[string][]fleet.Subject, error) {
	of, all, wanted := map[string][]fleet.Subject{}, 0, map[string]bool{}
	for _, p := range snap.Ports {
		matches := func(pattern string) bool {
			return strings.EqualFold(pattern, p.UUID) || regexp.MustCompile("^(?:"+pattern+")$").MatchString(p.Name())
		}
		if len(r.Ports) == 0 || slices.ContainsFunc(r.Ports, matches) {
			wanted[p.UUID] = true
			of[p.Account] = append(of[p.Account], fleet.Subject{Account: p.Account, UUID: p.UUID, Name: p.Name()})
			all++
		}
	}
	for _, c := range snap.Connections {
		if c.CarriesTraffic() && (wanted[c.ASidePort] || wanted[c.ZSidePort]) {
			of[c.Account] = append(of[c.Account], fleet.Subject{Account: c.Account, Connection: true, UUID: c.UUID, Name: c.Name()})
			all++
		}
	}
	for _, a := range snap.Accounts {
		why := ""
		switch {
		case a.LoginError != "":
			why = a.LoginError
		case a.LastData.IsZero():
			why = a.LastError
		case !a.InventoryPoll.OK:
			why = "its ports could not be listed: " + a.InventoryPoll.Err
		}
		if why != "" {
			r.errs = append(r.errs, fmt.Errorf("account %s: %s", human.Printable(a.Name), human.Printable(why)))
		}
	}
	switch {
	case all == 0 && len(r.errs) > 0:
		return nil, errors.Join(r.errs...)
	case all == 0 && len(r.Ports) > 0:
		return nil, fmt.Errorf("no port matches --ports=%s; the command ports lists the names", strings.Join(r.Ports, " --ports="))
	}
	return of, nil
}

// askAll asks for everything that is not complete, several subjects of an account at a time:
// the client keeps to the request budget.
func (r *run) askAll(ctx context.Context) error {
	subjects, err := r.subjects(r.d.Snapshot())
	if err != nil {
		return err
	}
	due := 0
	for account, all := range subjects {
		subjects[account] = slices.DeleteFunc(all, r.progress.complete)
		due += len(subjects[account])
	}
	t := &r.progress.Task
	r.meter.begin(due * len(history.Slices(t.Resolution, t.From, t.To)))
	accounts, ctx := errgroup.WithContext(ctx)
	for _, all := range subjects {
		accounts.Go(func() error {
			g, ctx := errgroup.WithContext(ctx)
			g.SetLimit(r.Concurrency)
			for _, of := range all {
				g.Go(func() error { return r.ask(ctx, of) })
			}
			return g.Wait()
		})
	}
	return accounts.Wait()
}

// ask asks for one port or connection, and records that it is complete unless a request failed
// for a reason that may pass. An error ends the backfill.
func (r *run) ask(ctx context.Context, of fleet.Subject) error {
	s := &subject{Subject: of, tally: newTally()}
	t := &r.progress.Task
	err := Ask(ctx, r.d, of, t.Resolution, t.From, t.To, func(a *Answer) error {
		s.add(a, t.Resolution)
		points := 0
		for _, track := range a.Tracks {
			points += len(track.Points)
		}
		r.meter.step(points)
		switch {
		case points == 0:
			return nil
		case r.file == nil:
			return r.Receivers.Send(ctx, a.History)
		}
		stretches, err := r.file.Take(&a.History)
		s.Stretches = append(s.Stretches, stretches...)
		return err
	})
	if err != nil {
		return err
	}
	if len(s.failed) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failed = append(r.failed, s)
		return nil
	}
	if r.file != nil {
		if err := r.file.points.Sync(); err != nil {
			return err
		}
	}
	return r.progress.add(s)
}

// finish writes the file, and says what came of it all.
func (r *run) finish() error {
	got := append(slices.Clone(r.progress.Done), r.failed...)
	target := ""
	var err error
	switch r.Output {
	case "":
		target = "sent"
	case "-":
		target, err = "written", r.file.write(r.Stdout, got)
	default:
		target, err = "written to "+r.Output, r.file.replace(r.Output, r.progress.dir, got)
	}
	if err != nil {
		return err
	}
	report(r.Stderr, got, r.progress.Task.Resolution, target)
	if len(r.failed) > 0 {
		r.errs = append(r.errs, fmt.Errorf("%s not complete", countOf(r.failed)))
	}
	switch {
	case len(r.errs) > 0 && r.Output == "-":
		return fmt.Errorf("%w; repeat the command", errors.Join(r.errs...))
	case len(r.errs) > 0:
		return fmt.Errorf("%w; repeat the command: it asks only for what is missing, as long as %s is there", errors.Join(r.errs...), r.progress.dir)
	}
	if err := r.progress.remove(); err != nil || r.Receivers == nil {
		return err
	}
	return refusals(r.Receivers.Refused())
}
