package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// What the page of a port shows at once.
const (
	maxConnections = 100
	maxElsewhere   = 20
)

// portPage is the page of a port. Without a port of that UUID, UUID is "".
type portPage struct {
	frame

	UUID, Asked   string // Asked is what the address says
	Progress      string // "" after the first poll of every port
	Class         string
	Words         []word
	Problems      []string
	Stale         []string
	Window        string
	Charts        []chart
	Traffic       []trafficRow
	Pairs         []pairRow
	Tracking      bool // single connections of the account have series
	Tracked       []connectionRow
	Pager         pager
	Elsewhere     []elsewhere
	MoreElsewhere int  // connections that there is no room for
	Counted       bool // it is known how many connections there are
	States        []count
	Facts         []fact
	Polls         []pollRow
}

// trafficRow is one figure of both directions.
type trafficRow struct {
	Name  string
	Cells []cell // in the order of fleet.Directions
}

// cell is a number or a time, in the colour of its level.
type cell struct {
	Number number
	Time   moment
	Class  string
}

// count is a number of connections in a state.
type count struct {
	State string
	N     number
}

// fact is something that is known of the port: a text or a number.
type fact struct {
	Name, Text string
	Number     number
}

type pollRow struct {
	Name            string
	Tried, OK       bool
	Last, Succeeded moment
	Every           string
	Err             string
}

func newPortPage(f frame, snap *fleet.Snapshot, uuid string, now time.Time) *portPage {
	p := &portPage{frame: f, Asked: human.Cut(human.Printable(uuid), 100)}
	p.Title = "No such port"
	if snap == nil || !snap.Ready {
		p.Title, p.Progress = "Not polled yet", progress(snap)
	}
	if snap == nil || len(snap.Windows) == 0 {
		return p
	}
	port := snap.Port(strings.ToLower(uuid))
	if port == nil {
		return p
	}
	views := map[string]*portView{} // of the port, and of those that it makes a pair with
	view := func(uuid string) *portView {
		port := snap.Port(uuid)
		if views[uuid] == nil && port != nil {
			if a, ok := snap.Account(port.Account); ok {
				views[uuid] = newPortView(snap.View(&a, port, now))
			}
		}
		return views[uuid]
	}
	v := view(port.UUID)
	if v == nil {
		return p
	}
	a, _ := snap.Account(port.Account)
	p.UUID, p.Title, p.Window = v.UUID, v.Name(), v.Windows[0].Label()
	p.Class, p.Words = class(v.level), v.words()
	p.Problems, p.Stale = problems(&v.View, &a), stale(&v.View, lateDirections(&v.View))
	p.Charts = newCharts(&v.View, f.Units)
	p.addTraffic(v)
	for _, pair := range snap.Pairs {
		if pair.Primary != v.UUID && pair.Secondary != v.UUID {
			continue
		}
		if primary, secondary := view(pair.Primary), view(pair.Secondary); primary != nil && secondary != nil {
			pv := fleet.NewPairView(pair, &primary.View, &secondary.View, now)
			p.Pairs = append(p.Pairs, newPairRow(&pv, primary, secondary))
		}
	}
	p.Tracking = len(a.ConnectionWindows) > 0
	p.addConnections(snap, v, now)
	p.addFacts(v)
	p.addPolls(v, &a)
	return p
}

// addTraffic adds the figures of which at least one direction is known.
func (p *portPage) addTraffic(v *portView) {
	add := func(name string, of func(d fleet.Direction) cell) {
		row := trafficRow{Name: name}
		known := false
		for _, d := range fleet.Directions() {
			c := of(d)
			known = known || c.Number.Text != "" || c.Time.Time != ""
			row.Cells = append(row.Cells, c)
		}
		if known {
			p.Traffic = append(p.Traffic, row)
		}
	}
	add("Now", func(d fleet.Direction) cell { return cell{Number: rateOf(v.Last(d), p.Units)} })
	add("Share now", func(d fleet.Direction) cell {
		return cell{Number: shareOf(v.Share(d)), Class: class(v.ShareLevel(d))}
	})
	add("Share with one link less", func(d fleet.Direction) cell {
		return cell{Number: shareOf(v.LAGFailover(d)), Class: class(v.LAGLevel(d))}
	})
	for i, w := range v.Windows {
		figure := func(name string, of func(*fleet.Rates) *float64) {
			add(name+" "+w.Label(), func(d fleet.Direction) cell {
				if v.Traffic[i] == nil {
					return cell{}
				}
				return cell{Number: rateOf(of(v.Traffic[i].Rates(d)), p.Units)}
			})
		}
		figure("Mean", func(r *fleet.Rates) *float64 { return r.Mean })
		figure("p95", func(r *fleet.Rates) *float64 { return r.P95 })
		add("Share p95 "+w.Label(), func(d fleet.Direction) cell {
			return cell{Number: shareOf(v.P95Share(d, i)), Class: class(v.P95Level(d, i))}
		})
		figure("Highest", func(r *fleet.Rates) *float64 { return r.Max })
	}
	packets := func(name string, of map[fleet.Direction]fleet.Counter) {
		add(name, func(d fleet.Direction) cell {
			if v.Traffic[0] == nil || !of[d].Began() {
				return cell{}
			}
			return cell{Number: countOf(of[d].Total)}
		})
	}
	packets("Packets dropped", v.Dropped)
	packets("Packets with errors", v.Errored)
	add("Sample age", func(d fleet.Direction) cell { return cell{Time: newMoment(v.Newest(d), v.Now)} })
}

func (p *portPage) addFacts(v *portView) {
	text := func(name, text string) {
		if text != "" {
			p.Facts = append(p.Facts, fact{Name: name, Text: text})
		}
	}
	figure := func(name string, n number) {
		if n.Text != "" {
			p.Facts = append(p.Facts, fact{Name: name, Number: n})
		}
	}
	text("UUID", v.UUID)
	text("Account", v.Account)
	if v.Configured {
		text("Polled because", "the configuration names it")
	} else {
		text("Polled because", "it was discovered")
	}
	figure("Line rate", rateOf(v.Capacity(), p.Units))
	figure("Line rate of the links that are up", rateOf(v.EffectiveCapacity(), p.Units))
	if i := v.Inventory; i != nil {
		text("Status", i.OperationalStatus())
		text("State", cmp.Or(i.State, fleet.Unknown))
		text("Maintenance", i.Maintenance)
		links := map[string]int{}
		for _, l := range i.Links {
			links[fleet.StatusUp] += 0 // both are always there
			links[fleet.StatusDown] += 0
			links[cmp.Or(l.Status, fleet.Unknown)]++
		}
		for _, status := range slices.Sorted(maps.Keys(links)) {
			figure("Links "+status, countOf(links[status]))
		}
		figure("Allocated to connections", rateOf(i.Allocated, p.Units))
		figure("Free for connections", rateOf(i.Available, p.Units))
	}
	if v.Connections != nil {
		figure("Bandwidth of its connections", rateOf(v.Connections.Bandwidth, p.Units))
	}
	if i := v.Port.Inventory; i != nil { // what follows does not expire
		text("Metro", strings.TrimSpace(i.Metro+" "+i.MetroName))
		text("IBX", i.IBX)
		text("Region", i.Region)
		text("Encapsulation", i.Encapsulation)
		text("Package", i.Package)
		text("Speed", i.Speed)
		text("Redundancy", i.RedundancyPriority)
		text("Redundancy group", i.RedundancyGroup)
		text("LAG", i.LAG)
		text("Project", i.Project)
	}
	if price := priceOf(v.Price); price.Text != "" {
		figure("List price a month", price)
	}
	if v.Attached != nil {
		text("Attached to a stream", map[bool]string{true: "yes", false: "no"}[*v.Attached])
	}
}

func (p *portPage) addPolls(v *portView, a *fleet.Account) {
	add := func(name string, poll fleet.Poll, every time.Duration) {
		row := pollRow{
			Name: name, Tried: poll.Tried(), OK: poll.OK, Err: short(poll.Err),
			Last: newMoment(poll.Last, v.Now), Succeeded: newMoment(poll.LastSuccess, v.Now),
		}
		if every > 0 {
			row.Every = model.Duration(every.Round(time.Second)).String()
		}
		p.Polls = append(p.Polls, row)
	}
	for i, poll := range v.Polls {
		every := v.Windows[i].Interval
		if i < len(a.Windows) {
			every = a.Windows[i]
		}
		add("traffic "+v.Windows[i].Label(), poll, every)
	}
	add("connections", v.ConnectionsPoll, a.Connections)
	add("listing of ports", a.InventoryPoll, a.Inventory)
	if a.Prices > 0 {
		add("list price", v.PricePoll, a.Prices)
	}
}
