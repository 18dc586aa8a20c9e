package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// BenchmarkPages is one answer of the landing page, and of the page of a port, with a day of
// noise at 5 minutes for each port, two ports to a pair.
func BenchmarkPages(b *testing.B) {
	for _, ports := range []int{100, 1_000, 10_000} {
		snap := large(time.Now(), ports)
		h := web.Handler(newOptions(b, snap))
		for name, target := range map[string]string{"landing": "/", "port": "/ports/" + snap.Ports[17].UUID} {
			b.Run(fmt.Sprintf("%s/ports=%d", name, ports), func(b *testing.B) {
				b.ReportAllocs()
				var size int
				for b.Loop() {
					rec := httptest.NewRecorder()
					h.ServeHTTP(rec, httptest.NewRequestWithContext(b.Context(), http.MethodGet, target, nil))
					size = rec.Body.Len()
				}
				b.ReportMetric(float64(size)/1e3, "kB")
			})
		}
	}
}
