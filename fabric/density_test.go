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
// memory, and what is said of them.
func densities() map[string]struct{ body, want string } {
	const n = 400_000
	many := func(before, one, after string) string {
		return before + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + after
	}
	return map[string]struct{ body, want string }{
		"empty samples":   {many(`{"capacity":1,"inboundStats":[`, `{}`, `]}`), "60000 elements"},
		"no samples":      {many(`{"capacity":1,"inboundStats":[`, `0`, `]}`), "60000 elements"},
		"in two arrays":   {many(`{"inboundStats":[{}`+strings.Repeat(",{}", 59_000)+`],"outboundStats":[`, `null`, `]}`), "60000 elements"},
		"arrays":          {many(`{"capacity":1,"inboundStats":[`, `[]`, `]}`), "60000 elements"},
		"members":         {many(`{"capacity":1,`, `"a":1`, `}`), "1000 members"},
		"depth":           {`{"capacity":1,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`, "64 levels"},
		"entities":        {many(`{"pagination":{"total":400000},"data":[`, `{}`, `]}`), "20000 elements in its outermost arrays"},
		"after another":   {many(`{"x":[],"data":[`, `{}`, `]}`), "20000 elements in its outermost arrays"},
		"with arrays":     {many(`{"data":[`, `{"operation":{"errors":[]}}`, `]}`), "20000 elements in its outermost arrays"},
		"their arrays":    {`{"data":[{"uuid":"` + id("p") + `","physicalPorts":` + many(`[`, `{}`, `]}]}`), "250000 elements"},
		"quotes in names": {many(`{"capacity":1,"name":"[,\\\",[","inboundStats":[`, `{}`, `]}`), "60000 elements"},
	}
}

// Two bytes of an answer may be more than a hundred in memory: an answer is refused
// for what it would become, before it is read.
func TestDenseAnswersAreRefused(t *testing.T) {
	for name, tt := range densities() {
		t.Run(name, func(t *testing.T) {
			call := probe
			if strings.Contains(tt.body, `"data"`) {
				call = func(ctx context.Context, c *fabric.Client) error {
					_, err := drain(c.Ports(ctx))
					return err
				}
			}
			a := always(200, tt.body, "Content-Type", "application/json")
			c := newClient(t, a, retries(3))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := call(t.Context(), c)
			runtime.ReadMemStats(&after)
			if fabric.Reason(err) != fabric.ReasonDecode || !strings.Contains(err.Error(), tt.want) || a.count() != 1 {
				t.Errorf("%d calls, %v, want one and %q", a.count(), err, tt.want)
			}
			// The body is read into a buffer that doubles, up to four times as large.
			if took, most := after.TotalAlloc-before.TotalAlloc, uint64(12*len(tt.body)); took > most {
				t.Errorf("%d bytes were allocated for %d of JSON, want %d at the most", took, len(tt.body), most)
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
	var ports strings.Builder
	for i := range 249_000 {
		fmt.Fprintf(&ports, `{"uuid":%q},`, numberedUUID(i))
	}
	for n, want := range map[int]bool{20_000: true, 20_001: false, 249_000: false} {
		body := ports.String()
		if n < 249_000 {
			body = body[:strings.Index(body, fmt.Sprintf(`{"uuid":%q}`, numberedUUID(n)))]
		}
		body = `{"data":[` + strings.TrimSuffix(body, ",") + `]}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := drain(newClient(t, always(200, body)).Ports(t.Context()))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; (err == nil) != want || want && len(got) != n || took > 128<<20 {
			t.Errorf("%d of %d ports, %v, %d MiB were allocated", len(got), n, err, took>>20)
		}
	}
}

// 64 KiB of an error would be megabytes.
func TestDenseErrorsAreNotDecoded(t *testing.T) {
	c := newClient(t, always(500, "["+strings.Repeat("{},", 20_000)+"{}]"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := probe(t.Context(), c)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; fabric.Reason(err) != fabric.ReasonServer || took > 2<<20 {
		t.Errorf("%v, %d KiB were allocated", err, took>>10)
	}
}
