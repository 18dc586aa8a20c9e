package web

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// readTime is what a reader gets to take an answer off, unless it is a
	// Prometheus that says how long it waits. The rest of the answer is lost
	// then, and so is the connection.
	readTime = 30 * time.Second
	// maxHeld is how many bytes of answers wait for their readers. A thousand
	// ports are 5 MiB, or 300 KiB compressed.
	maxHeld = 32 << 20
)

// answer is a whole answer. Nobody changes it once it is there.
type answer struct {
	header http.Header
	status int
	body   []byte
}

// outbox sends answers. Readers who never finish cost a goroutine each until
// their time is over, and maxHeld bytes altogether: where a new answer goes
// beyond that, the readers of the oldest ones are cut off. Those who read are
// done long before.
type outbox struct {
	mu      sync.Mutex
	held    int
	letters []*letter // the oldest first
}

// letter is an answer that is being sent, to one reader or to several.
type letter struct {
	*answer

	readers map[*http.ResponseController]bool // that have it under way
	lost    bool                              // had to make room
}

// put takes an answer in, until it is removed.
func (o *outbox) put(a *answer) *letter {
	l := &letter{answer: a, readers: map[*http.ResponseController]bool{}}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters = append(o.letters, l)
	o.held += cap(a.body)
	for o.held > maxHeld && len(o.letters) > 1 {
		o.drop(0)
	}
	return l
}

// remove forgets a letter that has no readers any more.
func (o *outbox) remove(l *letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.Index(o.letters, l); i >= 0 {
		o.drop(i)
	}
}

// drop takes a letter out and ends the writes to whoever still reads it.
func (o *outbox) drop(i int) {
	l := o.letters[i]
	o.letters = slices.Delete(o.letters, i, i+1)
	o.held -= cap(l.body)
	l.lost = true
	for rc := range l.readers {
		_ = rc.SetWriteDeadline(time.Unix(1, 0)) // one that has no deadlines is no network
	}
}

// send writes a letter to one reader, as far as that one takes it in time.
func (o *outbox) send(w http.ResponseWriter, r *http.Request, l *letter) {
	rc := http.NewResponseController(w)
	if !o.enter(rc, l, patience(r)) {
		http.Error(w, "too many answers are being sent", http.StatusServiceUnavailable)
		return
	}
	defer o.leave(rc, l)
	header := w.Header()
	for name, values := range l.header {
		header[name] = slices.Clone(values)
	}
	header.Set("Content-Length", strconv.Itoa(len(l.body)))
	w.WriteHeader(l.status)
	_, _ = w.Write(l.body) // who asked is gone, or too slow; nobody else to tell
}

// enter reports whether the letter can still be sent.
func (o *outbox) enter(rc *http.ResponseController, l *letter, d time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.lost {
		return false
	}
	_ = rc.SetWriteDeadline(time.Now().Add(d))
	l.readers[rc] = true
	return true
}

func (o *outbox) leave(rc *http.ResponseController, l *letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(l.readers, rc)
}

// patience is how long the client of a request may take to read the answer.
func patience(r *http.Request) time.Duration {
	s, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || math.IsNaN(s) || s <= readTime.Seconds() {
		return readTime
	}
	return time.Duration(min(s, answerTime.Seconds()) * float64(time.Second))
}
