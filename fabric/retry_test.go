package fabric_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestRetries(t *testing.T) {
	broken := prepared{do: func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }}
	torn := prepared{do: func() (*http.Response, error) {
		resp, err := reply(200, ``)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{`), tear{}))
		return resp, err
	}}
	for _, tt := range []struct {
		name   string
		answer prepared
		calls  int
		reason string
	}{
		{"500", with(500, ``), 4, "server"},
		{"503", with(503, ``), 4, "server"},
		{"503 with Retry-After", with(503, ``, "Retry-After", "9"), 1, "server"},
		{"503 with a short Retry-After", with(503, ``, "Retry-After", "2"), 4, "server"},
		{"429 with Retry-After", with(429, ``, "Retry-After", "9"), 4, "rate_limited"},
		{"timeout", prepared{do: func() (*http.Response, error) { return nil, context.DeadlineExceeded }}, 2, "timeout"},
		{"no product as 500", with(500, `{"fault":{"faultstring":"Unable to identify proxy"}}`), 1, "not_found"},
		{"429", with(429, ``), 4, "rate_limited"},
		{"quota", with(500, `{"error_message":"QuotaViolation"}`), 4, "rate_limited"},
		{"transport", broken, 4, "transport"},
		{"torn body", torn, 4, "transport"},
		{"gateway fault 502", with(502, `{"fault":{}}`), 4, "server"},
		{"client error as 500", with(500, `[{"errorCode":"EQ-3034003"}]`), 1, "client"},
		{"501", with(501, ``), 1, "server"},
		{"400", with(400, ``), 1, "client"},
		{"403", with(403, ``), 1, "forbidden"},
		{"404", with(404, ``), 1, "not_found"},
		{"302", with(302, ``, "Location", "https://x.example.com"), 1, "client"},
		{"gateway fault 401", with(401, `{"fault":{}}`), 1, "not_found"},
		{"undecodable", with(200, `{`), 1, "decode"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []fabric.Attempt
				a := script(tt.answer)
				err := probe(t.Context(), newClient(t, a, retries(3), watch(&seen)))
				if a.count() != tt.calls || len(seen) != tt.calls {
					t.Errorf("%d calls, %d observed, want %d", a.count(), len(seen), tt.calls)
				}
				for _, s := range seen {
					if fabric.Reason(s.Err) != tt.reason || s.Op != op {
						t.Errorf("observed %+v", s)
					}
				}
				if fabric.Reason(err) != tt.reason {
					t.Errorf("reason %q: %v", fabric.Reason(err), err)
				}
			})
		})
	}
}

type tear struct{}

func (tear) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBackoffDoublesUpToACap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		a := &api{answer: func(int, *http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			return reply(500, ``)
		}}
		_ = probe(t.Context(), newClient(t, a, retries(8)))
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			want *= time.Second
			if got := at[i+1].Sub(at[i]); got < want/2 || got > want {
				t.Errorf("wait %d: %v, want %v to %v", i, got, want/2, want)
			}
		}
	})
}

// Ports that fail together must not come back together.
func TestBackoffDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := map[time.Duration]bool{}
		for range 20 {
			start := time.Now()
			_ = probe(t.Context(), newClient(t, always(500, ``), retries(1)))
			waits[time.Since(start)] = true
		}
		if len(waits) < 2 {
			t.Errorf("all of them waited %v", waits)
		}
	})
}

func TestRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := script(with(500, ``), with(200, idle))
		if err := probe(t.Context(), newClient(t, a, retries(1))); err != nil || a.count() != 2 {
			t.Errorf("%d calls, %v", a.count(), err)
		}
	})
}

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestRetryAfterPausesTheWholeAccount(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header func() string
		status int
		want   time.Duration
	}{
		{"seconds", func() string { return "20" }, 429, 20 * time.Second},
		{"of a 503", func() string { return " 20 " }, 503, 20 * time.Second},
		{"date", func() string { return time.Now().Add(time.Minute).UTC().Format(http.TimeFormat) }, 429, time.Minute},
		{"a day", func() string { return "86400" }, 429, 5 * time.Minute},
		{"absurd", func() string { return "99999999999999999999999" }, 429, 5 * time.Minute},
		{"far date", func() string { return "Fri, 31 Dec 9999 23:59:59 GMT" }, 429, 5 * time.Minute},
		{"negative", func() string { return "-7" }, 429, 5 * time.Second},
		{"past", func() string { return "Fri, 01 Jan 1999 00:00:00 GMT" }, 429, 5 * time.Second},
		{"garbage", func() string { return "soon" }, 429, 5 * time.Second},
		{"none", func() string { return "" }, 429, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []fabric.Attempt
				a := script(with(tt.status, ``, "Retry-After", tt.header()), with(200, idle))
				c := newClient(t, a, watch(&seen)) // no retries: others must wait
				if err := probe(t.Context(), c); err == nil {
					t.Fatal("no error")
				}
				start := time.Now()
				if err := probe(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != tt.want || seen[1].Waited != tt.want {
					t.Errorf("waited %v, observed %v, want %v", got, seen[1].Waited, tt.want)
				}
			})
		})
	}
}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
