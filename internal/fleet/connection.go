package fleet

import (
	"cmp"
	"time"
)

// Connection is one virtual connection as a search found it. Strings are "" and
// pointers nil if the API says nothing.
type Connection struct {
	UUID    string // lower case
	APIName string // as the API spells it
	Type    string // e.g. EVPL_VC

	State                         string // lifecycle, as the API spells it
	Status                        string // operational: UP or DOWN
	EquinixStatus, ProviderStatus string // of the operation, as either side sees it
	Maintenance                   string // e.g. SCHEDULED

	Direction string   // INCOMING, OUTGOING or INTERNAL, as the account sees it
	Bandwidth *float64 // bit/s

	RedundancyGroup, RedundancyPriority string

	ASidePort, ZSidePort string // port UUIDs, "" if that side is no port
	ASide, ZSide         End
	Profile              string `json:",omitempty"` // UUID of the service profile at the z-side
}

// End is what a connection leads to at one side.
type End struct {
	Type  string // of the access point: COLO, SP, CLOUD_ROUTER, VD …
	Name  string // what the end is called, else a UUID, else Type
	Metro string // code
	VLAN  string // 101, 100-199, or outer.inner
}

// Side is one of the two of a connection.
type Side string

// The sides, as metric labels spell them.
const (
	ASide Side = "a"
	ZSide Side = "z"
)

// Sides lists both.
func Sides() []Side { return []Side{ASide, ZSide} }

// Name is the API's name, else the UUID.
func (c *Connection) Name() string { return cmp.Or(c.APIName, c.UUID) }

// InUse reports whether the connection takes up its bandwidth, and whether it may have
// traffic, by its state, or by Equinix' status if it has no state. A value that Equinix
// does not document counts as in use.
func (c *Connection) InUse() (bandwidth, traffic bool) {
	switch cmp.Or(c.State, c.EquinixStatus) {
	case "DEPROVISIONING", "PENDING_DELETE":
		return false, true
	case "AUTO_APPROVAL_FAILED", "CANCELLED", "DELETED", "DEPROVISIONED", "DRAFT", "FAILED", "NOT_PROVISIONED",
		"PENDING", "PENDING_APPROVAL", "PENDING_AUTO_APPROVAL", "PENDING_BGP_PEERING", "PENDING_INTERFACE_CONFIGURATION",
		"PENDING_PROVIDER_VLAN", "PENDING_PROVIDER_VLAN_ERROR", "REJECTED", "REJECTED_ACK":
		return false, false
	}
	return true, true
}

// CarriesTraffic reports whether the connection may have traffic.
func (c *Connection) CarriesTraffic() bool {
	_, traffic := c.InUse()
	return traffic
}

// SeenFrom is the side of the connection that is on one of the ports, the a-side if
// both are, and the UUID of that port. ok is false if neither is.
func (c *Connection) SeenFrom(ports map[string]bool) (side Side, port string, ok bool) {
	switch {
	case ports[c.ASidePort]:
		return ASide, c.ASidePort, true
	case ports[c.ZSidePort]:
		return ZSide, c.ZSidePort, true
	}
	return "", "", false
}

// End is what there is at that side.
func (c *Connection) End(s Side) *End {
	if s == ASide {
		return &c.ASide
	}
	return &c.ZSide
}

// Tracked is a connection with series of its own.
type Tracked struct {
	Connection // as the latest search that found it
	Metered

	At   time.Time // when that was
	Port string    // UUID of the account's port that it is seen from, "" if it is on none
	Side Side      // that the port is on, the a-side if there is no port

	// Dropped counts packets that a side dropped because they exceeded the
	// bandwidth; the zero value if the source has no such count. It never changes
	// once published.
	Dropped map[Side]map[Direction]Counter
}
