package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// remedies is what to do about a call that failed, by the reason.
var remedies = map[string]string{
	fabric.ReasonAuth: "the login works and the API refuses its token: check that the app at https://developer.equinix.com " +
		"has access to Fabric, and that api_url is the API that the credentials are for",
	fabric.ReasonForbidden:   "let the administrator of the organisation give the user of the app the right to read this",
	fabric.ReasonNotFound:    "check api_url",
	fabric.ReasonRateLimited: "try again in some minutes; if it stays, lower api.requests_per_second, or ask Equinix for the quota of the account",
	fabric.ReasonTimeout:     reachability,
	fabric.ReasonTransport:   reachability,
	fabric.ReasonServer:      "trouble at Equinix: try again later, and if it stays tell their support, with the correlation id where there is one",
	fabric.ReasonClient:      "the API calls the request wrong: please report this line as a fault of the exporter",
	fabric.ReasonDecode:      "something else than the API answers, such as a proxy or a maintenance page: check api_url; if it is the API, please report this line",
}

const noTime = "no time was left for it"

const reachability = "check api_url, and the way there: name resolution, proxy (HTTPS_PROXY), firewall, certificates"

// fault adds the finding for a call that failed. what stands before the error;
// "" is nothing.
func (e *exam) fault(ctx context.Context, check, object, what string, err error) {
	switch {
	case interrupted(ctx):
		e.add(skip, check, object, what+"interrupted", "")
	case outOfTime(err):
		e.blocker = noTime
		e.add(fail, check, object, what+e.lateness(), "give it more with --timeout; if that does not help, "+reachability)
	default:
		e.add(fail, check, object, what+err.Error(), remedyFor(err))
	}
}

func remedyFor(err error) string { return remedies[fabric.Reason(err)] }

// outOfTime reports whether a call ended with the time for all of them, or was
// not begun because it would have, and not with its own.
func outOfTime(err error) bool {
	_, answered := errors.AsType[*fabric.Error](err)
	return !answered && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}

// lateness says that the time ended, and what went wrong before.
func (e *exam) lateness() string {
	text := fmt.Sprintf("no answer within the %s of --timeout", short(e.opts.Timeout))
	if last := e.last.Load(); last != nil && !outOfTime(*last) {
		text += "; the latest failure: " + (*last).Error()
	}
	return text
}
