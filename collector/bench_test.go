package collector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// BenchmarkText is the text of a scrape, and the update before it, of fleets of which
// everything is known: of one whose snapshot has not changed, and of one in which every
// twentieth port was polled.
func BenchmarkText(b *testing.B) {
	for _, ports := range []int{400, 2_000, 10_000} {
		for _, polled := range []int{0, ports / 20} {
			b.Run(fmt.Sprintf("ports=%d/polled=%d", ports, polled), func(b *testing.B) {
				snap := snapshotOf(ports)
				c := collector.New(func() *fleet.Snapshot { return snap })
				series, bytes := 0, 0
				for _, piece := range c.Text(false) {
					series += strings.Count(string(piece), "\n")
				}
				next := 0
				b.ReportAllocs()
				for b.Loop() {
					if polled > 0 {
						b.StopTimer()
						snap = new(*snap)
						snap.Ports = slices.Clone(snap.Ports)
						for range polled {
							snap.Ports[next%ports] = new(*snap.Ports[next%ports])
							next++
						}
						b.StartTimer()
					}
					bytes = 0
					for _, piece := range c.Text(false) {
						bytes += len(piece)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(series), "ns/series")
				b.ReportMetric(float64(bytes), "body-bytes")
			})
		}
	}
}

// snapshotOf copies the port of which all is known.
func snapshotOf(ports int) *fleet.Snapshot {
	snap := snapshot(time.Now().Add(time.Hour)) // stays fresh while the benchmark runs
	whole := *snap.Ports[0]
	snap.Ports = nil
	for i := range ports {
		p := whole
		p.UUID = fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		p.ConfiguredName = fmt.Sprintf("port-%d", i)
		snap.Ports = append(snap.Ports, &p)
	}
	slices.SortFunc(snap.Ports, func(a, b *fleet.Port) int { return strings.Compare(a.UUID, b.UUID) })
	return snap
}
