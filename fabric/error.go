package fabric

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Error is a call that the API refused or never answered. No field holds a
// token or a client secret, even where the API echoes one.
type Error struct {
	Op            string // one of [Operations]
	Status        int    // HTTP status; 0 where no complete answer came
	Code          string // the API's error code, e.g. EQ-3142402; "" if none
	Message       string // what the API says, on one line; else the cause
	CorrelationID string // what Equinix support asks for; "" if none

	// RetryAfter is how long the API asks to wait, at most five minutes; 0
	// where it does not ask.
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

// Unwrap is what kept the answer from coming, e.g. context.DeadlineExceeded;
// nil where the API answered.
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
// expected JSON, a missing required field, a unit nobody knows, or pages that
// contradict each other.
type DecodeError struct {
	Op   string // one of [Operations]
	Path string // JSON path of the culprit, e.g. inboundStats[3].time; "" where it is the whole answer
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

// noAnswer is an exchange that ended without a complete answer, with what to do
// about it where that is known. The cause is replaced where its text would give
// a secret away.
func noAnswer(op string, cause error, secrets []string) *Error {
	todo := advice(cause)
	raw := cause.Error()
	clean := redact(raw, secrets)
	if clean != raw {
		cause = errors.New(clean)
	}
	message := oneLine(clean, maxMessage)
	if todo != "" {
		message += "; " + todo
	}
	return &Error{Op: op, Message: message, cause: cause}
}
