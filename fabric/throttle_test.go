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
				return reply(200, `{}`)
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

func TestRequestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []fabric.Attempt
		c := newClient(t, always(200, `{}`), watch(&seen), func(c *fabric.Config) { c.RequestsPerSecond, c.Burst = 0, 0 })
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
			return reply(200, `{}`)
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
		c := newClient(t, always(200, `{}`), func(c *fabric.Config) { c.RequestsPerSecond, c.Burst = 0.1, 1 })
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
			return reply(200, `{}`)
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
