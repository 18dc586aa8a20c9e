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

// BenchmarkDecodeDay reads one day of 5-minute intervals, both directions, from
// an answer of the simulated API that is at hand: the cost of the client alone.
func BenchmarkDecodeDay(b *testing.B) {
	api := fabrictest.New(fabrictest.Options{RequestLog: -1})
	port := api.Fleet().Ports[0].UUID
	sources := []struct {
		name string
		call func(*fabric.Client, context.Context, time.Time, time.Time) (*fabric.Traffic, error)
	}{
		{"v3", func(c *fabric.Client, ctx context.Context, from, to time.Time) (*fabric.Traffic, error) {
			return c.PortStatsV3(ctx, port, from, to)
		}},
		{"v4-stats", func(c *fabric.Client, ctx context.Context, from, to time.Time) (*fabric.Traffic, error) {
			return c.PortStatsV4(ctx, port, from, to)
		}},
	}
	for _, s := range sources {
		b.Run(s.name, func(b *testing.B) {
			transport := &recorded{api: api.Transport()}
			client := benchClient(b, transport)
			to := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				t, err := s.call(client, b.Context(), to.Add(-24*time.Hour), to)
				if err != nil {
					b.Fatal(err)
				}
				if len(t.Inbound.Points) < 280 {
					b.Fatalf("%d points", len(t.Inbound.Points))
				}
			}
			b.SetBytes(int64(len(transport.body)))
		})
	}
}

func benchClient(b *testing.B, transport http.RoundTripper) *fabric.Client {
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
