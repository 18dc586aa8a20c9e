package fabric_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const connE = "eeeeeeee-0000-4000-8000-000000000001"

func TestConnectionStats(t *testing.T) {
	for _, view := range []string{fabric.ASide, fabric.ZSide} {
		a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
			want := base + "/fabric/v4/connections/" + connE +
				"/stats?endDateTime=2026-03-02T00%3A00%3A00Z&startDateTime=2026-03-01T00%3A00%3A00Z&viewPoint=" + view
			if r.Method != http.MethodGet || r.URL.String() != want {
				t.Errorf("%s %s\nwant %s", r.Method, r.URL, want)
			}
			return reply(200, `{"type":"EVPL_VC","stats":{"viewPoint":"`+view+`","bandwidthUtilization":{"unit":"Mbps","metricInterval":"PT5M",
				"inbound":{"max":3,"mean":2,"lastPolled":1,"metrics":[{"intervalEndDateTime":"2020-05-21T10:30:00Z","max":3,"mean":2}]},
				"outbound":{"mean":4}}}}`)
		}}
		got, err := newClient(t, a).ConnectionStats(t.Context(), strings.ToUpper(connE), view, from, to)
		if err != nil {
			t.Fatal(err)
		}
		want := &fabric.Traffic{
			Resolution: 5 * time.Minute,
			Inbound: fabric.Rates{
				Max: new(3e6), Mean: new(2e6), Last: new(1e6), Points: []fabric.Point{{at("2020-05-21T10:30:00Z"), 2e6, 3e6}},
			},
			Outbound: fabric.Rates{Mean: new(4e6)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestConnectionStatsErrors(t *testing.T) {
	a := script(with(200, `{"stats":{"bandwidthUtilization":{"unit":"MBps"}}}`), with(200, `{"type":"EVPL_VC"}`))
	c := newClient(t, a)
	for _, view := range []string{"", "aside", "ASide", "bSide"} {
		if _, err := c.ConnectionStats(t.Context(), connE, view, from, to); err == nil {
			t.Errorf("view point %q is sent", view)
		}
	}
	if _, err := c.ConnectionStats(t.Context(), "", fabric.ASide, from, to); err == nil || a.count() != 0 {
		t.Errorf("no connection: %d calls, %v", a.count(), err)
	}
	_, err := c.ConnectionStats(t.Context(), connE, fabric.ASide, from, to)
	e, ok := errors.AsType[*fabric.DecodeError](err)
	if !ok || e.Op != fabric.OpConnectionStatsV4 || e.Path != "stats.bandwidthUtilization.unit" {
		t.Errorf("got %v", err)
	}
	_, err = newClient(t, always(200, `{"status":"ok"}`)).ConnectionStats(t.Context(), connE, fabric.ZSide, from, to)
	if e, ok := errors.AsType[*fabric.DecodeError](err); !ok || e.Op != fabric.OpConnectionStatsV4 {
		t.Errorf("an answer without statistics: %v", err)
	}
}

func TestConnectionMetrics(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		s := readSearch(t, r)
		want := []searchCondition{
			{"/subject", "=", []string{"/fabric/v4/connections/" + connE}},
			{"/name", "IN", []string{
				"equinix.fabric.connection.bandwidth_rx.usage", "equinix.fabric.connection.bandwidth_tx.usage",
				"equinix.fabric.connection.packets_dropped_rx_aside_rateexceeded.count",
				"equinix.fabric.connection.packets_dropped_tx_aside_rateexceeded.count",
				"equinix.fabric.connection.packets_dropped_rx_zside_rateexceeded.count",
				"equinix.fabric.connection.packets_dropped_tx_zside_rateexceeded.count",
			}},
		}
		if diff := cmp.Diff(want, s.Filter.And[:2]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, testdata(t, "metrics_connection.json"))
	}}
	got, err := newClient(t, a).ConnectionMetrics(t.Context(), strings.ToUpper(connE), from, to)
	if err != nil || a.count() != 1 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	const end = "2025-05-14T13:00:00Z"
	want := &fabric.ConnectionTraffic{
		Traffic: fabric.Traffic{
			Resolution: time.Hour,
			Inbound: fabric.Rates{
				Max:    new(30.0), // of the points: the summary cannot be read
				Points: []fabric.Point{{at(end), 10, 10}, {at("2025-05-14T14:00:00Z"), 30, 30}, {at("2025-05-14T15:00:00Z"), 20, 20}},
			},
			Outbound: fabric.Rates{Max: new(6.0), Mean: new(5.0), Points: []fabric.Point{{at(end), 6, 6}}},
		},
		ASide: fabric.Drops{Inbound: counts(1, end), Outbound: counts(2, end)},
		ZSide: fabric.Drops{Inbound: counts(3, end), Outbound: counts(4, end)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := newClient(t, a).ConnectionMetrics(t.Context(), "", from, to); err == nil || a.count() != 1 {
		t.Errorf("no connection: %d calls, %v", a.count(), err)
	}
}
