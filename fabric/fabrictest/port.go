package fabrictest

import "time"

// Values of the API that the simulation itself acts on or uses often. Fields
// take any other string just as well.
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
)

// Port is one port as the simulation knows it.
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
	Group         string // redundancy group, the UUID of the primary port; "" for none
	Maintenance   string // maintenance status, "" for none

	ProjectID     string
	AccountNumber int64
	OrgID         int64

	// Foreign ports belong to another account: no list shows them, and asking
	// for one by its UUID is forbidden.
	Foreign bool
	// Stringly ports spell other things as strings: the tag protocol in
	// hexadecimal, the account in decimal, the summary of a metric as JSON.
	Stringly bool
	// Sparse ports have null for everything optional.
	Sparse bool

	// Stream is what the port is attached to; without one it has no metrics.
	Stream Stream

	Load    Load
	Outages []Outage // times without traffic, in any order
}

// Link is one physical link of a port.
type Link struct {
	UUID         string
	CrossConnect string
	Down         bool
}

// Load shapes the traffic of a port.
type Load struct {
	// Inbound and Outbound are the usual mean in the busiest hour of a
	// working day as a share of the line rate.
	Inbound, Outbound float64
	PeakHour          float64 // busiest hour by the metro's clock, 0 to 24
	Weekend           float64 // share of a working day's traffic seen on Saturdays and Sundays
	Growth            float64 // per year, e.g. 0.2 for a fifth
	Bursts            float64 // how often bursts come; 0 for never, 1 for a few a day
	Errors            float64 // erred packets in five minutes, on average, each way
}

// Outage is a time in which a port carried nothing. A zero From is the
// beginning of time, a zero To means that it goes on.
type Outage struct{ From, To time.Time }

// Capacity returns the line rate in Mbit/s.
func (p *Port) Capacity() int64 { return p.Speed * int64(len(p.Links)) }

// OperationalStatus returns UP where all links are up, DOWN where none is, else
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

// silent reports whether the interval that ends at the given Unix time fell
// into an outage.
func (p *Port) silent(end int64) bool {
	for _, o := range p.Outages {
		if end > unix(o.From) && (o.To.IsZero() || end <= o.To.Unix()) {
			return true
		}
	}
	return false
}

// unix is t.Unix with the beginning of time for the zero Time.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return -1 << 62
	}
	return t.Unix()
}
