package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// query is what the address of a page asks for. Every link of a page keeps it.
type query struct {
	Q, Account, Metro string // filters; "" lets all ports through
	Sort              string // key of one of the orders
	Units             human.Units
	Refresh           int // seconds after which the browser loads the page again; 0: never
	Page, PairPage    int // from 1
	ConnectionPage    int
	Notes             []string
	Usual             human.Units // that the page has without a query
}

// newQuery reads a query. What makes no sense is ignored, and is in Notes.
func newQuery(v url.Values, units human.Units) query {
	text := func(key string) string { return human.Cut(human.Printable(strings.TrimSpace(v.Get(key))), 200) }
	q := query{
		Q: text("q"), Account: text("account"), Metro: text("metro"), Sort: orders[0].Key,
		Units: cmp.Or(units, human.Bits), Page: 1, PairPage: 1, ConnectionPage: 1, Usual: cmp.Or(units, human.Bits),
	}
	ignore := func(key, possible string) {
		q.Notes = append(q.Notes, fmt.Sprintf("%s=%s is ignored; possible: %s.", key, text(key), possible))
	}
	if s := text("sort"); s != "" {
		if slices.ContainsFunc(orders, func(o order) bool { return o.Key == s }) {
			q.Sort = s
		} else {
			var keys []string
			for _, o := range orders {
				keys = append(keys, o.Key)
			}
			ignore("sort", strings.Join(keys, ", "))
		}
	}
	switch u := human.Units(text("units")); u {
	case "":
	case human.Bits, human.Bytes:
		q.Units = u
	default:
		ignore("units", "bits, bytes")
	}
	number := func(key string, to *int, least, most int) {
		if text(key) == "" {
			return
		}
		n, err := strconv.Atoi(text(key))
		if err != nil || n < least || n > most {
			ignore(key, fmt.Sprintf("numbers from %d to %d", least, most))
			return
		}
		*to = n
	}
	number("refresh", &q.Refresh, 10, 3600)
	number("page", &q.Page, 1, 1e6)
	number("pairs", &q.PairPage, 1, 1e6)
	number("connections", &q.ConnectionPage, 1, 1e6)
	return q
}

// With is the query as a link has it, with another value for a key. Unless it is about a
// page of a table, it leads to the first one.
func (q query) With(key, value string) string {
	keep := q
	if key != "page" && key != "pairs" && key != "connections" {
		keep.Page, keep.PairPage, keep.ConnectionPage = 1, 1, 1
	}
	v := keep.values()
	v.Set(key, value)
	if value == "" || key == "sort" && value == orders[0].Key {
		v.Del(key)
	}
	return "?" + v.Encode()
}

// Unfiltered is the query without the filters.
func (q query) Unfiltered() string {
	q.Q, q.Account, q.Metro, q.Page, q.PairPage = "", "", "", 1, 1
	return "?" + q.values().Encode()
}

// values are those that are not as usual.
func (q query) values() url.Values {
	v := url.Values{}
	set := func(key, value, usual string) {
		if value != usual {
			v.Set(key, value)
		}
	}
	set("q", q.Q, "")
	set("account", q.Account, "")
	set("metro", q.Metro, "")
	set("sort", q.Sort, orders[0].Key)
	set("units", string(q.Units), string(q.Usual))
	set("refresh", strconv.Itoa(q.Refresh), "0")
	set("page", strconv.Itoa(q.Page), "1")
	set("pairs", strconv.Itoa(q.PairPage), "1")
	set("connections", strconv.Itoa(q.ConnectionPage), "1")
	return v
}

// Keep is the query as a link to another page of the exporter has it, "" if all is as usual.
func (q query) Keep() string {
	q.ConnectionPage = 1
	if v := q.values(); len(v) > 0 {
		return "?" + v.Encode()
	}
	return ""
}

// Filtered reports whether not all ports are asked for.
func (q query) Filtered() bool { return q.Q != "" || q.Account != "" || q.Metro != "" }

// matches reports whether the filters let a port through.
func (q query) matches(v *fleet.View) bool {
	i := v.Port.Inventory // metro and IBX do not expire
	if i == nil {
		i = new(fleet.Inventory)
	}
	return (q.Account == "" || q.Account == v.Account) &&
		(q.Metro == "" || strings.EqualFold(q.Metro, i.Metro)) &&
		(q.Q == "" || q.finds(v.Name()) || q.finds(v.UUID) || q.finds(i.Metro) || q.finds(i.MetroName) || q.finds(i.IBX))
}

// finds reports whether the text that is searched for is part of s.
func (q query) finds(s string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(q.Q))
}

// pager is one page of the rows of a table.
type pager struct {
	What                         string // id of the heading of the table
	Page, Pages, From, To, Total int    // From and To count from 1
	Previous, Next               string // queries, "" if there is no such page
}

// newPager returns the page of that number, or the last one if there are not so many. key
// is what its number is called in the query.
func (q query) newPager(what, key string, page, size, total int) pager {
	p := pager{What: what, Pages: max(1, (total+size-1)/size), Total: total}
	p.Page = min(page, p.Pages)
	p.From, p.To = min((p.Page-1)*size+1, total), min(p.Page*size, total)
	if p.Page > 1 {
		p.Previous = q.With(key, strconv.Itoa(p.Page-1))
	}
	if p.Page < p.Pages {
		p.Next = q.With(key, strconv.Itoa(p.Page+1))
	}
	return p
}

// rows are those of all rows that the pager shows.
func rows[T any](p pager, all []T) []T { return all[max(0, p.From-1):p.To] }

// order is an order of ports.
type order struct {
	Key, Title string
	compare    func(a, b *portView) int
}

// orders are the possible ones, the usual one first. What is unknown comes last, and equal
// ports come by name.
var orders = []order{
	{"worst", "worst first", func(a, b *portView) int {
		down := func(v *portView) bool { return v.StatusLevel() == fleet.Critical }
		return cmp.Or(cmp.Compare(b.level, a.level), known(down(a), down(b)), descending(a.share, b.share))
	}},
	{"in", "inbound now", func(a, b *portView) int { return descending(a.Share(fleet.Inbound), b.Share(fleet.Inbound)) }},
	{"out", "outbound now", func(a, b *portView) int { return descending(a.Share(fleet.Outbound), b.Share(fleet.Outbound)) }},
	{"p95", "95th percentile", func(a, b *portView) int { return descending(a.p95, b.p95) }},
	{"name", "name", func(*portView, *portView) int { return 0 }},
	{"metro", "metro", func(a, b *portView) int {
		return cmp.Or(known(a.metro() != "", b.metro() != ""), cmp.Compare(a.metro(), b.metro()))
	}},
	{"capacity", "speed", func(a, b *portView) int { return descending(a.Capacity(), b.Capacity()) }},
	{"connections", "connections", func(a, b *portView) int { return descending(a.connections(), b.connections()) }},
	{"sample", "oldest sample", func(a, b *portView) int {
		x, y := a.NewestSample(), b.NewestSample()
		return cmp.Or(known(!x.IsZero(), !y.IsZero()), x.Compare(y))
	}},
}

// known orders those of which something is true before the others.
func known(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// descending compares two numbers for an order from the highest to the lowest, unknown last.
func descending(a, b *float64) int {
	if a != nil && b != nil {
		return cmp.Compare(*b, *a)
	}
	return known(a != nil, b != nil)
}

// portView is a port with what it is sorted by.
type portView struct {
	fleet.View

	level      fleet.Level
	share, p95 *float64 // the highest ones
}

func newPortView(v fleet.View) *portView {
	p := &portView{View: v}
	p.level, p.share = v.Worst()
	for _, d := range fleet.Directions() {
		if s := v.P95Share(d, 0); s != nil && (p.p95 == nil || *s > *p.p95) {
			p.p95 = s
		}
	}
	return p
}

// metro is the metro code, "" if it is unknown. It does not expire.
func (p *portView) metro() string {
	if p.Port.Inventory == nil {
		return ""
	}
	return p.Port.Inventory.Metro
}

func (p *portView) connections() *float64 {
	if p.Connections == nil {
		return nil
	}
	return new(float64(p.Connections.Present()))
}

// sortPorts sorts ports by the order of that key.
func sortPorts(all []*portView, key string) {
	i := slices.IndexFunc(orders, func(o order) bool { return o.Key == key })
	slices.SortFunc(all, func(a, b *portView) int {
		return cmp.Or(orders[i].compare(a, b), cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.UUID, b.UUID))
	})
}
