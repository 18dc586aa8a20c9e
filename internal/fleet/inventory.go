package fleet

import "time"

// The operational states of a port.
const (
	StatusUp      = "UP"
	StatusDown    = "DOWN"
	StatusPartial = "PARTIAL"
)

// Unknown stands for an empty state.
const Unknown = "UNKNOWN"

// Inventory is what a listing says of one port. Strings are "" and pointers nil
// if it says nothing.
type Inventory struct {
	At time.Time // when it was answered

	State  string // lifecycle, as the API spells it
	Status string // operational status of the port itself
	Links  []Link // its physical ports

	Maintenance string // e.g. SCHEDULED

	Capacity  *float64 // line rate, bit/s
	Allocated *float64 // sold to connections, bit/s
	Available *float64 // free to be sold to connections, as Equinix states it, bit/s

	Metro, MetroName, Region, IBX       string
	Encapsulation, Package, Speed       string
	RedundancyPriority, RedundancyGroup string
	LAG, Project                        string

	Product string `json:",omitempty"` // equal for ports with the same list price, "" if that is not known

	HasConnections    bool `json:",omitempty"` // ordered by whomever
	ConnectionsHidden bool `json:",omitempty"` // the user may not view them; from v3 only
}

// Link is one physical port.
type Link struct {
	UUID   string
	Status string   // UP or DOWN, "" if the API does not say
	Speed  *float64 // bit/s
}

// OperationalStatus is the port's own status, else UP, DOWN or PARTIAL if
// all, none or some of its links are up, else "".
func (i *Inventory) OperationalStatus() string {
	if i.Status != "" || len(i.Links) == 0 {
		return i.Status
	}
	up := 0
	for _, l := range i.Links {
		switch l.Status {
		case StatusUp:
			up++
		case StatusDown:
		default:
			return "" // a link of unknown state may be up or down
		}
	}
	switch up {
	case len(i.Links):
		return StatusUp
	case 0:
		return StatusDown
	default:
		return StatusPartial
	}
}

// EffectiveCapacity is the line rate in bit/s of the links that are up, or of the port if
// the API names no links. If it names links without their status, the status of the port
// decides; nil if that is neither UP nor DOWN.
func (i *Inventory) EffectiveCapacity() *float64 {
	if len(i.Links) == 0 {
		return i.Capacity
	}
	sum := 0.0
	for _, l := range i.Links {
		switch l.Status {
		case StatusUp:
			speed := i.linkSpeed(l)
			if speed == nil {
				return nil
			}
			sum += *speed
		case StatusDown:
		default:
			return i.capacityByStatus()
		}
	}
	return &sum
}

// SpareCapacity is the line rate in bit/s that is left when one more link of a
// LAG fails, the fastest of those that are up. It is nil if there
// are fewer than two links, or if it is not known which are up.
func (i *Inventory) SpareCapacity() *float64 {
	effective := i.EffectiveCapacity()
	if len(i.Links) < 2 || effective == nil {
		return nil
	}
	fastest := 0.0
	for _, l := range i.Links {
		speed := i.linkSpeed(l)
		if speed == nil {
			return nil
		}
		if l.Status != StatusDown {
			fastest = max(fastest, *speed)
		}
	}
	return new(max(0, *effective-fastest))
}

func (i *Inventory) linkSpeed(l Link) *float64 {
	if l.Speed != nil || i.Capacity == nil {
		return l.Speed
	}
	return new(*i.Capacity / float64(len(i.Links))) // members of a LAG are of one speed
}

func (i *Inventory) capacityByStatus() *float64 {
	switch i.Status {
	case StatusUp:
		return i.Capacity
	case StatusDown:
		return new(0.0)
	default:
		return nil
	}
}
