package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// What the landing page shows at once. A port takes about 2 KiB, most of it for its two
// sparklines, so that the page of the largest fleet has less than 300 KB.
const (
	maxPorts = 80
	maxPairs = 20
	maxGaps  = 12
	maxNamed = 5 // ports of a gap

	maxProblem = 100 // characters of an error beside a port
)

// fleetPage is the landing page.
type fleetPage struct {
	frame

	Progress           string // "" after the first poll of every port
	Polled             bool
	Window             string // label of the primary window
	Orders             []order
	ByAccount, ByMetro []choice
	Gaps               []gap
	MoreGaps           int
	Ports              []portRow
	Prices             bool // of some account are on
	PortPager          pager
	All                number // ports, whether the filters let them through or not
	Pairs              []pairRow
	PairPager          pager
	Accounts           []accountRow
}

// choice is a filter to choose. Value is "" for none.
type choice struct {
	Value  string
	Ports  number
	Chosen bool
}

type portLink struct{ UUID, Name string }

type accountRow struct {
	Name                 string
	Up                   bool
	Source, Login, Error string // Login and Error are "" if there is no problem
	Token                moment
	Expired              bool
	Intervals            []interval
	Calls, Budget        number // calls needed in a cycle, and calls that the request budget allows
	Over                 bool   // too many calls, so intervals are stretched
}

// interval is how often something is polled.
type interval struct {
	What  string // "" if it is of the same things as the one before
	Every number // seconds
	Of    string // label of the window, "" if it is not about one
}

type portRow struct {
	portLink

	Account, Metro, IBX, Status, StatusClass string
	Class                                    string // of the level
	Words                                    []word // what the level is for
	Speed, Effective                         number // Effective is only there if links are down
	In, Out                                  rate
	Connections                              number
	Price                                    number // a month, by the list
	Sample, Polled                           moment
	LateSample, LatePoll                     bool     // too old for rates to be shown
	Problems                                 []string // what failed
	Stale                                    []string // what is no longer shown
}

// rate is one direction of a port or a connection.
type rate struct {
	Last     number
	Now      meter // share of Last
	P95      number
	P95Share number
	P95Class string
	Spark    spark
}

func newFleetPage(f frame, snap *fleet.Snapshot, now time.Time) *fleetPage {
	p := &fleetPage{frame: f, Orders: orders}
	if snap == nil || !snap.Ready {
		p.Progress = progress(snap)
	}
	if snap == nil || len(snap.Windows) == 0 {
		return p
	}
	p.Polled, p.Window = true, snap.Windows[0].Label()
	accounts, shown := map[string]*fleet.Account{}, map[string]*portView{}
	for i := range snap.Accounts {
		a := &snap.Accounts[i]
		accounts[a.Name] = a
		p.Prices = p.Prices || a.Prices > 0
		p.Accounts = append(p.Accounts, newAccountRow(a, snap.Windows, now))
	}
	var ports []*portView
	inAccounts, inMetros := map[string]int{}, map[string]int{}
	views := snap.Views(now)
	gaps := newGaps(snap, f.query, now)
	for _, v := range views {
		port := newPortView(v)
		shown[v.UUID] = port
		inAccounts[v.Account]++
		if m := port.metro(); m != "" {
			inMetros[m]++
		}
		if f.matches(&v) {
			ports = append(ports, port)
			gaps.add(port, accounts[v.Account])
		}
	}
	p.All = countOf(len(views))
	p.ByAccount, p.ByMetro = choices(inAccounts, f.Account, strings.Compare), choices(inMetros, f.Metro, compareFold)
	p.Gaps, p.MoreGaps = gaps.shown()
	sortPorts(ports, f.Sort)
	p.PortPager = f.newPager("ports", "page", f.Page, maxPorts, len(ports))
	for _, v := range rows(p.PortPager, ports) {
		row := newPortRow(v, accounts[v.Account], f.Units)
		if len(snap.Accounts) > 1 {
			row.Account = v.Account
		}
		p.Ports = append(p.Ports, row)
	}
	p.addPairs(snap.Pairs, shown, now)
	if f.Account != "" && accounts[f.Account] == nil {
		p.Notes = append(p.Notes, "There is no account "+f.Account+".")
	}
	if f.Metro != "" && !slices.ContainsFunc(p.ByMetro, func(c choice) bool { return c.Chosen }) {
		p.Notes = append(p.Notes, "No port is in metro "+f.Metro+".")
	}
	return p
}

func compareFold(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// choices are the values of a filter with the number of ports of each.
func choices(ports map[string]int, chosen string, compare func(a, b string) int) []choice {
	var all []choice
	for value, n := range ports {
		all = append(all, choice{value, countOf(n), chosen != "" && compare(value, chosen) == 0})
	}
	slices.SortFunc(all, func(a, b choice) int { return strings.Compare(a.Value, b.Value) })
	return all
}

func newAccountRow(a *fleet.Account, windows []fleet.Window, now time.Time) accountRow {
	row := accountRow{
		Name: a.Name, Up: a.Up(now), Source: cmp.Or(a.Source, absent),
		Over:  a.CallsPerCycle > a.BudgetPerCycle,
		Login: short(a.LoginError), Error: short(a.LastError),
	}
	if left := a.TokenExpiry.Sub(now); !a.TokenExpiry.IsZero() {
		row.Token, row.Expired = newMoment(a.TokenExpiry, now), left <= 0
		row.Token.Text = human.Duration(max(0, left))
	}
	if a.LoginHeld {
		row.Login = strings.TrimSuffix("held back: "+short(a.LoginError), ": ")
	}
	if a.CallsPerCycle > 0 && a.BudgetPerCycle > 0 { // else the plan is not known yet
		row.Calls, row.Budget = number{strconv.FormatFloat(a.CallsPerCycle, 'f', 0, 64), value(a.CallsPerCycle)}, number{strconv.FormatFloat(a.BudgetPerCycle, 'f', 0, 64), value(a.BudgetPerCycle)}
	}
	add := func(what, window string, every time.Duration, seconds string) {
		row.Intervals = append(row.Intervals, interval{what, number{model.Duration(every.Round(time.Second)).String(), seconds}, window})
	}
	what, seconds := "traffic", value(a.Traffic.Seconds())
	for i, w := range windows[:min(len(windows), len(a.Windows))] {
		add(what, w.Label(), a.Windows[i], seconds)
		what, seconds = "", "" // /metrics has the interval of the first window alone
	}
	add("connections", "", a.Connections, value(a.Connections.Seconds()))
	add("inventory", "", a.Inventory, value(a.Inventory.Seconds()))
	return row
}

func (p *portView) link() portLink { return portLink{p.UUID, p.Name()} }

func newPortRow(v *portView, a *fleet.Account, u human.Units) portRow {
	late := lateDirections(&v.View)
	row := portRow{
		portLink: v.link(), Class: class(v.level), Words: v.words(),
		Speed: rateOf(v.Capacity(), u),
		In:    newRate(&v.View, fleet.Inbound, u), Out: newRate(&v.View, fleet.Outbound, u),
		Sample: newMoment(v.NewestSample(), v.Now), Polled: newMoment(v.Polls[0].LastSuccess, v.Now),
		LateSample: len(late) > 0, LatePoll: v.Port.Traffic[0] != nil && v.Traffic[0] == nil,
		Stale: stale(&v.View, late), Metro: v.metro(),
	}
	for _, text := range problems(&v.View, a) { // the page of the port has the whole text
		row.Problems = append(row.Problems, human.Cut(v.without(text), maxProblem))
	}
	if i := v.Port.Inventory; i != nil { // the place does not expire
		row.IBX = i.IBX
	}
	if v.Inventory != nil {
		row.Status = v.Inventory.OperationalStatus()
		row.StatusClass = statusClass(row.Status)
	}
	if e, c := v.EffectiveCapacity(), v.Capacity(); e != nil && c != nil && *e != *c {
		row.Effective = rateOf(e, u)
	}
	if v.Connections != nil {
		row.Connections = countOf(v.Connections.Present())
	}
	row.Price = priceOf(v.Price)
	return row
}

// word is a text in the colour of its level.
type word struct{ Text, Class string }

// words say what the level of a port is for.
func (p *portView) words() []word {
	var all []word
	if p.StatusLevel() == fleet.Critical {
		all = append(all, word{"down", "bad"})
	}
	for _, d := range fleet.Directions() {
		switch max(p.ShareLevel(d), p.P95Level(d, 0)) {
		case fleet.Critical:
			all = append(all, word{"full, " + string(d), "bad"})
		case fleet.Warning:
			all = append(all, word{"nearly full, " + string(d), "mid"})
		}
	}
	if p.StatusLevel() == fleet.Warning {
		all = append(all, word{"some links are down", "mid"})
	}
	if p.Idle() {
		all = append(all, word{"idle", "soft"})
	}
	return all
}

// priceOf is a list price.
func priceOf(p *fleet.Price) number {
	if p == nil || p.Monthly == nil {
		return number{}
	}
	return number{strconv.FormatFloat(*p.Monthly, 'f', -1, 64) + " " + p.Currency, value(*p.Monthly)}
}

func newRate(v *fleet.View, d fleet.Direction, u human.Units) rate {
	r := rate{Last: rateOf(v.Last(d), u), Now: newMeter(v.Share(d), v.ShareLevel(d))}
	if t := v.Traffic[0]; t != nil {
		r.P95, r.P95Share, r.P95Class = rateOf(t.Rates(d).P95, u), shareOf(v.P95Share(d, 0)), class(v.P95Level(d, 0))
		r.Spark = newSpark(t.Rates(d), v.Windows[0], t.Answered(d), v.EffectiveCapacity(), d, u)
	}
	return r
}
