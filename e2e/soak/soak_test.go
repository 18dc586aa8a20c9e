package soak_test

import (
	"flag"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

var settings = struct {
	lasts *time.Duration
	scale *float64
	ports *int
	seed  *uint64
	log   *string
}{
	flag.Duration("soak.for", 2*time.Second, "real time that the soak lasts"),
	flag.Float64("soak.scale", 0, "simulated seconds in a real one, at most; 0 for as many as there is processor time for"),
	flag.Int("soak.ports", 40, "ports, over all accounts"),
	flag.Uint64("soak.seed", 1, "decides the estate, its faults and its changes"),
	flag.String("soak.log", "", "file for the exporter's log"),
}

// The exporter runs as it would, but for two things: the time is that of a
// bubble, so that days pass in minutes and a scrape can wait until nothing is
// under way, and the network is one of pipes. HTTP is spoken on these as ever.
func TestSoak(t *testing.T) {
	ticks := realTime(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t)
		defer s.stop()
		began := <-ticks
		for now := began; now.Sub(began) < *settings.lasts || s.steps < 12; now = <-ticks {
			if *settings.scale > 0 && s.elapsed().Seconds() > *settings.scale*now.Sub(began).Seconds() {
				continue
			}
			s.step()
			if t.Failed() && s.wrong > 20 {
				break
			}
		}
		s.recover()
		s.report(os.Stdout, (<-ticks).Sub(began))
		s.checkGrowth()
	})
}

// realTime sends what time it is outside of the bubble, a hundred times a second
// at most.
func realTime(t *testing.T) <-chan time.Time {
	t.Helper()
	ticks := make(chan time.Time)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for now := range ticker.C {
			select {
			case ticks <- now:
			case <-done:
				return
			}
		}
	}()
	return ticks
}

// heap is what is in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
