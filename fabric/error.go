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

// Error is a call that the API refused or never answered. No field holds a
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

// DecodeError is a good status with an answer that cannot be used: not the
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
	ReasonNotFound    = "not_found"    // no such thing, or no such endpoint
	ReasonRateLimited = "rate_limited" // too many requests, or a quota is used up
	ReasonTimeout     = "timeout"      // no complete answer in time
	ReasonServer      = "server"       // trouble at Equinix
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

// Reason sorts an error of this package into a closed set of words that are
// fit for a metric label. It is "" for nil. A cancelled context, whose meaning
// only the caller knows, counts as transport.
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

// reason sorts an answer. A fault body of the gateway counts for more than its
// status: it sends a missing API product as 401 too, which no new token would cure.
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
// with many statuses, 200 and 500 among them; its other 5xx are passing trouble.
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

// Gone reports whether the error says that the endpoint itself no longer exists:
// 404, 405, 410, 501, or an answer of the gateway instead of the API with any
// status but that of passing trouble or of a used up quota. A 404 may mean the
// one port that was asked for: ask for several before you decide.
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
