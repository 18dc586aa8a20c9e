// Package fabrictest simulates the Equinix Fabric API: logins, ports, traffic
// statistics and metrics, metros, service profiles, list prices, and connections from
// order to deletion, with the quirks of the real API and with faults on demand.
//
// An [API] is one account. It is an http.Handler for a real server ([API.Serve],
// httptest), and [API.Transport] answers in memory, which a testing/synctest bubble
// requires. For several accounts use several APIs, each with its own fleet and
// credentials.
//
// Begin at [API.answer] in answer.go: every request passes through it. The API serves
// a [Fleet] (fleet.go), which tests edit (edit.go) and orders change (lifecycle.go).
// Traffic is a pure function of the seed, the port and the time (meter.go,
// reading.go), so that a test can compare an answer with [API.Truth]. A [Fault]
// breaks answers; kinds.go lists the faults that have a name.
//
// The package shares no code with the client that it tests: it is an independent
// implementation of the API's documents.
package fabrictest

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"
)

// The credentials that an API accepts unless Options name others.
const (
	DemoClientID     = "demo-client"
	DemoClientSecret = "demo-secret"
	// DemoSubjectToken is the subject token that can be exchanged for an access
	// token unless Options.AcceptSubject says otherwise.
	DemoSubjectToken = "demo-subject-token"
)

// Options configure an API. The zero value is the demo fleet with the demo
// credentials and the wall clock.
type Options struct {
	// Names, identifiers and traffic depend on Seed. Equal seeds give equal answers, byte for byte.
	Seed uint64
	// Now is called once per request, and by methods that need the time; nil means
	// time.Now.
	Now func() time.Time
	// Fleet is the initial fleet; nil, or a fleet without ports and connections,
	// means Demo(Seed). The API keeps a copy.
	Fleet *Fleet

	// ClientID and ClientSecret are the only credentials that may log in;
	// "" means DemoClientID and DemoClientSecret.
	ClientID, ClientSecret string
	// TokenLife is how long a token is valid, in whole seconds; zero means 3599 s.
	TokenLife time.Duration
	// AcceptSubject says which subject tokens may be exchanged for an access
	// token; nil means only DemoSubjectToken.
	AcceptSubject func(token string) bool

	// Gone are operations (Op constants) that the gateway no longer knows; see
	// [API.SetGone].
	Gone []string

	// Lateness is the longest delay between the end of an interval and its point in
	// the statistics. The delay of each port is between a sixth of Lateness and
	// Lateness, so the newest point is up to Lateness plus one interval old. Zero
	// means 12 minutes, negative no delay.
	Lateness time.Duration

	// KeepFiveMinutes is how long the API keeps intervals of five minutes. A window that
	// ends before then is answered by the hour. Zero means 90 days, which is how long it
	// keeps hours.
	KeepFiveMinutes time.Duration

	// PagePorts makes GET /fabric/v4/ports obey offset and limit. Without it the
	// whole list comes as one page that states a limit of 1000.
	PagePorts bool

	// RequestLog is how many of the newest requests are kept; zero means 100,000,
	// negative 0. All requests are counted.
	RequestLog int
}

// API is a simulated Fabric API. All its methods may be used concurrently.
type API struct {
	opts  Options
	login login
	log   requestLog

	faults faults
	shift  atomic.Int64 // of the API's clock against Options.Now, in nanoseconds

	editing sync.Mutex // held while the state is replaced
	state   atomic.Pointer[state]
	pending pending // pending changes of connections
	orders  int     // connections ordered so far; guarded by editing
}

// New returns an API with the fleet of o.
func New(o Options) *API {
	fleet := o.Fleet
	if fleet == nil || len(fleet.Ports)+len(fleet.Connections) == 0 {
		fleet = new(Demo(o.Seed))
	}
	o.Fleet = nil
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AcceptSubject == nil {
		o.AcceptSubject = func(token string) bool { return token == DemoSubjectToken }
	}
	o.ClientID = cmp.Or(o.ClientID, DemoClientID)
	o.TokenLife = cmp.Or(o.TokenLife, 3599*time.Second)
	o.Lateness = max(cmp.Or(o.Lateness, 12*time.Minute), 0)
	o.KeepFiveMinutes = cmp.Or(o.KeepFiveMinutes, maxSpan)
	a := &API{
		opts:    o,
		login:   login{secret: cmp.Or(o.ClientSecret, DemoClientSecret), tokens: map[string]time.Time{}},
		log:     requestLog{limit: max(cmp.Or(o.RequestLog, 100_000), 0), counts: map[string]int{}},
		pending: pending{steps: map[string]*step{}},
	}
	a.state.Store(newState(fleet.clone()))
	a.SetGone(o.Gone...)
	return a
}

// now is the API's own time.
func (a *API) now() time.Time { return a.opts.Now().Add(time.Duration(a.shift.Load())) }

// ShiftClock sets the clock of the API ahead of Options.Now, or behind it if d is
// negative. This changes its times and dates, and which intervals it has measured,
// but not how long tokens live.
func (a *API) ShiftClock(to time.Duration) {
	by := to - time.Duration(a.shift.Swap(int64(to)))
	a.login.do(func() {
		for token, expiry := range a.login.tokens {
			a.login.tokens[token] = expiry.Add(by)
		}
	})
}
