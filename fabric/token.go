package fabric

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	renewEarly  = 5 * time.Minute  // before a token expires: enough time for some failures
	failureRest = 30 * time.Second // after a round of failed tries, before the next round
	closeGrace  = 2 * time.Second  // for an answer that is on its way, since a refusal counts
	abortGrace  = time.Second      // to notice the end; a read from a network share that is gone never does
)

// TokenConfig configures a [TokenSource]. Either Credentials or Exchange is required.
type TokenConfig struct {
	BaseURL string // as in [Config]; unused with Exchange, which has its own

	// Credentials is called before each login and, while logins are held back,
	// before each call, so that rotated files take effect at once. It may be
	// called from any goroutine, one call at a time. Its errors are shown.
	Credentials func() (Credentials, error)

	Exchange *Exchange // to log in with an ID token instead

	Transport  http.RoundTripper // nil is [NewTransport]
	UserAgent  string            // "" is equinix_fabric_exporter
	Timeout    time.Duration     // of one attempt; 0 is 30s
	MaxRetries int               // attempts of a login after the first; 0 means no retry
	Observe    func(Attempt)     // as in [Config]

	// Refusals counts refused logins and holds further logins back. Sources that
	// share it share one count; nil gives the source a count of its own.
	Refusals *Refusals
}

// TokenStatus is the state of a [TokenSource] at one moment.
type TokenStatus struct {
	Expiry    time.Time // of the current token; zero if there is no token, or the API refused it
	Held      bool      // logins are held back because the API refused them
	Suspended bool      // held until the secret changes or Resume allows a try
	Refusals  int       // of this secret, since the last login that succeeded
	NextTry   time.Time // zero unless held and not suspended
	Err       error     // why the latest login failed; nil if it did not
}

// TokenSource logs in and keeps the token until shortly before it expires. After a
// refused login it waits five minutes, after the second an hour; after the third it
// does not log in again until the secret changes. Resume allows one more try, once.
//
// Any number of goroutines may use it; one login at most is under way. It lasts until
// Close.
type TokenSource struct {
	wire       *wire
	prove      func() (proof, error) // reads what to log in with
	maxRetries int
	refusals   *Refusals

	open  context.Context // ends with Close, and so do new tries and waiting for a login
	shut  context.CancelFunc
	alive context.Context // of the try on the wire; ends closeGrace later
	abort context.CancelFunc

	mu      sync.Mutex
	token   *oauth2.Token // nil if there is none
	refused bool          // the API refused the token, perhaps because of something else
	renewAt time.Time
	login   *login    // nil unless one is under way
	latest  attempt   // of the latest login, made or held back
	retryAt time.Time // before this a failed round is not repeated
	err     error     // of the latest login
	sent    [2]string // the latest two secrets that logins sent, the newest first
}

// Format prints the address of the API. Without this method some verbs of fmt would
// print the token.
func (s *TokenSource) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "token source of "+s.wire.base)
}

var _ Tokens = (*TokenSource)(nil)

// login is a login under way. Its results are valid once done is closed.
type login struct {
	done  chan struct{}
	token *oauth2.Token
	err   error
}

// NewTokenSource returns a source with a copy of cfg. It sends nothing yet.
func NewTokenSource(cfg TokenConfig) (*TokenSource, error) {
	address, prove, err := cfg.prover()
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	if cfg.MaxRetries < 0 {
		return nil, errors.New("fabric: max retries must not be negative")
	}
	w, err := newWire(address, cfg.Transport, cfg.UserAgent, cfg.Timeout, cfg.Observe)
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	s := &TokenSource{wire: w, prove: prove, maxRetries: cfg.MaxRetries, refusals: cfg.Refusals}
	if s.refusals == nil {
		s.refusals = NewRefusals(NewFingerprintKey(), nil, nil)
	}
	s.open, s.shut = context.WithCancel(context.Background())
	s.alive, s.abort = context.WithCancel(context.Background())
	return s, nil
}

// Close ends the source. It gives a login under way two seconds for its answer, since
// a refusal counts; a login that hangs while it reads its credentials is abandoned a
// second later. From then on the source returns no token and sends nothing, and its
// errors wrap context.Canceled.
func (s *TokenSource) Close() {
	s.shut()
	s.mu.Lock()
	l := s.login
	s.mu.Unlock()
	if l != nil {
		timer := time.AfterFunc(closeGrace, s.abort)
		select {
		case <-l.done:
		case <-time.After(closeGrace + abortGrace):
		}
		timer.Stop()
	}
	s.abort()
}

// errClosed is the error of a closed source.
var errClosed = fmt.Errorf("%s: source is closed: %w", OpToken, context.Canceled)

// TokenContext returns the current token, which the caller must not change, and logs
// in if there is none. A token that expires soon is renewed in the background. The
// errors are *[LoginError] for refused logins, *[CredentialsError], *[Error],
// *[DecodeError], and ctx.Err(); when ctx ends the login goes on for other callers.
// If the token endpoint asks for a long pause, calls fail until the pause is over.
func (s *TokenSource) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	token, l, err := s.current()
	if token != nil || err != nil {
		return token, err
	}
	select {
	case <-l.done:
		return l.token, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// current returns the current token, or else the login that will bring one, or else
// the reason why no login is allowed now. A token that the API refused is returned
// only while no login is allowed.
func (s *TokenSource) current() (*oauth2.Token, *login, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open.Err() != nil {
		return nil, nil, errClosed
	}
	now := time.Now()
	if s.lives(now) && !s.refused && now.Before(s.renewAt) {
		return s.token, nil, nil
	}
	resting := now.Before(s.retryAt)
	if s.login == nil && !resting {
		s.login = &login{done: make(chan struct{})}
		go s.run(s.login)
	}
	switch {
	case s.lives(now) && (!s.refused || s.login == nil):
		return s.token, nil, nil
	case s.login == nil:
		return nil, nil, s.err
	}
	return nil, s.login, nil
}

// lives reports whether there is a token that has not expired yet.
func (s *TokenSource) lives(now time.Time) bool {
	return s.token != nil && now.Before(s.token.Expiry)
}

// Invalidate makes the next call log in if t is still the current token: the API may
// revoke tokens before they expire. If that login fails, t is used again, since the
// API may have refused it for a single port.
func (s *TokenSource) Invalidate(t *oauth2.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t != nil && s.token != nil && s.token.AccessToken == t.AccessToken {
		s.refused = true
	}
}

// Resume calls [Refusals.Resume] and ends the pause after a failed round of logins.
// It is for a user who has just reloaded the configuration.
func (s *TokenSource) Resume() {
	s.refusals.Resume()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryAt = time.Time{}
}

// Status returns the state of the source. It sends nothing.
func (s *TokenSource) Status() TokenStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := TokenStatus{Err: s.err}
	if e := s.refusals.of(s.latest); e != nil {
		st.Held, st.Suspended, st.Refusals, st.NextTry = true, e.Suspended, e.Refusals, e.NextTry
	}
	if s.token != nil && !s.refused {
		st.Expiry = s.token.Expiry
	}
	return st
}
