// Package fabrictest simulates the Equinix Fabric API: logins, ports, traffic
// statistics and metrics, metros, service profiles, and connections from order to
// deletion, with the quirks of the real API and with faults on demand.
//
// An [API] is one account. It is an http.Handler for a real server ([API.Serve],
// httptest), and [API.Transport] answers in memory, as a testing/synctest bubble
// needs it. Several accounts are several APIs, each with its own fleet and
// credentials.
//
// Begin at [API.answer] in answer.go: every request passes through it. What the API
// knows is a [Fleet] (fleet.go), which tests edit (edit.go) and orders change
// (lifecycle.go). Traffic is a pure function of the seed, the port and the time
// (meter.go, reading.go), so that a test can ask [API.Truth] what an answer must
// have said. A [Fault] breaks answers; kinds.go lists the faults that have a name.
//
// The package shares no code with the client it tests: it is a second reading of the
// API.
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

// Options configure an API. The zero value is the demo fleet under the demo
// credentials, by the wall clock.
type Options struct {
	// Seed decides names, identifiers and traffic. Equal seeds give equal bytes.
	Seed uint64
	// Now is asked once per request, and by methods that need the time; nil
	// means time.Now.
	Now func() time.Time
	// Fleet is what the API knows; nil, or a fleet without ports and connections,
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

	// Gone are operations, by their Op constants, that the gateway no longer
	// knows; see [API.SetGone].
	Gone []string

	// Lateness bounds how long after its end an interval shows up in the
	// statistics. Each port has its own delay between a sixth of it and all
	// of it, so the newest point is up to Lateness plus one interval old.
	// Zero means 12 minutes, negative no delay.
	Lateness time.Duration

	// PagePorts makes GET /fabric/v4/ports honour offset and limit. Without
	// it the whole list comes as one page that claims a limit of 1000.
	PagePorts bool

	// RequestLog is how many of the newest requests are kept; zero means
	// 100,000, negative none. Requests are counted in any case.
	RequestLog int
}

// API is a simulated Fabric API. All its methods may be used concurrently.
type API struct {
	opts  Options
	login login
	log   requestLog

	faults faults
	shift  atomic.Int64 // of the API's clock against Options.Now, in nanoseconds

	editing sync.Mutex // held by whoever replaces the state
	state   atomic.Pointer[state]
	pending pending // changes of connections that are still to come
	orders  int     // connections ordered so far; guarded by editing
}

// New returns an API that knows the fleet of o.
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

// ShiftClock sets the clock of the API so far ahead of Options.Now, or behind it: its
// times and dates, and what it has measured. Tokens live as long as they would have.
func (a *API) ShiftClock(to time.Duration) {
	by := to - time.Duration(a.shift.Swap(int64(to)))
	a.login.do(func() {
		for token, expiry := range a.login.tokens {
			a.login.tokens[token] = expiry.Add(by)
		}
	})
}
