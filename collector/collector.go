// Package collector exposes a fleet snapshot to Prometheus. A scrape does no I/O: it
// reads the current snapshot and shows the values in it that are still fresh by their
// times.
package collector

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Collector is a prometheus.Collector over the newest snapshot. It is safe for
// concurrent use.
type Collector struct {
	load func() *fleet.Snapshot
	tables
	log *slog.Logger

	logging sync.Mutex
	logged  map[string][3]int // by account: what was left out, as last logged; see leftOut
}

// New returns a collector that reads snapshots from load, typically
// [fleet.Store.Load]. A nil snapshot has no series.
func New(load func() *fleet.Snapshot) *Collector {
	return &Collector{load: load, tables: newTables(), log: slog.New(slog.DiscardHandler), logged: map[string][3]int{}}
}

// Describe sends the descriptor of every family.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c.families() {
		ch <- f.desc
	}
}

// Collect sends the series of the newest snapshot that are fresh now.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	snap := c.load()
	if snap == nil {
		return
	}
	now := time.Now()
	subjects := c.subjects(snap)
	limited := c.limit(snap, subjects)
	to := func(f *Family, value float64, labels []string) { ch <- f.metric(value, labels) }
	tracked := map[string]int{} // connections by account
	for _, s := range subjects {
		if s.leftOut || !s.shown {
			continue
		}
		s.samples(now, to)
		if s.kind == connection {
			tracked[s.account]++
		}
	}
	for i := range snap.Accounts {
		a := &snap.Accounts[i]
		v := accountView{Account: a, snap: snap, now: now, tracked: tracked[a.Name], dropped: limited[a.Name].series}
		c.accounts.each(&v, to, a.Name)
	}
	c.fleet.each(snap, to)
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

// kind is what a subject is.
type kind int

const (
	port kind = iota
	pair
	connection
)

// subject is a port, a pair or a connection with series of its own.
type subject struct {
	kind    kind
	id      string // UUID or name
	account string
	pair    *fleet.Pair                  // nil for the others; account is the account of its primary port
	shown   bool                         // it has its final name, so it may have series
	leftOut bool                         // see limit
	samples func(now time.Time, to send) // sends its series at a time
}

// subjects lists everything that may have series of its own. max_series leaves out
// the last ones first: configured ports, discovered ports by UUID, pairs,
// connections.
func (c *Collector) subjects(snap *fleet.Snapshot) []subject {
	all := make([]subject, 0, len(snap.Ports)+len(snap.Pairs)+len(snap.Connections))
	for _, configured := range []bool{true, false} {
		for _, p := range snap.Ports {
			if p.Configured == configured {
				account, ok := snap.Account(p.Account)
				all = append(all, subject{kind: port, id: p.UUID, account: p.Account, shown: p.Listed && ok, samples: func(now time.Time, to send) {
					v := snap.View(&account, p, now)
					c.ports.each(&v, to, p.UUID, p.Name())
				}})
			}
		}
	}
	for _, p := range snap.Pairs {
		primary := snap.Port(p.Primary)
		if primary == nil || snap.Port(p.Secondary) == nil {
			continue
		}
		all = append(all, subject{kind: pair, id: p.Name, account: primary.Account, pair: p, shown: true, samples: func(now time.Time, to send) {
			if v, ok := snap.PairView(p, now); ok {
				c.pairs.each(&v, to, p.Name)
			}
		}})
	}
	// A connection is not shown before its port has its name, and not after its port
	// is gone.
	for _, t := range snap.Connections {
		account, ok := snap.Account(t.Account)
		p := snap.Port(t.Port)
		all = append(all, subject{kind: connection, id: t.UUID, account: t.Account, shown: ok && p != nil && p.Listed, samples: func(now time.Time, to send) {
			v := snap.ConnectionView(&account, p, t, now)
			c.connections.each(&v, to, t.UUID, t.Name())
		}})
	}
	return all
}
