package history_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
)

// A sample that the receiver does not take is missing, and counted; no other is, whether it
// comes with those of a minute or with those of an hour that the receiver was down.
func TestOneSampleIsRefused(t *testing.T) {
	for name, v := range variants {
		for _, reason := range []error{storage.ErrDuplicateSampleForTimestamp, storage.ErrOutOfOrderSample, storage.ErrOutOfBounds} {
			for _, down := range []time.Duration{0, 50 * time.Minute} {
				if down > 0 && !errors.Is(reason, storage.ErrDuplicateSampleForTimestamp) {
					continue // out of bounds would be everything as old
				}
				bubble(t, fmt.Sprintf("%s/%v/%v", name, reason, down), func(t *testing.T) {
					w := setup(t, receiver.V3, v)
					r, port := w.receivers[only], w.truth.API.Fleet().Ports[0].UUID
					x := w.start()
					defer func() { x.stop() }()
					time.Sleep(time.Hour)
					r.Trouble(receiver.Trouble{Refused: true})
					time.Sleep(down)
					bad := time.Now().Add(-late).Truncate(5 * time.Minute)
					if down == 0 {
						bad = bad.Add(late)
					}
					r.Trouble(receiver.Trouble{Invalid: func(l labels.Labels, ms int64) error {
						if ms == bad.UnixMilli() && l.Get("port_uuid") == port && l.Get("direction") == "inbound" &&
							strings.Contains(l.Get(model.MetricNameLabel), "mean") && l.Get("resolution") == "5m" {
							return reason
						}
						return nil
					}})
					before := r.Requests()
					time.Sleep(30 * time.Minute)
					asked := r.Requests() - before
					time.Sleep(time.Hour)
					synctest.Wait()
					got := r.All(t)
					faults := receiver.Differences(got, w.must(w.began), w.may())
					if len(faults) != 1 || !strings.Contains(faults[0], "missing") || !strings.Contains(faults[0], port) || !strings.Contains(faults[0], bad.Format("15:04:05")) {
						t.Errorf("want one point missing: %s", strings.Join(faults[:min(len(faults), 4)], "\n"))
					}
					if n, all := x.samples(t, refused), x.samples(t, sent); n != 1 || all != float64(got.Count()) {
						t.Errorf("%v samples counted as refused, %v as sent, %d are there", n, all, got.Count())
					}
					if asked > 100 {
						t.Errorf("%d requests in half an hour", asked)
					}
				})
			}
		}
	}
}
