package fabrictest

import (
	"cmp"
	"math"
	"sync/atomic"
	"time"
)

// status is the state of a connection, as a whole, at Equinix and at the provider.
type status struct{ state, equinix, provider string }

// stage is what a connection comes to in the course of a change. An empty status
// stays, or comes back, as it was before the change.
type stage struct {
	status

	change string // the status of the change
	next   *stage // comes by itself after stepTime; nil if the connection stays
}

// stepTime is how long a connection stays in each stage that passes by itself.
const stepTime = 5 * time.Second

// The statuses of a change.
const (
	changeRequested = "REQUESTED"
	changeSubmitted = "SUBMITTED_FOR_APPROVAL"
	changeApproved  = "APPROVED"
	changeCompleted = "COMPLETED"
	changeRejected  = "REJECTED"
)

// The life of a connection. The stages with changeSubmitted wait for an action of the
// far end; the simulation accepts it from every client with a token.
var (
	ordered      = stage{status{StatePending, "PENDING_AUTO_APPROVAL", "NOT_AVAILABLE"}, changeRequested, &provisioning}
	offered      = stage{status{StatePending, "PENDING_APPROVAL", "PENDING_APPROVAL"}, changeSubmitted, nil}
	provisioning = stage{status{StateProvisioning, StateProvisioning, StateProvisioning}, changeApproved, &provisioned}
	provisioned  = stage{status{StateProvisioned, StateProvisioned, "AVAILABLE"}, changeCompleted, nil}
	cancelled    = stage{status{StateCancelled, "REJECTED", "REJECTED"}, changeRejected, nil}

	resizeOrdered  = stage{status{}, changeRequested, &resizing}
	resizeOffered  = stage{status{}, changeSubmitted, nil}
	resizing       = stage{status{StateReprovisioning, StateProvisioning, StateProvisioning}, changeApproved, &resized}
	resized        = stage{status{}, changeCompleted, nil}
	resizeRejected = stage{status{}, changeRejected, nil}

	deleteOffered = stage{status{"", "PENDING_DELETE", "PENDING DELETE"}, changeSubmitted, nil}
	deleting      = stage{status{StateDeprovisioning, StateDeprovisioning, StateDeprovisioning}, changeApproved, &deleted}
	deleted       = stage{status{StateDeprovisioned, StateDeprovisioned, StateDeprovisioned}, changeCompleted, nil}
)

// actions are what the far end can say, by type: to which change, and what follows.
var actions = map[string]struct {
	change string
	stage  *stage
}{
	"CONNECTION_CREATION_ACCEPTANCE": {"CONNECTION_CREATION", &provisioning},
	"CONNECTION_CREATION_REJECTION":  {"CONNECTION_CREATION", &cancelled},
	"CONNECTION_UPDATE_ACCEPTANCE":   {"CONNECTION_UPDATE", &resizing},
	"CONNECTION_UPDATE_REJECTION":    {"CONNECTION_UPDATE", &resizeRejected},
	"CONNECTION_DELETION_ACCEPTANCE": {"CONNECTION_DELETION", &deleting},
}

// step is a stage that a connection will come to.
type step struct {
	*stage

	at  time.Time
	was status // before the change
}

// take brings the connection to the stage, and returns what comes next.
func (s *step) take(c *Connection) *step {
	c.State = cmp.Or(s.state, s.was.state)
	c.EquinixStatus = cmp.Or(s.equinix, s.was.equinix)
	c.ProviderStatus = cmp.Or(s.provider, s.was.provider)
	c.Updated, c.Change.Updated, c.Change.Status = s.at, s.at, s.change
	if s.change == changeCompleted && c.Change.Bandwidth > 0 {
		c.Bandwidth = c.Change.Bandwidth
	}
	if s.next == nil {
		return nil
	}
	return &step{s.next, s.at.Add(stepTime), s.was}
}

// enter brings a connection to a stage now, in place of what was to happen to it.
func (a *API) enter(c *Connection, s *stage, now time.Time) {
	a.pending.set(c.UUID, (&step{s, now, status{c.State, c.EquinixStatus, c.ProviderStatus}}).take(c))
}

// pending are the next steps of connections. There is no goroutine behind them:
// whatever is due happens before the next request is answered. API.editing guards
// them.
type pending struct {
	steps map[string]*step // by connection
	next  atomic.Int64     // time of the soonest, Unix milliseconds; 0 for none; may be read unguarded
}

// set replaces what will happen to a connection, nil for nothing.
func (p *pending) set(uuid string, s *step) {
	p.steps[uuid] = s
	if s == nil {
		delete(p.steps, uuid)
	}
	next := int64(math.MaxInt64)
	for _, s := range p.steps {
		next = min(next, s.at.UnixMilli())
	}
	p.next.Store(next % math.MaxInt64)
}

// advance brings the connections up to the time now.
func (a *API) advance(now time.Time) {
	if next := a.pending.next.Load(); next == 0 || now.UnixMilli() < next {
		return
	}
	a.edit(func(f *Fleet) bool {
		for uuid, s := range a.pending.steps {
			i := index(f.Connections, uuid)
			if i < 0 {
				s = nil
			}
			for s != nil && !s.at.After(now) {
				s = s.take(&f.Connections[i])
			}
			a.pending.set(uuid, s)
		}
		return true
	})
}
