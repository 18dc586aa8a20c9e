package fabric

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// run does one login and wakes all who wait for it.
func (s *TokenSource) run(ctx context.Context, l *login) {
	defer close(l.done)
	l.token, l.err = s.logIn(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = nil
	s.err = l.err
	if l.err == nil {
		s.token, s.hold = l.token, hold{}
		life := time.Until(l.token.Expiry)
		s.renewAt = l.token.Expiry.Add(-min(renewEarly, life/10))
	}
}

// logIn reads the proof and, unless logins are held back, sends it until the
// token endpoint answers it one way or the other.
func (s *TokenSource) logIn(ctx context.Context) (*oauth2.Token, error) {
	p, err := s.prove()
	if err != nil {
		return nil, &CredentialsError{Err: err}
	}
	if err := s.mayTry(p); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		token, err := s.request(ctx, p)
		if err == nil {
			return token, nil
		}
		e, ok := errors.AsType[*Error](err)
		if ok && e.Login {
			return nil, s.refused(p, e)
		}
		if n >= s.maxRetries || !retryable(OpToken, err) {
			s.rest()
			return nil, err
		}
		if err := sleep(ctx, max(backoff(n), e.RetryAfter)); err != nil {
			return nil, err
		}
	}
}

func (s *TokenSource) mayTry(p proof) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold.check(p, time.Now())
}

func (s *TokenSource) refused(p proof, err *Error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold.refuse(p, time.Now(), err)
	return s.hold.loginError()
}

// rest makes calls fail fast for a while: each of them would otherwise begin
// another round of retries.
func (s *TokenSource) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryAt = time.Now().Add(failureRest)
}

// request asks for a token once.
func (s *TokenSource) request(ctx context.Context, p proof) (token *oauth2.Token, err error) {
	r := p.request
	r.decode = func(b []byte) (err error) {
		token, err = decodeToken(b)
		return err
	}
	err = s.wire.exchange(ctx, r, credential{secrets: []string{p.secret}}, 0)
	return token, err
}

const (
	defaultTokenLife = time.Hour      // what the API documents
	maxTokenLife     = 24 * time.Hour // whatever it says: beyond this a revoked one would linger
)

// decodeToken reads the answer to a login. Its lifetime is a string in most
// answers, and not worth a refusal.
func decodeToken(b []byte) (*oauth2.Token, error) {
	var body struct {
		AccessToken text  `json:"access_token"`
		Timeout     loose `json:"token_timeout"`
		ExpiresIn   loose `json:"expires_in"`
	}
	if err := decode(OpToken, "", b, &body); err != nil {
		return nil, err
	}
	access := string(body.AccessToken)
	if access == "" {
		return nil, &DecodeError{Op: OpToken, Path: "access_token", Err: errMissing}
	}
	if strings.ContainsFunc(access, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, &DecodeError{Op: OpToken, Path: "access_token", Err: errors.New("does not fit into a header")}
	}
	life := defaultTokenLife
	for _, l := range []loose{body.ExpiresIn, body.Timeout} {
		if d, ok := seconds(string(l)); ok {
			life = d
		}
	}
	return &oauth2.Token{AccessToken: access, TokenType: "Bearer", Expiry: time.Now().Add(life)}, nil
}

// seconds reads a lifetime; ok is false where it is none.
func seconds(s string) (life time.Duration, ok bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v > 0) { // not a number is not above 0 either
		return 0, false
	}
	return time.Duration(min(v, maxTokenLife.Seconds()) * float64(time.Second)), true
}
