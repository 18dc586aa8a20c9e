package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// BenchmarkUpdate is what one answer about the traffic of a port costs the store: of a day
// at 5 minutes, about one port of a pair. There are 20,000 tracked connections beside it.
// Readers load a snapshot never, or once in 33 answers, as at a scrape a second when
// 10,000 ports are polled every 5 minutes.
func BenchmarkUpdate(b *testing.B) {
	for _, ports := range []int{100, 1_000, 10_000} {
		s, uuids := pairedFleet(ports, 20_000)
		answers := make([]*fleet.Traffic, 64)
		for i := range answers {
			answers[i] = stamped(counting(288), func(int) time.Duration { return time.Duration(i%7) * time.Second })
		}
		n := 0
		for _, every := range []int{0, 33} {
			b.Run(fmt.Sprintf("ports=%d/load=%d", ports, every), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					n++
					s.Update(func(e *fleet.Edit) {
						e.Account("one").LastData = noon
						p := e.Port("one", uuids[n*7919%ports])
						p.Polls[0] = p.Polls[0].Ended(noon, nil)
						p.Traffic[0] = answers[n%len(answers)]
					})
					if every > 0 && n%every == 0 {
						s.Load()
					}
				}
			})
		}
	}
}

// pairedFleet is a store of so many ports, all of them in pairs, and connections.
func pairedFleet(ports, connections int) (s *fleet.Store, uuids []string) {
	s = new(fleet.Store)
	set := configured(nil)
	set.Accounts[0].Ports = nil
	for i := range ports {
		uuids = append(uuids, fmt.Sprintf("c4d9350e-783c-83cd-1ce0-%012d", i))
		set.Accounts[0].Ports = append(set.Accounts[0].Ports, fleet.PortSettings{UUID: uuids[i]})
	}
	s.Reconfigure(set)
	s.Update(func(e *fleet.Edit) {
		for i, uuid := range uuids {
			p := e.Port("one", uuid)
			p.Listed = true
			p.Inventory = &fleet.Inventory{At: noon, RedundancyGroup: uuids[i&^1], RedundancyPriority: []string{"PRIMARY", "SECONDARY"}[i%2]}
			p.Polls[0], p.Traffic[0] = p.Polls[0].Ended(noon, nil), stamped(counting(288), punctual)
		}
		var all []*fleet.Tracked
		for i := range connections {
			all = append(all, seenFrom("one", uuids[i%ports], fmt.Sprintf("0a000000-0000-4000-8000-%012d", i)))
		}
		e.Track("one", all)
	})
	return s, uuids
}
