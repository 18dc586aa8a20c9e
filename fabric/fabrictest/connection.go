package fabrictest

import (
	"cmp"
	"slices"
	"time"
)

// Connection is one virtual connection as the simulation knows it.
type Connection struct {
	UUID      string
	Name      string
	Type      string // e.g. "EVPL_VC"
	State     string // lifecycle state; "" and unknown ones go out as they are
	Bandwidth int64  // Mbit/s
	Direction string // OUTGOING, INCOMING or INTERNAL
	Remote    bool   // the sides lie in different metros

	EquinixStatus  string
	ProviderStatus string
	Maintenance    string // maintenance status, "" for none

	ASide, ZSide Side

	// Change is the last change that was asked for, zero for none.
	Change Change

	Priority  string // PRIMARY or SECONDARY, "" for a connection without a partner
	Group     string // redundancy group, "" for none
	ProjectID string

	AccountNumber int64
	OrgID         int64

	Created, Updated time.Time

	PurchaseOrder string   // "" means PO-1001
	Emails        []string // who is notified; nil means two made-up ones

	// Load is the share of its port's traffic that the connection asks for; it
	// gets no more than its bandwidth. Zero means a share by its bandwidth, so
	// small that it never fills it.
	Load float64
	// Stream is what the connection is attached to; without one it has no metrics.
	Stream Stream

	Down     bool // the operational status is DOWN
	Stringly bool // account numbers go out as strings
	Sparse   bool // null for everything optional, the statuses and the bandwidth included
}

// Side is one end of a connection.
type Side struct {
	Type    string // of the access point, e.g. COLO, SP, CLOUD_ROUTER
	Port    string // UUID, "" where the access point is no port
	Name    string // of the port, or of the access point where it is none
	Metro   string // code
	VLAN    int    // 0 for none; the outer one where Inner is set
	Inner   int    // VLAN within VLAN, which makes the side QINQ; 0 for none
	Profile string // name of the service profile, "" for none
	Key     string // authorization key for the profile; "" means a made-up one
}

// Change is a change of a connection that somebody asked for.
type Change struct {
	Type      string // e.g. CONNECTION_UPDATE
	Status    string // REQUESTED, SUBMITTED_FOR_APPROVAL, APPROVED, COMPLETED or REJECTED
	Bandwidth int64  // the new one, in Mbit/s; 0 where the change is none of it
	Requested time.Time
	Updated   time.Time
}

func (c Connection) clone() Connection {
	c.Emails = slices.Clone(c.Emails)
	return c
}

// OperationalStatus is UP or DOWN, "" for a connection that is not in service.
func (c *Connection) OperationalStatus() string {
	switch {
	case !c.live():
		return ""
	case c.Down:
		return StatusDown
	}
	return StatusUp
}

// live reports whether the connection takes bandwidth of its ports. Where it has no
// state, which is how many come, Equinix' status tells.
func (c *Connection) live() bool {
	switch cmp.Or(c.State, c.EquinixStatus) {
	case StateActive, StateProvisioned, StateProvisioning, StateReprovisioning:
		return true
	}
	return false
}

// gone reports whether the connection has come to its end; the searches still
// show it.
func (c *Connection) gone() bool { return c.State == StateDeprovisioned || c.State == StateCancelled }
