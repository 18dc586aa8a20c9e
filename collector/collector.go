// Package collector exposes a fleet snapshot to Prometheus. There are two ways to read one
// table of families: the text of /metrics, which is made when something changes and
// copied at a scrape, and a prometheus.Collector for all other formats. A scrape does no
// I/O: it reads the current snapshot and shows the values in it that are still fresh by
// their times.
package collector

import (
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Collector shows the newest snapshot. It is safe for concurrent use; its readers take
// turns.
type Collector struct {
	load func() *fleet.Snapshot
	tables
	log *slog.Logger

	mu     sync.Mutex // held while one reader is served
	snap   *fleet.Snapshot
	pages  map[key]*page
	order  []*page           // of ports, pairs and connections; max_series leaves out the last ones first
	logged map[string]logged // by account
	text
}

// New returns a collector that reads snapshots from load, typically
// [fleet.Store.Load]. A nil snapshot has no series.
func New(load func() *fleet.Snapshot) *Collector {
	c := &Collector{load: load, tables: newTables(), log: slog.New(slog.DiscardHandler), logged: map[string]logged{}}
	c.piece = make([]byte, 0, PieceSize)
	return c
}

// LogTo sets the logger for series that are left out. It must be called before the first
// scrape.
func (c *Collector) LogTo(log *slog.Logger) { c.log = log }

// Text yields the series that are fresh now, as expfmt writes those of [Collector.Collect]:
// family by family in the order of their names, each in one or more pieces. A piece is
// valid until the next one, unless the body of the loop keeps it and leaves an empty one in
// its place. The format is OpenMetrics 1.0, without its last line, or the text format
// 0.0.4. Other readers wait until the loop ends, so its body must not wait for a client.
func (c *Collector) Text(openMetrics bool) iter.Seq2[string, *[]byte] {
	return func(yield func(family string, piece *[]byte) bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.update(time.Now()) {
			c.write(openMetrics, yield)
		}
	}
}

// Describe sends the descriptor of every family.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c.families() {
		ch <- f.desc
	}
}

// Collect sends the series that are fresh now.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.update(time.Now()) {
		return
	}
	for _, p := range c.pages {
		if !p.leftOut {
			p.each(func(f *Family, value float64, labels []string) { ch <- f.metric(value, labels) })
		}
	}
}

func (f *Family) metric(value float64, labels []string) prometheus.Metric {
	kind := prometheus.GaugeValue
	if f.Counter {
		kind = prometheus.CounterValue
	}
	m, err := prometheus.NewConstMetric(f.desc, kind, value, labels...)
	if err != nil { // a label that is not UTF-8, which decoding prevents: an error for this series instead of a panic
		return prometheus.NewInvalidMetric(f.desc, err)
	}
	return m
}

// kind is what a page is of.
type kind int

const (
	port kind = iota
	pair
	connection
	account
	whole // the fleet
)

type key struct {
	kind kind
	id   string // UUID or name, "" for the fleet
}

// page is what one port, pair, connection or account shows.
type page struct {
	own     ownLabels // of each of its series
	leftOut bool      // for want of room in max_series

	key
	account string         // whose max_series it counts for
	owner   *fleet.Account // that account, nil if it is not in the snapshot

	// What the page is of: the port, or the port that the connection is seen from, nil if it is
	// on none.
	port       *fleet.Port
	pair       *fleet.Pair
	ports      [2]*page // of the pair
	connection *fleet.Tracked

	seen   any           // the view whose series the page has; nil if it may have none yet
	each   func(to send) // sends these series
	values []string      // of the labels in own
	places []place       // of the series, by family
	most   int           // of them, since the page exists
}

// update brings the pages and their text up to date. ok is false without a snapshot.
func (c *Collector) update(now time.Time) (ok bool) {
	snap := c.load()
	if snap == nil {
		return false
	}
	if snap != c.snap {
		c.follow(snap)
	}
	for _, p := range c.order {
		c.refresh(p, now)
	}
	left := c.limit()
	tracked := map[string]int{} // connections by account
	for _, p := range c.order {
		if p.kind == connection && p.seen != nil && !p.leftOut {
			tracked[p.account]++
		}
	}
	for i := range snap.Accounts {
		a := &snap.Accounts[i]
		v := &accountView{Account: a, snap: snap, now: now, tracked: tracked[a.Name], dropped: left[a.Name].series}
		show(c, c.pages[key{account, a.Name}], &c.accounts, v, a.Name)
	}
	show(c, c.pages[key{kind: whole}], &c.fleet, snap)
	c.merge()
	return true
}

// follow makes a page for everything in snap, and clears the pages of what is gone.
func (c *Collector) follow(snap *fleet.Snapshot) {
	if c.snap == nil || !slices.Equal(c.snap.Windows, snap.Windows) { // other windows: every series is new
		c.pages, c.columns = nil, make([]column, len(c.byName))
		c.relabels = make([]bool, len(c.byName))
	}
	old := c.pages
	c.snap, c.pages, c.order = snap, make(map[key]*page, len(old)), make([]*page, 0, len(old))
	at := func(kind kind, id string) *page {
		k := key{kind, id}
		p := old[k]
		if p == nil {
			p = &page{key: k}
		}
		c.pages[k] = p
		return p
	}
	at(whole, "")
	accounts := make(map[string]*fleet.Account, len(snap.Accounts))
	for i := range snap.Accounts {
		at(account, snap.Accounts[i].Name)
		accounts[snap.Accounts[i].Name] = &snap.Accounts[i]
	}
	add := func(p *page, account string) {
		p.account, p.owner = account, accounts[account]
		c.order = append(c.order, p)
	}
	for _, configured := range []bool{true, false} {
		for _, of := range snap.Ports {
			if of.Configured == configured {
				p := at(port, of.UUID)
				p.port = of
				add(p, of.Account)
			}
		}
	}
	for _, of := range snap.Pairs {
		primary, secondary := c.pages[key{port, of.Primary}], c.pages[key{port, of.Secondary}]
		if primary == nil || secondary == nil {
			continue
		}
		p := at(pair, of.Name)
		p.pair, p.ports = of, [2]*page{primary, secondary}
		add(p, primary.account)
	}
	for _, of := range snap.Connections {
		p := at(connection, of.UUID)
		p.connection, p.port = of, snap.Port(of.Port)
		add(p, of.Account)
	}
	for k, p := range old {
		if c.pages[k] == nil {
			c.clear(p)
		}
	}
}

// refresh renders the page anew if it shows something else than before: its subject was
// polled, or a value went stale. A port is shown once its first listing has ended, which
// gives its name; a connection once its port is.
func (c *Collector) refresh(p *page, now time.Time) {
	named := p.owner != nil && p.port != nil && p.port.Listed
	onNoPort := p.kind == connection && p.owner != nil && p.connection.Port == ""
	switch {
	case p.kind == port && named:
		v := c.snap.View(p.owner, p.port, now)
		if seen, ok := p.seen.(*fleet.View); !ok || !v.Same(seen) {
			show(c, p, &c.ports, new(v), p.id, p.port.Name())
		}
	case p.kind == connection && (named || onNoPort):
		v := c.snap.ConnectionView(p.owner, p.port, p.connection, now)
		if seen, ok := p.seen.(*fleet.ConnectionView); !ok || !v.Same(seen) {
			show(c, p, &c.connections, new(v), p.id, p.connection.Name())
		}
	case p.kind == pair:
		primary, ok := p.ports[0].seen.(*fleet.View) // which are up to date: ports come before pairs
		secondary, both := p.ports[1].seen.(*fleet.View)
		if !ok || !both {
			c.clear(p)
			return
		}
		v := fleet.NewPairView(p.pair, primary, secondary, now)
		if seen, ok := p.seen.(*fleet.PairView); !ok || !v.Same(seen) {
			show(c, p, &c.pairs, new(v), p.id)
		}
	default:
		c.clear(p)
	}
}

// show renders the series of v on the page. own are the values of the labels that all
// of them have.
func show[S any](c *Collector, p *page, t *table[S], v *S, own ...string) {
	p.seen = nil // if a row panics, the page must not pass for up to date
	p.each = func(to send) { t.each(v, to, own...) }
	c.render(p, t.own, own)
	p.seen = v
}

// clear takes all series from the page.
func (c *Collector) clear(p *page) {
	p.seen, p.each = nil, func(send) {}
	c.drop(p)
}
