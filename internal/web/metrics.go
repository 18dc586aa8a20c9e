package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // promhttp offers zstd only if this is linked in
	"golang.org/x/sync/semaphore"
)

// metrics returns the handler of /metrics. If a collector fails, only its series are
// missing. The query is ignored.
func metrics(o Options) http.Handler {
	h := promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{
		ErrorLog:          &scrapeLog{log: o.Log},
		ErrorHandling:     promhttp.ContinueOnError,
		Registry:          o.Registerer,
		EnableOpenMetrics: true,
	})
	return promhttp.InstrumentMetricHandler(o.Registerer, buffered(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(r.Context()) // a copy
		r.URL = &url.URL{Path: r.URL.Path}
		h.ServeHTTP(w, r)
	}))
}

// scrapeLog logs the errors of promhttp. A faulty collector fails at every scrape, so
// each text is logged at most once a minute.
type scrapeLog struct {
	log     *slog.Logger
	repeats repeats
}

// Println implements [promhttp.Logger].
func (l *scrapeLog) Println(v ...any) {
	text := strings.TrimSpace(fmt.Sprintln(v...))
	if leftOut, due := l.repeats.due(text); due {
		l.log.Warn("scrape incomplete", "err", text, "left_out", leftOut)
	}
}

const (
	// maxRendering is how many answers are rendered at once: each holds a copy of
	// every series, and more answers than cores would not be faster.
	maxRendering = 4
	// maxInFlight is how many answers are in memory at once, from rendering to
	// sending. The answer for a thousand ports has 5 MiB, or 300 KiB compressed.
	maxInFlight = 16
	// readTime is how long a client may take to read an answer, unless it is a
	// Prometheus that announces a longer scrape timeout.
	readTime = 30 * time.Second
)

// buffered sends what h writes. h writes into memory, so that a slow client keeps
// neither a snapshot nor gathered metrics in memory, only bytes; after the time to
// read the connection is closed. Requests above the limits wait.
func buffered(h http.HandlerFunc) http.Handler {
	inFlight, rendering := semaphore.NewWeighted(maxInFlight), semaphore.NewWeighted(maxRendering)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if inFlight.Acquire(r.Context(), 1) != nil {
			return // the client is gone
		}
		defer inFlight.Release(1)
		if rendering.Acquire(r.Context(), 1) != nil {
			return
		}
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		func() {
			defer rendering.Release(1) // even if h panics
			h(a, r)
		}()
		// A writer without deadlines is not a network connection.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeToRead(r)))
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()) // an error means that the client is gone or too slow
	})
}

// answer is a ResponseWriter that buffers status and body.
type answer struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// timeToRead is how long the client of a request may take to read the answer.
func timeToRead(r *http.Request) time.Duration {
	s, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || math.IsNaN(s) || s <= readTime.Seconds() {
		return readTime
	}
	return time.Duration(min(s, answerTime.Seconds()) * float64(time.Second))
}
