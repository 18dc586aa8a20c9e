package soak_test

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// tracked expects the series of single connections, as at the search that the
// exporter says to have each from.
func (o *oracle) tracked(e *estate) {
	if !e.connections {
		return
	}
	n := 0
	for _, c := range o.snap.Connections {
		if c.Account == e.name {
			n++
			o.connection(e, c)
		}
	}
	o.is(float64(n), "connections_watched", "account", e.name)
	o.is(float64(n), "connections_selected", "account", e.name)
	if o.now.Sub(e.calm) > 30*time.Minute && e.unchanged(o.now.Add(-30*time.Minute), o.now) {
		own := 0
		w := e.at(o.now)
		for _, c := range w.conns {
			if w.ports[c.ASide.Port].UUID != "" || w.ports[c.ZSide.Port].UUID != "" {
				own++
			}
		}
		if n != own {
			o.s.fault("account %s: %d connections are tracked, there are %d", e.name, n, own)
		}
	}
}

func (o *oracle) connection(e *estate, c *fleet.Tracked) {
	for _, f := range []string{"connection_state", "connection_status", "connection_operational_status", "connection_maintenance", "connection_bandwidth_bytes_per_second"} {
		o.seen[f] = true
	}
	vague := !e.unchanged(c.At.Add(-5*time.Minute), c.At)
	conn, known := e.at(c.At).conns[c.UUID]
	if !known {
		if !vague {
			o.s.fault("connection %s was not there at %v", c.UUID, c.At)
		}
		conn.UUID, conn.Name, conn.State, conn.EquinixStatus = c.UUID, c.APIName, c.State, c.EquinixStatus
	}
	if vague {
		// as good a guess as any
		conn.Name, conn.State, conn.EquinixStatus, conn.Maintenance = c.APIName, c.State, c.EquinixStatus, c.Maintenance
		conn.Bandwidth = int64(*c.Bandwidth / 1e6)
	}
	labels := []string{"connection_uuid", conn.UUID, "connection_name", conn.Name}
	port := o.snap.Port(c.Port)
	o.is(1, "connection_info", append([]string{"account", e.name, "port_uuid", conn.ASide.Port, "port_name", port.Name()}, labels...)...)
	if o.now.Sub(c.At) <= staleIntervals*interval {
		o.facts(&conn, c, vague, labels)
	}
	o.price(e, c.UUID, "connection", c.At, &c.Metered, labels)
	if _, traffic := use(&conn); !traffic {
		return
	}
	for i, w := range windows {
		o.traffic(e, c.UUID, "connection", connectionTruth, w, i == 0, labels)
	}
	o.portHealth(e, c.UUID, "connection", labels)
	o.packets(e, c.UUID, connectionCounters, labels)
}

// facts expects what a search says of a connection.
func (o *oracle) facts(conn *fabrictest.Connection, c *fleet.Tracked, vague bool, labels []string) {
	o.expect(expectation{value: 1, any: vague}, "connection_state", append([]string{"state", orUnknown(conn.State)}, labels...)...)
	o.expect(expectation{value: 1, any: vague}, "connection_status", append([]string{"side", "equinix", "status", orUnknown(conn.EquinixStatus)}, labels...)...)
	o.expect(expectation{value: 1, any: vague}, "connection_status", append([]string{"side", "provider", "status", orUnknown(conn.ProviderStatus)}, labels...)...)
	o.expect(expectation{value: float64(conn.Bandwidth) * mbit, any: vague}, "connection_bandwidth_bytes_per_second", labels...)
	if conn.Maintenance != "" {
		o.is(1, "connection_maintenance", append([]string{"status", conn.Maintenance}, labels...)...)
	}
	status := conn.OperationalStatus()
	if vague {
		status = c.Status
	}
	if status != "" {
		for _, s := range []string{"UP", "DOWN"} {
			o.is(one(s == status), "connection_operational_status", append([]string{"status", s}, labels...)...)
		}
	}
}
