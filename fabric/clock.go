package fabric

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock compares the local clock with the one that dates the answers. Its zero
// value has seen none.
type clock struct{ skew atomic.Pointer[time.Duration] }

// learn reads the Date header of an answer that has just come to a request
// sent at that time. The server wrote it about halfway in between.
func (c *clock) learn(sent time.Time, date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return // nothing, or nothing of use
	}
	took := time.Since(sent)
	c.skew.Store(new(sent.Add(took / 2).Sub(at)))
}

// read is the skew of the latest answer, if one was dated.
func (c *clock) read() (skew time.Duration, ok bool) {
	latest := c.skew.Load()
	if latest == nil {
		return 0, false
	}
	return *latest, true
}

// ClockSkew is how far the local clock is ahead of the Date of the latest
// answer, to about a second: that is what the header counts in. It is negative
// where the local clock is behind. ok is false before the first dated answer;
// refusals have a date too.
func (c *Client) ClockSkew() (skew time.Duration, ok bool) {
	return c.wire.clock.read()
}

// ClockSkew is that of the latest answer to a login, as [Client.ClockSkew] is
// that of the latest answer to a call.
func (s *TokenSource) ClockSkew() (skew time.Duration, ok bool) { return s.wire.clock.read() }
