package poll_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// book keeps what the poller hands on.
type book struct {
	mu  sync.Mutex
	all []fleet.History
}

func (b *book) Take(h fleet.History) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, h)
}

// lines are all points as text, minutes from the start of the bubble, sorted.
func (b *book) lines() (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.all {
		for _, t := range h.Tracks {
			for _, p := range t.Points {
				all = append(all, fmt.Sprintf("%s %s %v %s%s %s %v=%v", h.UUID, h.Name, h.Resolution, t.Direction, t.Side, t.Quantity,
					p.End.Sub(bubble()).Minutes(), p.Value))
			}
		}
	}
	slices.Sort(all)
	return all
}

// bubble is when the clock of a bubble begins.
func bubble() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// stats is an answer with intervals that end so many minutes after the start of the bubble.
func stats(source string, rates map[int]float64) *fabric.Traffic {
	t := &fabric.Traffic{Capacity: new(1e9), Resolution: 5 * time.Minute}
	for minute, mean := range rates {
		end := bubble().Add(time.Duration(minute) * time.Minute)
		p := fabric.Point{Time: end, Mean: mean, Max: 2 * mean, KnowsMax: true}
		if source == "v4-metrics" {
			p.Max, p.KnowsMax = mean, false
			t.Inbound.Dropped = append(t.Inbound.Dropped, fabric.Count{End: end, N: mean / 10})
		}
		t.Inbound.Points = append(t.Inbound.Points, p)
	}
	return t
}

// Every source hands on the same intervals, each once and with its own time; maxima and packets
// only if it has them.
func TestEachIntervalIsHandedOnOnce(t *testing.T) {
	for _, source := range poll.Sources() {
		t.Run(source, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := []map[int]float64{
					{-40: 10, -35: 20, -30: 30},
					{-40: 10, -35: 20, -30: 30},                                              // no news
					{-40: 10, -35: 21, -30: 30, -25: 40},                                     // one is corrected, one is new
					{-40: 10, -35: 21, -30: 30, -25: 40, -15: 1},                             // one is missing
					{-40: 10, -35: 21, -30: 30, -25: 40, -20: 50, -15: 1, -10: 2e11, 500: 7}, // it comes late; one is too high, one under way
				}
				n := 0
				api := &fakeAPI{ports: allSeen("aa"), traffic: func(of, _ string) (*fabric.Traffic, error) {
					if n++; of != source {
						t.Errorf("%s is asked", of)
					}
					return stats(source, answers[min(n, len(answers))-1]), nil
				}}
				b := newBench(t, api, "aa")
				b.cfg.Accounts[0].Sources = []string{source}
				got := &book{}
				b.cfg.History = got
				b.run(t, 40*time.Minute)

				var want []string
				for minute, rates := range map[int][]float64{-40: {10}, -35: {20, 21}, -30: {30}, -25: {40}, -20: {50}, -15: {1}} {
					for _, v := range rates {
						add := func(quantity string, v float64) {
							want = append(want, fmt.Sprintf("aa name-of-aa 5m0s inbound %s %d=%v", quantity, minute, v))
						}
						add("mean", v)
						if source == "v4-metrics" {
							add("dropped", v/10)
						} else {
							add("max", 2*v)
						}
					}
				}
				slices.Sort(want)
				lines := got.lines()
				if source == "v4-metrics" { // the packets of an interval stand by themselves
					lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasSuffix(l, "dropped -10=2e+10") })
				}
				if diff := cmp.Diff(want, lines); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				for i, h := range got.all {
					if complete := !h.Since.IsZero(); complete != (i == 0) {
						t.Errorf("%d: complete: %v", i, complete)
					}
					settled := []time.Duration{-30, -25, -25, -15}[i] * time.Minute
					if at := h.Settled.Sub(bubble()); at != settled {
						t.Errorf("%d: settled at %v, want %v", i, at, settled)
					}
				}
			})
		})
	}
}

// A port that the configuration lists is handed on once its name is known.
func TestNothingIsHandedOnWithoutAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{ports: func() ([]fabric.Port, error) {
			time.Sleep(7 * time.Minute)
			return allSeen("aa")()
		}, traffic: func(source, _ string) (*fabric.Traffic, error) { return stats(source, map[int]float64{-10: 1}), nil }}
		b := newBench(t, api, "aa")
		got := &book{}
		b.cfg.History = got
		b.run(t, 20*time.Minute)
		if diff := cmp.Diff([]string{"aa name-of-aa 5m0s inbound max -10=2", "aa name-of-aa 5m0s inbound mean -10=1"}, got.lines()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// After an outage that is longer than the window, a History says what it is complete since.
func TestALongOutageIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := false
		api := &fakeAPI{ports: allSeen("aa"), traffic: func(source, _ string) (*fabric.Traffic, error) {
			if down {
				return nil, errBroken
			}
			return stats(source, map[int]float64{int(time.Since(bubble()).Minutes()) - 10: 1}), nil
		}}
		b := newBench(t, api, "aa")
		got := &book{}
		b.cfg.History = got
		b.during(t, func(*poll.Poller) {
			time.Sleep(20 * time.Minute)
			down = true
			time.Sleep(25 * time.Hour)
			down = false
			time.Sleep(20 * time.Minute)
		})
		var complete []time.Duration
		for _, h := range got.all {
			if !h.Since.IsZero() {
				complete = append(complete, h.Since.Sub(bubble()).Round(time.Hour))
			}
		}
		if !slices.Equal(complete, []time.Duration{-24 * time.Hour, time.Hour}) {
			t.Errorf("complete since %v", complete)
		}
	})
}

// Hours under way are not handed on, whichever end of them is stamped.
func TestHoursAreHandedOnWhenTheyAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{ports: allSeen("aa"), traffic: func(string, string) (*fabric.Traffic, error) {
			next := time.Now().Truncate(time.Hour).Add(time.Hour)
			tr := &fabric.Traffic{Capacity: new(1e9)}
			for ago := range 24 {
				tr.Inbound.Points = append(tr.Inbound.Points, fabric.Point{Time: next.Add(-time.Duration(ago) * time.Hour), Mean: 1})
			}
			return tr, nil
		}}
		b := newBench(t, api, "aa")
		got := &book{}
		b.cfg.History = got
		b.run(t, 20*time.Minute)
		lines := got.lines()
		if len(lines) != 22 || !slices.Contains(lines, "aa name-of-aa 1h0m0s inbound mean -60=1") || slices.Contains(lines, "aa name-of-aa 1h0m0s inbound mean 0=1") {
			t.Errorf("%d: %v", len(lines), lines)
		}
	})
}

// An answer may be finer than it was asked for: the label says what it is.
func TestFinerIntervalsAreCalledWhatTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := map[int]float64{}
		for n := range 20 {
			rates[-5*n-60] = 1
		}
		api := &fakeAPI{ports: allSeen("aa"), traffic: func(source, _ string) (*fabric.Traffic, error) {
			answer := stats(source, rates)
			answer.Resolution = 0
			return answer, nil
		}}
		b := newBench(t, api, "aa")
		b.cfg.Windows[0].Span, b.cfg.Windows[0].Resolution = 8*24*time.Hour, time.Hour
		got := &book{}
		b.cfg.History = got
		b.run(t, 20*time.Minute)
		if lines := got.lines(); len(lines) != 40 || !strings.HasPrefix(lines[0], "aa name-of-aa 5m0s ") {
			t.Errorf("%d: %.200v", len(lines), lines)
		}
	})
}
