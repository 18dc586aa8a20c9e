package poll

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// errNotListed is what a listing says that lacks a configured port.
var errNotListed = errors.New("the credentials do not see this port; check its uuid and their rights")

// journal logs the outcomes of polls so that the log is read: the first failure
// of a kind at once, the rest as one line per interval, every one at debug level.
type journal struct {
	log *slog.Logger

	mu      sync.Mutex
	polls   int
	failed  int
	example error            // a failure since the last summary
	key     string           // and what it was about, by its key in the log
	uuid    string           // and its UUID
	said    map[failure]bool // failures that were logged at once and are not over
	seen    map[failure]bool // failures since the last summary

	odds map[oddAnswers]map[string]bool // windows whose latest answer was odd
}

// failure is a kind of failure.
type failure struct{ class, reason string }

func newJournal(log *slog.Logger) *journal {
	return &journal{log: log, said: map[failure]bool{}, seen: map[failure]bool{}, odds: map[oddAnswers]map[string]bool{}}
}

// The classes of polls of traffic, and of others that are about connections.
const (
	classTraffic              = "traffic"
	classConnectionTraffic    = "connection_traffic"
	classConnectionAttachment = "connection_attachment"
)

// uuidKey is what the UUID of a poll of a class is of.
func uuidKey(class string) string {
	if class == classConnectionTraffic || class == classConnectionAttachment {
		return "connection_uuid"
	}
	return "port_uuid"
}

// note takes down the outcome of one poll.
func (j *journal) note(class, uuid string, err error) {
	key := uuidKey(class)
	j.log.Debug("polled", "class", class, key, uuid, "err", err)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.polls++
	if err == nil {
		return
	}
	f := failure{class, fabric.Reason(err)}
	switch {
	case errors.Is(err, errNotListed):
		f.reason = "not_listed"
	case errors.Is(err, errEmptied):
		f.reason = "emptied"
	case errors.Is(err, errNotAttached), errors.Is(err, errConnectionNotAttached):
		f.reason = "not_attached"
	case errors.Is(err, errImpossible):
		f.reason = "impossible"
	}
	j.failed++
	j.example, j.key, j.uuid, j.seen[f] = err, key, uuid, true
	if j.said[f] {
		return
	}
	j.said[f] = true
	if _, refused := errors.AsType[*fabric.LoginError](err); refused {
		j.log.Error("login refused; keeping last values", "class", class, "err", err)
		return
	}
	j.log.Warn("poll failed; keeping last values", "class", class, key, uuid, "reason", f.reason, "err", err)
}

// sum logs one line about the polls since the last one.
func (j *journal) sum() {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.failed > 0:
		j.log.Warn("polls failed; keeping last values", "polls", j.polls, "failed", j.failed, "last_"+j.key, j.uuid, "last_err", j.example)
	case len(j.said) > 0 && j.polls > 0:
		j.log.Info("polls succeed again", "polls", j.polls)
	case j.polls > 0:
		j.log.Info("polls succeeded", "polls", j.polls)
	}
	// What did not fail again is over, and is news when it comes back.
	j.said, j.seen = j.seen, map[failure]bool{}
	j.polls, j.failed, j.example, j.key, j.uuid = 0, 0, nil, "", ""
}
