// Package fabrictest simulates the Equinix Fabric API: logins, ports, traffic
// statistics and metrics, metros, service profiles, and connections from their
// order to their end, with the quirks that make the real one hard to read and
// with faults on demand. An [API] is an http.Handler for a real server
// ([API.Serve], httptest) and serves in memory through [API.Transport], which is
// what a testing/synctest bubble needs.
//
// An API is one account. Several accounts are several APIs, each with a fleet
// and credentials of its own and, where Options.Gone says so, without the calls
// that have been retired for it.
//
// All that it answers follows from the seed, the fleet and the clock, so that a
// test can ask [API.Truth] what an answer must have said. It shares no code with
// the client it tests: it is a second reading of the API.
package fabrictest

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The credentials that an API accepts unless Options name others.
const (
	DemoClientID     = "demo-client"
	DemoClientSecret = "demo-secret"
)

const (
	defaultTokenLife  = 3599 * time.Second
	defaultLateness   = 12 * time.Minute
	defaultStepTime   = 5 * time.Second
	defaultPageLimit  = 100
	defaultRequestLog = 100_000
)

// Options configure an API. The zero value is the demo fleet under the demo
// credentials, by the wall clock.
type Options struct {
	// Seed decides names, identifiers and traffic. Equal seeds give equal bytes.
	Seed uint64
	// Now is asked once per request, and by methods that need the time; nil
	// means time.Now.
	Now func() time.Time
	// Fleet is what the API knows of; nil, or one without ports and
	// connections, means Demo(Seed). The API keeps a copy.
	Fleet *Fleet

	// ClientID and ClientSecret are the only credentials that may log in;
	// "" means DemoClientID and DemoClientSecret.
	ClientID, ClientSecret string
	// TokenLife is how long a token is good for, in whole seconds; zero means 3599 s.
	TokenLife time.Duration

	// AcceptSubject says which subject tokens may be exchanged for an access
	// token; nil means only DemoSubjectToken.
	AcceptSubject func(token string) bool

	// Gone are operations, by their Op constants, that answer with the fault of
	// a gateway that does not know them; see [API.SetGone].
	Gone []string
	// StepTime is how long a connection stays in each state that passes by
	// itself, such as PROVISIONING; zero means 5 s.
	StepTime time.Duration

	// Lateness bounds how long after its end an interval shows up in the
	// statistics. Each port has its own delay between a sixth of it and all
	// of it, so the newest point is up to Lateness plus one interval old.
	// Zero means 12 minutes, negative none.
	Lateness time.Duration

	// PageLimit is the largest page that a search grants; zero means 100.
	PageLimit int
	// PagePorts makes GET /fabric/v4/ports honour offset and limit. Without
	// it the whole list comes as one page that claims a limit of 1000.
	PagePorts bool

	// RequestLog is how many of the newest requests are kept; zero means
	// 100,000, negative none. Counts go on without it.
	RequestLog int
}

// API is a simulated Fabric API. All its methods may be used concurrently.
type API struct {
	opts    Options
	mux     *http.ServeMux
	control *http.ServeMux
	login   login
	log     journal
	faults  faults
	maxIn   atomic.Int64

	editing sync.Mutex // serialises writers of roster
	roster  atomic.Pointer[roster]
	agenda  *agenda
	ordered int // connections so far; guarded by editing

	shift    atomic.Int64 // of the API's clock against Options.Now, nanoseconds
	switches switches
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
	o.ClientID = cmp.Or(o.ClientID, DemoClientID)
	o.TokenLife = cmp.Or(o.TokenLife, defaultTokenLife)
	o.StepTime = cmp.Or(o.StepTime, defaultStepTime)
	if o.AcceptSubject == nil {
		o.AcceptSubject = func(token string) bool { return token == DemoSubjectToken }
	}
	o.Lateness = max(cmp.Or(o.Lateness, defaultLateness), 0)
	o.PageLimit = cmp.Or(o.PageLimit, defaultPageLimit)
	a := &API{
		opts:   o,
		login:  login{secret: cmp.Or(o.ClientSecret, DemoClientSecret), tokens: map[string]time.Time{}},
		agenda: newAgenda(),
		log:    journal{limit: max(cmp.Or(o.RequestLog, defaultRequestLog), 0), counts: map[string]int{}},
	}
	a.roster.Store(newRoster(fleet.clone()))
	a.mux, a.control = a.routes(), a.controls()
	a.SetGone(o.Gone...)
	return a
}

// now is the API's own time.
func (a *API) now() time.Time { return a.opts.Now().Add(time.Duration(a.shift.Load())) }

// ServeHTTP answers one request as the Fabric API would, unless a [Fault]
// says otherwise. What is below /control/ is no part of the Fabric API: it
// switches faults on and off, and is neither logged nor hit by them.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/control/") {
		a.control.ServeHTTP(w, r)
		return
	}
	if !clean(r.URL.Path) { // the mux would redirect; the gateway does not
		a.handle(fallback)(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// SetMaxIn makes searches refuse, with 400, any filter with more than n values;
// 0 takes the limit away.
func (a *API) SetMaxIn(n int) { a.maxIn.Store(int64(n)) }
