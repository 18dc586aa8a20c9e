package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

//go:embed landing.html
var landingHTML string

var landingTemplate = template.Must(template.New("landing").Parse(landingHTML))

// landingPolicy allows only the style sheet of the page, by its hash, and its
// embedded icon. If a hostile name got through the escaping, the browser would still
// run no script.
var landingPolicy = "default-src 'none'; style-src '" + styleHash(landingHTML) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func styleHash(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// landing answers with the landing page.
func (o Options) landing(w http.ResponseWriter, _ *http.Request) {
	var body bytes.Buffer
	if err := landingTemplate.Execute(&body, newPage(o.Load(), o.Pprof, time.Now())); err != nil {
		o.Log.Error("landing page not shown", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", landingPolicy)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body.Bytes()) // into memory
}

const (
	// maxRows is how many ports the page lists, the busiest first. A longer page
	// would be slow to load and hard to read.
	maxRows = 200
	// maxSparks is how many of the listed ports have a sparkline, which costs about
	// as much as the rest of its row.
	maxSparks = 50
)

// page is what the template shows.
type page struct {
	Version  string
	Pprof    bool
	Progress string // "" after the first poll of every port
	Polled   bool
	Window   string // label of the primary window
	Accounts []accountRow
	Ports    []portRow
	Total    int // ports, listed or not
	More     int // ports that are not listed
}

type accountRow struct {
	Name                                   string
	Up                                     bool
	Source, Token, Intervals, Login, Error string // Login and Error are "" if there is no problem
	Calls                                  string // calls needed in a cycle, and calls that the request budget allows
	Over                                   bool   // too many calls, so intervals are stretched
}

type portRow struct {
	Name, UUID, Account, Metro, Speed, Status string
	In, Out                                   rate
	Connections, Sample, Polled               string
	LateSample, LatePoll                      bool     // too old for rates to be shown
	Problems                                  []string // what failed
	Stale                                     []string // what is no longer shown
}

// rate is the last polled rate of a port in one direction.
type rate struct {
	Text  string
	P95   string // over the primary window
	Share string // of the capacity, in whole percent; "" if rate or capacity is unknown
	Width string // of the bar, in percent
	Level string // CSS class of the share: "", mid or high
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
	views := snap.Busiest(now)
	p.Total, p.More = len(views), max(0, len(views)-maxRows)
	for i, v := range views[:len(views)-p.More] {
		row := newPortRow(&v, i < maxSparks)
		if len(snap.Accounts) > 1 {
			row.Account = v.Account
		}
		p.Ports = append(p.Ports, row)
	}
	return p
}

func newAccountRow(a *fleet.Account, windows []fleet.Window, now time.Time) accountRow {
	row := accountRow{
		Name: a.Name, Up: a.Up(now), Source: cmp.Or(a.Source, absent),
		Token: "expired", Calls: absent, Over: a.CallsPerCycle > a.BudgetPerCycle,
		Login: short(a.LoginError), Error: short(a.LastError),
	}
	switch left := a.TokenExpiry.Sub(now); {
	case a.TokenExpiry.IsZero():
		row.Token = absent
	case left > 0:
		row.Token = human.Duration(left)
	}
	if a.LoginHeld {
		row.Login = strings.TrimSuffix("held back: "+short(a.LoginError), ": ")
	}
	if a.CallsPerCycle > 0 && a.BudgetPerCycle > 0 { // else the plan is not known yet
		row.Calls = strconv.FormatFloat(a.CallsPerCycle, 'f', 0, 64) + " of " + strconv.FormatFloat(a.BudgetPerCycle, 'f', 0, 64) + " calls"
	}
	interval := func(d time.Duration) string { return model.Duration(d.Round(time.Second)).String() }
	var traffic []string
	for i, w := range windows {
		traffic = append(traffic, interval(a.Windows[i])+" ("+w.Label()+")")
	}
	row.Intervals = "traffic " + strings.Join(traffic, ", ") + "; connections " + interval(a.Connections) + "; inventory " + interval(a.Inventory)
	return row
}

func newPortRow(v *fleet.View, sparks bool) portRow {
	late := lateDirections(v)
	row := portRow{
		Name: v.Name(), UUID: v.UUID, Metro: absent, Status: absent, Connections: absent,
		Speed: rateText(v.Capacity()),
		In:    newRate(v, fleet.Inbound, sparks), Out: newRate(v, fleet.Outbound, sparks),
		Sample: ageText(v.NewestSample(), v.Now), Polled: ageText(v.Polls[0].LastSuccess, v.Now),
		LateSample: len(late) > 0, LatePoll: v.Port.Traffic[0] != nil && v.Traffic[0] == nil,
		Problems: problems(v), Stale: stale(v, late),
	}
	if v.Port.Inventory != nil { // the metro does not expire
		row.Metro = cmp.Or(v.Port.Inventory.Metro, absent)
	}
	if v.Inventory != nil {
		row.Status = cmp.Or(v.Inventory.OperationalStatus(), absent)
	}
	if v.Connections != nil {
		row.Connections = strconv.Itoa(v.Connections.Present())
	}
	return row
}

func newRate(v *fleet.View, d fleet.Direction, sparks bool) rate {
	last, capacity := v.Last(d), v.Capacity()
	r := rate{Text: rateText(last), P95: absent}
	if t := v.Traffic[0]; t != nil {
		r.P95 = rateText(t.Rates(d).P95)
		if sparks {
			r.Spark = newSpark(t.Rates(d), v.Windows[0], t.Answered(d), capacity, d)
		}
	}
	share := fleet.ShareOf(last, capacity)
	if share == nil {
		return r
	}
	r.Share = strconv.FormatFloat(100**share, 'f', 0, 64)
	r.Width = strconv.FormatFloat(100*min(max(*share, 0), 1), 'f', 1, 64)
	switch {
	case *share >= 0.8:
		r.Level = "high"
	case *share >= 0.5: // one port of the pair could not carry the load of both
		r.Level = "mid"
	}
	return r
}

// problems are the faults of the latest polls, and the reasons why there may be no data.
func problems(v *fleet.View) []string {
	var all []string
	if v.Attached != nil && !*v.Attached {
		all = append(all, "not attached to a stream")
	}
	for i, poll := range v.Polls {
		if poll.Err != "" {
			all = append(all, "traffic "+v.Windows[i].Label()+": "+short(poll.Err))
		}
	}
	if err := v.ConnectionsPoll.Err; err != "" {
		all = append(all, "connections: "+short(err))
	}
	return all
}

// lateDirections are the directions whose newest sample is too old to be shown as last rate.
func lateDirections(v *fleet.View) []string {
	var all []string
	for _, d := range fleet.Directions() {
		if t := v.Traffic[0]; t != nil && t.Rates(d).Last != nil && v.Last(d) == nil {
			all = append(all, string(d))
		}
	}
	return all
}

// stale lists values that are no longer shown because of their age.
func stale(v *fleet.View, late []string) []string {
	var old, all []string
	for i, t := range v.Port.Traffic {
		if t != nil && v.Traffic[i] == nil {
			old = append(old, "traffic "+v.Windows[i].Label())
		}
	}
	if v.Port.Connections != nil && v.Connections == nil && v.Confirmed {
		old = append(old, "connections")
	}
	if v.Port.Inventory != nil && v.Inventory == nil {
		old = append(old, "inventory")
	}
	if len(old) > 0 {
		all = append(all, "stale: "+strings.Join(old, ", "))
	}
	if len(late) > 0 {
		all = append(all, "no current sample: "+strings.Join(late, ", "))
	}
	return all
}

const absent = human.Absent

// rateText writes bit/s with three digits, e.g. "1.25 Gbit/s".
func rateText(bits *float64) string {
	if bits == nil {
		return absent
	}
	digits, prefix := human.Scale(*bits)
	return digits + " " + prefix + "bit/s"
}

// ageText is how long ago t was.
func ageText(t, now time.Time) string {
	if t.IsZero() {
		return absent
	}
	return human.Duration(max(0, fleet.Age(now, t))) // clocks differ
}

// short cuts a text of the API, such as an error, to a length that fits into the
// page.
func short(text string) string {
	const limit = 200
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return text
}
