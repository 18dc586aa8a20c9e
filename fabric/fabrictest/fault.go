package fabrictest

import (
	"math"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// Fault is something that goes wrong with the requests it matches. Faults come
// before the token check, so they can hit any request. Delay, Drop, Handler and
// Status or Body replace the answer, in this order (Delay alone only puts it
// off); the others alter it.
type Fault struct {
	Op    string // one of the Op constants; "" matches all
	UUID  string // of the port or connection in the path; "" matches all
	Path  string // of the request, with * for anything; "" matches all
	Data  bool   // only requests that need a token
	After int    // how many requests that match pass before the first that it hits
	Times int    // how many requests it hits; 0 means all until removed

	// Unreachable keeps requests from reaching the API: it is what a transport
	// of [API.Transport] and [API.Via] returns instead. Nothing else has a part
	// in it, and of the conditions only Path, After and Times count.
	Unreachable error

	Do      func(*API)       // before the answer, which it leaves alone
	Delay   time.Duration    // before the answer; ends early with the request's context
	Drop    bool             // no answer: the connection breaks
	Handler http.HandlerFunc // answers instead

	// Status, Body and Header are sent instead of the answer where Status or
	// Body is set. Status zero means 200.
	Status int
	Body   string
	Header http.Header

	Truncate bool          // half of the body, then the connection breaks
	Halve    bool          // half of the body, and no sign that there was more
	Drip     time.Duration // between two bytes of the body; ends early with the request's context
	Rewrite  func(any) any // of a good answer: from JSON, with json.Number, to what is JSON again

	EmptyPoints bool // statistics or metrics without points; the summaries are null
	NullValues  bool // statistics in which every second point and the last polled value are null
	Shuffle     bool // statistics with their points in disorder, every tenth one twice

	RepeatPages bool // the first page for every offset
	TotalDelta  int  // added to the total that a page reports
	TotalGrows  bool // by one with every page

	altered *atomic.Bool // Rewrite has made something else of an answer
}

// Inject adds f behind the faults that are there already; a request meets only
// the first that matches it, so faults with Times make a script. The returned
// function takes f away and may be called more than once.
func (a *API) Inject(f Fault) (remove func()) {
	f.Header = f.Header.Clone()
	af := a.faults.add(f)
	return func() { a.faults.remove(af) }
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
