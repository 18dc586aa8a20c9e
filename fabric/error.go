package fabric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Error is the failure of a call that the API refused or did not answer. No field holds a
// token or a client secret, even if the API echoes one.
type Error struct {
	Op            string // one of [Operations]
	Status        int    // HTTP status; 0 if no complete answer came
	Code          string // the API's error code, e.g. EQ-3142402; "" if none
	Message       string // what the API says, on one line; else the cause
	CorrelationID string // what Equinix support asks for; "" if none

	// RetryAfter is how long the API asks to wait, at most five minutes; 0
	// if it does not ask.
	RetryAfter time.Duration

	Fault bool // the gateway in front of the API answered, not the API
	Quota bool // a quota or a spike arrest is used up, whatever the status
	Login bool // the token endpoint refused the credentials

	cause error // of a missing answer
}

// Error gives operation, status, code, message and correlation ID on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	for _, s := range []string{e.Code, e.Message} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if e.Status != 0 && e.Code == "" && e.Message == "" {
		b.WriteString(": " + http.StatusText(e.Status))
	}
	if e.CorrelationID != "" {
		b.WriteString(" (correlation id " + e.CorrelationID + ")")
	}
	return b.String()
}

// Unwrap is why no answer came, e.g. context.DeadlineExceeded; nil if the API
// answered.
func (e *Error) Unwrap() error { return e.cause }

// LogValue logs every field that is set.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("op", e.Op), slog.String("reason", Reason(e))}
	if e.Status != 0 {
		attrs = append(attrs, slog.Int("status", e.Status))
	}
	for _, a := range []slog.Attr{
		slog.String("code", e.Code),
		slog.String("message", e.Message),
		slog.String("correlation_id", e.CorrelationID),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	if e.Fault {
		attrs = append(attrs, slog.Bool("fault", true))
	}
	return slog.GroupValue(attrs...)
}

// DecodeError is an answer with a good status that cannot be used: not the
// expected JSON, a missing required field, an unknown unit, or pages that
// contradict each other.
type DecodeError struct {
	Op   string // one of [Operations]
	Path string // JSON path of the fault, e.g. inboundStats[3].time; "" for the whole answer
	Err  error
}

// Error gives operation, path and cause.
func (e *DecodeError) Error() string {
	if e.Path == "" {
		return e.Op + ": decode: " + e.Err.Error()
	}
	return e.Op + ": decode: " + e.Path + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// The reasons of failures, as [Reason] returns them.
const (
	ReasonAuth        = "auth"         // the credentials or the token are refused or cannot be read
	ReasonForbidden   = "forbidden"    // a right is missing
	ReasonNotFound    = "not_found"    // no such object or endpoint
	ReasonRateLimited = "rate_limited" // too many requests, or a quota is used up
	ReasonTimeout     = "timeout"      // no complete answer in time
	ReasonServer      = "server"       // a fault at Equinix
	ReasonClient      = "client"       // the request is wrong
	ReasonDecode      = "decode"       // the answer cannot be used
	ReasonTransport   = "transport"    // no answer, for any other cause
)

// Reasons lists every value that [Reason] returns for an error.
func Reasons() []string {
	return []string{
		ReasonAuth, ReasonForbidden, ReasonNotFound, ReasonRateLimited, ReasonTimeout,
		ReasonServer, ReasonClient, ReasonDecode, ReasonTransport,
	}
}

// Reason returns the reason of an error of this package, one of [Reasons], as a value
// for a metric label; "" for nil. A cancelled context counts as transport, since only
// the caller knows why it was cancelled.
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

// reason is the reason of a refusal. The fault that the gateway names counts before
// its status: for a missing API product it sends a 401 too, although a new token
// would not help.
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

// wrongMethod reports a wrong request that the API answers with a 500.
func (e *Error) wrongMethod() bool {
	return e.Status == http.StatusInternalServerError && !e.Fault &&
		(e.Code == "EQ-3034003" || strings.Contains(e.Message, "Method not supported"))
}

// noRoute reports that the gateway has no such API for this client. It says so
// with many statuses, including 200 and 500; its other 5xx are temporary faults.
func (e *Error) noRoute() bool {
	switch {
	case !e.Fault, e.Status == http.StatusRequestTimeout:
		return false
	case e.Status == http.StatusInternalServerError:
		text := strings.ToLower(e.Code + " " + e.Message)
		return strings.Contains(text, "apiproductmatchfound") || strings.Contains(text, "applicationnotfound") ||
			strings.Contains(text, "unable to identify proxy")
	}
	return e.Status < http.StatusInternalServerError
}

// Gone reports whether the error says that the endpoint itself no longer exists: 404,
// 405, 410, 501, or an answer of the gateway instead of the API, unless its status
// means a temporary fault or a used up quota. A 404 may be about the one port in the
// request, so a caller should try several ports before it decides.
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

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
