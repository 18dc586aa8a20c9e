// Package collector shows a fleet snapshot to Prometheus. A scrape does no I/O:
// it reads one snapshot pointer and decides by the times in it what is still
// fresh enough to be shown.
package collector

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Collector is a prometheus.Collector over the newest snapshot. It is safe for
// concurrent use.
type Collector struct {
	load     func() *fleet.Snapshot
	families []described
}

// described is a family with its descriptor.
type described struct {
	Family

	desc *prometheus.Desc
}

// New returns a collector that reads snapshots from load, typically
// [fleet.Store.Load]. A nil snapshot has no series.
func New(load func() *fleet.Snapshot) *Collector {
	c := &Collector{load: load}
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
	for _, f := range c.families {
		if f.snapshot != nil {
			f.snapshot(snap, f.emitter(ch))
		}
		if f.account != nil {
			for i := range snap.Accounts {
				f.account(accountView{&snap.Accounts[i], now}, f.emitter(ch, snap.Accounts[i].Name))
			}
		}
	}
	for _, p := range snap.Ports {
		account, ok := snap.Account(p.Account)
		if !p.Listed || !ok {
			continue
		}
		v := snap.View(&account, p, now)
		for _, f := range c.families {
			if f.port != nil {
				f.port(&v, f.emitter(ch, p.UUID, p.Name()))
			}
		}
	}
	c.collectPairs(ch, snap, now)
	c.collectConnections(ch, snap, now)
}

func (c *Collector) collectPairs(ch chan<- prometheus.Metric, snap *fleet.Snapshot, now time.Time) {
	for _, p := range snap.Pairs {
		v, ok := snap.PairView(p, now)
		if !ok {
			continue
		}
		for _, f := range c.families {
			if f.pair != nil {
				f.pair(&v, f.emitter(ch, p.Name))
			}
		}
	}
}

// collectConnections sends the series of the watched connections. One is hidden
// with its port: until the port has its name, and once it is gone.
func (c *Collector) collectConnections(ch chan<- prometheus.Metric, snap *fleet.Snapshot, now time.Time) {
	for _, w := range snap.Connections {
		account, ok := snap.Account(w.Account)
		port := snap.Port(w.Port)
		if !ok || port == nil || !port.Listed {
			continue
		}
		v := snap.ConnectionView(&account, port, w, now)
		for _, f := range c.families {
			if f.connection != nil {
				f.connection(&v, f.emitter(ch, w.UUID, w.Name()))
			}
		}
	}
}

// emit sends one series of a family: its value and the values of the labels
// that follow the common ones.
type emit func(value float64, labels ...string)

func (f *described) emitter(ch chan<- prometheus.Metric, common ...string) emit {
	return func(value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(f.desc, cmp.Or(f.Type, prometheus.GaugeValue), value, slices.Concat(common, labels)...)
	}
}
