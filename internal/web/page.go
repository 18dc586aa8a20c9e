package web

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// maxRows is how many ports the landing page lists: the busiest. More would be
// slow to load, and nobody reads them.
const maxRows = 200

// maxSparks is how many of them, again the busiest, have their traffic drawn:
// each drawing costs about as much as the rest of its row.
const maxSparks = 50

// page is what the template shows.
type page struct {
	Version  string
	Pprof    bool
	Progress string // "" once every port had its first poll
	Polled   bool
	Window   string // label of the primary window
	Accounts []accountRow
	Ports    []portRow
	Total    int // ports, listed or not
	More     int // of them, not listed
}

type accountRow struct {
	Name                                   string
	Up                                     bool
	Source, Token, Intervals, Login, Error string // the last two "" while all is well
	Calls                                  string // wanted of those that the request budget has
	Over                                   bool   // more than it has, so intervals are stretched
}

type portRow struct {
	Name, UUID, Account, Metro, Speed, Status string
	In, Out                                   rate
	Connections, Sample, Polled               string
	LateSample, LatePoll                      bool     // too late for the rates to be shown
	Problems                                  []string // what failed
	Stale                                     []string // what is not shown any more
}

// rate is one direction of a port: its last rate with the share of the capacity.
type rate struct {
	Text  string
	P95   string // over the primary window
	Share string // in whole percent; "" where rate or capacity is unknown
	Width string // of the bar, in percent
	Level string // "", or how worrying the share is: mid, high
	Spark spark
}

func newPage(snap *fleet.Snapshot, profiles bool, now time.Time) page {
	p := page{Version: version.Version, Pprof: profiles}
	if snap == nil || !snap.Ready {
		p.Progress = progress(snap)
	}
	if snap == nil {
		return p
	}
	p.Polled = true
	if len(snap.Windows) > 0 {
		p.Window = snap.Windows[0].Label()
	}
	for i := range snap.Accounts {
		p.Accounts = append(p.Accounts, newAccountRow(&snap.Accounts[i], snap.Windows, now))
	}
	readings := busiestFirst(snap, now)
	p.Total, p.More = len(readings), max(0, len(readings)-maxRows)
	for i, r := range readings[:len(readings)-p.More] {
		row := newPortRow(r, now)
		if i < maxSparks {
			row.In.Spark, row.Out.Spark = r.spark(fleet.Inbound), r.spark(fleet.Outbound)
		}
		if len(snap.Accounts) > 1 {
			row.Account = r.Account
		}
		p.Ports = append(p.Ports, row)
	}
	return p
}

func newAccountRow(a *fleet.Account, windows []fleet.Window, now time.Time) accountRow {
	row := accountRow{
		Name: a.Name, Up: a.Up(now), Source: cmp.Or(a.Source, absent),
		Token: untilText(a.TokenExpiry, now),
		Login: short(a.LoginError), Error: short(a.LastError),
		Calls: callsText(a), Over: a.CallsPerCycle > a.BudgetPerCycle,
	}
	if a.LoginHeld {
		row.Login = strings.TrimSuffix("held back: "+short(a.LoginError), ": ")
	}
	var traffic []string
	for i, w := range windows {
		traffic = append(traffic, intervalText(a.Windows[i])+" ("+w.Label()+")")
	}
	row.Intervals = "traffic " + strings.Join(traffic, ", ") +
		"; connections " + intervalText(a.Connections) + "; inventory " + intervalText(a.Inventory)
	return row
}

func newPortRow(r reading, now time.Time) portRow {
	row := portRow{
		Name: r.Name(), UUID: r.UUID, Metro: absent, Status: absent, Connections: absent,
		Speed: rateText(r.capacity),
		In:    newRate(r.in, r.capacity), Out: newRate(r.out, r.capacity),
		Sample: ageText(r.NewestSample(), now), Polled: ageText(r.Polls[0].LastSuccess, now),
		LateSample: len(r.late()) > 0, LatePoll: r.Port.Traffic[0] != nil && r.Traffic[0] == nil,
		Problems: r.problems(), Stale: r.stale(),
	}
	if r.Port.Inventory != nil { // where it stands does not go stale
		row.Metro = cmp.Or(r.Port.Inventory.Metro, absent)
	}
	if r.Inventory != nil {
		row.Status = cmp.Or(r.Inventory.OperationalStatus(), absent)
	}
	if t := r.Traffic[0]; t != nil {
		row.In.P95, row.Out.P95 = rateText(t.Inbound.P95), rateText(t.Outbound.P95)
	}
	if r.Connections != nil {
		row.Connections = strconv.Itoa(r.Connections.Present())
	}
	return row
}

func newRate(v, capacity *float64) rate {
	r := rate{Text: rateText(v), P95: absent}
	known := fleet.ShareOf(v, capacity)
	if known == nil {
		return r
	}
	share := *known
	r.Share = strconv.FormatFloat(100*share, 'f', 0, 64)
	r.Width = strconv.FormatFloat(100*min(max(share, 0), 1), 'f', 1, 64)
	switch {
	case share >= 0.8:
		r.Level = "high"
	case share >= 0.5: // the partner of a redundant pair could not carry both
		r.Level = "mid"
	}
	return r
}
