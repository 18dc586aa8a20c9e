package poll_test

import (
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// rates are intervals of one direction with these mean rates, the first one ten
// minutes before at, the others five minutes apart before it.
func rates(at time.Time, means ...float64) fabric.Rates {
	var s fabric.Rates
	for i, mean := range means {
		s.Points = append(s.Points, fabric.Point{Time: at.Add(-time.Duration(10+5*i) * time.Minute), Mean: mean, Max: mean})
	}
	return s
}

// An interval stays in its window for a day or a month, and counts once.
func TestImplausibleIntervalsCountOnce(t *testing.T) {
	const line = 1e9
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			answer := &fabric.Traffic{Capacity: new(line), Inbound: rates(began, 1, 11*line, 2*line, 1.05*line), Outbound: rates(began, 1, 12*line)}
			answer.Inbound.Dropped = []fabric.Count{{End: began, N: 1e13}}
			if time.Since(began) > 7*time.Minute {
				answer.Outbound.Points = append(answer.Outbound.Points, fabric.Point{Time: began.Add(5 * time.Minute), Mean: 12 * line})
				answer.Outbound.Implausible = 2
				answer.Inbound.Errored = []fabric.Count{{End: began.Add(24 * time.Hour), N: 1}}
			}
			return answer, nil
		}}, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(6 * time.Minute)
			want := map[string]float64{"rate": 2, "above_line": 1, "packets": 1}
			if diff := cmp.Diff(want, b.counted(t, "implausible_intervals_total")); diff != "" {
				t.Errorf("two answers (-want +got)\n%s", diff)
			}
			time.Sleep(time.Hour)
			want = map[string]float64{"rate": 5, "above_line": 1, "packets": 1, "future": 1}
			if diff := cmp.Diff(want, b.counted(t, "implausible_intervals_total")); diff != "" {
				t.Errorf("an hour of them (-want +got)\n%s", diff)
			}
		})
	})
}

// What is over, and comes back, counts anew, the same interval too. An answer
// without any does not end it.
func TestImplausibleIntervalsThatComeBackCountAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said atomic.Pointer[fabric.Rates]
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			return &fabric.Traffic{Capacity: new(1e9), Inbound: *said.Load()}, nil
		}}, "aa")
		odd, none, well := rates(time.Now(), 1, 2e9), fabric.Rates{}, rates(time.Now(), 1, 2)
		b.during(t, func(*poll.Poller) {
			for i, step := range []struct {
				said *fabric.Rates
				want float64
			}{{&odd, 1}, {&none, 1}, {&odd, 1}, {&well, 1}, {&odd, 2}} {
				said.Store(step.said)
				time.Sleep(10 * time.Minute)
				if got := b.counted(t, "implausible_intervals_total")["above_line"]; got != step.want {
					t.Errorf("step %d: %v, want %v", i, got, step.want)
				}
			}
		})
	})
}

// The log tells of each port when it begins and when it is over, and of every
// answer at debug level only.
func TestImplausibleIntervalsAreLoggedByPort(t *testing.T) {
	const line = 1e9
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var second, well atomic.Bool
		b := newBench(t, &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) {
			answer := &fabric.Traffic{Capacity: new(line), Inbound: rates(time.Now(), 1, 2), Outbound: rates(time.Now(), 1, 2)}
			if !well.Load() && (uuid == "aa" || second.Load()) {
				answer.Inbound = rates(time.Now(), 1, 11*line, 2*line)
				answer.Inbound.Dropped = []fabric.Count{{End: time.Now().Add(-time.Hour), N: 1e13}}
			}
			return answer, nil
		}}, "aa", "bb")
		b.cfg.Windows = append(b.cfg.Windows, fleet.Window{Span: 30 * 24 * time.Hour, Resolution: time.Hour, Interval: 5 * time.Minute})
		b.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		b.during(t, func(*poll.Poller) {
			for _, step := range []func(){func() {}, func() { second.Store(true) }, func() { well.Store(true) }, func() { well.Store(false) }} {
				step()
				time.Sleep(2 * time.Hour)
			}
		})
		for message, want := range map[string]int{
			`level=WARN msg="answer has implausible intervals; leaving them out"`: 2,
			`level=INFO msg="implausible intervals no longer seen"`:               1,
			`level=WARN msg="answer has rates above the line rate; showing them"`: 2,
			`level=INFO msg="rates above the line rate no longer seen"`:           1,
		} {
			for _, port := range []string{"aa", "bb"} {
				if got := told(log.String(), message, "port_uuid="+port); got != want {
					t.Errorf("%d lines %s about %s, want %d", got, message, port, want)
				}
			}
		}
		if n := told(log.String(), "level=DEBUG", "port_uuid=bb", "window=30d", `intervals="1 rate, 1 packets, 1 above_line"`); n < 2*40 || n > 2*50 {
			t.Errorf("%d lines at debug level about four hours", n)
		}
	})
}

// told is how many lines of a log have all of these in them.
func told(log string, parts ...string) (n int) {
	for line := range strings.Lines(log) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			n++
		}
	}
	return n
}
