package history_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/prompb"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// world is Equinix, which has an interval every five minutes, and a receiver.
type world struct {
	mu    sync.Mutex
	down  bool               // the receiver
	got   map[string]int     // samples by port and minute, and how often they came
	first map[string]float64 // the value that came first, which most receivers keep
	asked []string           // of Equinix
	fails func(n int) error  // what the nth request for the past ends with
	take  func(n int)        // what the poller learns during it
	start time.Time
}

func newWorld() *world {
	return &world{got: map[string]int{}, first: map[string]float64{}, start: time.Now(), fails: func(int) error { return nil }, take: func(int) {}}
}

// RoundTrip is the receiver.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	status := http.StatusNoContent
	if w.down {
		status = http.StatusServiceUnavailable
	} else {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		text, err := snappy.Decode(nil, body)
		if err != nil {
			return nil, err
		}
		var message prompb.WriteRequest
		if err := message.Unmarshal(text); err != nil {
			return nil, err
		}
		for _, s := range message.Timeseries {
			for _, l := range s.Labels {
				for _, v := range s.Samples {
					if l.Name == "port_uuid" {
						of := fmt.Sprintf("%s %v", l.Value, w.minute(time.UnixMilli(v.Timestamp)))
						if w.got[of]++; w.got[of] == 1 {
							w.first[of] = v.Value
						}
					}
				}
			}
		}
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}, Request: r}, nil
}

func (w *world) minute(t time.Time) float64 { return t.Sub(w.start).Minutes() }

func (w *world) at(minute int) time.Time { return w.start.Add(time.Duration(minute) * time.Minute) }

// intervals are those of a port that end after one minute and not after another one.
func (w *world) intervals(uuid string, after, to int, complete bool) fleet.History {
	h := fleet.History{Subject: fleet.Subject{UUID: uuid, Name: uuid}, Resolution: 5 * time.Minute, Mark: w.at(to)}
	if complete {
		h.Since = w.at(after)
	}
	var points []fleet.Point
	for m := after + 5; m <= to; m += 5 {
		points = append(points, fleet.Point{End: w.at(m), Value: 8})
	}
	if len(points) > 0 {
		h.Tracks = []fleet.Track{{Quantity: fleet.MeanRate, Direction: fleet.Inbound, Points: points}}
	}
	return h
}

// ask is Equinix. It knows each interval as soon as it has ended.
func (w *world) ask(_ context.Context, of fleet.Subject, _ time.Duration, from, to time.Time) (fleet.History, fleet.Rejected, error) {
	w.mu.Lock()
	w.asked = append(w.asked, fmt.Sprintf("%s %v-%v", of.UUID, w.minute(from), w.minute(to)))
	n := len(w.asked)
	w.mu.Unlock()
	w.take(n)
	if err := w.fails(n); err != nil {
		return fleet.History{}, nil, err
	}
	return w.intervals(of.UUID, 5*int(w.minute(from)/5)-5, int(w.minute(to)), false).Between(from, to), nil, nil
}

// sends runs a writer that begins at marks (in minutes) while f does what the poller does.
func (w *world) sends(t *testing.T, marks map[string]int, f func(*history.Writer)) {
	t.Helper()
	before := history.Marks{"r": {}}
	for uuid, minute := range marks {
		before["r"][uuid+" 5m"] = w.at(minute).UnixMilli()
	}
	writer := history.NewWriter([]history.Receiver{{Name: "r", URL: "http://r/", Transport: w, Timeout: time.Minute}}, before,
		history.NewMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = writer.Run(ctx, w.ask) })
	f(writer)
	cancel()
	running.Wait()
}

// wants fails the test unless each interval of a port came once.
func (w *world) wants(t *testing.T, uuid string, after, to int) {
	t.Helper()
	for m := after + 5; m <= to; m += 5 {
		if n := w.got[fmt.Sprintf("%s %d", uuid, m)]; n != 1 {
			t.Errorf("%s: the interval of minute %d came %d times", uuid, m, n)
		}
	}
}

// A port that leaves before its gap has been asked for, and returns before the poller has
// missed it, still gets its gap.
func TestTheGapOfAPortThatReturnsIsFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.fails = func(n int) error {
			if n == 1 {
				return poll.ErrNotPolled
			}
			return nil
		}
		w.sends(t, map[string]int{"aa": -2880}, func(writer *history.Writer) {
			writer.Take(w.intervals("aa", -1440, 0, true))
			time.Sleep(6 * time.Minute)
			writer.Take(w.intervals("aa", 0, 5, false))
			time.Sleep(3 * time.Minute)
		})
		w.wants(t, "aa", -2880, 5)
	})
}

// A late interval that the poller learns of during a request for the past that fails is not lost.
func TestALateIntervalDuringAFailedRequestIsSent(t *testing.T) {
	const began = -7*1440 - 10 // two requests, the first of which has the late interval
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.sends(t, map[string]int{"aa": began}, func(writer *history.Writer) {
			var late sync.Once
			w.take = func(n int) {
				if n == 2 {
					late.Do(func() { writer.Take(w.intervals("aa", -6005, -6000, false)) })
				}
			}
			w.fails = func(n int) error {
				if n == 2 {
					return io.ErrUnexpectedEOF
				}
				return nil
			}
			writer.Take(w.intervals("aa", -1440, 0, true))
			time.Sleep(5 * time.Minute)
		})
		if n := w.got["aa -6000"]; n < 2 {
			t.Errorf("the late interval came %d times, want once more than with the gap", n)
		}
	})
}

// What the queue has no room for is asked for again, and nothing else.
func TestWhatIsQueuedIsNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.down = true
		w.sends(t, map[string]int{"aa": -1440, "bb": -1440}, func(writer *history.Writer) {
			writer.Take(w.intervals("aa", -1440, 0, true))
			for n := range 360 { // other ports fill the queue
				writer.Take(w.intervals(fmt.Sprint(n), -1440, 0, false))
			}
			time.Sleep(5 * time.Minute)
			writer.Take(w.intervals("aa", 0, 5, false))
			w.mu.Lock()
			w.down = false
			w.mu.Unlock()
			time.Sleep(10 * time.Minute)
		})
		if n := w.got["aa 5"]; n != 1 || len(w.asked) == 0 {
			t.Errorf("what is new came %d times; asked: %v", n, w.asked)
		}
		w.wants(t, "aa", -1440, 5)
	})
}

// If Equinix corrects an interval that has not been sent yet, the receiver gets the correction only.
func TestACorrectionTakesThePlaceOfWhatItCorrects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.down = true
		w.sends(t, map[string]int{"aa": -10}, func(writer *history.Writer) {
			writer.Take(w.intervals("bb", -1000, -500, false)) // waits for an answer
			time.Sleep(10 * time.Second)
			writer.Take(w.intervals("aa", -10, 0, true))
			corrected := w.intervals("aa", -10, -5, false)
			corrected.Tracks[0].Points[0].Value = 80
			writer.Take(corrected)
			w.mu.Lock()
			w.down = false
			w.mu.Unlock()
			time.Sleep(5 * time.Minute)
		})
		w.wants(t, "aa", -10, 0)
		if v := w.first["aa -5"]; v != 10 {
			t.Errorf("the corrected interval has %v B/s, want 10", v)
		}
	})
}
