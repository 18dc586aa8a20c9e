package poll

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pollLog logs the outcomes of the polls of an account so that the log can be read: the
// first failure of a kind at once, the rest as one line per interval, every one at debug
// level. It also counts and logs implausible intervals, each of them once.
type pollLog struct {
	*slog.Logger
	account string
	metrics *Metrics

	mu      sync.Mutex
	polls   int
	failed  int
	last    []any            // what the latest failure since the last summary was about
	logged  map[failure]bool // failures that were logged at once and are not over
	recent  map[failure]bool // failures since the last summary
	windows map[rejection]uint64
	counted map[key]map[fleet.Implausible]mark
}

// failure is a kind of failure: of a class of polls, for a reason.
type failure struct{ class, reason string }

// rejection is what is logged of the implausible intervals of a port or connection: that
// they are left out, or that they are shown. pollLog.windows has the windows whose latest
// answer had some, one bit each.
type rejection struct {
	uuid  string
	shown bool
}

// mark is up to which interval the implausible ones of one kind are counted.
type mark struct {
	newest  int64 // Unix nanoseconds
	unknown int   // intervals without a time in the latest answer
}

func newPollLog(log *slog.Logger, account string, metrics *Metrics) *pollLog {
	return &pollLog{
		Logger: log.With("account", account), account: account, metrics: metrics,
		logged: map[failure]bool{}, recent: map[failure]bool{},
		windows: map[rejection]uint64{}, counted: map[key]map[fleet.Implausible]mark{},
	}
}

// The classes of polls that are about connections, and of the traffic of ports.
const (
	classTraffic              = "traffic"
	classConnectionTraffic    = "connection_traffic"
	classConnectionAttachment = "connection_attachment"
	classConnectionPrices     = "connection_prices"
)

// uuidKey is what a UUID is called in the log.
func uuidKey(class string) string {
	switch class {
	case classConnectionTraffic, classConnectionAttachment, classConnectionPrices:
		return "connection_uuid"
	}
	return "port_uuid"
}

// ownReasons are the reasons of failures that are not the API client's.
var ownReasons = map[error]string{
	errNotListed: "not_listed", errEmptied: "listing_empty", fleet.ErrImplausible: "implausible",
	errNotAttached: "not_attached", errConnectionNotAttached: "not_attached",
	errConnectionsHidden: "connections_hidden", errConnectionsNotOrdered: "connections_not_ordered",
	errNoPortPrices: "no_port_prices",
}

// record takes down the outcome of one poll.
func (l *pollLog) record(class, uuid string, err error) {
	about := []any{"class", class, uuidKey(class), uuid}
	l.Debug("polled", append(about, "err", err)...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.polls++
	if err == nil {
		return
	}
	f := failure{class, fabric.Reason(err)}
	for is, reason := range ownReasons {
		if errors.Is(err, is) {
			f.reason = reason
		}
	}
	l.failed++
	l.last, l.recent[f] = []any{"last_" + uuidKey(class), uuid, "last_err", err}, true
	if l.logged[f] {
		return
	}
	l.logged[f] = true
	if _, refused := errors.AsType[*fabric.LoginError](err); refused {
		l.Error("login refused; keeping last values", "class", class, "err", err)
		return
	}
	l.Warn("poll failed; keeping last values", append(about, "reason", f.reason, "err", err)...)
}

// summarize logs one line about the polls since the last one.
func (l *pollLog) summarize() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.failed > 0:
		l.Warn("polls failed; keeping last values", append([]any{"polls", l.polls, "failed", l.failed}, l.last...)...)
	case len(l.logged) > 0 && l.polls > 0:
		l.Info("polls succeed again", "polls", l.polls)
	case l.polls > 0:
		l.Info("polls succeeded", "polls", l.polls)
	}
	// A failure that did not occur again is over, and is news when it comes back.
	l.logged, l.recent = l.recent, map[failure]bool{}
	l.polls, l.failed, l.last = 0, 0, nil
}

// reject counts and logs the implausible intervals of an answer about one window: at warn
// level when they begin, at info level when no window has any more, every time at debug
// level.
func (l *pollLog) reject(class string, k key, window string, rejected fleet.Rejected) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// An interval stays in its window for up to months and counts once. Of intervals
	// without a time, as many are new as there are more than before.
	before := l.counted[k]
	delete(l.counted, k)
	for kind, times := range rejected {
		next, fresh := mark{newest: before[kind].newest}, 0
		for _, at := range times {
			switch {
			case at == 0:
				next.unknown++
			case at > before[kind].newest:
				fresh++
				next.newest = max(next.newest, at)
			}
		}
		fresh += max(0, next.unknown-before[kind].unknown)
		l.metrics.implausible.WithLabelValues(l.account, string(kind)).Add(float64(fresh))
		if l.counted[k] == nil {
			l.counted[k] = map[fleet.Implausible]mark{}
		}
		l.counted[k][kind] = next
	}

	about := []any{"class", class, uuidKey(class), k.uuid, "window", window, "intervals", rejected.String()}
	switch began, ended := l.turn(rejection{k.uuid, false}, k.window, rejected.LeftOut()); {
	case began:
		l.Warn("answer has implausible intervals; leaving them out", about...)
	case ended:
		l.Info("implausible intervals no longer seen", about...)
	case rejected.LeftOut():
		l.Debug("answer has implausible intervals; leaving them out", about...)
	}
	above := len(rejected[fleet.AboveLineRate]) > 0
	switch began, ended := l.turn(rejection{k.uuid, true}, k.window, above); {
	case began:
		l.Warn("answer has rates above the line rate; showing them", about...)
	case ended:
		l.Info("rates above the line rate no longer seen", about...)
	case above:
		l.Debug("answer has rates above the line rate; showing them", about...)
	}
}

// turn takes down whether the latest answer about a window has implausible intervals: they
// begin with the first window that has some, and end with the last.
func (l *pollLog) turn(r rejection, window int, some bool) (began, ended bool) {
	was := l.windows[r]
	now := was &^ (1 << (window % 64))
	if some {
		now |= 1 << (window % 64)
	}
	l.windows[r] = now
	if now == 0 {
		delete(l.windows, r)
	}
	return was == 0 && now != 0, was != 0 && now == 0
}

// forget drops what is known of a key that is polled no more.
func (l *pollLog) forget(k key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.counted, k)
	delete(l.windows, rejection{k.uuid, false})
	delete(l.windows, rejection{k.uuid, true})
}
