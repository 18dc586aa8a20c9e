package replay_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// The exporter sees a change of traffic within a poll and a change of the
// inventory within a listing, each with its jitter.
const (
	poll    = 6 * time.Minute
	listing = 16 * time.Minute
)

// after is the time from which an alert that waits for wait may fire, and until
// when it must, where the exporter sees its cause within a delay.
func after(at, wait, delay time.Duration) between {
	return between{at + wait, at + wait + delay + time.Minute}
}

// overload makes a port carry the given share of its line rate all day. The
// simulation rewrites the past with it.
func overload(name string, inbound, outbound float64) func(*world) {
	return func(w *world) {
		w.api.EditPort(w.port(name), func(p *fabrictest.Port) {
			p.Load = fabrictest.Load{Inbound: 10 * inbound, Outbound: 10 * outbound, PeakHour: 12, Weekend: 1}
		})
	}
}

func links(name, status string) func(*world) {
	return func(w *world) { w.api.SetOperationalStatus(w.port(name), status) }
}

func TestPortsThatAreInTroubleFire(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 2 * time.Hour
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 160 * time.Minute, events: []event{
		{begin, overload(single, 0, 1)},
		{begin, links(first, fabrictest.StatusDown)},
		{begin, links(bundle, fabrictest.StatusPartial)},
		{end, overload(single, 0.01, 0.01)},
		{end, links(first, fabrictest.StatusUp)},
		{end, links(bundle, fabrictest.StatusUp)},
	}}))
	line.expect(t,
		want{"FabricPortSaturated " + single, after(begin, 15*time.Minute, poll), after(end, 0, poll)},
		want{"FabricPortNearlyFull " + single, after(begin, 30*time.Minute, poll), after(end, 0, poll)},
		want{"FabricPortDown " + first, after(begin, 5*time.Minute, listing), after(end, 0, listing)},
		want{"FabricLAGLinkLost " + bundle, after(begin, 10*time.Minute, listing), after(end, 0, listing)},
	)
}

func TestAPairThatWouldNotSurviveFires(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, 80 * time.Minute
	half := fabrictest.Load{Inbound: 0.1, Outbound: 0.1, PeakHour: 12, Weekend: 1}
	busy := func(w *world) {
		for _, name := range []string{first, second} {
			w.api.EditPort(w.port(name), func(p *fabrictest.Port) { p.Load.Inbound = 0.6 })
		}
	}
	calm := func(w *world) {
		for _, name := range []string{first, second} {
			w.api.EditPort(w.port(name), func(p *fabrictest.Port) { p.Load = half })
		}
	}
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 2 * time.Hour, events: []event{{begin, busy}, {end, calm}}}))
	line.expect(t, want{"FabricPairWouldNotSurvive " + first + " + " + second, after(begin, 30*time.Minute, poll), after(end, 0, poll)})
}

func TestALAGThatCouldNotLoseAnotherLinkFires(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, 150 * time.Minute
	two := func(f *fabrictest.Fleet) { f.Ports[2].Links = f.Ports[2].Links[:2] }
	carry := func(peak float64) func(*world) {
		return func(w *world) {
			w.api.EditPort(w.port(bundle), func(p *fabrictest.Port) {
				p.Load = fabrictest.Load{Inbound: peak, PeakHour: 2.5, Weekend: 1}
			})
		}
	}
	line := newTimeline(t, record(t, story{api: estate(two), config: discover, span: 3 * time.Hour, events: []event{
		{begin, carry(0.62)}, {end, carry(0.1)},
	}}))
	line.expect(t, want{"FabricLAGWouldNotSurvive " + bundle, after(begin, time.Hour, poll), after(end, 0, poll)})
}

func TestMaintenanceFires(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	maintain := func(status string) func(*world) {
		return func(w *world) {
			w.api.EditPort(w.port(single), func(p *fabrictest.Port) { p.Maintenance = status })
		}
	}
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 90 * time.Minute, events: []event{
		{begin, maintain("IN_PROGRESS")}, {end, maintain("COMPLETED")},
	}}))
	line.expect(t, want{"FabricPortMaintenance " + single, after(begin, 0, listing), after(end, 0, listing)})
}
