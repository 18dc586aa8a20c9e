package doctor

import (
	"cmp"
	"context"
	"sync/atomic"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

// exam is the examination of one account, step by step.
type exam struct {
	cfg     *config.Config
	account config.Account
	opts    Options
	sources []string
	tokens  *fabric.TokenSource
	client  *fabric.Client

	findings []finding
	blocker  string                // why nothing more can be asked, "" while it can
	last     atomic.Pointer[error] // of the latest attempt that failed

	listed      map[string]fabric.Port // by UUID; nil where no listing came through
	listedByV3  bool
	watched     []port // what would be polled
	source      string // where the exporter would stay; "" where it is not known
	readings    []reading
	streams     map[string]attachment // of every asset in one; nil where it was not asked
	attached    map[string]bool       // ports; nil where it was not asked
	connections int                   // summed over the ports
	selected    int                   // connections that the filters let through
	measured    []subject             // those of them whose traffic would be asked for
	skipped     map[string]bool       // checks that have told of records without a UUID
	assetPages  int                   // calls that the listing of stream assets took, 0 where it was not asked
}

// maxRetries is for calls that nobody has all day for: what fails twice is told.
const maxRetries = 1

func examine(ctx context.Context, cfg *config.Config, a config.Account, o Options) []finding {
	e := &exam{cfg: cfg, account: a, opts: o, sources: daemon.Sources(a.TrafficSource), skipped: map[string]bool{}}
	api := cfg.API
	api.MaxRetries = min(api.MaxRetries, maxRetries)
	transport, err := daemon.Transport(a, o.Transport)
	if err == nil {
		defer daemon.CloseIdle(transport)
		e.tokens, e.client, err = daemon.Connect(a, api, daemon.Wiring{
			Transport: transport, UserAgent: o.UserAgent, Observe: e.observe, Skipped: e.tellSkipped,
		})
	}
	if err != nil {
		e.add(fail, checkCredentials, "", err.Error(), "")
		return e.findings
	}
	defer e.tokens.Close()
	e.logIn(ctx)
	e.list(ctx)
	e.lookForListed(ctx)
	e.lookAtDiscovery()
	e.findSource(ctx)
	e.lookAtAttachment(ctx)
	e.lookAtSamples()
	e.searchConnections(ctx)
	e.lookAtConnectionTraffic(ctx)
	e.lookAtPairs()
	e.lookAtClock()
	e.lookAtBudget()
	return e.findings
}

func (e *exam) observe(a fabric.Attempt) {
	if a.Err != nil {
		e.last.Store(&a.Err)
	}
	e.opts.Log.Debug("called", "account", e.account.Name, "operation", a.Op, "status", a.Status, "took", a.Took, "err", a.Err)
}

// tellSkipped is about records that a listing leaves out, once for each check. It is
// called by the listings, which are read one after the other.
func (e *exam) tellSkipped(op string, _ int, first error) {
	check := map[string]string{fabric.OpSearchConnections: checkConnections, fabric.OpSearchStreamAssets: checkAttachment}[op]
	check = cmp.Or(check, checkPorts)
	if !e.skipped[check] {
		e.skipped[check] = true
		e.add(warn, check, "", first.Error()+": records like that are left out", "tell the support of Equinix: a record without a uuid cannot be asked about")
	}
}

func (e *exam) add(s status, check, object, detail, remedy string) {
	e.findings = append(e.findings, newFinding(s, e.account.Name, check, object, detail, remedy))
}

// stopped reports that a check cannot be made because nothing can be asked any
// more, and adds the line that says so.
func (e *exam) stopped(ctx context.Context, check string) bool {
	why := e.blocker
	switch {
	case why != "":
	case interrupted(ctx):
		why = "interrupted"
	case ctx.Err() != nil:
		why = noTime
	default:
		return false
	}
	e.add(skip, check, "", why, "")
	return true
}
