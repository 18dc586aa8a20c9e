package fabrictest

import "time"

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

	ASide, ZSide Side

	Priority  string // PRIMARY or SECONDARY, "" for a connection without a partner
	Group     string // redundancy group, "" for none
	ProjectID string

	AccountNumber int64
	OrgID         int64

	Created, Updated time.Time

	Stringly bool // account numbers go out as strings
	Sparse   bool // null for everything optional, the statuses and the bandwidth included
}

// Side is one end of a connection.
type Side struct {
	Type    string // of the access point, e.g. COLO, SP, CLOUD_ROUTER
	Port    string // UUID, "" where the access point is no port
	Name    string // of the port, or of the access point where it is none
	Metro   string // code
	VLAN    int    // 0 for none
	Profile string // name of the service profile, "" for none
}

// live reports whether the connection takes bandwidth of its ports.
func (c *Connection) live() bool {
	switch c.State {
	case StateActive, StateProvisioned, StateProvisioning, "REPROVISIONING":
		return true
	}
	return false
}
