package poll_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

func TestMetricsPassPromlint(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m := poll.NewMetrics(reg)
	m.Observer("prod")(fabric.Attempt{Op: fabric.OpToken, Status: 200, Took: time.Second})
	m.Skipped("prod", slog.New(slog.DiscardHandler))
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestMetricsDoNotCountWhatTheExporterGaveUp(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	observe := poll.NewMetrics(reg).Observer("prod")
	observe(fabric.Attempt{Op: fabric.OpPortStatsV3, Err: fmt.Errorf("v3_port_stats: %w", context.Canceled)})
	if n, err := testutil.GatherAndCount(reg, "equinix_fabric_api_requests_total"); err != nil || n != 0 {
		t.Errorf("%d request series, %v", n, err)
	}
	observe(fabric.Attempt{Op: fabric.OpPortStatsV3, Err: errBroken})
	want := `# HELP equinix_fabric_api_requests_total HTTP requests to the Equinix API by operation and status code, every attempt counted. Code none: no answer came.
# TYPE equinix_fabric_api_requests_total counter
equinix_fabric_api_requests_total{account="prod",code="none",operation="v3_port_stats"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "equinix_fabric_api_requests_total"); err != nil {
		t.Error(err)
	}
}

func TestMetricsCountFailuresByOperationAndReason(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	observe := poll.NewMetrics(reg).Observer("prod")
	for _, err := range []error{
		nil, errBroken, errBroken,
		&fabric.Error{Op: fabric.OpPortStatsV3, Status: 500, Quota: true},
		&fabric.DecodeError{Op: fabric.OpPortStatsV3, Err: errOther},
	} {
		observe(fabric.Attempt{Op: fabric.OpPortStatsV3, Err: err})
	}
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for reason, want := range map[string]int{"server": 2, "rate_limited": 1, "decode": 1, "auth": 0, "transport": 0} {
		line := fmt.Sprintf("equinix_fabric_api_errors_total{account=\"prod\",operation=\"v3_port_stats\",reason=%q} %d\n", reason, want)
		if !strings.Contains(rec.Body.String(), line) {
			t.Errorf("no line %s", line)
		}
	}
}
