//go:build unix

package state

// SetUser makes uid the user who runs this, until the function that it returns is
// called.
func SetUser(uid int) (undo func()) {
	was := geteuid
	geteuid = func() int { return uid }
	return func() { geteuid = was }
}
