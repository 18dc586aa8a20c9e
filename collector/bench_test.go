package collector_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
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
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(collector.New(func() *fleet.Snapshot { return snap }))
		h := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})
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
