package fabric_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockSkew(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		ahead  time.Duration // of the local clock
		took   time.Duration
	}{
		{"equal", 200, 0, 0},
		{"local clock is ahead", 200, 90 * time.Second, 4 * time.Second},
		{"local clock is behind", 200, -time.Hour, 2 * time.Second},
		{"forbidden", 403, time.Minute, 6 * time.Second},
		{"server trouble", 503, time.Minute, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, &api{answer: func(int, *http.Request) (*http.Response, error) {
					time.Sleep(tt.took / 2)
					date := time.Now().Add(-tt.ahead).UTC().Format(http.TimeFormat)
					time.Sleep(tt.took / 2)
					return reply(tt.status, `{}`, "Date", date)
				}})
				if skew, ok := c.ClockSkew(); ok {
					t.Errorf("before any answer: %v", skew)
				}
				_ = probe(t.Context(), c)
				if skew, ok := c.ClockSkew(); !ok || skew != tt.ahead {
					t.Errorf("got %v, %v, want %v", skew, ok, tt.ahead)
				}
			})
		})
	}
}

func TestClockSkewIsThatOfTheLatestDatedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dated := func(ahead time.Duration) prepared {
			return prepared{do: func() (*http.Response, error) {
				return reply(200, `{}`, "Date", time.Now().Add(-ahead).UTC().Format(http.TimeFormat))
			}}
		}
		lost := prepared{do: func() (*http.Response, error) { return nil, errors.New("no route") }}
		c := newClient(t, script(with(200, `{}`), dated(time.Minute), dated(3*time.Second), with(200, `{}`, "Date", "today"), lost))
		want := []time.Duration{0, time.Minute, 3 * time.Second, 3 * time.Second, 3 * time.Second}
		for i, want := range want {
			_ = probe(t.Context(), c)
			if skew, ok := c.ClockSkew(); skew != want || ok != (i > 0) {
				t.Errorf("answer %d: got %v, %v, want %v", i, skew, ok, want)
			}
		}
	})
}
