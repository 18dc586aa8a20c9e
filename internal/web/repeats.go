package web

import (
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// repeats limits log messages that may come many times a second: of each kind one a
// minute is logged. The zero value is ready to use.
type repeats struct {
	mu    sync.Mutex
	kinds map[string]*repeated
}

type repeated struct {
	logged  time.Time
	leftOut int
}

// due reports whether a message of a kind is to be logged, and how many of that
// kind were left out since the last one.
func (r *repeats) due(kind string) (leftOut int, due bool) {
	const maxKinds = 64 // net/http has about a dozen kinds
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.kinds[kind]
	if k != nil && time.Since(k.logged) < time.Minute {
		k.leftOut++
		return 0, false
	}
	if k != nil {
		leftOut = k.leftOut
	}
	if r.kinds == nil || len(r.kinds) >= maxKinds {
		r.kinds = map[string]*repeated{}
	}
	r.kinds[kind] = &repeated{logged: time.Now()}
	return leftOut, true
}

// serverLog logs the errors of [http.Server], such as too many open files or a failed
// TLS handshake.
type serverLog struct {
	log     *slog.Logger
	repeats repeats
}

// newServerLog returns a logger for http.Server.ErrorLog.
func newServerLog(to *slog.Logger) *log.Logger {
	return log.New(&serverLog{log: to}, "", 0)
}

// Write takes one message. Its kind is the text before the first address in it.
func (l *serverLog) Write(p []byte) (int, error) {
	text := strings.TrimSpace(string(p))
	kind := text
	if i := strings.IndexAny(text, "[0123456789"); i >= 0 {
		kind = text[:i]
	}
	if leftOut, due := l.repeats.due(kind); due {
		l.log.Warn("error of a client or the network", "err", text, "left_out", leftOut)
	}
	return len(p), nil
}
