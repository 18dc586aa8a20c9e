package fabric

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// run does one login and wakes all who wait for it.
func (s *TokenSource) run(l *login) {
	defer close(l.done)
	token, err := s.logIn()
	l.token, l.err = s.ended(token, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = nil
}

// ended takes in how a login ended, and returns what those get who wait for it.
func (s *TokenSource) ended(token *oauth2.Token, err error) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.doubted = err, false
	now := time.Now()
	switch {
	case err == nil:
		s.token = token
		s.renewAt = token.Expiry.Add(-min(renewEarly, token.Expiry.Sub(now)/10))
	case s.lives(now):
		return s.token, nil // a doubted token is better than none
	}
	return token, err
}

// loginPatience is how long one round of tries goes on while callers wait for
// it; what the API asks for beyond that passes without them.
const loginPatience = 10 * time.Second

// logIn reads the proof and, unless logins are held back, sends it until the
// token endpoint answers it one way or the other.
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
			s.rest(max(failureRest, asked))
			return nil, err
		}
		if err := sleep(s.open, wait); err != nil {
			return nil, err
		}
	}
}

// rest makes calls fail fast for a while: each of them would otherwise begin
// another round of retries.
func (s *TokenSource) rest(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryAt = time.Now().Add(d)
}

// request asks for a token once.
func (s *TokenSource) request(p proof) (token *oauth2.Token, err error) {
	if err := s.open.Err(); err != nil {
		return nil, err
	}
	r := p.request
	r.decode = func(b []byte) (err error) {
		token, err = decodeToken(b)
		return err
	}
	s.show(p.secret)
	err = s.wire.exchange(s.alive, r, credential{secrets: s.secrets()}, 0)
	return token, err
}

// show remembers a secret that is about to be sent, and the one before it: the
// token at hand may come of that.
func (s *TokenSource) show(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown[0] != secret {
		s.shown = [2]string{secret, s.shown[0]}
	}
}

// secrets are what no error may show: what logins have sent, and the token that
// they brought.
func (s *TokenSource) secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.shown[:])
	if s.token != nil {
		all = append(all, s.token.AccessToken)
	}
	return all
}

const (
	defaultTokenLife = time.Hour      // what the API documents
	maxTokenLife     = 24 * time.Hour // whatever it says: beyond this a revoked one would linger
	minTokenLife     = time.Minute    // whatever it says: below this every call would log in
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
	v = max(min(v, maxTokenLife.Seconds()), minTokenLife.Seconds())
	return time.Duration(v * float64(time.Second)), true
}
