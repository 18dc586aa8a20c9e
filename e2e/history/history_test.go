package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const (
	sent    = "outcome=sent"
	refused = "outcome=refused"
)

// While all is well every point is sent once and none is refused.
func TestEveryPointArrivesOnce(t *testing.T) {
	for _, source := range []string{receiver.V3, receiver.Stats, receiver.Metrics} {
		for name, v := range variants {
			bubble(t, source+"/"+name, func(t *testing.T) {
				w := setup(t, source, v)
				x := w.start()
				defer func() { x.stop() }()
				got := w.check(only, 190*time.Minute) // with an interval of an hour
				receiver.Compare(t, got, w.must(w.began.Add(-54*time.Minute)), w.may())
				r, n := w.receivers[only], got.Count()
				if counted := x.samples(t, sent); r.Stored() != n || counted != float64(n) {
					t.Errorf("%d samples in the storage were stored %d times, %v counted", n, r.Stored(), counted)
				}
				if n := x.samples(t, refused) + x.metric(t, "remote_write_failures_total"); n != 0 {
					t.Errorf("%v samples refused or requests failed", n)
				}
				newest := x.metric(t, "remote_write_newest_sample_timestamp_seconds", "receiver="+only)
				if age := float64(time.Now().Unix()) - newest; age < 0 || age > late.Seconds() {
					t.Errorf("the newest sample is %v s old", age)
				}
				x.upToDate(t)
				if strings.Contains(v.keys, "v2") {
					checkMetadata(t, r, got)
				}
			})
		}
	}
}

// checkMetadata holds what remote write 2.0 says of each family against its name.
func checkMetadata(t *testing.T, r *receiver.Receiver, got receiver.Points) {
	t.Helper()
	families := r.Metadata()
	for s := range got {
		name, _, _ := strings.Cut(strings.SplitAfter(s, `__name__="`)[1], `"`)
		m, unit := families[name], ""
		if strings.HasSuffix(name, "_bytes_per_second") {
			unit = "bytes_per_second"
		}
		if m.Type != model.MetricTypeGauge || m.Help == "" || m.Unit != unit {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// Whatever is wrong with the receiver for an hour, all is there afterwards.
func TestReceiverInTrouble(t *testing.T) {
	for name, trouble := range map[string]receiver.Trouble{
		"refuses connections":                  {Refused: true},
		"is slow":                              {Delay: 20 * time.Second},
		"is slower than the timeout":           {Delay: time.Minute},
		"is busy":                              {Status: 429},
		"is busy for ten minutes, as it says":  {Status: 429, RetryAfter: 10 * time.Minute},
		"is broken":                            {Status: 500},
		"is restarting":                        {Status: 503, RetryAfter: time.Minute},
		"breaks the connection in the request": {CutRequest: true},
		"breaks the connection in the answer":  {CutAnswer: true},
		"stores and does not answer":           {NoAnswer: true},
	} {
		for variant, v := range variants {
			if stores := trouble.NoAnswer || trouble.CutAnswer; !stores && variant != "1.0 in order" && variant != "2.0" {
				continue // what is not stored is the same in all of them
			}
			bubble(t, name+"/"+variant, func(t *testing.T) {
				w := setup(t, receiver.V3, v)
				x := w.start()
				defer func() { x.stop() }()
				time.Sleep(time.Hour)
				r := w.receivers[only]
				r.Trouble(trouble)
				before := r.Requests()
				time.Sleep(time.Hour)
				asked := r.Requests() - before
				r.Trouble(receiver.Trouble{})
				w.check(only, time.Hour)
				if asked == 0 || asked > 200 || trouble.RetryAfter > time.Minute && asked > 8 {
					t.Errorf("%d requests in the hour", asked)
				}
				if failed := x.metric(t, "remote_write_failures_total", "receiver="+only); (failed == 0) != (name == "is slow") {
					t.Errorf("%v failures counted", failed)
				}
				x.upToDate(t)
				if n := x.samples(t, refused); n != 0 {
					t.Errorf("%v samples counted as refused", n)
				}
			})
		}
	}
}

// The answers about an hour that was missed are lost. Sent again, the samples are refused by
// a receiver that takes nothing out of order, and there all the same.
func TestAnswersAreLost(t *testing.T) {
	for name, v := range variants {
		bubble(t, name, func(t *testing.T) {
			w := setup(t, receiver.V3, v)
			x := w.start()
			defer func() { x.stop() }()
			time.Sleep(time.Hour)
			w.receivers[only].Trouble(receiver.Trouble{Refused: true})
			time.Sleep(50 * time.Minute)
			w.receivers[only].Trouble(receiver.Trouble{NoAnswer: true, After: 1}) // one was under way all the time
			time.Sleep(3 * time.Minute)
			w.receivers[only].Trouble(receiver.Trouble{})
			w.check(only, time.Hour)
			if n := x.samples(t, refused); n != 0 && v.outOfOrder > 0 {
				t.Errorf("%v samples counted as refused", n)
			}
		})
	}
}

// A receiver whose clock is slow refuses what is newer. When it is right again it gets
// everything that comes from then on.
func TestReceiverWithAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t, receiver.V3, variants["1.0"])
		x := w.start()
		defer func() { x.stop() }()
		time.Sleep(time.Hour)
		wrong := time.Now()
		w.receivers[only].Trouble(receiver.Trouble{Invalid: func(_ labels.Labels, ms int64) error {
			if time.UnixMilli(ms).After(time.Now().Add(-20 * time.Minute)) {
				return fmt.Errorf("%w: timestamp is too far in the future", storage.ErrOutOfBounds)
			}
			return nil
		}})
		time.Sleep(time.Hour)
		w.receivers[only].Trouble(receiver.Trouble{})
		right := time.Now()
		time.Sleep(time.Hour)
		synctest.Wait()
		got, may := w.receivers[only].All(t), w.may()
		receiver.Compare(t, got, w.truth.Between(w.began, wrong.Add(-late), wrong, 5*time.Minute), may)
		receiver.Compare(t, got, w.must(right), may)
	})
}

// An exporter that was not there for three hours asks for them again.
func TestExporterDown(t *testing.T) {
	for _, source := range []string{receiver.V3, receiver.Stats, receiver.Metrics} {
		for _, name := range []string{"1.0", "2.0 in order"} {
			bubble(t, source+"/"+name, func(t *testing.T) {
				w := withState(t, source, variants[name])
				x := w.start()
				time.Sleep(2 * time.Hour)
				x.stop()
				time.Sleep(3 * time.Hour)
				x = w.start()
				defer func() { x.stop() }()
				w.check(only, time.Hour)
				if n := x.samples(t, refused); n != 0 {
					t.Errorf("%v samples refused", n)
				}
			})
		}
	}
}

// Ten days are more than a poll gives: they are asked for week by week, behind the polls when
// the budget is small. Without an out-of-order window some of them are refused and counted,
// and the rest is right.
func TestExporterDownForTenDays(t *testing.T) {
	for _, outOfOrder := range []time.Duration{0, 12 * 24 * time.Hour} {
		bubble(t, outOfOrder.String(), func(t *testing.T) {
			w := withState(t, receiver.V3, variant{outOfOrder, v2})
			w.settings = strings.Replace(w.settings, "requests_per_second: 100, burst: 1000", "requests_per_second: 0.05, burst: 1", 1)
			x := w.start()
			time.Sleep(time.Hour)
			x.stop()
			time.Sleep(10 * 24 * time.Hour)
			again := time.Now()
			x = w.start()
			defer func() { x.stop() }()
			for range 60 {
				time.Sleep(time.Minute)
				if time.Since(again) > 15*time.Minute {
					x.polled(t)
				}
			}
			if outOfOrder > 0 {
				w.check(only, 0)
				return
			}
			synctest.Wait()
			got := w.receivers[only].All(t)
			receiver.Compare(t, got, w.must(again.Add(-30*time.Minute)), w.may())
			if n, missing := x.samples(t, refused), w.must(w.began).Count()-got.Count(); n < float64(missing) || n == 0 {
				t.Errorf("%d points are missing, %v counted as refused", missing, n)
			}
		})
	}
}

// What a receiver misses in forty hours is more than the exporter keeps for it: the rest is
// asked for again.
func TestReceiverDownForDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t, receiver.V3, variant{12 * 24 * time.Hour, v1})
		f := fabrictest.Generate(1, 60, 0)
		w.truth.API = fabrictest.New(fabrictest.Options{Fleet: &f, RequestLog: -1})
		w.settings = strings.Replace(w.settings, "poll: {", "poll: {interval: 1h, ", 1)
		x := w.start()
		defer func() { x.stop() }()
		time.Sleep(2 * time.Hour)
		w.receivers[only].Trouble(receiver.Trouble{Refused: true})
		time.Sleep(40 * time.Hour)
		w.receivers[only].Trouble(receiver.Trouble{})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		all := w.truth.Between(w.began, time.Now().Add(-time.Hour-late), time.Now(), 5*time.Minute)
		receiver.Compare(t, w.receivers[only].All(t), all, w.may())
	})
}

// A receiver that is added begins with the newest hour, one that changes goes on, and one
// that is removed gets nothing any more.
func TestReloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t, receiver.V3, variants["1.0"])
		w.receivers["mimir"] = receiver.New(t, window)
		x := w.start()
		defer func() { x.stop() }()
		reload := func(remotes string) {
			t.Helper()
			w.remotes.Store(remotes)
			if err := x.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Hour)
		w.receivers[only].Trouble(receiver.Trouble{Refused: true})
		time.Sleep(30 * time.Minute)
		added := time.Now()
		reload(remote(only, v1) + remote("mimir", v2))
		time.Sleep(time.Hour)
		reload(remote("mimir", v2) + remote(only, v2+", remote_timeout: 10s")) // while points wait
		w.receivers[only].Trouble(receiver.Trouble{})
		w.check(only, time.Hour)
		now := time.Now()
		receiver.Compare(t, w.receivers["mimir"].All(t), w.truth.Between(added.Add(-50*time.Minute), now.Add(-late), now, 5*time.Minute), w.may())
		reload(remote(only, v1))
		n := w.receivers["mimir"].Requests()
		w.check(only, 2*time.Hour)
		if more := w.receivers["mimir"].Requests() - n; more != 0 {
			t.Errorf("%d requests to a receiver that was removed", more)
		}
	})
}

// One receiver's trouble costs the others nothing, nor the polls.
func TestOneOfTwoReceiversIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t, receiver.Stats, variants["1.0 in order"])
		w.receivers["mimir"] = receiver.New(t, 0)
		w.receivers["mimir"].Trouble(receiver.Trouble{Delay: 25 * time.Second, Status: 500})
		w.remotes.Store(remote(only, v1) + remote("mimir", v1))
		x := w.start()
		defer func() { x.stop() }()
		w.check(only, 6*time.Hour)
		x.polled(t)
		if behind := x.metric(t, "remote_write_behind_seconds", "receiver=mimir"); behind < 5*3600 {
			t.Errorf("%v s behind after six hours", behind)
		}
		w.receivers["mimir"].Trouble(receiver.Trouble{})
		w.check("mimir", time.Hour)
	})
}

// Two replicas write the same points to one storage, and one of them ends.
func TestReplicas(t *testing.T) {
	for _, name := range []string{"1.0", "1.0 in order"} {
		bubble(t, name, func(t *testing.T) {
			w := withState(t, receiver.V3, variants[name])
			a := w.start()
			time.Sleep(7 * time.Second)
			w.dir = t.TempDir()
			b := w.start()
			defer func() { b.stop() }()
			time.Sleep(2 * time.Hour)
			a.stop()
			w.check(only, time.Hour)
		})
	}
}

// The clock of the API jumps, as seen from here, and later back.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{-2 * time.Hour, 2 * time.Hour, -7 * time.Minute, 7 * time.Minute} {
		for _, name := range []string{"1.0", "2.0 in order"} {
			bubble(t, fmt.Sprintf("%v/%s", jump, name), func(t *testing.T) {
				w := setup(t, receiver.V3, variants[name])
				x := w.start()
				defer func() { x.stop() }()
				time.Sleep(2 * time.Hour)
				w.truth.API.ShiftClock(jump)
				time.Sleep(40 * time.Minute)
				w.truth.API.ShiftClock(0)
				w.check(only, 2*time.Hour)
			})
		}
	}
}

// Without its state file the exporter begins with the newest hour: half an hour without
// it leaves no hole, three hours do, and nothing else is wrong.
func TestStateFileIsLost(t *testing.T) {
	for _, down := range []time.Duration{30 * time.Minute, 3 * time.Hour} {
		bubble(t, down.String(), func(t *testing.T) {
			w := withState(t, receiver.V3, variants["1.0"])
			w.start()
			time.Sleep(2 * time.Hour)
			w.kill()
			stopped := time.Now()
			if err := os.Remove(filepath.Join(w.dir, "state")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(down)
			again := time.Now()
			x := w.start()
			defer func() { x.stop() }()
			time.Sleep(time.Hour)
			synctest.Wait()
			got, may, now := w.receivers[only].All(t), w.may(), time.Now()
			if down < time.Hour {
				stopped = now // there is no hole
			}
			receiver.Compare(t, got, w.truth.Between(w.began, stopped.Add(-late), stopped, 5*time.Minute), may)
			receiver.Compare(t, got, w.truth.Between(again.Add(-54*time.Minute), now.Add(-late), now, 5*time.Minute), may)
		})
	}
}

// Intervals that Equinix gives only later, in the middle of others, are sent when they come,
// also if they come while no exporter runs.
func TestLateIntervals(t *testing.T) {
	for _, source := range []string{receiver.V3, receiver.Metrics} {
		for _, killed := range []bool{false, true} {
			bubble(t, fmt.Sprintf("%s/killed=%t", source, killed), func(t *testing.T) {
				w := withState(t, source, variants["1.0"])
				w.start()
				defer func() { w.exporter.stop() }()
				time.Sleep(time.Hour)
				now := time.Now()
				remove := w.truth.API.Inject(fabrictest.Fault{Rewrite: without(now, now.Add(20*time.Minute))})
				time.Sleep(90 * time.Minute)
				if killed {
					w.kill()
				}
				remove()
				if killed {
					w.start()
				}
				w.check(only, time.Hour)
			})
		}
	}
}

// without removes the intervals that end between two times from an answer.
func without(from, to time.Time) func(any) any {
	hidden := func(point any) bool {
		p, _ := point.(map[string]any)
		for _, name := range []string{"time", "intervalEndDateTime", "endDateTime"} {
			text, _ := p[name].(string)
			if at, err := time.Parse(time.RFC3339, text); err == nil && at.After(from) && at.Before(to) {
				return true
			}
		}
		return false
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				v[name] = walk(member)
			}
		case []any:
			kept := []any{}
			for _, e := range v {
				if !hidden(e) {
					kept = append(kept, walk(e))
				}
			}
			return kept
		}
		return v
	}
	return walk
}
