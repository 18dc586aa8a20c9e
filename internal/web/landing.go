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

// gap is something that is not known, and why.
type gap struct {
	Account, Why string
	Class        string
	Ports        []portLink // the first ones that it is about; none if it is about all of the account
	More         int        // and how many others

	count int
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

type pairRow struct {
	Name               string
	Primary, Secondary portLink
	Class              string
	In, Out            failover
	Why                string // why that is unknown; "" if it is known
}

// failover is the load of both ports on one, as a share of its capacity.
type failover struct {
	Now      meter
	P95      number
	P95Class string
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

// addPairs adds the pairs with a port that the filters let through, or of a name that is
// searched for, the worst first.
func (p *fleetPage) addPairs(pairs []*fleet.Pair, ports map[string]*portView, now time.Time) {
	type ranked struct {
		fleet.PairView

		level fleet.Level
		share *float64
	}
	var all []ranked
	for _, pair := range pairs {
		primary, secondary := ports[pair.Primary], ports[pair.Secondary]
		if primary == nil || secondary == nil {
			continue
		}
		without := p.query // the text that is searched for
		without.Q = ""
		named := p.Q != "" && p.finds(pair.Name) && (without.matches(&primary.View) || without.matches(&secondary.View))
		if !named && !p.matches(&primary.View) && !p.matches(&secondary.View) {
			continue
		}
		r := ranked{PairView: fleet.NewPairView(pair, &primary.View, &secondary.View, now)}
		r.level, r.share = r.Worst()
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.level, a.level), descending(a.share, b.share)) })
	p.PairPager = p.newPager("pairs", "pairs", p.PairPage, maxPairs, len(all))
	for _, r := range rows(p.PairPager, all) {
		p.Pairs = append(p.Pairs, newPairRow(&r.PairView, ports[r.Primary], ports[r.Secondary]))
	}
}

func newPairRow(v *fleet.PairView, primary, secondary *portView) pairRow {
	l, share := v.Worst()
	row := pairRow{
		Name: v.Name, Primary: primary.link(), Secondary: secondary.link(), Class: class(l),
		In: newFailover(v, fleet.Inbound), Out: newFailover(v, fleet.Outbound),
	}
	if share != nil {
		return row
	}
	row.Why = "the two ports have no intervals in common"
	for _, p := range []*portView{primary, secondary} {
		switch {
		case p.StatusLevel() == fleet.Critical:
			row.Why = p.Name() + " is down: it has failed over already"
			return row
		case p.Traffic[0] == nil:
			row.Why = "no traffic known of " + p.Name()
		case p.EffectiveCapacity() == nil:
			row.Why = "capacity of " + p.Name() + " unknown"
		}
	}
	return row
}

func newFailover(v *fleet.PairView, d fleet.Direction) failover {
	return failover{
		Now: newMeter(v.Utilization(d), v.ShareLevel(d)),
		P95: shareOf(v.P95(d, 0)), P95Class: class(v.P95Level(d, 0)),
	}
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
		Problems: problems(&v.View, a), Stale: stale(&v.View, late), Metro: v.metro(),
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
	return all
}

func newRate(v *fleet.View, d fleet.Direction, u human.Units) rate {
	r := rate{Last: rateOf(v.Last(d), u), Now: newMeter(v.Share(d), v.ShareLevel(d))}
	if t := v.Traffic[0]; t != nil {
		r.P95, r.P95Share, r.P95Class = rateOf(t.Rates(d).P95, u), shareOf(v.P95Share(d, 0)), class(v.P95Level(d, 0))
		r.Spark = newSpark(t.Rates(d), v.Windows[0], t.Answered(d), v.EffectiveCapacity(), d, u)
	}
	return r
}

// gaps gathers what is not known, ports with the same reason together.
type gaps struct {
	all []*gap
	by  map[[2]string]*gap // account and reason
}

// newGaps are the gaps of accounts and pairs.
func newGaps(snap *fleet.Snapshot, q query, now time.Time) gaps {
	g := gaps{by: map[[2]string]*gap{}}
	say := func(account, why string) {
		g.all = append(g.all, &gap{Account: account, Why: why, Class: "bad"})
	}
	for i := range snap.Accounts {
		a := &snap.Accounts[i]
		if q.Account != "" && q.Account != a.Name {
			continue
		}
		switch {
		case a.LoginHeld:
			say(a.Name, strings.TrimSuffix("login suspended, nothing is polled: "+short(a.LoginError), ": "))
		case !a.Up(now) && snap.Ready:
			say(a.Name, strings.TrimSuffix("no answer of Equinix for some time: "+short(a.LastError), ": "))
		}
		if a.InventoryPoll.Tried() && !a.InventoryPoll.OK && !a.LoginHeld {
			say(a.Name, "ports cannot be listed: "+short(a.InventoryPoll.Err))
		}
		for _, pair := range a.Pairs {
			if missing, ok := snap.MissingPairPorts(a, pair); ok && len(missing) > 0 {
				say(a.Name, "pair "+pair.Name+": not polled: "+strings.Join(missing, ", "))
			}
		}
	}
	for _, group := range snap.AmbiguousGroups {
		say("", "redundancy group "+group+" has several primary or secondary ports: what a failover would do is unknown")
	}
	return g
}

func (g *gaps) add(v *portView, a *fleet.Account) {
	put := func(class, why string) {
		key := [2]string{v.Account, strings.ReplaceAll(why, v.UUID, "…")} // errors name the port
		one := g.by[key]
		if one == nil {
			one = &gap{Account: v.Account, Why: key[1], Class: class}
			g.all, g.by[key] = append(g.all, one), one
		}
		if one.count++; one.count <= maxNamed {
			one.Ports = append(one.Ports, v.link())
		} else {
			one.More++
		}
	}
	for _, why := range problems(&v.View, a) {
		put("bad", why)
	}
	for _, why := range stale(&v.View, lateDirections(&v.View)) {
		put("mid", why)
	}
}

// shown are the most important ones: accounts, then what most ports have.
func (g *gaps) shown() (all []gap, more int) {
	slices.SortStableFunc(g.all, func(a, b *gap) int {
		return cmp.Or(known(a.count == 0, b.count == 0), cmp.Compare(b.count, a.count))
	})
	for _, one := range g.all[:min(len(g.all), maxGaps)] {
		all = append(all, *one)
	}
	return all, len(g.all) - len(all)
}

// problems are the faults of the latest polls, and the reasons why there may be no data.
func problems(v *fleet.View, a *fleet.Account) []string {
	var all []string
	unattached := v.Attached != nil && !*v.Attached
	if unattached {
		all = append(all, "not attached to a stream")
	}
	if a.InventoryPoll.OK && v.Listed && v.Port.Inventory == nil {
		all = append(all, "not in the listing of its account: check its uuid")
	}
	switch {
	case !v.Polls[0].Tried() && a.Source == "":
		all = append(all, "traffic not polled yet: the source is not known")
	case !v.Polls[0].Tried():
		all = append(all, "traffic not polled yet")
	case v.Polls[0].OK && v.NewestSample().IsZero() && !unattached:
		all = append(all, "Equinix has no samples of it")
	}
	for i, poll := range v.Polls {
		if poll.Err != "" {
			all = append(all, "traffic "+v.Windows[i].Label()+": "+short(poll.Err))
		}
	}
	if err := v.ConnectionsPoll.Err; err != "" {
		all = append(all, "connections: "+short(err))
	}
	if v.Inventory != nil && v.EffectiveCapacity() == nil {
		all = append(all, "capacity unknown: Equinix says neither the line rate nor which links are up")
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
