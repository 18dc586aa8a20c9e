package fabric

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
)

// The reasons of failures, as [Reason] tells them.
const (
	ReasonAuth        = "auth"         // the credentials or the token are refused or cannot be read
	ReasonForbidden   = "forbidden"    // a right is missing
	ReasonNotFound    = "not_found"    // no such thing, or no such endpoint
	ReasonRateLimited = "rate_limited" // too many requests, or a quota is used up
	ReasonTimeout     = "timeout"      // no complete answer in time
	ReasonServer      = "server"       // trouble at Equinix
	ReasonClient      = "client"       // the request is wrong
	ReasonDecode      = "decode"       // the answer cannot be used
	ReasonTransport   = "transport"    // no answer for any other cause
)

// Reasons lists every value that [Reason] returns for an error.
func Reasons() []string {
	return []string{
		ReasonAuth, ReasonForbidden, ReasonNotFound, ReasonRateLimited, ReasonTimeout,
		ReasonServer, ReasonClient, ReasonDecode, ReasonTransport,
	}
}

// Reason sorts an error of this package into a closed set of words that are
// fit for a metric label. It is "" for nil. A cancelled context, of which only
// the caller knows the meaning, counts as transport.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[*LoginError](err); ok {
		return ReasonAuth
	}
	if _, ok := errors.AsType[*CredentialsError](err); ok {
		return ReasonAuth
	}
	if _, ok := errors.AsType[*DecodeError](err); ok {
		return ReasonDecode
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Status != 0 {
		return e.reason()
	}
	if isTimeout(err) {
		return ReasonTimeout
	}
	return ReasonTransport
}

// reason sorts an answer. What the gateway says comes before its status: it
// sends a missing API product as 401 too, which no new token would cure.
func (e *Error) reason() string {
	switch {
	case e.Login:
		return ReasonAuth
	case e.Quota, e.Status == http.StatusTooManyRequests:
		return ReasonRateLimited
	case e.noRoute():
		return ReasonNotFound
	case e.Status == http.StatusUnauthorized:
		return ReasonAuth
	case e.Status == http.StatusForbidden:
		return ReasonForbidden
	case e.Status == http.StatusNotFound, e.Status == http.StatusGone:
		return ReasonNotFound
	case e.Status >= http.StatusInternalServerError && !e.wrongMethod():
		return ReasonServer
	default:
		return ReasonClient
	}
}

// wrongMethod reports a mistake of the caller that the API sends as a 500.
func (e *Error) wrongMethod() bool {
	return e.Status == http.StatusInternalServerError && !e.Fault &&
		(e.Code == "EQ-3034003" || strings.Contains(e.Message, "Method not supported"))
}

// noRoute reports that the gateway leads to no such API for this client. It
// says so with many statuses, 200 and 500 among them; its other 5xx pass.
func (e *Error) noRoute() bool {
	switch {
	case !e.Fault, e.Status == http.StatusRequestTimeout:
		return false
	case e.Status == http.StatusInternalServerError:
		said := strings.ToLower(e.Code + " " + e.Message)
		return strings.Contains(said, "apiproductmatchfound") || strings.Contains(said, "applicationnotfound") ||
			strings.Contains(said, "unable to identify proxy")
	}
	return e.Status < http.StatusInternalServerError
}

// Gone reports whether the error says that the endpoint itself exists no more,
// for anybody: 404, 405, 410, 501, or an answer of the gateway instead of the
// API with any status but those of passing trouble. A used up quota says nothing
// of the kind. A 404 may mean the one port that was asked for: judge by several.
func Gone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op == OpToken || e.Quota {
		return false
	}
	switch e.Status {
	case http.StatusTooManyRequests:
		return false
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	}
	return e.noRoute()
}

// retryable reports whether another try of op may help soon. Failures of the
// login that op needed are not: the token source has its own schedule for them.
// Nor are timeouts: each would take a place for the whole time once more.
func retryable(op string, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op != op {
		return false
	}
	switch Reason(e) {
	case ReasonRateLimited, ReasonTransport, ReasonTimeout:
		return true
	case ReasonServer:
		return e.Status != http.StatusNotImplemented // will be no better in a second
	case ReasonClient:
		return op == OpToken && e.Status == http.StatusConflict // with another exchange under way
	}
	return false
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
