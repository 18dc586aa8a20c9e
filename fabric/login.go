package fabric

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"
)

// Equinix locks an account after five refused logins in a row, and a human may
// share it. So refusals are answered with patience, and the third with silence.
const (
	afterFirstRefusal  = 5 * time.Minute
	afterSecondRefusal = time.Hour
	maxRefusals        = 3
)

// LoginError says that the token endpoint refused the credentials, now or
// before. While logins are held back calls fail with it without a request.
type LoginError struct {
	Refusals  int       // since the last login that succeeded, whatever the credentials
	Suspended bool      // no more tries until the credentials change or [TokenSource.Resume]
	NextTry   time.Time // zero while suspended
	Exchange  bool      // the subject token was refused, not client credentials
	Err       error     // the latest refusal, an *[Error]
}

// Error says what was refused, when the next try is, and what to do.
func (e *LoginError) Error() string {
	what := [2]string{"client_id", "client_secret"}
	if e.Exchange {
		what = [2]string{"the subject token", "the scope"}
	}
	if e.Suspended {
		return fmt.Sprintf("logins suspended after %d refusals, lest the account be locked: "+
			"correct %s or %s, or reload the configuration to try once more: %v", e.Refusals, what[0], what[1], e.Err)
	}
	return fmt.Sprintf("login refused, %d in a row; next try at %s: check %s and %s: %v",
		e.Refusals, e.NextTry.UTC().Format(time.RFC3339), what[0], what[1], e.Err)
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

// hold keeps logins back after refusals. Its zero value holds nothing. The API
// counts refusals by account, so other credentials are worth one try at once,
// but only a success begins the count anew.
type hold struct {
	key      FingerprintKey
	refusals int
	refused  Fingerprint // of the refused proof
	exchange bool        // that was for an exchange
	next     time.Time   // of the next try, unless suspended
	resumed  bool        // one try is free although logins are suspended
	err      error       // the latest refusal
}

// check is nil where a login may be tried now.
func (h *hold) check(p proof, now time.Time) error {
	switch {
	case h.refusals == 0, h.resumed, h.key.Of(p.parts[:]...) != h.refused:
		return nil
	case !h.suspended() && !now.Before(h.next):
		return nil
	}
	return h.loginError()
}

// resume frees one try, unless the next one has its time already.
func (h *hold) resume() { h.resumed = h.suspended() }

func (h *hold) refuse(p proof, now time.Time, err error) {
	h.refusals++
	h.refused, h.exchange, h.err, h.resumed = h.key.Of(p.parts[:]...), p.exchange, err, false
	switch {
	case h.suspended():
		h.next = time.Time{}
	case h.refusals == 1:
		h.next = now.Add(afterFirstRefusal)
	default:
		h.next = now.Add(afterSecondRefusal)
	}
}

func (h *hold) suspended() bool { return h.refusals >= maxRefusals }

func (h *hold) loginError() *LoginError {
	return &LoginError{Refusals: h.refusals, Suspended: h.suspended(), NextTry: h.next, Exchange: h.exchange, Err: h.err}
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
