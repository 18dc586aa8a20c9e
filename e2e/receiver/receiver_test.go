package receiver_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
)

// Each trouble does what it says: the sender gets an error, or not, and the samples are
// stored, or not.
func TestTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		trouble       receiver.Trouble
		fails, stores bool
		longerThan    time.Duration
	}{
		"none":        {stores: true},
		"refused":     {trouble: receiver.Trouble{Refused: true}, fails: true},
		"slow":        {trouble: receiver.Trouble{Delay: time.Minute}, stores: true, longerThan: time.Minute},
		"busy":        {trouble: receiver.Trouble{Status: 429, RetryAfter: time.Hour}, fails: true},
		"broken":      {trouble: receiver.Trouble{Status: 500}, fails: true},
		"cut request": {trouble: receiver.Trouble{CutRequest: true}, fails: true},
		"no answer":   {trouble: receiver.Trouble{NoAnswer: true}, fails: true, stores: true},
		"cut answer":  {trouble: receiver.Trouble{CutAnswer: true}, fails: true, stores: true},
		"invalid": {trouble: receiver.Trouble{Invalid: func(_ labels.Labels, ms int64) error {
			if ms == 2000 {
				return storage.ErrDuplicateSampleForTimestamp
			}
			return nil
		}}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := receiver.New(t, 0)
				r.Trouble(c.trouble)
				api, err := remoteapi.NewAPI("http://prometheus:9090/", remoteapi.WithAPIHTTPClient(&http.Client{Transport: r}),
					remoteapi.WithAPIBackoff(remoteapi.BackoffConfig{Min: 1, Max: 1, MaxRetries: 1}), remoteapi.WithAPINoRetryOnRateLimit())
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, err = api.Write(t.Context(), remoteapi.WriteV1MessageType, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
					Labels:  []prompb.Label{{Name: "__name__", Value: "m"}, {Name: "port", Value: "p"}},
					Samples: []prompb.Sample{{Timestamp: 1000, Value: 1}, {Timestamp: 2000, Value: 2}},
				}}})
				if (err != nil) != c.fails || time.Since(began) < c.longerThan {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
				all := receiver.Points{`{__name__="m", port="p"}`: {{Ms: 1000, V: 1}, {Ms: 2000, V: 2}}}
				if !c.stores {
					all = receiver.Points{}
				}
				receiver.Compare(t, r.All(t), all, all)
				if r.Stored() != all.Count() || r.Requests() == 0 {
					t.Errorf("%d samples stored in %d requests", r.Stored(), r.Requests())
				}
			})
		})
	}
}

// A point too many, too few, with another value or at another time is a difference.
func TestDifferences(t *testing.T) {
	point := receiver.Points{"s": {{Ms: 1000, V: 1}}}
	none := receiver.Points{}
	for name, c := range map[string]struct{ got, must, may receiver.Points }{
		"missing":       {none, point, point},
		"too many":      {point, none, none},
		"another value": {receiver.Points{"s": {{Ms: 1000, V: 2}}}, none, point},
		"another time":  {receiver.Points{"s": {{Ms: 1001, V: 1}}}, none, point},
		"twice":         {receiver.Points{"s": {{Ms: 1000, V: 1}, {Ms: 1000, V: 1}}}, point, point},
	} {
		if len(receiver.Differences(c.got, c.must, c.may)) != 1 {
			t.Errorf("%s: %v", name, receiver.Differences(c.got, c.must, c.may))
		}
	}
	if d := receiver.Differences(point, point, point); len(d) > 0 {
		t.Error(d)
	}
}
