package fabrictest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Statuses that a connection passes through. Who accepts and who rejects is not
// asked: the simulation takes both sides' word from anybody.
const (
	statusPendingApproval     = "PENDING_APPROVAL"
	statusPendingAutoApproval = "PENDING_AUTO_APPROVAL"
	statusPendingDelete       = "PENDING_DELETE"
	statusRejected            = "REJECTED"
	statusNotAvailable        = "NOT_AVAILABLE"
	statusAvailable           = "AVAILABLE"
)

// The statuses of a change.
const (
	changeRequested = "REQUESTED"
	changeSubmitted = "SUBMITTED_FOR_APPROVAL"
	changeApproved  = "APPROVED"
	changeCompleted = "COMPLETED"
	changeRejected  = "REJECTED"
)

// set gives the connection its state and both statuses.
func (c *Connection) set(state, equinix, provider string) {
	c.State, c.EquinixStatus, c.ProviderStatus = state, equinix, provider
}

// bandwidthChange reports whether a change of the bandwidth is in that status.
func (c *Connection) bandwidthChange(status string) bool {
	return c.Change.Bandwidth > 0 && c.Change.Status == status
}

// resolve ends or forwards the change that is under way.
func (c *Connection) resolve(status string, now time.Time) {
	c.Change.Status, c.Change.Updated = status, now
}

// needsApproval reports whether somebody at the far end has to accept what is
// asked of c: a provider who wants it so, or whoever owns a port that the account
// does not.
func (r *roster) needsApproval(c *Connection) bool {
	if p := profileNamed(c.ZSide.Profile); p != nil {
		return p.approval
	}
	p := r.byUUID[c.ZSide.Port]
	return p != nil && p.Foreign
}

// provision takes a connection that was accepted on its way.
func (a *API) provision(c *Connection, now time.Time) *step {
	c.resolve(changeApproved, now)
	c.set(StateProvisioning, StateProvisioning, StateProvisioning)
	done := now.Add(a.opts.StepTime)
	return &step{done, func(c *Connection) *step {
		c.resolve(changeCompleted, done)
		c.set(StateProvisioned, StateProvisioned, statusAvailable)
		return nil
	}}
}

// resize takes a connection towards its new bandwidth, which was accepted.
func (a *API) resize(c *Connection, now time.Time) *step {
	state, equinix, provider := c.State, c.EquinixStatus, c.ProviderStatus
	c.resolve(changeApproved, now)
	c.set(StateReprovisioning, StateProvisioning, StateProvisioning)
	done := now.Add(a.opts.StepTime)
	return &step{done, func(c *Connection) *step {
		c.resolve(changeCompleted, done)
		c.Bandwidth = c.Change.Bandwidth
		c.set(state, equinix, provider)
		return nil
	}}
}

// deprovision takes a connection towards its end, which was accepted.
func (a *API) deprovision(c *Connection, now time.Time) *step {
	c.resolve(changeApproved, now)
	c.set(StateDeprovisioning, StateDeprovisioning, StateDeprovisioning)
	done := now.Add(a.opts.StepTime)
	return &step{done, func(c *Connection) *step {
		c.resolve(changeCompleted, done)
		c.set(StateDeprovisioned, StateDeprovisioned, StateDeprovisioned)
		return nil
	}}
}

// change lets act edit the connection that a call names, and answers with it. The
// step that act returns takes the place of what was to happen to it; with a
// refusal nothing changes.
func (a *API) change(c *call, status int, act func(*roster, *Connection) (*step, *reply)) reply {
	answer := notFound(c.uuid)
	a.edit(func(f *Fleet) bool {
		i := slices.IndexFunc(f.Connections, func(conn Connection) bool { return conn.UUID == c.uuid })
		if i < 0 {
			return false
		}
		conn := f.Connections[i].clone()
		next, refusal := act(a.roster.Load(), &conn)
		if refusal != nil {
			answer = *refusal
			return false
		}
		conn.Updated = c.now
		f.Connections[i] = conn
		a.agenda.set(conn.UUID, next)
		answer = jsonReply(newConnectionDoc(&conn))
		answer.status = status
		return true
	})
	return answer
}

// wrongState refuses what a connection is in no state for.
func wrongState(c *Connection) *reply {
	return new(invalid("The connection is "+c.State, propertyFlaw{"/state", "Unexpected value " + strconv.Quote(c.State)}))
}

// connection answers for one connection.
func (a *API) connection(c *call) reply {
	conn := a.roster.Load().connections[c.uuid]
	if conn == nil {
		return notFound(c.uuid)
	}
	return jsonReply(newConnectionDoc(conn))
}

// deleteConnection begins the end of a connection, or asks for it where the far
// end has a say.
func (a *API) deleteConnection(c *call) reply {
	return a.change(c, http.StatusOK, func(r *roster, conn *Connection) (*step, *reply) {
		if conn.gone() || conn.State == StateDeprovisioning || conn.EquinixStatus == statusPendingDelete {
			return nil, wrongState(conn)
		}
		conn.Change = Change{Type: "CONNECTION_DELETION", Status: changeSubmitted, Requested: c.now, Updated: c.now}
		if r.needsApproval(conn) && conn.live() {
			conn.set(conn.State, statusPendingDelete, "PENDING DELETE")
			return nil, nil
		}
		return a.deprovision(conn, c.now), nil
	})
}
