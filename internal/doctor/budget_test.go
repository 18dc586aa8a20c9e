package doctor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// planned is the account as the daemon sees it after some minutes.
func planned(t *testing.T, api *fabrictest.API, text string) fleet.Account {
	t.Helper()
	d, err := daemon.New(daemon.Options{
		Load:       func() (*config.Config, error) { return config.Parse("test.yml", []byte(text), t.TempDir(), nil) },
		Registerer: prometheus.NewPedanticRegistry(), Transport: api.Transport(), UserAgent: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if err := d.Run(ctx); err != nil {
		t.Error(err)
	}
	return d.Snapshot().Accounts[0]
}

// The doctor reports the same budget as the exporter.
func TestBudgetIsThatOfTheExporter(t *testing.T) {
	const windows = "poll: {windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: 30d, interval: 1h}]}\n"
	for _, tt := range []struct {
		ports, connections int
		more               string
	}{
		{1, 0, ""}, {100, 0, ""}, {101, 940, ""}, {40, 1_000, windows}, {120, 400, "api: {requests_per_second: 0.2}\n" + windows},
		{40, 1_000, "    connections: {traffic: true, max: 25}\n" + windows},
		{40, 1_000, "    connections: {traffic: true, max: 2000}\n" + windows},
		{5, 900, "    connections: {traffic: true, max: 2000}\napi: {requests_per_second: 0.5}\n"},
		{5, 900, "    connections: {traffic: true, max: 2000}\napi: {requests_per_second: 0.3}\n"},
		{40, 0, "    traffic_source: v4-metrics\npoll: {inventory_interval: 5m}\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := fabrictest.Generate(1, tt.ports, tt.connections)
			api := fabrictest.New(fabrictest.Options{Fleet: &f})
			o := options(t, api.Transport(), account(discovery+tt.more))
			o.Timeout = time.Hour
			r, err := run(t.Context(), t, o)
			if detached := strings.Contains(tt.more, "v4-metrics"); (err != nil) != detached { // generated ports are on no stream
				t.Errorf("Run: %v", err)
			}
			want := planned(t, api, account(discovery+tt.more))
			words := []string{
				fmt.Sprintf("%.0f calls per 5m for %d port", math.Ceil(want.CallsPerCycle), tt.ports),
				fmt.Sprintf("the budget allows %.0f", math.Floor(want.BudgetPerCycle)),
			}
			status := "ok"
			if want.CallsPerCycle > want.BudgetPerCycle {
				status = "warn"
				words = append(words, stretched(want)...)
			}
			r.only(t, "budget", status)
			r.wants(t, "budget", status, words...)
		})
	}
}

func TestBudgetOfAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := examine(t, fabrictest.New(fabrictest.Options{}).Transport(), account(discovery)+"poll: {interval: 150s}\n")
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "budget", "ok", "calls per 2m30s for 12 ports")
	})
}

// stretched is what to say of an account whose intervals do not hold.
func stretched(a fleet.Account) []string {
	if len(a.ConnectionWindows) == 0 {
		return []string{
			"each port is polled every " + a.Traffic.String(), "every 12m",
			"raise api.requests_per_second from 0.2 to 0.6, or all poll intervals by the factor",
		}
	}
	every := a.ConnectionWindows[0]
	words := []string{
		"so each connection is polled every " + every.String(), "raise api.requests_per_second from 0.",
		"or narrow connections.include and exclude of the account, or lower its connections.max", "asked for every " + every.String(),
	}
	if every > 45*time.Minute {
		words = append(words, "and its last polled rate ends in between")
	}
	return words
}
