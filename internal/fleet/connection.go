package fleet

import (
	"cmp"
	"strings"
	"time"
)

// Connection is one virtual connection as a search found it. Strings are "" and
// pointers nil where the API says nothing.
type Connection struct {
	UUID    string // lower case
	APIName string // as the API spells it
	Type    string // e.g. EVPL_VC

	State                         string // lifecycle, as the API spells it
	Status                        string // operational: UP or DOWN
	EquinixStatus, ProviderStatus string // of the operation, as either side sees it

	Direction string   // INCOMING, OUTGOING or INTERNAL, as the account sees it
	Bandwidth *float64 // bit/s

	RedundancyGroup, RedundancyPriority string

	ASidePort, ZSidePort string // port UUIDs, "" where that side is no port
	ASide, ZSide         End
}

// End is where a connection leads to at one side.
type End struct {
	Name  string // service profile, router, device or network, else port
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

// CarriesTraffic reports whether a connection in its state may have traffic. One
// that is not made yet, or no more, has none; a state that Equinix adds one day
// is given a try.
func (c *Connection) CarriesTraffic() bool {
	switch c.State {
	case "", "CANCELLED", "DEPROVISIONED", "DRAFT", "FAILED":
		return false
	}
	return !strings.HasPrefix(c.State, "PENDING") // PENDING_AUTO_APPROVAL and the like
}

// SeenFrom is the side of the connection that is on one of the ports, the a-side
// where both are, and the UUID of that port. ok is false where neither is.
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

// Watched is a connection with series of its own.
type Watched struct {
	Connection           // as the latest search that found it
	At         time.Time // when that was

	Account string // name of the account it belongs to
	Port    string // UUID of the account's port that it is seen from
	Side    Side   // that the port is on

	Traffic []*Traffic // one per Snapshot.Windows, nil before the first good answer
	Polls   []Poll     // one per Snapshot.Windows

	// Dropped counts packets that a side dropped because they exceeded the
	// bandwidth; the zero value where the source has none. It never changes once
	// published.
	Dropped map[Side]map[Direction]Counter

	// Attached reports whether the connection is attached to a stream with
	// metrics enabled, without which v4-metrics has no data; nil where nobody
	// asked.
	Attached *bool
}

// Succeeded reports whether the latest traffic poll of the connection, whatever
// its window, succeeded; ok is false before the first one.
func (c *Watched) Succeeded() (succeeded, ok bool) { return latest(c.Polls) }
