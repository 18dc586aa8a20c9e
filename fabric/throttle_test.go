package fabric_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestQuotaPauseDoublesUntilASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := false
		a := &api{answer: func(int, *http.Request) (*http.Response, error) {
			if good {
				return reply(200, idle)
			}
			return reply(500, `{"error_code":"500","error_message":"QuotaViolation"}`)
		}}
		c := newClient(t, a)
		waits := func(want ...time.Duration) {
			t.Helper()
			for _, w := range want {
				start := time.Now()
				_ = probe(t.Context(), c)
				if got := time.Since(start); got != w*time.Second {
					t.Errorf("waited %v, want %v", got, w*time.Second)
				}
			}
		}
		waits(0, 5, 10, 20, 40, 80, 160, 300, 300)
		good = true
		waits(300, 0)
		good = false
		waits(0, 5)
	})
}

// Requests that were under way together are refused together: one lesson.
func TestQuotaPauseCountsAVolleyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(int, *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return reply(429, ``)
		}}
		c := newClient(t, a)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _ = probe(t.Context(), c) })
		}
		wg.Wait()
		start := time.Now()
		_ = probe(t.Context(), c)
		if got := time.Since(start); got != 6*time.Second { // 5 of them pause
			t.Errorf("took %v", got)
		}
	})
}

// timed answers after some time, the n-th request with the n-th answer.
func timed(after []time.Duration, answers ...prepared) *api {
	return &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
		if n < len(after) {
			time.Sleep(after[n] * time.Second)
		}
		return answers[min(n, len(answers)-1)].do()
	}}
}

// together makes n calls at the same time, in order.
func together(t *testing.T, c *fabric.Client, n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { _ = probe(t.Context(), c) })
		synctest.Wait()
	}
	wg.Wait()
}

func TestSuccessFromBeforeAPauseDoesNotEndTheDoubling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := with(429, ``)
		c := newClient(t, timed([]time.Duration{1, 2}, limited, with(200, idle), limited))
		together(t, c, 2) // the success arrives a second after the pause began
		for _, want := range []time.Duration{4, 10, 20} {
			start := time.Now()
			_ = probe(t.Context(), c)
			if got := time.Since(start); got != want*time.Second {
				t.Errorf("waited %v, want %v", got, want*time.Second)
			}
		}
	})
}

// Its refusal begins no pause, and the other's pause may be over already.
func TestRefusalFromBeforeAPauseIsNotRetriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []fabric.Attempt
		limited := with(429, ``)
		a := timed([]time.Duration{1, 10}, limited, limited, with(200, idle))
		var retried time.Time
		inner := a.answer
		a.answer = func(n int, r *http.Request) (*http.Response, error) {
			if n == 3 {
				retried = time.Now()
			}
			return inner(n, r)
		}
		start := time.Now()
		together(t, newClient(t, a, retries(3), watch(&seen)), 2)
		if wait := retried.Sub(start) - 10*time.Second; wait < 500*time.Millisecond || wait > time.Second {
			t.Errorf("retried after %v", wait)
		}
	})
}

func TestWaitingIsObserved(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edit  func(*fabric.Config)
		first prepared
		want  time.Duration
	}{
		{"for a slot", func(c *fabric.Config) { c.Concurrency = 1 }, with(200, idle), 3 * time.Second},
		{"for a token of the bucket", func(c *fabric.Config) { c.RequestsPerSecond, c.Burst = 0.2, 1 }, with(200, idle), 5 * time.Second},
		{"for a slot and the end of a pause", func(c *fabric.Config) { c.Concurrency = 1 }, with(429, ``, "Retry-After", "8"), 11 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []fabric.Attempt
				together(t, newClient(t, timed([]time.Duration{3}, tt.first, with(200, idle)), watch(&seen), tt.edit), 2)
				if seen[0].Waited != 0 || seen[1].Waited.Round(time.Millisecond) != tt.want {
					t.Errorf("observed %v and %v, want 0 and %v", seen[0].Waited, seen[1].Waited, tt.want)
				}
			})
		})
	}
}

func TestRequestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []fabric.Attempt
		c := newClient(t, always(200, idle), watch(&seen), func(c *fabric.Config) { c.RequestsPerSecond, c.Burst = 0, 0 })
		start := time.Now()
		for range 20 {
			if err := probe(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got != 2*time.Second { // 10 at once, then 5 a second
			t.Errorf("took %v", got)
		}
		var waited time.Duration
		for _, s := range seen {
			waited += s.Waited
		}
		if waited != 2*time.Second {
			t.Errorf("observed %v of waiting", waited)
		}
	})
}

func TestConcurrencyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		a := &api{answer: func(int, *http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return reply(200, idle)
		}}
		c := newClient(t, a, func(c *fabric.Config) { c.Concurrency = 3 })
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() { _ = probe(t.Context(), c) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := probe(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("queueing ignores its context: %v", err)
		}
		wg.Wait()
		if most.Load() != 3 {
			t.Errorf("%d at a time", most.Load())
		}
	})
}

func TestDeadlineThatTheLimiterCannotKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, always(200, idle), func(c *fabric.Config) { c.RequestsPerSecond, c.Burst = 0.1, 1 })
		if err := probe(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := probe(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A pause holds back who already waits for the limiter too.
func TestPauseBeginsWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			if n == 0 {
				return reply(429, ``, "Retry-After", "60")
			}
			return reply(200, idle)
		}}
		c := newClient(t, a, func(c *fabric.Config) { c.RequestsPerSecond, c.Burst = 0.5, 1 })
		start := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _ = probe(t.Context(), c) })
		}
		wg.Wait()
		if got := time.Since(start); got != 62*time.Second {
			t.Errorf("took %v", got)
		}
	})
}
