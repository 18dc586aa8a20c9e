package fleet

import (
	"cmp"
	"slices"
	"time"
)

// Metered is what has traffic: a port or a connection. Both embed it.
type Metered struct {
	Account string     // name of the account it belongs to
	Traffic []*Traffic // one per Snapshot.Windows, nil before the first good answer
	Polls   []Poll     // the latest traffic poll, one per Snapshot.Windows

	// Attached reports whether it is attached to a stream with metrics enabled,
	// without which v4-metrics has no data; nil if that was not asked.
	Attached *bool

	Price     *Price `json:",omitempty"` // latest good answer; nil before, and if prices are off
	PricePoll Poll   `json:",omitzero"`  // the latest try
}

// Price is a list price of Equinix, without taxes.
type Price struct {
	At       time.Time // when it was answered
	Product  string    // what was asked about: the price holds for that alone
	Monthly  *float64  // recurring; nil if the API gives none
	Currency string    // of Monthly
}

// Succeeded reports whether the latest traffic poll, of whichever window,
// succeeded; tried is false before the first one.
func (m *Metered) Succeeded() (succeeded, tried bool) {
	last := slices.MaxFunc(m.Polls, func(a, b Poll) int { return a.Last.Compare(b.Last) })
	return last.OK, last.Tried()
}

// Port is what is known of one port.
type Port struct {
	Metered

	UUID           string // lower case
	Configured     bool   // the configuration names it; else it was discovered
	ConfiguredName string // "" if the configuration gives none
	APIName        string // as the latest inventory that saw the port spelled it

	Listed    bool       // its first inventory attempt has ended, well or not
	Confirmed bool       // an answer of the API has shown that it exists
	Linked    bool       // the latest inventory that saw the port named its links
	Inventory *Inventory // latest good one; nil while the API lists no such port

	// Dropped and Errored count packets per direction; the zero value if the
	// source has none. They never change once published.
	Dropped, Errored map[Direction]Counter

	Connections     *Connections // latest good one, nil before
	ConnectionsPoll Poll
}

// Name is the configured name, else the API's, else the UUID.
func (p *Port) Name() string { return cmp.Or(p.ConfiguredName, p.APIName, p.UUID) }

// Complete reports whether the port has had its first answer or failure of
// every kind.
func (p *Port) Complete() bool {
	return p.Listed && p.Polls[0].Tried() && p.ConnectionsPoll.Tried()
}

// Sampled reports whether an answer ever had traffic, including 0 bit/s.
func (p *Port) Sampled() bool {
	t := p.Traffic[0]
	return t != nil && (!t.Inbound.Newest.IsZero() || !t.Outbound.Newest.IsZero())
}

// Poll is the outcome of polling one thing.
type Poll struct {
	Last        time.Time // end of the latest try, zero before the first
	OK          bool      // it succeeded
	LastSuccess time.Time // zero before the first
	Err         string    // why it did not
}

// Tried reports whether a try has ended.
func (p Poll) Tried() bool { return !p.Last.IsZero() }

// Ended is p after a try that ended now, with success if err is nil.
func (p Poll) Ended(now time.Time, err error) Poll {
	p.Last, p.OK, p.Err = now, err == nil, ""
	if err != nil {
		p.Err = err.Error()
		return p
	}
	p.LastSuccess = now
	return p
}
