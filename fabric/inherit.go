package fabric

// InheritHold takes over from old how often its logins were refused in a row,
// so that replacing a source does not begin to count anew towards the lock of
// the account; like Resume, it grants one try. Credentials that differ from the
// refused ones start from zero. It is for a source that nobody uses yet.
func (s *TokenSource) InheritHold(old *TokenSource) {
	old.mu.Lock()
	inherited := old.hold
	old.mu.Unlock()
	s.mu.Lock()
	s.hold = inherited
	s.mu.Unlock()
	s.Resume()
}
