package fabric

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
	s.hold = inherited
	s.mu.Unlock()
	s.Resume()
}
