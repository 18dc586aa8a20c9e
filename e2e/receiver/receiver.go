// Package receiver is the other end of remote write in tests: Prometheus' own write
// handler over its own storage, with the mishaps of a network and of a busy server, and
// what there should be in the storage, worked out from the simulated Equinix API.
//
// It is here and not beside the exporter since even the storage alone brings the SDKs
// of three clouds into a go.mod.
package receiver

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Receiver accepts remote write 1.0 and 2.0. It is an http.RoundTripper that leads to
// itself, whatever the URL, so that it works in a bubble of testing/synctest.
type Receiver struct {
	db      *tsdb.DB
	handler http.Handler

	mu       sync.Mutex
	trouble  Trouble
	requests int
	stored   int
	metadata map[string]metadata.Metadata
}

// Trouble is what is wrong with a receiver. The zero value is nothing.
type Trouble struct {
	After int // requests that have none

	Refused    bool                                       // the connection is refused
	Delay      time.Duration                              // before anything is read
	Status     int                                        // sent instead of storing
	RetryAfter time.Duration                              // sent with Status, in seconds
	CutRequest bool                                       // the connection breaks in the middle of the request
	NoAnswer   bool                                       // stores, then the connection breaks before the answer
	CutAnswer  bool                                       // stores, then the connection breaks in the body of the answer
	Invalid    func(series labels.Labels, ms int64) error // why the storage takes no such sample
}

const day = 24 * 60 * 60 * 1000 // milliseconds

// New returns a receiver with an empty storage, which the test closes at its end. Samples
// may be out of order by that much. As in a Prometheus without out_of_order_time_window,
// with 0 they must be in order and less than an hour older than the newest one.
func New(t *testing.T, outOfOrder time.Duration) *Receiver {
	t.Helper()
	log := slog.New(slog.DiscardHandler) // a refused sample is an error to the handler
	o := tsdb.DefaultOptions()
	if o.OutOfOrderTimeWindow = outOfOrder.Milliseconds(); outOfOrder > 0 { // else the size decides what is too old
		o.MinBlockDuration, o.MaxBlockDuration = day, day // fewer files
	}
	o.WALSegmentSize = -1 // nothing outlives the test
	db, err := tsdb.Open(t.TempDir(), log, nil, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &Receiver{db: db, metadata: map[string]metadata.Metadata{}}
	r.handler = remote.NewWriteHandler(log, prometheus.NewRegistry(), r,
		remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}, false, false, true)
	return r
}

// Trouble makes the receiver suffer from w, and from nothing else, until the next call.
func (r *Receiver) Trouble(w Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = w
}

// Requests is how many requests have arrived, whatever came of them.
func (r *Receiver) Requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// Stored is how many samples were accepted, also those that were there already.
func (r *Receiver) Stored() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stored
}

// Metadata is what remote write 2.0 said of each family.
func (r *Receiver) Metadata() map[string]metadata.Metadata {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.metadata)
}

// RoundTrip implements http.RoundTripper.
func (r *Receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	w := r.trouble
	if r.requests++; r.trouble.After > 0 {
		r.trouble.After--
		w = Trouble{}
	}
	r.mu.Unlock()
	defer func() { _ = q.Body.Close() }()
	if w.Refused {
		return nil, fmt.Errorf("dial: %w", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	select {
	case <-time.After(w.Delay):
	case <-q.Context().Done():
		return nil, q.Context().Err()
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	if w.CutRequest { // what Go's server passes to the handler then; nothing comes back
		r.serve(q, io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{}))
		return nil, fmt.Errorf("write: %w", syscall.ECONNRESET)
	}
	var answer *http.Response
	if w.Status != 0 {
		rec := httptest.NewRecorder()
		if w.RetryAfter > 0 {
			rec.Header().Set("Retry-After", strconv.Itoa(int(w.RetryAfter.Seconds())))
		}
		http.Error(rec, "simulated", w.Status)
		answer = rec.Result()
	} else {
		answer = r.serve(q, bytes.NewReader(body))
	}
	switch {
	case w.NoAnswer:
		return nil, fmt.Errorf("read: %w", syscall.ECONNRESET)
	case w.CutAnswer:
		answer.Body = io.NopCloser(broken{})
		answer.StatusCode = cmp.Or(answer.StatusCode%http.StatusNoContent, http.StatusOK) // one without a body cannot break in it
	}
	answer.Request = q
	return answer, nil
}

func (r *Receiver) serve(q *http.Request, body io.Reader) *http.Response {
	server := q.Clone(q.Context())
	server.Body = io.NopCloser(body)
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, server)
	return rec.Result()
}

// broken is the rest of a body whose connection broke.
type broken struct{}

// Read implements io.Reader.
func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Appender implements storage.Appendable.
func (r *Receiver) Appender(ctx context.Context) storage.Appender {
	return &appender{Appender: r.db.Appender(ctx), r: r}
}

// appender counts what is stored, and finds samples invalid.
type appender struct {
	storage.Appender

	r *Receiver
	n int
}

// Append implements storage.Appender.
func (a *appender) Append(ref storage.SeriesRef, l labels.Labels, ms int64, v float64) (storage.SeriesRef, error) {
	a.r.mu.Lock()
	invalid := a.r.trouble.Invalid
	a.r.mu.Unlock()
	if invalid != nil {
		if err := invalid(l, ms); err != nil {
			return 0, err
		}
	}
	ref, err := a.Appender.Append(ref, l, ms, v)
	if err == nil {
		a.n++
	}
	return ref, err
}

// UpdateMetadata implements storage.MetadataUpdater.
func (a *appender) UpdateMetadata(ref storage.SeriesRef, l labels.Labels, m metadata.Metadata) (storage.SeriesRef, error) {
	a.r.mu.Lock()
	a.r.metadata[l.Get(model.MetricNameLabel)] = m
	a.r.mu.Unlock()
	return a.Appender.UpdateMetadata(ref, l, m)
}

// Commit implements storage.AppenderTransaction.
func (a *appender) Commit() error {
	err := a.Appender.Commit()
	if err == nil {
		a.r.mu.Lock()
		a.r.stored += a.n
		a.r.mu.Unlock()
	}
	return err
}

// Points are the samples of series, oldest first. A series is written as in PromQL,
// with its labels in alphabetical order.
type Points map[string][]Point

// Point is a sample: a time in milliseconds and a value.
type Point struct {
	Ms int64
	V  float64
}

// Points are all samples in the storage between two times, both included.
func (r *Receiver) Points(t *testing.T, from, to time.Time) Points {
	t.Helper()
	q, err := r.db.Querier(from.UnixMilli(), to.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	all := Points{}
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	for set.Next() {
		s := set.At()
		it := s.Iterator(nil)
		var list []Point
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if kind != chunkenc.ValFloat {
				t.Fatalf("%s has a sample of kind %v", s.Labels(), kind)
			}
			ms, v := it.At()
			list = append(list, Point{ms, v})
		}
		if err := it.Err(); err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			all[s.Labels().String()] = list
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// All are all samples in the storage.
func (r *Receiver) All(t *testing.T) Points {
	t.Helper()
	return r.Points(t, time.UnixMilli(math.MinInt64/2), time.UnixMilli(math.MaxInt64/2))
}
