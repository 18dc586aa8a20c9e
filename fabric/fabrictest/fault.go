package fabrictest

import (
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fault is something that goes wrong with the requests it matches. Faults come
// before the token check, so they can hit any request. Delay, Drop, Handler and
// Status or Body replace the answer, in this order (Delay alone only puts it
// off); the others alter it.
type Fault struct {
	Op    string // one of the Op constants; "" matches all
	UUID  string // of the port or connection in the path; "" matches all
	Times int    // how many requests it hits; 0 means all until removed

	Delay   time.Duration    // before the answer; ends early with the request's context
	Drop    bool             // no answer: the connection breaks
	Handler http.HandlerFunc // answers instead

	// Status, Body and Header are sent instead of the answer where Status or
	// Body is set. Status zero means 200.
	Status int
	Body   string
	Header http.Header

	Truncate    bool // half of the body, then the connection breaks
	EmptyPoints bool // statistics or metrics without points; the summaries are null
	NullValues  bool // statistics in which every second point and the last polled value are null
	Shuffle     bool // statistics with their points in disorder, every tenth one twice

	RepeatPages bool // the first page for every offset
	TotalDelta  int  // added to the total that a page reports
}

// Inject adds f behind the faults that are there already; a request meets only
// the first that matches it, so faults with Times make a script. The returned
// function takes f away and may be called more than once.
func (a *API) Inject(f Fault) (remove func()) {
	f.Header = f.Header.Clone()
	return a.faults.add(f)
}

func (f Fault) reply() (reply, bool) {
	if f.Status == 0 && f.Body == "" {
		return reply{}, false
	}
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	return reply{status: status, header: f.Header, body: []byte(f.Body)}, true
}

// alter applies the faults of statistics to a reading.
func (f Fault) alter(r *reading) {
	if f.EmptyPoints {
		*r = reading{max: math.NaN(), mean: math.NaN(), last: math.NaN()}
	}
	if f.NullValues {
		r.last = math.NaN()
		for i := 0; i < len(r.samples); i += 2 {
			r.samples[i].Mean, r.samples[i].Max = math.NaN(), math.NaN()
		}
	}
	if f.Shuffle {
		for i := range len(r.samples) / 10 {
			r.samples = append(r.samples, r.samples[i*10])
		}
		rng := rand.New(rand.NewPCG(uint64(len(r.samples)), 1)) //nolint:gosec // G404: the same disorder each time
		rng.Shuffle(len(r.samples), func(i, j int) { r.samples[i], r.samples[j] = r.samples[j], r.samples[i] })
	}
}

// faults are the faults in force, oldest first.
type faults struct {
	mu     sync.Mutex
	active []*activeFault
	gone   []string // operations
}

// SetGone makes the operations answer as if the gateway had never heard of them,
// whatever the token, and brings all others back. A [Fault] comes first.
func (a *API) SetGone(ops ...string) {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	a.faults.gone = slices.Clone(ops)
}

func (fs *faults) isGone(op string) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Contains(fs.gone, op)
}

type activeFault struct {
	Fault
	left int // requests it will still hit; negative for no end
}

func (fs *faults) add(f Fault) (remove func()) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	af := &activeFault{Fault: f, left: f.Times}
	if f.Times == 0 {
		af.left = -1
	}
	fs.active = append(fs.active, af)
	return func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		fs.active = slices.DeleteFunc(fs.active, func(other *activeFault) bool { return other == af })
	}
}

// take returns the fault that a request meets, and uses it up; the zero Fault
// for none.
func (fs *faults) take(op, uuid string) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, af := range fs.active {
		if (af.Op != "" && af.Op != op) || (af.UUID != "" && af.UUID != uuid) {
			continue
		}
		if af.left > 0 {
			af.left--
		}
		if af.left == 0 {
			fs.active = slices.Delete(fs.active, i, i+1)
		}
		return af.Fault
	}
	return Fault{}
}
