package fabric

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// LoginError says that the token endpoint refused the credentials, now or
// before. While logins are held back calls fail with it without a request.
type LoginError struct {
	Refusals  int       // of this secret, since the last login that succeeded
	Suspended bool      // no more tries until the secret changes or [TokenSource.Resume] allows one
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

// loginWords mark a refused login in a body of any shape: a quoted S-code, a login
// failure, or "locked", but not the "blocked" of a firewall.
var loginWords = regexp.MustCompile(`(?i)"S\d{3,}"|log[ _-]?in[ _-]?failure|(?:^|[^a-z])locked`)

// refusesLogin reports whether an answer of the token endpoint is about the
// credentials. The status may be 500 too; a retry would count as another refused login.
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

// run does one login and wakes up all callers that wait for it.
func (s *TokenSource) run(l *login) {
	l.token, l.err = s.logIn()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.refused, s.login = l.err, false, nil
	now := time.Now()
	switch {
	case l.err == nil:
		s.token = l.token
		s.renewAt = l.token.Expiry.Add(-min(renewEarly, l.token.Expiry.Sub(now)/10))
	case s.lives(now):
		l.token, l.err = s.token, nil // a token that the API refused once is better than no token
	}
	close(l.done)
}

// loginPatience is how long one round of tries lasts while callers wait for it. If
// the API asks for a longer pause, they get the error instead.
const loginPatience = 10 * time.Second

// logIn reads the proof and, unless logins are held back, sends it until the token
// endpoint accepts or refuses it.
func (s *TokenSource) logIn() (*oauth2.Token, error) {
	p, err := s.prove()
	if err != nil {
		return nil, &CredentialsError{Err: err}
	}
	try := s.refusals.attempt(s.wire.base, p)
	s.mu.Lock()
	s.latest = try
	s.mu.Unlock()
	if err := s.refusals.check(try); err != nil {
		return nil, err
	}
	begun := time.Now()
	for n := 0; ; n++ {
		token, err := s.request(p)
		if err == nil {
			s.refusals.succeeded(try)
			return token, nil
		}
		var asked time.Duration
		if e, ok := errors.AsType[*Error](err); ok {
			if e.Login {
				return nil, s.refusals.refused(try, p.exchange, e)
			}
			asked = e.RetryAfter
		}
		wait := max(backoff(n), asked)
		if n >= s.maxRetries || !retryable(OpToken, err) || time.Since(begun)+wait > loginPatience {
			// For a while calls fail at once, or each of them would begin another round.
			s.mu.Lock()
			s.retryAt = time.Now().Add(max(failureRest, asked))
			s.mu.Unlock()
			return nil, err
		}
		if err := sleep(s.open, wait); err != nil {
			return nil, err
		}
	}
}

// request asks for a token once.
func (s *TokenSource) request(p proof) (*oauth2.Token, error) {
	if err := s.open.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.sent[0] != p.secret { // the previous one stays, since the current token may come from it
		s.sent = [2]string{p.secret, s.sent[0]}
	}
	s.mu.Unlock()
	r := p.request
	r.secrets = s.secrets()
	return exchange(s.alive, s.wire, r, 0, decodeToken)
}

// secrets are the texts that no error may show: what logins have sent, and the token
// that they got.
func (s *TokenSource) secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []string{s.sent[0], s.sent[1]}
	if s.token != nil {
		all = append(all, s.token.AccessToken)
	}
	return all
}

const (
	defaultTokenLife = time.Hour      // what the API documents
	maxTokenLife     = 24 * time.Hour // at most, so that a revoked token is not used for longer
	minTokenLife     = time.Minute    // at least, or every call would log in
)

// decodeToken reads the answer to a login. Its lifetime is a string in most answers;
// if it cannot be read, that is not an error.
func decodeToken(b []byte) (*oauth2.Token, error) {
	var body struct {
		AccessToken text  `json:"access_token"`
		Timeout     loose `json:"token_timeout"`
		ExpiresIn   loose `json:"expires_in"`
	}
	if err := decode(b, &body); err != nil {
		return nil, err
	}
	access := string(body.AccessToken)
	if access == "" {
		return nil, &DecodeError{Path: "access_token", Err: errMissing}
	}
	if strings.ContainsFunc(access, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, &DecodeError{Path: "access_token", Err: errors.New("does not fit into a header")}
	}
	life := defaultTokenLife
	for _, l := range []loose{body.ExpiresIn, body.Timeout} {
		v, err := strconv.ParseFloat(strings.TrimSpace(string(l)), 64)
		if err == nil && v > 0 { // false for what is not a number
			v = max(min(v, maxTokenLife.Seconds()), minTokenLife.Seconds())
			life = time.Duration(v * float64(time.Second))
		}
	}
	return &oauth2.Token{AccessToken: access, TokenType: "Bearer", Expiry: time.Now().Add(life)}, nil
}
