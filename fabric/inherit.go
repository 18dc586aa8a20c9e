package fabric

import (
	"errors"
	"time"
)

// InheritHold takes over from old how often its logins were refused in a row,
// so that replacing a source does not begin to count anew towards the lock of
// the account. Like Resume, it grants one try where logins are suspended; where
// the next try has its time, it keeps it. Credentials that differ from the
// refused ones are tried once at once, and count on.
//
// The old source must be closed before: a login that is still under way would
// not be counted. The new one is a source that nobody uses yet.
func (s *TokenSource) InheritHold(old *TokenSource) {
	old.mu.Lock()
	inherited := old.hold
	old.mu.Unlock()
	s.mu.Lock()
	s.hold, s.told = inherited, inherited.refusals
	s.mu.Unlock()
	s.Resume()
}

// Hold is what is to be kept of refused logins over a restart. It holds no
// secret.
type Hold struct {
	Refusals int         `json:"refusals"` // since the last login that succeeded
	Refused  Fingerprint `json:"refused"`  // of what was refused last
	Exchange bool        `json:"exchange,omitempty"`
	Next     time.Time   `json:"next,omitzero"` // zero while suspended
	Reason   string      `json:"reason"`        // as the API gave it, redacted
}

// Hold returns how often logins were refused, for [TokenSource.Restore].
func (s *TokenSource) Hold() Hold {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := Hold{Refusals: s.hold.refusals, Refused: s.hold.refused, Exchange: s.hold.exchange, Next: s.hold.next}
	if s.hold.err != nil {
		h.Reason = s.hold.err.Error()
	}
	return h
}

// Restore takes over what [TokenSource.Hold] of another process gave under the
// same key. Unlike [TokenSource.InheritHold] it grants no try: a program that is
// started over and over would use up those that the account has. The source is
// one that nobody uses yet.
func (s *TokenSource) Restore(h Hold) {
	if h.Refusals <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold.refusals, s.hold.refused, s.hold.exchange = h.Refusals, h.Refused, h.Exchange
	s.hold.err = errors.New(h.Reason)
	s.hold.next = h.Next
	if latest := time.Now().Add(afterSecondRefusal); s.hold.next.After(latest) {
		s.hold.next = latest // a clock that was set back must not hold logins for ever
	}
	if s.hold.suspended() {
		s.hold.next = time.Time{}
	}
	s.err, s.told = s.hold.loginError(), h.Refusals
}

// tell calls back whoever keeps count of refusals where it has changed.
func (s *TokenSource) tell() {
	h := s.Hold()
	if s.refusal == nil || h.Refusals == s.told {
		return
	}
	s.told = h.Refusals
	s.refusal(h)
}
