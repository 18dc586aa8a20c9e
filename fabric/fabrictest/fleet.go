package fabrictest

import (
	"cmp"
	"slices"
	"time"
)

// Values of the API that the simulation acts on or uses often. Fields may have any
// other string too.
const (
	StatusUp      = "UP"
	StatusDown    = "DOWN"
	StatusPartial = "PARTIAL"

	StateActive         = "ACTIVE"
	StatePending        = "PENDING"
	StateProvisioning   = "PROVISIONING"
	StateProvisioned    = "PROVISIONED"
	StateReprovisioning = "REPROVISIONING"
	StateDeprovisioning = "DEPROVISIONING"
	StateDeprovisioned  = "DEPROVISIONED"
	StateCancelled      = "CANCELLED"

	PriorityPrimary   = "PRIMARY"
	PrioritySecondary = "SECONDARY"

	Attached     = "ATTACHED" // attachment statuses of assets
	Attaching    = "ATTACHING"
	Detached     = "DETACHED"
	AttachFailed = "FAILED"
)

// Fleet is the content of an API: the ports and connections that its credentials may
// see, and foreign ports that they may not see.
type Fleet struct {
	Ports       []Port
	Connections []Connection
}

// Port is one port of the simulation.
type Port struct {
	UUID  string
	Name  string
	State string // lifecycle state; PROVISIONING ports have no statistics yet

	Metro string // code, e.g. "SV"
	IBX   string // e.g. "SV5"

	Speed int64  // of one link, Mbit/s
	Links []Link // at least one; several make a LAG

	Encapsulation string // DOT1Q, QINQ or UNTAGGED
	Package       string // e.g. "STANDARD"
	Priority      string // PRIMARY or SECONDARY, "" for a port without a partner
	Group         string // redundancy group, the UUID of the primary port; "" without a partner
	Maintenance   string // maintenance status; may be ""

	ProjectID     string
	AccountNumber int64
	OrgID         int64

	Foreign  bool // of another account: not listed, and 403 by its UUID
	Stringly bool // some numbers are sent as strings, and the summary of a metric as JSON in a string
	Sparse   bool // null for everything optional
	Veiled   bool // the user may not view its connections; only v3 says so, and leaves them out

	Stream Stream // the port has metrics only with a stream

	Load    Load
	Outages []Outage // times without traffic, unordered
}

// Link is one physical link of a port.
type Link struct {
	UUID         string
	CrossConnect string
	Down         bool
}

// Load describes the traffic of a port.
type Load struct {
	// Inbound and Outbound are the usual mean in the busiest hour of a
	// working day as a share of the line rate.
	Inbound, Outbound float64
	PeakHour          float64 // busiest hour by the metro's clock, 0 to 24
	Weekend           float64 // share of a working day's traffic seen on Saturdays and Sundays
	Growth            float64 // per year, e.g. 0.2 for a fifth
	Bursts            float64 // how often bursts come; 0 is never, 1 a few a day
	Errors            float64 // packets with errors in five minutes, on average, in each direction
}

// Outage is a time in which a port carried nothing. With a zero From it has no start,
// with a zero To no end.
type Outage struct{ From, To time.Time }

// Stream is the attachment of an asset to a stream; the zero Stream means that it is
// not attached. It has metrics while Status is ATTACHED and MetricsEnabled is true.
type Stream struct {
	UUID           string // of the stream
	Status         string // attachment status
	MetricsEnabled bool
}

// Connection is one virtual connection of the simulation.
type Connection struct {
	UUID      string
	Name      string
	Type      string // e.g. "EVPL_VC"
	State     string // lifecycle state; "" and unknown ones are sent unchanged
	Bandwidth int64  // Mbit/s
	Direction string // OUTGOING, INCOMING or INTERNAL
	Remote    bool   // the sides are in different metros

	EquinixStatus  string
	ProviderStatus string
	Maintenance    string // maintenance status; may be ""

	ASide, ZSide Side

	Change Change // the last requested change; may be zero

	Priority  string // PRIMARY or SECONDARY, "" for a connection without a partner
	Group     string // redundancy group, "" without a partner
	ProjectID string

	AccountNumber int64
	OrgID         int64

	Created, Updated time.Time

	PurchaseOrder string   // "" means PO-1001
	Emails        []string // people to notify; nil means two made-up addresses

	// Load is the share of its port's traffic that the connection needs; it gets at
	// most its bandwidth. Zero means a share by its bandwidth, which never fills it.
	Load   float64
	Stream Stream // the connection has metrics only with a stream

	Down     bool // the operational status is DOWN
	Stringly bool // account numbers are sent as strings
	Sparse   bool // null for everything optional, including the statuses and the bandwidth
}

// Side is one end of a connection.
type Side struct {
	Type    string // of the access point, e.g. COLO, SP, CLOUD_ROUTER
	Port    string // UUID; "" if the access point is not a port
	UUID    string // of the virtual device, router, network, interconnect or token
	Name    string // of the port, or of the object of UUID
	Token   bool   // UUID and Name belong to a service token
	Metro   string // code
	VLAN    int    // 0 for untagged
	Profile string // name of the service profile; may be ""
	Key     string // authorization key for the profile; "" means a made-up one
}

// Change is a requested change of a connection.
type Change struct {
	Type      string // e.g. CONNECTION_UPDATE
	Status    string // REQUESTED, SUBMITTED_FOR_APPROVAL, APPROVED, COMPLETED or REJECTED
	Bandwidth int64  // the new one, in Mbit/s; 0 for any other change
	Requested time.Time
	Updated   time.Time
}

// Port returns the first port with the given name.
func (f Fleet) Port(name string) (Port, bool) {
	for _, p := range f.Ports {
		if p.Name == name {
			return p, true
		}
	}
	return Port{}, false
}

// Attach attaches first every own port, then every connection, with metrics enabled,
// to streams of 50 assets each, the most that a stream can have. Equinix allows five
// streams in a project; load tests need more.
func (f *Fleet) Attach() {
	n := 0
	next := func() Stream {
		n++
		return Stream{UUID: newUUID(0, "stream", (n-1)/50), Status: Attached, MetricsEnabled: true}
	}
	for i := range f.Ports {
		if p := &f.Ports[i]; !p.Foreign {
			p.Stream = next()
		}
	}
	for i := range f.Connections {
		f.Connections[i].Stream = next()
	}
}

// Capacity returns the line rate in Mbit/s.
func (p *Port) Capacity() int64 { return p.Speed * int64(len(p.Links)) }

// OperationalStatus returns UP if all links are up, DOWN if all are down, else
// PARTIAL.
func (p *Port) OperationalStatus() string {
	down := 0
	for _, l := range p.Links {
		if l.Down {
			down++
		}
	}
	switch down {
	case 0:
		return StatusUp
	case len(p.Links):
		return StatusDown
	default:
		return StatusPartial
	}
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

// live reports whether the connection uses bandwidth of its ports. If it has no
// state, as many, the status at Equinix decides.
func (c *Connection) live() bool {
	switch cmp.Or(c.State, c.EquinixStatus) {
	case StateActive, StateProvisioned, StateProvisioning, StateReprovisioning:
		return true
	}
	return false
}

// ended reports whether the connection has ended; searches still return it.
func (c *Connection) ended() bool { return c.State == StateDeprovisioned || c.State == StateCancelled }

func (f Fleet) clone() Fleet {
	f.Ports, f.Connections = slices.Clone(f.Ports), slices.Clone(f.Connections)
	for i := range f.Ports {
		f.Ports[i] = f.Ports[i].clone()
	}
	for i := range f.Connections {
		f.Connections[i] = f.Connections[i].clone()
	}
	return f
}

func (p Port) clone() Port {
	p.Links, p.Outages = slices.Clone(p.Links), slices.Clone(p.Outages)
	return p
}

func (c Connection) clone() Connection {
	c.Emails = slices.Clone(c.Emails)
	return c
}
