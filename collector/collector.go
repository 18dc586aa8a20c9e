// Package collector shows a fleet snapshot to Prometheus. A scrape does no I/O:
// it reads one snapshot pointer and decides by the times in it what is still
// fresh enough to be shown.
package collector

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Collector is a prometheus.Collector over the newest snapshot. It is safe for
// concurrent use.
type Collector struct {
	load     func() *fleet.Snapshot
	families []described
	log      *slog.Logger

	saying sync.Mutex
	said   map[string]objects // what was left out when it was last said, by account
}

// described is a family with its descriptor.
type described struct {
	Family

	desc *prometheus.Desc
}

// New returns a collector that reads snapshots from load, typically
// [fleet.Store.Load]. A nil snapshot has no series.
func New(load func() *fleet.Snapshot) *Collector {
	c := &Collector{load: load, log: slog.New(slog.DiscardHandler), said: map[string]objects{}}
	for _, f := range Families() {
		desc := prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
		c.families = append(c.families, described{Family: f, desc: desc})
	}
	return c
}

// Describe sends the descriptor of every family.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c.families {
		ch <- f.desc
	}
}

// Collect sends the series of the newest snapshot as they are true now.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	snap := c.load()
	if snap == nil {
		return
	}
	now := time.Now()
	sender := func(f *described, common ...string) emit { return f.emitter(ch, common...) }
	h := c.hide(snap)
	c.say(snap, h)
	accounts := accountViews(snap, h, now)
	for _, f := range c.families {
		if f.snapshot != nil {
			f.snapshot(snap, sender(&f))
		}
		if f.account != nil {
			for _, a := range accounts {
				f.account(a, sender(&f, a.Name))
			}
		}
	}
	for _, p := range snap.Ports {
		if !h.ports[p.UUID] {
			c.portSeries(snap, p, now, sender)
		}
	}
	for _, p := range snap.Pairs {
		if !h.pairs[p.Name] {
			c.pairSeries(snap, p, now, sender)
		}
	}
	for _, w := range snap.Connections {
		if !h.connections[w.UUID] {
			c.connectionSeries(snap, w, now, sender)
		}
	}
}

// sender returns what sends series of a family that have the common labels.
type sender func(f *described, common ...string) emit

// portSeries sends the series of a port once its first inventory attempt has
// ended.
func (c *Collector) portSeries(snap *fleet.Snapshot, p *fleet.Port, now time.Time, to sender) {
	account, ok := snap.Account(p.Account)
	if !p.Listed || !ok {
		return
	}
	v := snap.View(&account, p, now)
	for i := range c.families {
		if f := &c.families[i]; f.port != nil {
			f.port(&v, to(f, p.UUID, p.Name()))
		}
	}
}

func (c *Collector) pairSeries(snap *fleet.Snapshot, p *fleet.Pair, now time.Time, to sender) {
	v, ok := snap.PairView(p, now)
	if !ok {
		return
	}
	for i := range c.families {
		if f := &c.families[i]; f.pair != nil {
			f.pair(&v, to(f, p.Name))
		}
	}
}

// connectionSeries sends the series of a watched connection. It is hidden with
// its port: until the port has its name, and once it is gone.
func (c *Collector) connectionSeries(snap *fleet.Snapshot, w *fleet.Tracked, now time.Time, to sender) {
	account, ok := snap.Account(w.Account)
	port := snap.Port(w.Port)
	if !ok || port == nil || !port.Listed {
		return
	}
	v := snap.ConnectionView(&account, port, w, now)
	for i := range c.families {
		if f := &c.families[i]; f.connection != nil {
			f.connection(&v, to(f, w.UUID, w.Name()))
		}
	}
}

// emit sends one series of a family: its value and the values of the labels
// that follow the common ones.
type emit func(value float64, labels ...string)

func (f *described) emitter(ch chan<- prometheus.Metric, common ...string) emit {
	return func(value float64, labels ...string) {
		m, err := prometheus.NewConstMetric(f.desc, cmp.Or(f.Type, prometheus.GaugeValue), value, slices.Concat(common, labels)...)
		if err != nil { // a label that is no UTF-8, though none should get here: it costs its series, not the program
			m = prometheus.NewInvalidMetric(f.desc, err)
		}
		ch <- m
	}
}
