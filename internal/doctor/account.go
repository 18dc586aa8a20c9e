package doctor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
)

// exam is the examination of one account, or of the configuration. Checks leave in it what
// later ones need.
type exam struct {
	check    string // that is being done
	findings []finding

	cfg     *config.Config
	account config.Account
	opts    Options
	tokens  *fabric.TokenSource
	client  *fabric.Client

	blocked string                // why nothing more can be asked; "" if it can
	lastErr atomic.Pointer[error] // of the latest attempt that failed
	noUUID  string                // the latest check that reported records without a UUID

	listed      map[string]fabric.Port // by UUID; nil if the listing failed
	listedByV3  bool
	ports       []asset               // that the exporter would poll
	connections []asset               // whose traffic the exporter would poll
	tracked     []fabric.Connection   // that the filters select
	products    int                   // with a list price of their own
	portEnds    int                   // ends of connections on those ports
	fromV3      bool                  // the connections come from v3
	listing     int                   // calls that a listing of all connections took; 0 if not listed
	attachments map[string]attachment // the best of every asset in a stream; nil if not listed
	assetPages  int                   // calls that this listing took; 0 if not listed
}

// checkAccount examines account i of cfg.
func checkAccount(ctx context.Context, cfg *config.Config, i int, refusals *fabric.Refusals, o Options) []finding {
	a := cfg.Accounts[i]
	e := &exam{check: "credentials", cfg: cfg, account: a, opts: o}
	api := cfg.API
	api.MaxRetries = min(api.MaxRetries, 1) // a user waits for the report
	transport, err := daemon.Transport(a, o.Transport)
	if err == nil {
		defer daemon.CloseIdle(transport)
		if o.Wrap != nil {
			transport = o.Wrap(i+1, transport)
		}
		e.tokens, e.client, err = daemon.Connect(a, api, daemon.Wiring{
			Transport: transport, UserAgent: o.UserAgent, Observe: e.observe, Skipped: e.reportNoUUID, Refusals: refusals,
		})
	}
	if err != nil {
		e.add(fail, "", err.Error(), "")
		return e.findings
	}
	defer e.tokens.Close()

	e.logIn(ctx)
	e.listPorts(ctx)
	e.ports = e.portsToPoll()
	e.checkVisibility(ctx)
	e.checkDiscovery()
	ports := e.portTraffic()
	e.findSource(ctx, ports)
	e.checkAttachment(ctx, ports)
	e.checkSamples(ports)
	e.searchConnections(ctx)
	if a.Connections.Traffic {
		connections := e.connectionTraffic()
		e.findSource(ctx, connections)
		switch {
		case connections.optional && connections.used.source == "":
			e.connections = nil // nothing is asked about them
		case len(connections.assets) > 0:
			e.checkAttachment(ctx, connections)
		}
	}
	e.checkPrices(ctx)
	e.checkPairs()
	e.checkClock()
	e.checkBudget()
	return e.findings
}

func (e *exam) observe(a fabric.Attempt) {
	if a.Err != nil {
		e.lastErr.Store(&a.Err)
	}
	e.opts.Log.Debug("called", "account", e.account.Name, "operation", a.Op, "status", a.Status, "took", a.Took, "err", a.Err)
}

// reportNoUUID warns, once in a check, of records that a listing leaves out.
func (e *exam) reportNoUUID(_ string, _ int, first error) {
	if e.noUUID != e.check {
		e.noUUID = e.check
		e.add(warn, "", first.Error()+": records like that are left out",
			"report it to the support of Equinix: the exporter cannot ask about a record without a uuid")
	}
}

const (
	noTime        = "no time was left for it"
	noSourceFound = "no traffic source was found"
)

// cannotAsk reports whether no more calls can be made, and if so skips the check.
func (e *exam) cannotAsk(ctx context.Context) bool {
	why := e.blocked
	if why == "" && interrupted(ctx) {
		why = "interrupted"
	} else if why == "" && ctx.Err() != nil {
		why = noTime
	}
	if why != "" {
		e.add(skip, "", why, "")
	}
	return why != ""
}

// unlisted reports whether the ports were not listed, and if so skips the check.
func (e *exam) unlisted() bool {
	if e.listed == nil {
		e.add(skip, "", "the ports were not listed", "")
	}
	return e.listed == nil
}

const (
	reachability     = "check api_url, and the way there: name resolution, proxy (HTTPS_PROXY), firewall, certificates"
	askAdministrator = "let the administrator of the organisation give the user of the app the right to "
)

// remedies is what to do about a call that failed, by the reason.
var remedies = map[string]string{
	fabric.ReasonAuth: "the login works, but the API refuses its token: check that the app at https://developer.equinix.com " +
		"has access to Fabric, and that the credentials are for the API at api_url",
	fabric.ReasonForbidden:   askAdministrator + "read this",
	fabric.ReasonNotFound:    "check api_url",
	fabric.ReasonRateLimited: "try again in some minutes; if it stays, lower api.requests_per_second, or ask Equinix for the quota of the account",
	fabric.ReasonTimeout:     reachability,
	fabric.ReasonTransport:   reachability,
	fabric.ReasonServer:      "trouble at Equinix: try again later; if it stays, report it to their support, with the correlation id if there is one",
	fabric.ReasonClient:      "the API rejects the request as wrong: please report this line as a fault of the exporter",
	fabric.ReasonDecode: "something other than the API answers, such as a proxy or a maintenance page: check api_url; " +
		"if it is the API, please report this line",
}

func remedyFor(err error) string { return remedies[fabric.Reason(err)] }

// fault adds the finding for a call that failed; prefix goes before the error.
func (e *exam) fault(ctx context.Context, object, prefix string, err error) {
	switch {
	case interrupted(ctx):
		e.add(skip, object, prefix+"interrupted", "")
	case outOfTime(err):
		e.blocked = noTime
		detail := fmt.Sprintf("%sno answer within the %s of --timeout", prefix, model.Duration(e.opts.Timeout))
		if last := e.lastErr.Load(); last != nil && !outOfTime(*last) {
			detail += "; the latest failure: " + (*last).Error()
		}
		e.add(fail, object, detail, "raise --timeout; if that does not help, "+reachability)
	default:
		e.add(fail, object, prefix+err.Error(), remedyFor(err))
	}
}

// outOfTime reports whether a call failed because --timeout ended, or because it would have
// ended before the request budget allowed the call. The timeout of a single call is another
// error.
func outOfTime(err error) bool {
	_, answered := errors.AsType[*fabric.Error](err)
	return !answered && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}
