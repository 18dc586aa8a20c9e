package replay_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

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
func TestConnectionsThatFailOrHangAreToldByPort(t *testing.T) {
	t.Parallel()
	const begin, end = time.Hour, 6 * time.Hour
	line := watch(t, tell(t, story{api: estate(), config: v3, span: 7 * time.Hour, events: []event{
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

func TestSingleConnectionsAreToldByName(t *testing.T) {
	t.Parallel()
	const watched = metrics + "    connections: {traffic: true}\n"
	const begin, end = time.Hour, 6 * time.Hour
	line := watch(t, tell(t, story{api: onMetrics(), config: watched, span: 8 * time.Hour, events: []event{
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
