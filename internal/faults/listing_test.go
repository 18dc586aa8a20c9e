package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// listingScenarios are about ports that come and go, also while they are listed.
var listingScenarios = []scenario{
	{Switch: fabrictest.Switch{Fault: "port-removed", Port: fabrictest.DemoSecondary, After: 5}, outcome: removed},
	{Switch: betweenPages("port-removed", fabrictest.DemoSecondary), title: "port-removed, between two pages", paged: true, outcome: removedInListing},
	{own: oneEmptyListing(), title: "one listing without a port", outcome: outcome{
		calls: usual, also: logged("the listing is empty"),
		note: "the exporter does not trust it: the ports stay, and end only if the next listing is empty too; the log says so",
	}},
	{Switch: fabrictest.Switch{Fault: "port-added", Port: fabrictest.DemoLAG, After: 5}, outcome: added},
	{Switch: betweenPages("port-added", fabrictest.DemoLAG), title: "port-added, between two pages", paged: true, outcome: addedInListing},
}

// paged is a fleet whose ports fit on two pages, with the LAG as the first one of
// the second: it would be skipped when a port before it is removed.
func paged(f *fabrictest.Fleet) {
	const page = 100
	at := slices.IndexFunc(f.Ports, func(p fabrictest.Port) bool { return p.Name == fabrictest.DemoLAG })
	idle := f.Ports[slices.IndexFunc(f.Ports, func(p fabrictest.Port) bool { return p.Name == fabrictest.DemoIdle })]
	for i := range page - at {
		idle.UUID, idle.Name = fmt.Sprintf("00000000-0000-4000-8000-%012d", i), fmt.Sprint("UNWATCHED-", i)
		f.Ports = slices.Insert(f.Ports, at, idle)
	}
}

// betweenPages is a fault that happens when the second page is asked for.
func betweenPages(fault, port string) fabrictest.Switch {
	return fabrictest.Switch{Fault: fault, Port: port, Path: "/fabric/v4/ports", After: 1}
}

var removed = outcome{
	calls: calls{36, 52}, reasons: "not_found", leaves: fabrictest.DemoSecondary, back: listed,
	lost: []string{"pair_info", "pair_failover_utilization_ratio", pairP95}, lostBy: listed,
	note: "the polls of the port fail until the next listing, which ends its series; the others stay",
}

// removedInListing is removed while the ports are listed: the listing fails.
var removedInListing = func() outcome {
	o := removed
	o.calls, o.relisted, o.lostBy = calls{40, 62}, true, listedTwice
	o.note = "the listing changes while it is read and fails; the next one ends the series of the port; the others stay"
	return o
}()

// oneEmptyListing is a listing that has lost all ports, once.
func oneEmptyListing() *private {
	return &private{does: "status 200 and no port, once", op: fabrictest.OpPorts, times: 1, rewrite: noPorts}
}

func noPorts(v any) any {
	doc, _ := v.(map[string]any)
	pagination, _ := doc["pagination"].(map[string]any)
	doc["data"], pagination["total"] = []any{}, 0
	return doc
}

// Ports that two listings in a row lack have left, all of them or not.
func TestListingsWithoutAPortEndAllSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, stop := start(t, configure(1, "v3"), newAPI(0, 0, false))
		defer stop()
		time.Sleep(warmUp)
		var hits atomic.Int64
		(&private{op: fabrictest.OpPorts, rewrite: noPorts}).begin(e.apis[0], &hits)
		for want := range 3 {
			for int(hits.Load()) < want {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			n := 0
			for series := range e.series(t) {
				if family(series) == "port_info" {
					n++
				}
			}
			if there := want < 2; there != (n == len(polledPorts)) || !there && n > 0 {
				t.Errorf("%d ports are there after %d listings without one", n, want)
			}
		}
	})
}

// addedInListing is added while the ports are listed: the listing fails.
var addedInListing = outcome{
	calls: calls{58, 90}, comes: "-TWIN", relisted: true, also: thereBy(listedTwice),
	note: "the listing changes while it is read and fails; its series begin with the next one, and end with the one after it has left",
}

var added = outcome{
	calls: calls{54, 78}, comes: "-TWIN", also: thereBy(listed),
	note: "its series begin with the next listing, and end with the one after it has left",
}

// thereBy says what is wrong with the traffic series of the new port.
func thereBy(listed time.Duration) func(timeline) []string {
	return func(l timeline) []string {
		for _, m := range l.marks {
			n := 0
			for series := range m.series {
				if strings.Contains(series, fabrictest.DemoLAG+"-TWIN") && classOf(family(series)) == traffic {
					n++
				}
			}
			if m.at > listed && n != 8 {
				return []string{fmt.Sprintf("%d traffic series of the new port after %v", n, m.at)}
			}
		}
		return nil
	}
}
