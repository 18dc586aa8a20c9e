// Package doctor checks a configuration against the API and the receivers of remote write. It reports what each check found,
// and what to do if something is wrong. It makes about as many calls as the first cycle of
// the exporter, and changes nothing.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// Options are what is checked, and how the report is written.
type Options struct {
	Load      func() (*config.Config, error)
	Transport http.RoundTripper // to Equinix; if nil, each account has its own, by its settings
	// Wrap puts something between an account, numbered from 1 as in the configuration, and
	// its transport. It may be nil.
	Wrap      func(account int, next http.RoundTripper) http.RoundTripper
	UserAgent string
	Format    string        // one of Formats
	Timeout   time.Duration // for all calls together
	Log       *slog.Logger

	ForgetRefusals bool // log in however often the login was refused before
}

// Run checks all accounts at the same time, and writes the report to w. It returns an error
// if a check failed, or if not all were done; warnings are no error. The error of a faulty
// configuration is that of Load, and only JSON reports it too.
func Run(ctx context.Context, o Options, w io.Writer) error {
	write, ok := writers[o.Format]
	if !ok {
		return fmt.Errorf("unknown format %q", o.Format)
	}
	cfg, err := o.Load()
	if err != nil {
		if o.Format == formatJSON {
			return errors.Join(write(w, checkFaults(err)), err)
		}
		return err
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("--timeout %v leaves no time: give more than 0s", o.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	refusals := daemon.Refusals(cfg, o.ForgetRefusals, o.Log)
	reports := make([][]finding, 2+len(cfg.Accounts))
	reports[0] = checkConfig(cfg)
	var accounts sync.WaitGroup
	accounts.Go(func() { reports[1+len(cfg.Accounts)] = checkReceivers(ctx, cfg, o) })
	for i := range cfg.Accounts {
		accounts.Go(func() { reports[1+i] = checkAccount(ctx, cfg, i, refusals, o) })
	}
	accounts.Wait()
	findings := slices.Concat(reports...)
	if err := write(w, findings); err != nil {
		return err
	}
	switch n := count(findings)[fail]; {
	case n == 1:
		return errors.New("1 check failed")
	case n > 1:
		return fmt.Errorf("%d checks failed", n)
	case interrupted(ctx):
		return errors.New("interrupted before all checks were done")
	case slices.ContainsFunc(findings, func(f finding) bool { return f.status == skip && f.detail == noTime }):
		return errors.New("--timeout ended before all checks were done")
	}
	return nil
}

// interrupted reports whether ctx ended before the timeout.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// checkConfig summarizes a configuration that was accepted, and repeats its warnings.
func checkConfig(cfg *config.Config) []finding {
	ports := 0
	for _, a := range cfg.Accounts {
		ports += len(a.Ports)
	}
	detail := fmt.Sprintf("valid: %s, %s listed, %s",
		human.Plural(len(cfg.Accounts), "account"), human.Plural(ports, "port"), human.Plural(len(cfg.Poll.Windows), "window"))
	if cfg.FromEnvironment {
		detail = "no configuration file; discovering all ports with the credentials from the environment"
	}
	e := exam{check: "configuration"}
	e.add(ok, "", detail, "")
	for _, w := range cfg.Warnings {
		e.add(warn, "", w, "")
	}
	return e.findings
}

// checkFaults lists the faults of a configuration that was refused.
func checkFaults(err error) []finding {
	e := exam{check: "configuration"}
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		e.add(fail, "", err.Error(), "")
	}
	for _, f := range faults {
		e.add(fail, f.Path, f.String(), "")
	}
	return e.findings
}
