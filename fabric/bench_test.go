package fabric_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// recorded answers every request but logins with the same body.
type recorded struct {
	api  http.RoundTripper
	body []byte
}

func (c *recorded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/oauth2/v1/token" || c.body == nil {
		resp, err := c.api.RoundTrip(r)
		if err != nil || r.URL.Path == "/oauth2/v1/token" {
			return resp, err
		}
		defer resp.Body.Close()
		c.body, err = io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(c.body)), Request: r,
	}, nil
}

// days read a day of 5-minute intervals of a port from each source.
var days = []struct {
	source string
	points int // 288 intervals, in both directions; the metrics count packets too, in four ways
	read   func(c *fabric.Client, ctx context.Context, port string, from, to time.Time) (*fabric.Traffic, error)
}{
	{"v3", 2 * 288, (*fabric.Client).PortStatsV3},
	{"v4-stats", 2 * 288, (*fabric.Client).PortStatsV4},
	{"v4-metrics", 6 * 288, (*fabric.Client).PortMetrics},
}

// day returns a function that reads a day of points from an answer of the simulated API
// that is at hand, so that it costs what the client costs, and the size of the answer.
func day(tb testing.TB, source int) (read func(), size int) {
	tb.Helper()
	fleet := fabrictest.Generate(1, 1, 0)
	fleet.Ports[0].Stream = fabrictest.Stream{UUID: id("s"), Status: "ATTACHED", MetricsEnabled: true}
	transport := &recorded{api: fabrictest.New(fabrictest.Options{Fleet: &fleet, RequestLog: -1}).Transport()}
	client := benchClient(tb, transport)
	to := time.Now()
	read = func() {
		t, err := days[source].read(client, tb.Context(), fleet.Ports[0].UUID, to.Add(-24*time.Hour), to)
		if err != nil {
			tb.Fatal(err)
		}
		got := 0
		for _, r := range []fabric.Rates{t.Inbound, t.Outbound} {
			got += len(r.Points) + len(r.Dropped) + len(r.Errored)
		}
		if got < days[source].points*97/100 { // the newest are late
			tb.Fatalf("%d points", got)
		}
	}
	read()
	return read, len(transport.body)
}

func BenchmarkDecodeDay(b *testing.B) {
	for i, d := range days {
		b.Run(d.source, func(b *testing.B) {
			read, size := day(b, i)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				read()
			}
		})
	}
}

func TestDecodingAllocatesLittle(t *testing.T) {
	for i, d := range days {
		read, _ := day(t, i)
		if allocs := testing.AllocsPerRun(20, read); allocs > float64(d.points)/5 {
			t.Errorf("%s: %v allocations for %d points", d.source, allocs, d.points)
		}
	}
}

func benchClient(b testing.TB, transport http.RoundTripper) *fabric.Client {
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
	return client
}
