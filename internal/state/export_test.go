package state

// SetMaxSize makes a file of more bytes too large until restore is called.
func SetMaxSize(bytes int64) (restore func()) {
	before := maxSize
	maxSize = bytes
	return func() { maxSize = before }
}
