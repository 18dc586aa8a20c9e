package replay_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// tracked has series of single connections.
const tracked = metrics + "    connections: {traffic: true}\n"

// connection is the name of the only connection of a port.
func connection(port string) string { return "cloud-" + port }

// alter changes the connection of a port.
func alter(port string, change func(*fabrictest.Connection)) func(*world) {
	return func(w *world) {
		w.Helper()
		for _, c := range w.api.Fleet().Connections {
			if c.Name == connection(port) {
				w.api.EditConnection(c.UUID, change)
				return
			}
		}
		w.Errorf("there is no connection on %s", port)
	}
}

func state(state, equinix, provider string) func(*fabrictest.Connection) {
	return func(c *fabrictest.Connection) { c.State, c.EquinixStatus, c.ProviderStatus = state, equinix, provider }
}

var (
	failed      = state("FAILED", "NOT_PROVISIONED", "FAILED")
	pending     = state(fabrictest.StatePending, "PENDING_APPROVAL", "PENDING_APPROVAL")
	provisioned = state(fabrictest.StateProvisioned, "PROVISIONED", "AVAILABLE")
)

// Without series of single connections the counts of the ports tell.
func TestFailedAndPendingConnectionsFireByPort(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 280 * time.Minute
	line := newTimeline(t, record(t, story{api: estate(), config: v3, span: 310 * time.Minute, events: []event{
		{begin, alter(first, failed)},
		{begin, alter(single, pending)},
		{end, alter(first, provisioned)},
		{end, alter(single, provisioned)},
	}}))
	line.expect(t,
		want{"FabricConnectionFailed " + first, after(begin, 5*time.Minute, poll), after(end, 0, poll)},
		want{"FabricConnectionPending " + single, after(begin, 4*time.Hour, poll), after(end, 0, poll)},
	)
}

func TestTrackedConnectionsFireByName(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 280 * time.Minute
	line := newTimeline(t, record(t, story{api: onMetrics(), config: tracked, span: end + 95*time.Minute, events: []event{
		{begin, alter(first, failed)},
		{begin, alter(second, pending)},
		{begin, alter(single, func(c *fabrictest.Connection) { c.Load = 1 })}, // of the traffic of the port
		{end, alter(first, provisioned)},
		{end, alter(second, provisioned)},
		{end, alter(single, func(c *fabrictest.Connection) { c.Load = 0 })},
	}}))
	line.expect(t,
		want{"FabricConnectionFailed " + connection(first), after(begin, 5*time.Minute, poll), after(end, 0, poll)},
		want{"FabricConnectionPending " + connection(second), after(begin, 4*time.Hour, poll), after(end, 0, poll)},
		want{"FabricConnectionFull " + connection(single), after(begin, 15*time.Minute, poll), after(end, 0, poll)},
		want{"FabricConnectionDropping " + connection(single), after(begin, 15*time.Minute, 30*time.Minute), after(end, 30*time.Minute, time.Hour)},
	)
}

// down is the operational status of the connection, or not.
func down(is bool) func(*fabrictest.Connection) {
	return func(c *fabrictest.Connection) { c.Down = is }
}

// A port that is down takes its connection along, which is no alert of its own.
func TestConnectionsThatAreDownFire(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 80 * time.Minute
	line := newTimeline(t, record(t, story{api: onMetrics(), config: tracked, span: 2 * time.Hour, events: []event{
		{begin, alter(single, down(true))},
		{begin, links(first, fabrictest.StatusDown)},
		{begin, alter(first, down(true))},
		{end, alter(single, down(false))},
		{end, links(first, fabrictest.StatusUp)},
		{end, alter(first, down(false))},
	}}))
	line.expect(t,
		want{"FabricPortDown " + first, after(begin, 5*time.Minute, listing), after(end, 0, listing)},
		want{"FabricConnectionDown " + connection(single), after(begin, 20*time.Minute, poll), after(end, 0, poll)},
	)
}

func TestADetachedConnectionFires(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 135 * time.Minute
	var stream fabrictest.Stream
	line := newTimeline(t, record(t, story{api: onMetrics(), config: tracked, span: 160 * time.Minute, events: []event{
		{begin, alter(single, func(c *fabrictest.Connection) { stream, c.Stream = c.Stream, fabrictest.Stream{} })},
		{end, alter(single, func(c *fabrictest.Connection) { c.Stream = stream })},
	}}))
	// What was read last ends after five polls.
	line.expect(t, want{
		"FabricConnectionDataMissing " + connection(single),
		after(begin, 20*time.Minute+time.Hour, 2*poll), after(end, 0, poll),
	})
}
