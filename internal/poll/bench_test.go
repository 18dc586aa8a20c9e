package poll_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// BenchmarkCycle is one whole poll cycle without a request budget: login, inventory,
// connections (two to a port) and one day of traffic of every port. The simulated API
// has made its answers before, so that the cycle costs what the exporter costs.
//
//	go test ./internal/poll -run '^$' -bench 'Cycle/ports=10000$' -benchtime 1x -count 6
func BenchmarkCycle(b *testing.B) {
	for _, ports := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("ports=%d", ports), func(b *testing.B) {
			generated := fabrictest.Generate(1, ports, 2*ports)
			api := fabrictest.New(fabrictest.Options{Fleet: &generated, PagePorts: true, RequestLog: -1})
			answers := &replay{api: api.Transport(), answers: map[string]answer{}}
			cycle(b, answers, generated)
			answers.calls = 0
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			spent := processorTime(b)
			for b.Loop() {
				cycle(b, answers, generated)
			}
			spent = processorTime(b) - spent
			runtime.ReadMemStats(&after)
			calls := float64(answers.calls)
			b.ReportMetric(spent/float64(b.N), "cpu-s/op")
			b.ReportMetric(spent*1e6/calls, "cpu-µs/call")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/calls, "allocs/call")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/calls, "B/call")
			b.ReportMetric(calls/float64(b.N), "calls/op")
		})
	}
}

// processorTime is what this process has used until now, in seconds, for itself and
// in the kernel.
func processorTime(b *testing.B) float64 {
	b.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := registry.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "process_cpu_seconds_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	b.Skip("this system does not say how much processor time a process has used")
	return 0
}

// replay is a transport that asks the API once and then gives the same answer again. To all
// ports it gives the statistics of the first that has a day of them: a day of 10,000 ports
// would fill the memory.
type replay struct {
	api http.RoundTripper

	mu      sync.Mutex
	answers map[string]answer
	calls   int
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	const stats = "/ecx/v3/stats/port/"
	key := req.Method + req.URL.RequestURI()
	if strings.HasPrefix(req.URL.Path, stats) {
		key = stats
	} else if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		key += string(body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	a, known := r.answers[key]
	if !known {
		resp, err := r.api.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		a = answer{resp.StatusCode, resp.Header, body}
		if key != stats || len(body) > 10_000 {
			r.answers[key] = a
		}
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, ContentLength: int64(len(a.body)),
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: req,
	}, nil
}

func cycle(b *testing.B, transport http.RoundTripper, generated fabrictest.Fleet) {
	b.Helper()
	tokens, err := fabric.NewTokenSource(fabric.TokenConfig{
		BaseURL: "http://127.0.0.1", Transport: transport,
		Credentials: func() (fabric.Credentials, error) {
			return fabric.Credentials{ClientID: fabrictest.DemoClientID, ClientSecret: fabrictest.DemoClientSecret}, nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	client, err := fabric.New(fabric.Config{
		BaseURL: "http://127.0.0.1", Tokens: tokens, Transport: transport,
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
		// Nothing tells when a cycle is complete, and asking costs time for each port. The
		// time on the wall is longer by this; the processor time is not.
		time.Sleep(time.Duration(len(generated.Ports)) * 100 * time.Microsecond)
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	silent := 0 // the API has no traffic of some
	for _, port := range store.Load().Ports {
		if port.Traffic[0] == nil {
			silent++
		}
		if !port.ConnectionsPoll.OK || port.Inventory == nil || silent > len(generated.Ports)/100 {
			b.Fatalf("port %s: %+v, one of %d without traffic", port.UUID, port.Polls, silent)
		}
	}
}
