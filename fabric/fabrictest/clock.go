package fabrictest

import (
	"time"
)

// ShiftClock sets the clock of the API that far ahead of Options.Now, or behind
// it: its times and dates, and what it has measured. Tokens live as long as they
// would have.
func (a *API) ShiftClock(to time.Duration) {
	by := to - time.Duration(a.shift.Swap(int64(to)))
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	for token, expiry := range a.login.tokens {
		a.login.tokens[token] = expiry.Add(by)
	}
}
