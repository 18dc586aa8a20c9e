package collector_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// BenchmarkScrape is one scrape as Prometheus does it, through the handler, of
// fleets of which everything is known.
func BenchmarkScrape(b *testing.B) {
	formats := []struct{ name, accept, encoding string }{
		{"text", "text/plain;version=0.0.4", "identity"},
		{"openmetrics", "application/openmetrics-text;version=1.0.0", "identity"},
		{"gzip", "application/openmetrics-text;version=1.0.0", "gzip"},
	}
	for _, ports := range []int{1_000, 10_000} {
		snap := snapshotOf(ports)
		load, reg := func() *fleet.Snapshot { return snap }, prometheus.NewPedanticRegistry()
		h := web.Handler(web.Options{
			Load: load, Series: collector.New(load), Gatherer: reg, Registerer: reg, Log: slog.New(slog.DiscardHandler),
		})
		for _, f := range formats {
			b.Run(fmt.Sprintf("ports=%d/%s", ports, f.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w := &discard{header: http.Header{}}
					r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
					r.Header.Set("Accept", f.accept)
					r.Header.Set("Accept-Encoding", f.encoding)
					h.ServeHTTP(w, r)
					if w.code != 0 && w.code != http.StatusOK {
						b.Fatalf("status %d", w.code)
					}
					b.ReportMetric(float64(w.bytes), "body-bytes")
				}
			})
		}
	}
}

// BenchmarkUpdate is what a scrape does before it copies, per port that was polled since the
// one before: every tenth was. Its series are made into text again.
func BenchmarkUpdate(b *testing.B) {
	for _, ports := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("ports=%d", ports), func(b *testing.B) {
			snap := snapshotOf(ports)
			c := collector.New(func() *fleet.Snapshot { return snap })
			scrape := func() {
				for range c.Text(false) {
					break // the text is up to date; do not copy it
				}
			}
			scrape()
			polled, next := ports/10, 0
			b.ReportAllocs()
			for b.Loop() {
				changed := new(*snap)
				changed.Ports = slices.Clone(snap.Ports)
				for range polled {
					changed.Ports[next%ports] = new(*changed.Ports[next%ports])
					next++
				}
				snap = changed
				scrape()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*polled), "µs/port")
		})
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

// discard is a response that only counts.
type discard struct {
	header http.Header
	code   int
	bytes  int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(code int) { d.code = code }

func (d *discard) Write(p []byte) (int, error) {
	n, err := io.Discard.Write(p)
	d.bytes += n
	return n, err
}
