package poll_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// BenchmarkCycle is one whole poll cycle against the simulated API, in memory
// and without a request budget: login, inventory, connections (ten to a port)
// and one day of traffic of every port. The simulator's work is in it.
func BenchmarkCycle(b *testing.B) {
	for _, ports := range []int{100, 1_000} {
		b.Run(fmt.Sprintf("ports=%d", ports), func(b *testing.B) {
			generated := fabrictest.Generate(1, ports, 10*ports)
			api := fabrictest.New(fabrictest.Options{Fleet: &generated, RequestLog: -1})
			b.ReportAllocs()
			for b.Loop() {
				cycle(b, api, generated)
			}
		})
	}
}

func cycle(b *testing.B, api *fabrictest.API, generated fabrictest.Fleet) {
	b.Helper()
	tokens, err := fabric.NewTokenSource(fabric.TokenConfig{
		BaseURL: "http://127.0.0.1", Transport: api.Transport(),
		Credentials: func() (fabric.Credentials, error) {
			return fabric.Credentials{ClientID: fabrictest.DemoClientID, ClientSecret: fabrictest.DemoClientSecret}, nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	client, err := fabric.New(fabric.Config{
		BaseURL: "http://127.0.0.1", Tokens: tokens, Transport: api.Transport(),
		RequestsPerSecond: 1e9, Burst: 1 << 30, Concurrency: 8,
	})
	if err != nil {
		b.Fatal(err)
	}
	account := poll.Account{Name: "bench", API: client, Login: tokens.Status, Sources: poll.Sources()}
	for _, p := range generated.Ports {
		account.Ports = append(account.Ports, poll.Port{UUID: p.UUID})
	}
	var store fleet.Store
	p := poll.New(poll.Config{
		Accounts: []poll.Account{account}, StaleIntervals: 5,
		Windows:     []fleet.Window{{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}},
		Connections: 5 * time.Minute, Inventory: 15 * time.Minute,
		RequestsPerSecond: 1e9, Concurrency: 8, Timeout: time.Minute,
	}, &store, poll.NewMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for !store.Load().Complete() {
		time.Sleep(time.Millisecond) // nothing tells when a cycle is complete; this is below 1 % of one
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	for _, port := range store.Load().Ports {
		if port.Traffic[0] == nil || port.Connections == nil || port.Inventory == nil {
			b.Fatalf("port %s: %+v", port.UUID, port.Polls)
		}
	}
}
