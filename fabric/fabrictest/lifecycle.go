package fabrictest

import (
	"cmp"
	"math"
	"sync/atomic"
	"time"
)

// status is the state of a connection, and its statuses at Equinix and at the provider.
type status struct{ state, equinix, provider string }

// stage is a stage of a change of a connection. An empty status means the status
// before the change.
type stage struct {
	status

	change string // status of the change
	next   *stage // follows after stepTime; nil if the connection stays
}

// stepTime is how long a connection stays in a stage that another follows.
const stepTime = 5 * time.Second

// The statuses of a change.
const (
	changeRequested = "REQUESTED"
	changeSubmitted = "SUBMITTED_FOR_APPROVAL"
	changeApproved  = "APPROVED"
	changeCompleted = "COMPLETED"
	changeRejected  = "REJECTED"
)

// The stages of a connection. The stages with changeSubmitted wait for an action of
// the far end, which every client with a token may take.
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

// actions are the actions of the far end, by type: the stages in which they are allowed, and the stages that follow.
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

// step is a future stage of a connection.
type step struct {
	*stage

	at  time.Time
	was status // before the change
}

// take moves the connection to the stage, and returns the next step.
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

// enter moves a connection to a stage now, and cancels its pending step.
func (a *API) enter(c *Connection, s *stage, now time.Time) {
	a.pending.set(c.UUID, (&step{s, now, status{c.State, c.EquinixStatus, c.ProviderStatus}}).take(c))
}

// pending are the next steps of connections. No goroutine takes them: steps that are
// due are taken before the next request is answered. API.editing guards them.
type pending struct {
	steps map[string]*step // by connection
	next  atomic.Int64     // time of the first step, Unix milliseconds; 0 without steps; may be read without the mutex
}

// set replaces the next step of a connection; nil removes it.
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

// advance takes the steps that are due now.
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
