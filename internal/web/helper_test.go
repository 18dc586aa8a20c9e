package web_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

const uuid = "c4d9c9a0-0000-4000-8000-000000000001"

// newOptions are options over a healthy exporter that shows snap.
func newOptions(t testing.TB, snap *fleet.Snapshot) web.Options {
	reg := prometheus.NewPedanticRegistry()
	load := func() *fleet.Snapshot { return snap }
	return web.Options{
		Load: load, Series: collector.New(load), Gatherer: reg, Registerer: reg,
		Alive: func() error { return nil }, Log: testLog(t),
	}
}

func testLog(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// newSnapshot is one account with one port whose every value was polled at now.
func newSnapshot(now time.Time) *fleet.Snapshot {
	return &fleet.Snapshot{
		Accounts: []fleet.Account{{
			Name: "default", Source: "v3", LastData: now, Timeout: 30 * time.Second,
			Traffic: 5 * time.Minute, Connections: 5 * time.Minute, Inventory: 15 * time.Minute,
			Windows:     []time.Duration{5 * time.Minute},
			TokenExpiry: now.Add(52*time.Minute + 30*time.Second),
		}},
		Windows:        []fleet.Window{{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}},
		StaleIntervals: 5, Ready: true,
		Ports: []*fleet.Port{newPort(uuid, now)},
	}
}

func newPort(id string, now time.Time) *fleet.Port {
	good := fleet.Poll{Last: now, OK: true, LastSuccess: now}
	return &fleet.Port{
		Metered: fleet.Metered{Account: "default", Traffic: []*fleet.Traffic{{
			At:       now,
			Inbound:  fleet.Rates{Last: new(4.25e9), P95: new(5.5e9), Newest: now.Add(-7 * time.Minute)},
			Outbound: fleet.Rates{Last: new(812e6), P95: new(1.1e9), Newest: now.Add(-7 * time.Minute)},
		}}, Polls: []fleet.Poll{good}},
		UUID: id, APIName: "SV-PRI-" + id[len(id)-2:], Listed: true, Confirmed: true,
		Inventory:       &fleet.Inventory{At: now, Status: fleet.StatusUp, Capacity: new(10e9), Metro: "SV"},
		Connections:     &fleet.Connections{At: now, States: map[string]int{"ACTIVE": 11, "PROVISIONED": 6}},
		ConnectionsPoll: good,
	}
}

// do answers one request with h.
func do(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// check fails unless resp has that status and its text says so.
func check(t *testing.T, resp *http.Response, status int, text string) {
	t.Helper()
	got := body(t, resp)
	if resp.StatusCode != status || !strings.Contains(got, text) {
		t.Errorf("%d %q, want %d and %q", resp.StatusCode, got, status, text)
	}
}

var errStuck = errors.New("account default: no work handed out for 11m0s")
