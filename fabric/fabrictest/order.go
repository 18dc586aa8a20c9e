package fabrictest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// connectionRequest is the order of a connection. What it does not name is
// ignored.
type connectionRequest struct {
	Type          string            `json:"type"`
	Name          string            `json:"name"`
	Order         *orderDoc         `json:"order"`
	Bandwidth     int64             `json:"bandwidth"`
	Redundancy    *redundancyDoc    `json:"redundancy"`
	ASide         *sideRequest      `json:"aSide"`
	ZSide         *sideRequest      `json:"zSide"`
	Project       *projectDoc       `json:"project"`
	Notifications []notificationDoc `json:"notifications"`
}

// maxRecipients is how many addresses may be notified of a connection.
const maxRecipients = 12

var connectionTypes = []string{
	"EVPL_VC", "EPL_VC", "EC_VC", "IP_VC", "ACCESS_EPL_VC", "EVPLAN_VC", "EPLAN_VC", "EVPTREE_VC", "EPTREE_VC",
	"IPWAN_VC", "IA_VC", "MC_VC", "IX_VC", "GW_VC", "IPX_VC",
}

// bandwidths are the steps in which connections come, in Mbit/s.
var bandwidths = []int64{10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000}

// flaws says what the order lacks or has wrong, but for its sides.
func (q *connectionRequest) flaws() []propertyFlaw {
	var flaws []propertyFlaw
	for _, required := range []struct {
		path    string
		missing bool
	}{
		{"/type", q.Type == ""}, {"/name", q.Name == ""}, {"/order", q.Order == nil}, {"/bandwidth", q.Bandwidth == 0},
		{"/aSide", q.ASide == nil}, {"/zSide", q.ZSide == nil}, {"/notifications", len(q.Notifications) == 0},
	} {
		if required.missing {
			flaws = append(flaws, propertyFlaw{required.path, "Required field"})
		}
	}
	if q.Type != "" && !slices.Contains(connectionTypes, q.Type) {
		flaws = append(flaws, propertyFlaw{"/type", fmt.Sprintf("Unexpected value %q", q.Type)})
	}
	if q.Bandwidth != 0 && !slices.Contains(bandwidths, q.Bandwidth) {
		flaws = append(flaws, propertyFlaw{"/bandwidth", fmt.Sprintf("Must be one of %v", bandwidths)})
	}
	if r := q.Redundancy; r != nil && r.Priority != PriorityPrimary && r.Priority != PrioritySecondary {
		flaws = append(flaws, propertyFlaw{"/redundancy/priority", fmt.Sprintf("Unexpected value %q", r.Priority)})
	}
	if len(q.Notifications) > 0 {
		flaws = append(flaws, notificationFlaws(q.Notifications)...)
	}
	return flaws
}

func notificationFlaws(ns []notificationDoc) []propertyFlaw {
	n := len(recipients(ns))
	if n == 0 || n > maxRecipients {
		return []propertyFlaw{{"/notifications/emails", fmt.Sprintf("Between 1 and %d recipients expected", maxRecipients)}}
	}
	return nil
}

func recipients(ns []notificationDoc) []string {
	var emails []string
	for _, n := range ns {
		emails = append(emails, n.Emails...)
	}
	return emails
}

// createConnection takes an order. With dryRun=true it only says what would come
// of it.
func (a *API) createConnection(c *call) reply {
	var q connectionRequest
	if err := json.Unmarshal(c.body, &q); err != nil {
		return badJSON("Unreadable json", "", err.Error())
	}
	if flaws := q.flaws(); len(flaws) > 0 {
		return invalid("Invalid connection", flaws...)
	}
	var answer reply
	a.edit(func(f *Fleet) bool {
		r := a.roster.Load()
		conn, refusal := r.order(&q)
		if refusal != nil {
			answer = *refusal
			return false
		}
		a.identify(&conn, &q, c.now)
		next := a.begin(r, &conn, c.now)
		answer = jsonReply(newConnectionDoc(&conn))
		if c.http.URL.Query().Get("dryRun") == "true" {
			return false
		}
		a.ordered++
		f.Connections = append(f.Connections, conn)
		a.agenda.set(conn.UUID, next)
		answer.status = http.StatusCreated
		return true
	})
	return answer
}

// order is the connection that is asked for, as yet without identity and state.
func (r *roster) order(q *connectionRequest) (Connection, *reply) {
	c := Connection{
		Name: q.Name, Type: q.Type, Bandwidth: q.Bandwidth, Direction: "OUTGOING",
		PurchaseOrder: q.Order.PurchaseOrderNumber, Emails: recipients(q.Notifications),
	}
	var nearFlaws, farFlaws []propertyFlaw
	c.ASide, nearFlaws = r.side("/aSide", q.ASide)
	c.ZSide, farFlaws = r.side("/zSide", q.ZSide)
	if flaws := append(nearFlaws, farFlaws...); len(flaws) > 0 {
		return c, new(invalid("Invalid access point", flaws...))
	}
	for path, s := range map[string]Side{"/aSide": c.ASide, "/zSide": c.ZSide} {
		if p := r.byUUID[s.Port]; p != nil && c.Bandwidth > p.Capacity() {
			return c, new(invalid("Invalid bandwidth", propertyFlaw{path + "/accessPoint/port", "The port is slower than the connection"}))
		}
	}
	if p := profileNamed(c.ZSide.Profile); p != nil && !slices.Contains(p.bandwidths, c.Bandwidth) {
		return c, new(invalid("Invalid bandwidth", propertyFlaw{"/bandwidth", fmt.Sprintf("The profile has %v", p.bandwidths)}))
	}
	near, far := r.byUUID[c.ASide.Port], r.byUUID[c.ZSide.Port]
	if near != nil && near.Foreign {
		return c, new(apiErrors(http.StatusForbidden, apiError{
			Code: "EQ-3142402", Message: "Do not have create connection permission on this port",
		}))
	}
	if far != nil && !far.Foreign {
		c.Direction = "INTERNAL"
	}
	c.Remote = c.ASide.Metro != c.ZSide.Metro
	if near != nil {
		c.ProjectID, c.AccountNumber, c.OrgID = near.ProjectID, near.AccountNumber, near.OrgID
	}
	return c, nil
}

// identify gives an ordered connection what tells it from others.
func (a *API) identify(conn *Connection, q *connectionRequest, now time.Time) {
	conn.UUID = newUUID(a.opts.Seed, "ordered connection", a.ordered)
	conn.Created, conn.Updated = now, now
	if q.Project != nil {
		conn.ProjectID = q.Project.ProjectID
	}
	if q.Redundancy != nil {
		conn.Priority, conn.Group = q.Redundancy.Priority, newUUID(a.opts.Seed, "ordered group", a.ordered)
		if q.Redundancy.Group != nil && *q.Redundancy.Group != "" {
			conn.Group = *q.Redundancy.Group
		}
	}
}

// begin puts a connection that was ordered on its way.
func (a *API) begin(r *roster, conn *Connection, now time.Time) *step {
	conn.Change = Change{Type: "CONNECTION_CREATION", Status: changeRequested, Requested: now, Updated: now}
	if r.needsApproval(conn) {
		conn.Change.Status = changeSubmitted
		conn.set(StatePending, statusPendingApproval, statusPendingApproval)
		return nil
	}
	conn.set(StatePending, statusPendingAutoApproval, statusNotAvailable)
	accepted := now.Add(a.opts.StepTime)
	return &step{accepted, func(c *Connection) *step { return a.provision(c, accepted) }}
}
