package soak_test

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// ports expects the series of the ports that the newest good listing named.
func (o *oracle) ports(e *estate) {
	e.tap.mu.Lock()
	listed := e.tap.listed
	e.tap.mu.Unlock()
	if listed.IsZero() {
		return
	}
	w := e.at(listed)
	for uuid := range w.ports {
		p := w.ports[uuid]
		labels := []string{"port_uuid", uuid, "port_name", p.Name}
		o.is(1, "port_info", append([]string{
			"account", e.name, "metro", p.Metro, "ibx", p.IBX, "encapsulation", p.Encapsulation, "package", p.Package,
			"redundancy_priority", p.Priority, "redundancy_group", p.Group,
		}, labels...)...)
		fresh := o.now.Sub(listed) <= staleIntervals*inventory
		if fresh {
			o.inventory(w, &p, labels)
		} else {
			o.capacityOfTraffic(e, &p, labels)
		}
		for i, win := range windows {
			o.traffic(e, uuid, "port", portTruth, win, i == 0, labels)
		}
		if fresh {
			o.lagFailover(e, &p, labels)
		}
		o.portHealth(e, uuid, "port", labels)
		o.packets(e, uuid, portCounters, labels)
		if o.snap.Port(uuid) == nil {
			o.s.fault("port %s is not known", uuid)
			continue
		}
		o.price(e, uuid, "port", listed, &o.snap.Port(uuid).Metered, labels)
		o.connections(e, o.snap.Port(uuid), labels)
	}
	for key := range e.tap.answers {
		if _, listed := w.ports[key.uuid]; !listed && o.snap.Connection(key.uuid) == nil {
			delete(e.tap.answers, key) // if it comes back, it starts from 0
			delete(o.s.counted, key.uuid)
		}
	}
}

// inventory expects what the listing said of a port.
func (o *oracle) inventory(w *world, p *fabrictest.Port, labels []string) {
	up := upLinks(p)
	for _, s := range []string{"UP", "DOWN", "PARTIAL"} {
		o.is(one(p.OperationalStatus() == s), "port_operational_status", append([]string{"status", s}, labels...)...)
	}
	o.is(1, "port_lifecycle_state", append([]string{"state", p.State}, labels...)...)
	o.is(float64(p.Capacity())*mbit, "port_capacity_bytes_per_second", labels...)
	o.is(float64(up*p.Speed)*mbit, "port_effective_capacity_bytes_per_second", labels...)
	o.is(float64(up), "port_lag_links", append([]string{"status", "UP"}, labels...)...)
	o.is(float64(int64(len(p.Links))-up), "port_lag_links", append([]string{"status", "DOWN"}, labels...)...)
	o.seen["port_maintenance"] = true
	if p.Maintenance != "" {
		o.is(1, "port_maintenance", append([]string{"status", p.Maintenance}, labels...)...)
	}
	sold := 0.0
	for _, c := range w.conns {
		bandwidth, _ := use(&c)
		bandwidth = bandwidth && c.State != fabrictest.UnknownConnectionState // which the simulation does not sell
		if bandwidth && (c.ASide.Port == p.UUID || c.ZSide.Port == p.UUID) {
			sold += float64(c.Bandwidth) * mbit
		}
	}
	o.is(sold, "port_allocated_bandwidth_bytes_per_second", labels...)
	o.is(max(float64(p.Capacity())*mbit-sold, 0), "port_available_bandwidth_bytes_per_second", labels...)
}

// capacityOfTraffic expects the capacity that comes with the traffic, where the
// source tells it.
func (o *oracle) capacityOfTraffic(e *estate, p *fabrictest.Port, labels []string) {
	for _, w := range windows {
		a, ok := e.tap.answer(p.UUID, w)
		if ok && o.now.Sub(a.done) <= staleIntervals*w.interval && e.source != "v4-metrics" {
			then := e.at(a.done).ports[p.UUID]
			o.is(float64(then.Capacity())*mbit, "port_capacity_bytes_per_second", labels...)
			return
		}
	}
}

func upLinks(p *fabrictest.Port) (up int64) {
	for _, l := range p.Links {
		if !l.Down {
			up++
		}
	}
	return up
}

// use is whether a connection takes up its bandwidth, and may have traffic: by its
// state, else by Equinix' status; an undocumented state counts as in use.
func use(c *fabrictest.Connection) (bandwidth, traffic bool) {
	word := c.State
	if word == "" {
		word = c.EquinixStatus
	}
	switch word {
	case "", "ACTIVE", "PROVISIONED", "PROVISIONING", "REPROVISIONING", "NOT_DEPROVISIONED", fabrictest.UnknownConnectionState:
		return true, true
	}
	return false, word == "DEPROVISIONING" || word == "PENDING_DELETE"
}

// answer is the newest good one about a window.
func (t *tap) answer(uuid string, w window) (answer, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.answers[topic{uuid, w.span}]
	return a, ok
}

// current is how old the newest interval may be to be called the last one.
const current = 3*5*time.Minute + 45*time.Minute

// traffic expects the figures of a window of a port or a connection.
func (o *oracle) traffic(e *estate, uuid, what string, of source, w window, primary bool, labels []string) {
	a, ok := e.tap.answer(uuid, w)
	if !ok {
		return
	}
	fresh := o.now.Sub(a.done) <= staleIntervals*w.interval
	for d, t := range e.recall(of, uuid, w, a) {
		if t == nil {
			o.s.fault("%s %s: the oracle knows of no traffic", what, uuid)
			continue
		}
		directed := append([]string{"direction", directions[d]}, labels...)
		if primary {
			o.is(float64(t.newest.UnixMilli())/1000, what+"_traffic_last_sample_timestamp_seconds", directed...)
			if fresh && o.now.Sub(t.newest) <= current {
				o.is(t.last, what+"_traffic_last_bytes_per_second", directed...)
			}
		}
		if fresh {
			windowed := append([]string{"window", w.label}, directed...)
			o.is(t.max, what+"_traffic_max_bytes_per_second", windowed...)
			o.is(t.avg, what+"_traffic_avg_bytes_per_second", windowed...)
			o.is(t.p95, what+"_traffic_p95_bytes_per_second", windowed...)
		}
	}
	if late := o.now.Sub(a.done) - w.interval; late > 2*time.Minute && o.now.Sub(e.calm) > w.interval+30*time.Minute &&
		of(e, uuid, fabrictest.Inbound, w, answer{arrived: o.now, done: o.now, from: o.now.Add(-w.span), to: o.now}) != nil { // of a connection that is being deleted there is nothing
		o.s.fault("%s %s: nothing new in window %s for %v, though all is well", what, uuid, w.label, late+w.interval)
	}
}

// lagFailover expects the load with one link fewer.
func (o *oracle) lagFailover(e *estate, p *fabrictest.Port, labels []string) {
	o.seen["port_lag_failover_utilization_ratio"] = true
	up := upLinks(p)
	a, ok := e.tap.answer(p.UUID, windows[0])
	if !ok || len(p.Links) < 2 || up < 2 || o.now.Sub(a.done) > staleIntervals*interval {
		return
	}
	for d, t := range e.recall(portTruth, p.UUID, windows[0], a) {
		if o.now.Sub(t.newest) <= current {
			o.is(t.last/(float64((up-1)*p.Speed)*mbit), "port_lag_failover_utilization_ratio", append([]string{"direction", directions[d]}, labels...)...)
		}
	}
}

// portHealth expects how the polls of a port or a connection went.
func (o *oracle) portHealth(e *estate, uuid, what string, labels []string) {
	e.tap.mu.Lock()
	defer e.tap.mu.Unlock()
	latest, polled := e.tap.latest[uuid]
	if !polled {
		return
	}
	// A call that failed may be tried again for a while, and one that is not even
	// sent, for want of a token, fails as well.
	trouble := o.now.Sub(e.calm) < 10*time.Minute || !latest.ok
	o.expect(expectation{value: one(latest.ok), any: trouble}, what+"_poll_success", labels...)
	if good, ok := e.tap.good[topic{uuid, windows[0].span}]; ok {
		o.is(float64(good.UnixMilli())/1000, what+"_poll_last_success_timestamp_seconds", labels...)
	}
	if e.source == "v4-metrics" {
		o.expect(expectation{value: 1, maybe: trouble || o.now.Sub(o.s.began) < inventory}, what+"_metrics_attached", labels...)
	}
}

// connections expects what rides on a port, as at the search that the exporter
// says to have it from.
func (o *oracle) connections(e *estate, p *fleet.Port, labels []string) {
	for _, f := range []string{"port_connections", "port_connections_status", "port_connections_bandwidth_bytes_per_second"} {
		o.seen[f] = true
	}
	c := p.Connections
	if c == nil || o.now.Sub(c.At) > staleIntervals*interval {
		if o.now.Sub(e.calm) > 30*time.Minute && o.s.elapsed() > time.Hour {
			o.s.fault("port %s: no connections for long, though all is well", p.UUID)
		}
		return
	}
	vague := !e.unchanged(c.At.Add(-5*time.Minute), c.At) // a search takes that long at most, with all its retries
	states, statuses, sold := map[string]int{}, map[[2]string]int{}, 0.0
	for _, s := range fleet.ConnectionStates() {
		states[s] = 0
	}
	for _, conn := range e.at(c.At).conns {
		if conn.ASide.Port != p.UUID && conn.ZSide.Port != p.UUID {
			continue
		}
		states[orUnknown(conn.State)]++
		statuses[[2]string{"equinix", orUnknown(conn.EquinixStatus)}]++
		statuses[[2]string{"provider", orUnknown(conn.ProviderStatus)}]++
		if bandwidth, _ := use(&conn); bandwidth {
			sold += float64(conn.Bandwidth) * mbit
		}
	}
	for s, n := range states {
		o.expect(expectation{value: float64(n), any: vague}, "port_connections", append([]string{"state", s}, labels...)...)
	}
	for s, n := range statuses {
		o.expect(expectation{value: float64(n), any: vague, maybe: vague}, "port_connections_status", append([]string{"side", s[0], "status", s[1]}, labels...)...)
	}
	if vague { // a state or status may be shown that no connection has any more
		for s := range c.States {
			o.expect(expectation{any: true, maybe: true}, "port_connections", append([]string{"state", s}, labels...)...)
		}
		for side, counts := range map[string]map[string]int{"equinix": c.Equinix, "provider": c.Provider} {
			for s := range counts {
				o.expect(expectation{any: true, maybe: true}, "port_connections_status", append([]string{"side", side, "status", s}, labels...)...)
			}
		}
	}
	o.expect(expectation{value: sold, any: vague}, "port_connections_bandwidth_bytes_per_second", labels...)
}

func orUnknown(s string) string {
	if s == "" {
		return fleet.Unknown
	}
	return s
}
