package fleet

import (
	"cmp"
	"time"
)

// Connections is the sum of what rides on one port, on either side of it.
type Connections struct {
	At        time.Time // when it was answered
	States    map[string]int
	Equinix   map[string]int // by the status on Equinix' side
	Provider  map[string]int // by the status on the provider's side
	Bandwidth *float64       // bit/s, of the connections that take it up; nil if one of them has none
}

// ConnectionStates lists the lifecycle states that Equinix documents or was
// seen to use, the empty one as UNKNOWN.
func ConnectionStates() []string {
	return []string{
		"ACTIVE", "CANCELLED", "DEPROVISIONED", "DEPROVISIONING", "DRAFT", "FAILED",
		"PENDING", "PROVISIONED", "PROVISIONING", "REPROVISIONING", Unknown,
	}
}

// CountConnections sums up, at time now, the connections that touch each of the
// ports. A connection between two of them counts on both, one that begins and
// ends on the same port counts once, and a uuid listed twice is one connection.
func CountConnections(ports []string, conns []Connection, now time.Time) map[string]*Connections {
	sums := make(map[string]*Connections, len(ports))
	for _, p := range ports {
		sums[p] = newConnections(now)
	}
	seen := make(map[string]bool, len(conns))
	for _, c := range conns {
		if seen[c.UUID] {
			continue
		}
		seen[c.UUID] = true
		if s := sums[c.ASidePort]; s != nil {
			s.add(c)
		}
		if s := sums[c.ZSidePort]; s != nil && c.ZSidePort != c.ASidePort {
			s.add(c)
		}
	}
	return sums
}

func newConnections(now time.Time) *Connections {
	return &Connections{
		At: now, States: map[string]int{}, Equinix: map[string]int{}, Provider: map[string]int{},
		Bandwidth: new(0.0),
	}
}

// Total is the number of connections in any state.
func (s *Connections) Total() int {
	n := 0
	for _, c := range s.States {
		n += c
	}
	return n
}

// Present is the number of connections that are not over.
func (s *Connections) Present() int {
	return s.Total() - s.States["DEPROVISIONED"] - s.States["CANCELLED"]
}

func (s *Connections) add(c Connection) {
	s.States[cmp.Or(c.State, Unknown)]++
	s.Equinix[cmp.Or(c.EquinixStatus, Unknown)]++
	s.Provider[cmp.Or(c.ProviderStatus, Unknown)]++
	if counts, _ := c.InUse(); !counts || s.Bandwidth == nil {
		return
	}
	if c.Bandwidth == nil {
		s.Bandwidth = nil // a sum without it would be too low and look right
		return
	}
	*s.Bandwidth += *c.Bandwidth
}
