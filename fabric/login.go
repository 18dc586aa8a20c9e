package fabric

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"
)

// LoginError says that the token endpoint refused the credentials, now or
// before. While logins are held back calls fail with it without a request.
type LoginError struct {
	Refusals  int       // of this secret, since the last login that succeeded
	Suspended bool      // no more tries until the secret changes or [TokenSource.Resume] grants one
	NextTry   time.Time // zero while suspended
	Exchange  bool      // the subject token was refused, not client credentials
	Err       error     // the latest refusal, an *[Error]
}

// Error says what was refused, when the next try is, and what to do.
func (e *LoginError) Error() string {
	first, second := "client_id", "client_secret"
	if e.Exchange {
		first, second = "the subject token", "the scope"
	}
	switch {
	case !e.Suspended:
		return fmt.Sprintf("login refused, %d in a row; next try at %s: check %s and %s: %v",
			e.Refusals, e.NextTry.UTC().Format(time.RFC3339), first, second, e.Err)
	case e.Refusals == maxRefusals:
		return fmt.Sprintf("logins suspended after %d refusals, because Equinix locks the account after five: "+
			"correct %s or %s, or reload the configuration to try once more: %v", e.Refusals, first, second, e.Err)
	}
	return fmt.Sprintf("logins suspended after %d refusals, because Equinix locks the account after five: correct %s or %s; "+
		"if they are right and the account is unlocked, start once with --login.forget-refusals: %v", e.Refusals, first, second, e.Err)
}

// Unwrap is the latest refusal.
func (e *LoginError) Unwrap() error { return e.Err }

// LogValue logs every field that is set.
func (e *LoginError) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.Int("refusals", e.Refusals), slog.Bool("suspended", e.Suspended), slog.Any("err", e.Err),
	}
	if e.Exchange {
		attrs = append(attrs, slog.Bool("exchange", true))
	}
	if !e.NextTry.IsZero() {
		attrs = append(attrs, slog.Time("next_try", e.NextTry))
	}
	return slog.GroupValue(attrs...)
}

// loginWords is looked for in bodies as they come, in whatever shape: a
// quoted S-code, a login failure, something locked. A firewall's "blocked"
// is none of them.
var loginWords = regexp.MustCompile(`(?i)"S\d{3,}"|log[ _-]?in[ _-]?failure|(?:^|[^a-z])locked`)

// refusesLogin reports whether an answer of the token endpoint is about the
// credentials. That may come as a 500 too; retried, it would lock the account.
func refusesLogin(e *Error, body []byte) bool {
	switch {
	case e.Status == 0 || e.Quota:
		return false
	case e.Status == http.StatusBadRequest, e.Status == http.StatusUnauthorized:
		return true
	}
	return saysRefused(body) || loginWords.MatchString(e.Message)
}

// saysRefused reports a login failure in the body of an answer.
func saysRefused(body []byte) bool {
	return loginWords.Match(body[:min(len(body), maxErrorBody)])
}
