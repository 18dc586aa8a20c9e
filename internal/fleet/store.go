package fleet

import "sync/atomic"

// Store publishes snapshots from one writer to any number of readers. Its zero
// value is empty and ready to use.
type Store struct{ current atomic.Pointer[Snapshot] }

// Load returns the newest snapshot, or nil before the first Publish.
func (s *Store) Load() *Snapshot { return s.current.Load() }

// Publish makes next visible to readers. The caller gives next away.
func (s *Store) Publish(next *Snapshot) { s.current.Store(next) }
