package web

import (
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// quiet is how long a kind of complaint is not repeated.
	quiet = time.Minute
	// maxKinds bounds what is remembered; there are a dozen in net/http.
	maxKinds = 64
)

// serverLog writes what [http.Server] complains of: descriptors that have run
// out, clients that speak no TLS. Each of them may come many times a second, so
// of each kind it writes one a minute, with the number of those left out.
type serverLog struct {
	log *slog.Logger

	mu    sync.Mutex
	kinds map[string]*complaint
}

// complaint is what was last said of a kind.
type complaint struct {
	at      time.Time
	leftOut int
}

// newServerLog returns a logger for http.Server.ErrorLog.
func newServerLog(to *slog.Logger) *log.Logger {
	return log.New(&serverLog{log: to, kinds: map[string]*complaint{}}, "", 0)
}

// Write takes one message.
func (l *serverLog) Write(p []byte) (int, error) {
	text := strings.TrimSpace(string(p))
	if leftOut, due := l.due(kindOf(text), time.Now()); due {
		l.log.Warn("trouble with a client or the network", "err", text, "left_out", leftOut)
	}
	return len(p), nil
}

// due reports whether a kind is to be written, and how many were not since the
// last one that was.
func (l *serverLog) due(kind string, now time.Time) (leftOut int, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.kinds[kind]
	switch {
	case c == nil && len(l.kinds) < maxKinds:
		l.kinds[kind] = &complaint{at: now}
		return 0, true
	case c == nil:
		return 0, false
	case now.Sub(c.at) < quiet:
		c.leftOut++
		return 0, false
	}
	leftOut, c.leftOut, c.at = c.leftOut, 0, now
	return leftOut, true
}

// kindOf is the beginning of a message, up to the address that it is about.
func kindOf(text string) string {
	if i := strings.IndexAny(text, "[0123456789"); i >= 0 {
		return text[:i]
	}
	return text
}
