package fabrictest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// patchOperation is one of the changes that an update asks for.
type patchOperation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// updateConnection changes a connection: its name, its recipients and its near
// port at once, its bandwidth by a change that takes its time.
func (a *API) updateConnection(c *call) reply {
	var ops []patchOperation
	if err := json.Unmarshal(c.body, &ops); err != nil {
		return badJSON("Unreadable json", "", err.Error())
	}
	if len(ops) == 0 {
		return badJSON("Unreadable json", "", "At least one operation expected")
	}
	return a.change(c, http.StatusAccepted, func(r *roster, conn *Connection) (*step, *reply) {
		if !conn.live() {
			return nil, wrongState(conn)
		}
		next := a.agenda.steps[conn.UUID]
		for i, op := range ops {
			then, flaw := a.patch(r, conn, op, c)
			if flaw != nil {
				flaw.Property = fmt.Sprintf("[%d]%s", i, flaw.Property)
				return nil, new(invalid("Invalid update", *flaw))
			}
			next = cmp.Or(then, next)
		}
		return next, nil
	})
}

// patch applies one operation. The step it returns is nil where none follows.
func (a *API) patch(r *roster, conn *Connection, op patchOperation, c *call) (*step, *propertyFlaw) {
	if op.Op != "replace" {
		return nil, &propertyFlaw{".op", fmt.Sprintf("Unexpected value %q", op.Op)}
	}
	value := &propertyFlaw{".value", "Invalid value"}
	switch op.Path {
	case "/name":
		var name string
		if json.Unmarshal(op.Value, &name) != nil || name == "" {
			return nil, value
		}
		conn.Name = name
	case "/bandwidth":
		var mbps int64
		if json.Unmarshal(op.Value, &mbps) != nil {
			return nil, value
		}
		return a.requestBandwidth(r, conn, mbps, c)
	case "/aSide/accessPoint/port/uuid":
		var id string
		if json.Unmarshal(op.Value, &id) != nil {
			return nil, value
		}
		p := r.byUUID[id]
		if p == nil || p.Foreign {
			return nil, &propertyFlaw{".value", "No such port"}
		}
		conn.ASide.Port, conn.ASide.Name, conn.ASide.Metro = p.UUID, p.Name, p.Metro
	case "/notifications":
		var ns []notificationDoc
		if json.Unmarshal(op.Value, &ns) != nil || len(notificationFlaws(ns)) > 0 {
			return nil, value
		}
		conn.Emails = recipients(ns)
	default:
		return nil, &propertyFlaw{".path", fmt.Sprintf("Unexpected value %q", op.Path)}
	}
	return nil, nil
}

// requestBandwidth asks for a new bandwidth. Where the far end has a say, it stays
// with the request until there is an answer.
func (a *API) requestBandwidth(r *roster, conn *Connection, mbps int64, c *call) (*step, *propertyFlaw) {
	allowed := bandwidths
	if p := profileNamed(conn.ZSide.Profile); p != nil {
		allowed = p.bandwidths
	}
	switch {
	case conn.State != StateActive && conn.State != StateProvisioned,
		conn.bandwidthChange(changeRequested), conn.bandwidthChange(changeSubmitted):
		return nil, &propertyFlaw{".path", "Another change is under way"}
	case !slices.Contains(allowed, mbps):
		return nil, &propertyFlaw{".value", fmt.Sprintf("Must be one of %v", allowed)}
	case mbps == conn.Bandwidth:
		return nil, &propertyFlaw{".value", "That is the bandwidth already"}
	}
	for _, port := range []string{conn.ASide.Port, conn.ZSide.Port} {
		if p := r.byUUID[port]; p != nil && mbps > p.Capacity() {
			return nil, &propertyFlaw{".value", "The port is slower than the connection"}
		}
	}
	conn.Change = Change{Type: "CONNECTION_UPDATE", Status: changeRequested, Bandwidth: mbps, Requested: c.now, Updated: c.now}
	if r.needsApproval(conn) {
		conn.Change.Status = changeSubmitted
		return nil, nil
	}
	accepted := c.now.Add(a.opts.StepTime)
	return &step{accepted, func(conn *Connection) *step { return a.resize(conn, accepted) }}, nil
}
