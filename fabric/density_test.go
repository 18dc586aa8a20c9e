package fabric_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// densities are bodies of a megabyte or so that would be many times as large in
// memory.
func densities() map[string]string {
	const n = 400_000
	many := func(before, one, after string) string {
		return before + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + after
	}
	return map[string]string{
		"empty samples": many(`{"capacity":1,"inboundStats":[`, `{}`, `]}`),
		"no samples":    many(`{"capacity":1,"inboundStats":[`, `0`, `]}`),
		"arrays":        many(`{"capacity":1,"inboundStats":[`, `[]`, `]}`),
		"members":       many(`{"capacity":1,`, `"a":1`, `}`),
		"depth":         `{"capacity":1,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`,
		"entities":      many(`{"pagination":{"total":400000},"data":[`, `{}`, `]}`),
		"their arrays":  `{"data":[{"uuid":"` + id("p") + `","physicalPorts":` + many(`[`, `{}`, `]}]}`),
	}
}

// Two bytes of an answer may be more than a hundred in memory: an answer is refused
// for what it would become, before it is read.
func TestDenseAnswersAreRefused(t *testing.T) {
	for name, body := range densities() {
		t.Run(name, func(t *testing.T) {
			call := probe
			if strings.Contains(body, `"data"`) {
				call = func(ctx context.Context, c *fabric.Client) error {
					_, err := drain(c.Ports(ctx))
					return err
				}
			}
			a := always(200, body, "Content-Type", "application/json")
			c := newClient(t, a, retries(3))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := call(t.Context(), c)
			runtime.ReadMemStats(&after)
			if fabric.Reason(err) != fabric.ReasonDecode || !strings.Contains(err.Error(), "more than 300000 values") || a.count() != 1 {
				t.Errorf("%d calls, %v, want one", a.count(), err)
			}
			// The body is read into a buffer that doubles, up to four times as large.
			if took, most := after.TotalAlloc-before.TotalAlloc, uint64(12*len(body)); took > most {
				t.Errorf("%d bytes were allocated for %d of JSON, want %d at the most", took, len(body), most)
			}
		})
	}
}

// The largest answers that are right: 90 days of 5-minute intervals, and names with
// whatever JSON is made of.
func TestLargeAnswersAreTaken(t *testing.T) {
	const intervals = 90 * 288
	samples := strings.TrimSuffix(strings.Repeat(`{"time":"2026-03-01T00:05:00Z","max":2,"mean":1},`, intervals), ",")
	body := `{"capacity":1,"name":"` + strings.Repeat(`[{,\"`, 10_000) + `","inboundStats":[` + samples + `],"outboundStats":[` + samples + `]}`
	got, err := newClient(t, always(200, body, "Content-Type", "application/json")).PortStatsV3(t.Context(), id("p"), from, to)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Inbound.Points) + len(got.Outbound.Points); n != 2*intervals {
		t.Errorf("%d points, want %d", n, 2*intervals)
	}
}

// A port takes more than a kilobyte, and is one in a dozen bytes.
func TestManyPortsAreRefused(t *testing.T) {
	for n, want := range map[int]bool{25_000: true, 25_001: false, 140_000: false} {
		var ports strings.Builder
		for i := range n {
			fmt.Fprintf(&ports, `{"uuid":%q},`, numberedUUID(i))
		}
		body := `{"data":[` + strings.TrimSuffix(ports.String(), ",") + `]}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := drain(newClient(t, always(200, body)).Ports(t.Context()))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; (err == nil) != want || want && len(got) != n || took > 128<<20 {
			t.Errorf("%d of %d ports, %v, %d MiB were allocated", len(got), n, err, took>>20)
		}
	}
}
