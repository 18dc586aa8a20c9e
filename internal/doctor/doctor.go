// Package doctor examines a configuration and what the API answers to it, says
// of each check whether it is well, and what to do where it is not. It asks
// about as much as a first cycle of the exporter does, and changes nothing.
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

// Options say what is examined, and how the findings are written.
type Options struct {
	Load      func() (*config.Config, error)
	Transport http.RoundTripper // to Equinix; nil: one of its own for each account, as its settings say
	// Wrap puts something between an account, numbered from 1 as in the
	// configuration, and its transport; nil is nothing.
	Wrap      func(account int, next http.RoundTripper) http.RoundTripper
	UserAgent string
	Format    string        // one of Formats
	Timeout   time.Duration // for all calls together
	Log       *slog.Logger

	ForgetRefusals bool // log in however often that was refused before
}

// Run examines every account, all at a time, and writes to w what it found. The
// error says how many checks failed; warnings are none. A faulty configuration
// is returned as Load returned it, and only the JSON says it too.
func Run(ctx context.Context, o Options, w io.Writer) error {
	write, ok := writers[o.Format]
	if !ok {
		return fmt.Errorf("unknown format %q", o.Format)
	}
	cfg, err := o.Load()
	if err != nil {
		if o.Format == formatJSON {
			return errors.Join(write(w, faulty(err)), err)
		}
		return err
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("--timeout %v leaves no time: give more than 0s", o.Timeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
	defer cancel()
	findings := configuration(cfg)
	refusals := daemon.Refusals(cfg, o.ForgetRefusals, o.Log)
	of := make([][]finding, len(cfg.Accounts))
	var examining sync.WaitGroup
	for i := range cfg.Accounts {
		examining.Go(func() { of[i] = examine(ctx, cfg, i, refusals, o) })
	}
	examining.Wait()
	for _, f := range of {
		findings = append(findings, f...)
	}
	if err := write(w, findings); err != nil {
		return err
	}
	return verdict(ctx, findings)
}

var errTimeout = errors.New("timeout")

// interrupted reports whether ctx ended before its time.
func interrupted(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTimeout)
}

// verdict is nil where all is well, or well enough.
func verdict(ctx context.Context, findings []finding) error {
	switch n := count(findings)[fail]; {
	case n == 1:
		return errors.New("1 check failed")
	case n > 1:
		return fmt.Errorf("%d checks failed", n)
	case interrupted(ctx):
		return errors.New("interrupted before all checks were made")
	case slices.ContainsFunc(findings, func(f finding) bool { return f.status == skip && f.detail == noTime }):
		return errors.New("the time of --timeout ended before all checks were made")
	}
	return nil
}

// configuration is what there is to say of a configuration that was accepted.
func configuration(cfg *config.Config) []finding {
	ports := 0
	for _, a := range cfg.Accounts {
		ports += len(a.Ports)
	}
	detail := fmt.Sprintf("valid: %s, %s listed, %s",
		human.Plural(len(cfg.Accounts), "account"), human.Plural(ports, "port"), human.Plural(len(cfg.Poll.Windows), "window"))
	if cfg.FromEnvironment {
		detail = "no configuration file; discovering all ports with the credentials from the environment"
	}
	findings := []finding{newFinding(ok, "", checkConfiguration, "", detail, "")}
	for _, w := range cfg.Warnings {
		findings = append(findings, newFinding(warn, "", checkConfiguration, "", w, ""))
	}
	return findings
}

// faulty are the faults of a configuration that was refused.
func faulty(err error) []finding {
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		return []finding{newFinding(fail, "", checkConfiguration, "", err.Error(), "")}
	}
	var findings []finding
	for _, f := range faults {
		findings = append(findings, newFinding(fail, "", checkConfiguration, f.Path, f.String(), ""))
	}
	return findings
}
