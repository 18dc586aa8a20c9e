package history_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var seed = flag.Uint64("history.seed", 1, "of the first of the random stories")

// A process that is killed at any moment, again and again, leaves no hole.
func TestKills(t *testing.T) {
	for source, name := range map[string]string{receiver.V3: "1.0 in order", receiver.Metrics: "2.0"} {
		bubble(t, source, func(t *testing.T) {
			r := rand.New(rand.NewPCG(*seed, 0))
			w := withState(t, source, variants[name])
			for range 12 {
				w.start()
				time.Sleep(upTo(r, 25*time.Minute))
				w.kill()
				time.Sleep(upTo(r, 10*time.Minute))
			}
			x := w.start()
			defer func() { x.stop() }()
			w.check(only, time.Hour)
		})
	}
}

// Everything at once: the receiver, Equinix and the exporter fail at random, one while the
// other does. At the end every point is there, and nothing else.
func TestChaos(t *testing.T) {
	for source, name := range map[string]string{receiver.V3: "1.0", receiver.Stats: "1.0", receiver.Metrics: "2.0"} {
		bubble(t, source, func(t *testing.T) {
			w := withState(t, source, variants[name])
			x := w.start()
			chaos(w, rand.New(rand.NewPCG(*seed, uint64(len(source)))))
			defer func() { w.exporter.stop() }()
			if x == w.exporter {
				t.Error("the exporter was never killed")
			}
			w.check(only, 2*time.Hour)
		})
	}
}

// chaos lets twenty things happen to a world. At its end an exporter runs, and all is well.
func chaos(w *world, r *rand.Rand) {
	w.Helper()
	defer w.receivers[only].Trouble(receiver.Trouble{})
	for range 20 {
		time.Sleep(upTo(r, 30*time.Minute))
		switch r.IntN(6) {
		case 0:
			w.receivers[only].Trouble(receiver.Trouble{})
		case 1, 2:
			troubles := []receiver.Trouble{
				{Refused: true}, {Delay: upTo(r, time.Minute)}, {Status: 429, RetryAfter: upTo(r, 20*time.Minute)}, {Status: 500},
				{CutRequest: true}, {CutAnswer: true}, {NoAnswer: true}, {NoAnswer: true, After: r.IntN(3)},
			}
			w.receivers[only].Trouble(troubles[r.IntN(len(troubles))])
		case 3:
			faults := []fabrictest.Fault{{Status: 503}, {EmptyPoints: true}, {Shuffle: true}, {Truncate: true}, {Delay: time.Hour}, {Status: 403}}
			f := faults[r.IntN(len(faults))]
			f.Data = true
			remove := w.truth.API.Inject(f)
			defer remove()
			time.AfterFunc(upTo(r, 2*time.Hour), remove)
		case 4:
			if err := w.exporter.Reload(w.Context()); err != nil {
				w.Error(err)
			}
		case 5:
			w.kill()
			time.Sleep(upTo(r, 3*time.Hour))
			w.start()
		}
	}
}

// upTo is a random duration.
func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}
