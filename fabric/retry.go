package fabric

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff = time.Second
	maxBackoff   = 30 * time.Second
)

// backoff is how long to wait before the try after the n-th one, counted from
// 0: doubling, and up to half of it at random, so that the ports that failed
// together do not come back together.
func backoff(n int) time.Duration {
	d := maxBackoff
	if n < 5 { // 1s << 5 is beyond the maximum
		d = firstBackoff << n
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // G404: jitter
}

// retryAfter reads a Retry-After header, seconds or a date. It is 0 where the
// header is missing, past or unreadable, and never above maxPause: a server
// that asks for a day is asked again sooner.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if isDigits(header) {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(maxPause/time.Second) {
			return maxPause // more digits than an int64 holds
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxPause)
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// sleep waits for d, or for the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
