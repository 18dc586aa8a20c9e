package poll_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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

// What an answer holds more than once is counted, by kind, and counts once.
func TestWhatAnAnswerRepeatsIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(minutes int, mean float64) fabric.Point {
			return fabric.Point{Time: time.Now().Add(-time.Duration(minutes) * time.Minute), Mean: mean, Max: mean}
		}
		b := newBench(t, &fakeAPI{
			ports: func() ([]fabric.Port, error) {
				ports, err := allSeen("aa", "aa", "aa", "bb")()
				ports[0].RepeatedLinks, ports[1].Name = 5, "another"
				return ports, err
			},
			connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
				one := fabric.Connection{UUID: "1", State: "ACTIVE", ASidePort: "aa"}
				each(ports, []fabric.Connection{one, one, {UUID: "2", ASidePort: "aa"}}, nil)
			},
			traffic: func(_, uuid string) (*fabric.Traffic, error) {
				if uuid == "bb" {
					return &fabric.Traffic{Inbound: fabric.Rates{Points: []fabric.Point{at(20, 1), at(10, 2), at(15, 3)}}}, nil
				}
				return &fabric.Traffic{
					Inbound:  fabric.Rates{Points: []fabric.Point{at(20, 1), at(15, 2), at(15, 3), at(15, 4)}},
					Outbound: fabric.Rates{Points: []fabric.Point{at(15, 5), at(20, 6), at(15, 7)}},
				}, nil
			},
		}, "aa", "bb")
		b.run(t, time.Second)
		want := map[string]float64{"port": 2, "link": 5, "connection": 1, "sample": 2 + 1}
		if diff := cmp.Diff(want, b.counted(t, "duplicates_total")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		p := b.port(t, "aa")
		if p.Name() != "name-of-aa" || p.Connections.Total() != 2 || *p.Traffic[0].Inbound.Last != 4 || p.Traffic[0].Outbound.Points.Len() != 2 {
			t.Errorf("%+v, traffic %+v", p, p.Traffic[0])
		}
	})
}
