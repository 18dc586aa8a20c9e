package fabrictest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// sideRequest is one end of an order, on an own port (COLO) or at a service provider
// (SP).
type sideRequest struct {
	AccessPoint struct {
		Type         string `json:"type"`
		Port         ref    `json:"port"`
		Profile      ref    `json:"profile"`
		LinkProtocol struct {
			VLANTag int `json:"vlanTag"`
		} `json:"linkProtocol"`
		Location struct {
			MetroCode string `json:"metroCode"`
		} `json:"location"`
		AuthenticationKey string `json:"authenticationKey"`
	} `json:"accessPoint"`
}

type ref struct {
	UUID string `json:"uuid"`
}

// side is the requested end of the connection, or what is wrong with the request.
func (s *state) side(q sideRequest) (Side, *flaw) {
	ap := q.AccessPoint
	switch ap.Type {
	case "COLO":
		p := s.ports[ap.Port.UUID]
		if p == nil {
			return Side{}, &flaw{"/port/uuid", "No such port"}
		}
		if vlan := ap.LinkProtocol.VLANTag; vlan < 1 || vlan > 4094 {
			return Side{}, &flaw{"/linkProtocol/vlanTag", "Number must be between 1 and 4094"}
		}
		return p.side(ap.LinkProtocol.VLANTag), nil
	case "SP":
		p := profileNamed(ap.Profile.UUID)
		if p == nil {
			return Side{}, &flaw{"/profile/uuid", "No such service profile"}
		}
		if p.key != nil && !p.key.MatchString(ap.AuthenticationKey) {
			return Side{}, &flaw{"/authenticationKey", "Must be a " + p.keyLabel}
		}
		return Side{Type: "SP", Metro: ap.Location.MetroCode, Profile: p.name, Key: ap.AuthenticationKey}, nil
	}
	return Side{}, unexpected("/type", ap.Type)
}

// createConnection answers an order.
func (a *API) createConnection(c *call) reply {
	var q struct {
		Type          string      `json:"type"`
		Name          string      `json:"name"`
		Bandwidth     int64       `json:"bandwidth"`
		ASide         sideRequest `json:"aSide"`
		ZSide         sideRequest `json:"zSide"`
		Notifications []struct {
			Emails []string `json:"emails"`
		} `json:"notifications"`
		Order struct {
			PurchaseOrderNumber string `json:"purchaseOrderNumber"`
		} `json:"order"`
	}
	if err := json.Unmarshal(c.body, &q); err != nil {
		return badJSON("Unreadable json", flaw{"", err.Error()})
	}
	if q.Type == "" || q.Name == "" || len(q.Notifications) == 0 {
		return invalid("Invalid connection", flaw{"/", "type, name and notifications are required"})
	}
	s := a.state.Load()
	near, nearFlaw := s.side(q.ASide)
	far, farFlaw := s.side(q.ZSide)
	for side, f := range map[string]*flaw{"/aSide": nearFlaw, "/zSide": farFlaw} {
		if f != nil {
			return invalid("Invalid access point", flaw{side + "/accessPoint" + f.property, f.reason})
		}
	}
	conn := Connection{
		Name: q.Name, Type: q.Type, Bandwidth: q.Bandwidth, Direction: "OUTGOING", PurchaseOrder: q.Order.PurchaseOrderNumber,
		ASide: near, ZSide: far, Remote: near.Metro != far.Metro, Created: c.now,
		Change: Change{Type: "CONNECTION_CREATION", Requested: c.now},
	}
	if !slices.Contains(conn.bandwidths(), q.Bandwidth) {
		return invalid("Invalid bandwidth", flaw{"/bandwidth", fmt.Sprintf("Must be one of %v", conn.bandwidths())})
	}
	for _, n := range q.Notifications {
		conn.Emails = append(conn.Emails, n.Emails...)
	}
	if p := s.ports[far.Port]; p != nil && !p.Foreign {
		conn.Direction = "INTERNAL"
	}
	if p := s.ports[near.Port]; p != nil {
		conn.ProjectID, conn.AccountNumber, conn.OrgID = p.ProjectID, p.AccountNumber, p.OrgID
	}
	a.edit(func(f *Fleet) bool {
		conn.UUID = newUUID(a.opts.Seed, "ordered connection", a.orders)
		a.orders++
		if s.needsApproval(&conn) {
			a.enter(&conn, &offered, c.now)
		} else {
			a.enter(&conn, &ordered, c.now)
		}
		f.Connections = append(f.Connections, conn)
		return true
	})
	return jsonReply(connectionDoc(&conn), http.StatusCreated)
}

// bandwidths are the possible bandwidths of the connection in Mbit/s.
func (c *Connection) bandwidths() []int64 {
	if p := profileNamed(c.ZSide.Profile); p != nil {
		return p.bandwidths
	}
	return []int64{10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000}
}

// needsApproval reports whether the far end must accept changes of c: some providers,
// and owners of foreign ports.
func (s *state) needsApproval(c *Connection) bool {
	if p := profileNamed(c.ZSide.Profile); p != nil {
		return p.approval
	}
	p := s.ports[c.ZSide.Port]
	return p != nil && p.Foreign
}

// change has act edit the connection of a call, and answers with the connection. If
// act refuses, nothing changes.
func (a *API) change(c *call, status int, act func(s *state, conn *Connection) *reply) reply {
	answer := notFound(c.id)
	a.edit(func(f *Fleet) bool {
		accepted := false
		alter(f.Connections, c.id, func(conn *Connection) {
			refusal := act(a.state.Load(), conn)
			if accepted = refusal == nil; accepted {
				answer = jsonReply(connectionDoc(conn), status)
			} else {
				answer = *refusal
			}
		})
		return accepted
	})
	return answer
}

// wrongState refuses a request that the state of a connection does not allow.
func wrongState(c *Connection) *reply {
	return new(invalid("The connection is "+c.State, *unexpected("/state", c.State)))
}

// updateConnection changes the bandwidth of a connection.
func (a *API) updateConnection(c *call) reply {
	var ops []struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value int64  `json:"value"`
	}
	if err := json.Unmarshal(c.body, &ops); err != nil || len(ops) != 1 || ops[0].Op != "replace" || ops[0].Path != "/bandwidth" {
		return badJSON("Unreadable json", flaw{"", "The simulation takes one operation, replace /bandwidth"})
	}
	mbps := ops[0].Value
	return a.change(c, http.StatusAccepted, func(s *state, conn *Connection) *reply {
		busy := conn.Change.Status == changeRequested || conn.Change.Status == changeSubmitted
		if conn.State != StateActive && conn.State != StateProvisioned || busy {
			return wrongState(conn)
		}
		if !slices.Contains(conn.bandwidths(), mbps) {
			return new(invalid("Invalid update", flaw{"[0].value", fmt.Sprintf("Must be one of %v", conn.bandwidths())}))
		}
		conn.Change = Change{Type: "CONNECTION_UPDATE", Bandwidth: mbps, Requested: c.now}
		if s.needsApproval(conn) {
			a.enter(conn, &resizeOffered, c.now)
		} else {
			a.enter(conn, &resizeOrdered, c.now)
		}
		return nil
	})
}

// deleteConnection starts the deletion of a connection, or asks the far end first.
func (a *API) deleteConnection(c *call) reply {
	return a.change(c, http.StatusOK, func(s *state, conn *Connection) *reply {
		if conn.ended() || conn.State == StateDeprovisioning || conn.EquinixStatus == deleteOffered.equinix {
			return wrongState(conn)
		}
		conn.Change = Change{Type: "CONNECTION_DELETION", Requested: c.now}
		if s.needsApproval(conn) && conn.live() {
			a.enter(conn, &deleteOffered, c.now)
		} else {
			a.enter(conn, &deleting, c.now)
		}
		return nil
	})
}

// actOnConnection accepts or rejects a pending change, as the far end.
func (a *API) actOnConnection(c *call) reply {
	var q struct {
		Type string `json:"type"`
	}
	act, ok := actions[""]
	if err := json.Unmarshal(c.body, &q); err == nil {
		act, ok = actions[q.Type]
	}
	if !ok {
		return invalid("Invalid action", *unexpected("/type", q.Type))
	}
	return a.change(c, http.StatusCreated, func(_ *state, conn *Connection) *reply {
		if conn.Change.Type != act.change || conn.Change.Status != changeSubmitted {
			return wrongState(conn)
		}
		a.enter(conn, act.stage, c.now)
		return nil
	})
}

// validateConnection answers whether a provider accepts an authorization key, or
// whether a VLAN of a port is free.
func (a *API) validateConnection(c *call) reply {
	req, refusal := decodeSearch(c)
	if refusal != nil {
		return *refusal
	}
	given := map[string]string{}
	for _, f := range req.Filter.And {
		given[f.Property] = append(f.Values, "")[0]
	}
	message, data := "VLAN is available", []object{}
	if vlan := given["/aSide/accessPoint/linkProtocol/vlanTag"]; vlan != "" {
		for _, conn := range a.state.Load().fleet.Connections {
			for _, s := range []Side{conn.ASide, conn.ZSide} {
				if s.Port == given["/aSide/accessPoint/port/uuid"] && !conn.ended() && strconv.Itoa(s.VLAN) == vlan {
					return invalid("VLAN is in use", flaw{"/aSide/accessPoint/linkProtocol/vlanTag", "Used by connection " + conn.UUID})
				}
			}
		}
	} else {
		key := given["/zSide/accessPoint/authenticationKey"]
		p := profileNamed(given["/zSide/accessPoint/profile/uuid"])
		if p == nil || key == "" || p.key != nil && !p.key.MatchString(key) {
			return invalid("Authorization key provided is invalid", flaw{"/zSide/accessPoint/authenticationKey", "Not a key of the service profile"})
		}
		message = "Authorization key provided is valid"
		for i, priority := range []string{PriorityPrimary, PrioritySecondary} {
			side := Side{Type: "COLO", Port: newUUID(a.opts.Seed, "provider port", i), Name: "PROVIDER-NNI-" + priority, VLAN: 1_003, Metro: metros[0].code}
			data = append(data, object{"bandwidth", 500, "redundancy", object{"group", nil, "priority", priority}, "zSide", sideDoc(&side)})
		}
	}
	return jsonReply(object{"additionalInfo", []object{{"key", "message", "value", message}}, "data", data})
}
