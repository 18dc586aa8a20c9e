// Package fleet is the domain: what is known of the ports and connections of
// every account at one moment, and the arithmetic on it. Rates and capacities are in bit/s,
// times are instants, nil means that the API did not say. Everything reachable
// from a published [Snapshot] is immutable.
package fleet

import (
	"slices"
	"strings"
	"time"
)

// Snapshot is what is known at one moment. Ports are polled one by one, so its
// entries are of different ages and each carries its own times; judging them is
// the reader's business.
type Snapshot struct {
	Accounts       []Account  // in the order of the configuration
	Ports          []*Port    // sorted by UUID
	Connections    []*Tracked // those with series of their own, sorted by UUID
	Pairs          []*Pair    // of ports that back each other up, sorted by name
	Windows        []Window   // as configured; the first one is the primary one
	Shard          Shard      // which part of the ports these are
	StaleIntervals int        // a value older than this many of its own intervals is stale
	Ready          bool       // Complete, now or before: ports that come later do not undo it

	AmbiguousGroups []string `json:"-"` // redundancy groups with more than one primary or secondary port, which make no pair

	ConfiguredPairs []Pair `json:"-"` // of all accounts and shards: their names are taken
}

// Account returns the account of that name.
func (s *Snapshot) Account(name string) (Account, bool) {
	i := slices.IndexFunc(s.Accounts, func(a Account) bool { return a.Name == name })
	if i < 0 {
		return Account{}, false
	}
	return s.Accounts[i], true
}

// Port returns the port of that UUID, nil if there is none.
func (s *Snapshot) Port(uuid string) *Port {
	i, found := slices.BinarySearchFunc(s.Ports, uuid, portByUUID)
	if !found {
		return nil
	}
	return s.Ports[i]
}

// Connection returns the tracked connection of that UUID, nil if there is none.
func (s *Snapshot) Connection(uuid string) *Tracked {
	i, found := slices.BinarySearchFunc(s.Connections, uuid, connectionByUUID)
	if !found {
		return nil
	}
	return s.Connections[i]
}

func portByUUID(p *Port, uuid string) int          { return strings.Compare(p.UUID, uuid) }
func connectionByUUID(c *Tracked, uuid string) int { return strings.Compare(c.UUID, uuid) }

// PortsOf are the ports of an account.
func (s *Snapshot) PortsOf(account string) []*Port {
	var own []*Port
	for _, p := range s.Ports {
		if p.Account == account {
			own = append(own, p)
		}
	}
	return own
}

// ConnectionsOf are the tracked connections of an account that may have traffic.
func (s *Snapshot) ConnectionsOf(account string) []*Tracked {
	var own []*Tracked
	for _, c := range s.Connections {
		if c.Account == account && c.CarriesTraffic() {
			own = append(own, c)
		}
	}
	return own
}

// Complete reports whether every account has been listed and every port has had
// its first answer or failure from the inventory, the connections search and
// the primary traffic window. Connections of their own are not waited for.
func (s *Snapshot) Complete() bool {
	if s == nil {
		return false
	}
	_, complete := s.completeFrom(0)
	return complete
}

// completeFrom is Complete, beginning with the port at index start. pending is the index
// of a port that is not complete.
func (s *Snapshot) completeFrom(start int) (pending int, complete bool) {
	if len(s.Accounts) == 0 || slices.ContainsFunc(s.Accounts, func(a Account) bool { return !a.InventoryPoll.Tried() }) {
		return start, false
	}
	for i := range s.Ports {
		if at := (start + i) % len(s.Ports); !s.Ports[at].Complete() {
			return at, false
		}
	}
	return start, true
}

// Account is the state of one set of credentials.
type Account struct {
	Name     string
	Source   string        // traffic source in use, "" before one has answered with data
	LastData time.Time     // latest successful data call, zero before the first
	Timeout  time.Duration // of one request

	// The effective intervals: as configured, or longer if calls cannot keep
	// up with them.
	Traffic, Connections, Inventory time.Duration
	Windows                         []time.Duration // one per Snapshot.Windows
	ConnectionWindows               []time.Duration // of the traffic of connections; nil if no connection is tracked
	Prices                          time.Duration   `json:",omitempty"` // 0 if prices are off

	Configured Intervals // as configured
	MaxSeries  int       // of its ports, pairs and connections; 0 for no limit

	// Calls within one interval of the primary window: as many as the configured
	// intervals need, and as many as the request budget allows.
	CallsPerCycle, BudgetPerCycle float64

	InventoryPoll Poll   // the latest listing of the account's ports
	Pairs         []Pair // that the configuration names, if they are in the shard; without traffic

	// Selected is how many connections its filters let through, nil if no
	// connection is to be tracked, and before the first search; ConnectionSource is
	// the source of their traffic, "" before one has answered with data, and NoSource
	// if no source knows them.
	Selected         *int
	ConnectionSource string

	LoginHeld   bool      // logins are held back because the API refused them
	LoginError  string    // why, "" while all is well
	TokenExpiry time.Time // zero without a token
	LastError   string    // latest failure of a data call, "" after a success
}

// NoSource is the ConnectionSource of an account whose connections come from v3, which
// does not know their traffic, if no other source does.
const NoSource = "none"

// Intervals are the times between two polls of the same thing, as configured.
type Intervals struct{ Traffic, Connections, Inventory time.Duration }

// Up reports whether a data call succeeded within the last two effective
// traffic intervals plus one timeout.
func (a *Account) Up(now time.Time) bool {
	return !a.LastData.IsZero() && Age(now, a.LastData) <= 2*a.Traffic+a.Timeout
}

// Window is one span that traffic is asked for.
type Window struct {
	Span       time.Duration // whole days
	Resolution time.Duration // length of the intervals asked for: 5m or 1h
	Interval   time.Duration // between two polls, as configured
}

// Age is the time from then to now, by the wall clock or by the monotonic one,
// whichever says more: the monotonic clock stands still while a machine is
// suspended, the wall clock can be set back.
func Age(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
