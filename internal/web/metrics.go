package web

import (
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"golang.org/x/sync/semaphore"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
)

// metrics returns the handler of /metrics. If a collector fails, only its series are
// missing. The query is ignored.
//
// In the two text formats the series of the fleet are copied as text; promhttp answers in
// all others. The names need no escaping, so the negotiated scheme changes nothing.
func metrics(o Options) http.Handler {
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{ // promhttp counts with it, too
		Name: "promhttp_metric_handler_errors_total",
		Help: "Total number of internal errors encountered by the promhttp metric handler.",
	}, []string{"cause"})
	o.Registerer.MustRegister(failures)
	log, series := &scrapeLog{log: o.Log}, prometheus.NewPedanticRegistry()
	series.MustRegister(o.Series)
	others := promhttp.HandlerFor(prometheus.Gatherers{o.Gatherer, series}, promhttp.HandlerOpts{
		ErrorLog:           log,
		ErrorHandling:      promhttp.ContinueOnError,
		Registry:           o.Registerer,
		DisableCompression: true,
		EnableOpenMetrics:  true,
	})
	h := func(w http.ResponseWriter, r *http.Request) {
		format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
		kind := format.FormatType()
		if kind != expfmt.TypeTextPlain && kind != expfmt.TypeOpenMetrics {
			r = r.WithContext(r.Context()) // a copy
			r.URL = &url.URL{Path: r.URL.Path}
			others.ServeHTTP(w, r)
			return
		}
		own, err := o.Gatherer.Gather()
		if err != nil {
			log.Println("error gathering metrics:", err)
			failures.WithLabelValues("gathering").Inc()
		}
		w.Header().Add("Vary", "Accept")
		w.Header().Set("Content-Type", string(format))
		writeText(w, format, own, o.Series.Text(kind == expfmt.TypeOpenMetrics))
	}
	return promhttp.InstrumentMetricHandler(o.Registerer, buffered(compressed(h)))
}

// writeText writes the families of the exporter's own and of the fleet, which are both
// sorted, in the order of their names. w must not fail.
func writeText(w http.ResponseWriter, format expfmt.Format, own []*dto.MetricFamily, fleet iter.Seq2[string, *[]byte]) {
	if plain, ok := w.(*gzhttp.NoGzipResponseWriter); ok { // it takes no compression
		w = plain.Unwrap()
	}
	a, plain := w.(*answer)
	encoder := expfmt.NewEncoder(w, format)
	for name, piece := range fleet {
		for len(own) > 0 && own[0].GetName() < name {
			_ = encoder.Encode(own[0])
			own = own[1:]
		}
		if plain {
			a.take(piece)
		} else {
			_, _ = w.Write(*piece)
		}
	}
	for _, family := range own {
		_ = encoder.Encode(family)
	}
	if closer, ok := encoder.(expfmt.Closer); ok { // writes the last line of OpenMetrics
		_ = closer.Close()
	}
}

// compressed compresses what h writes if the client takes it, at the fastest level:
// Prometheus is close, so CPU time costs more than bytes.
func compressed(h http.HandlerFunc) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.MinSize(0), gzhttp.PreferZstd(false),
		gzhttp.ContentTypeFilter(gzhttp.CompressAllContentTypeFilter))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(h)
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
	// maxRendering is how many answers are rendered at once. More would only take memory:
	// the text of the fleet is written for one request at a time.
	maxRendering = 4
	// maxUnread is how much memory the answers take that wait for their readers. The one for a
	// thousand ports has 6 MiB, or 900 KiB compressed. An answer counts as half of this at
	// most, so that a large one does not wait for one slow reader of another.
	maxUnread = 64 << 20
	// readTime is how long a client may take to read an answer, unless it is a
	// Prometheus that announces a longer scrape timeout.
	readTime = 30 * time.Second
)

// buffered sends what h writes. h writes into memory, so that a slow client keeps
// neither a snapshot nor gathered metrics in memory, only bytes; after the time to
// read the connection is closed. Requests above the limits wait.
func buffered(h http.HandlerFunc) http.Handler {
	rendering, unread := semaphore.NewWeighted(maxRendering), semaphore.NewWeighted(maxUnread)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		defer a.free()
		size := int64(0)
		admitted := func() bool {
			if rendering.Acquire(r.Context(), 1) != nil {
				return false // the client is gone
			}
			defer rendering.Release(1) // even if h panics
			h(a, r)
			size = min(int64(len(a.pieces))*collector.PieceSize, maxUnread/2)
			return unread.Acquire(r.Context(), size) == nil
		}()
		if !admitted {
			return
		}
		defer unread.Release(size)
		// A writer without deadlines is not a network connection.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeToRead(r)))
		w.Header().Set("Content-Length", strconv.Itoa(a.size))
		w.WriteHeader(a.status)
		for _, piece := range a.pieces {
			if _, err := w.Write(*piece); err != nil {
				return // the client is gone or too slow
			}
		}
	})
}

// answer is a ResponseWriter that keeps status and body.
type answer struct {
	http.ResponseWriter

	status int
	pieces []*[]byte
	size   int
}

// pieces are for the next answer: a scrape of many ports would allocate megabytes.
var pieces = sync.Pool{New: func() any { return new(make([]byte, 0, collector.PieceSize)) }}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	a.size += len(b)
	for rest := b; len(rest) > 0; {
		if n := len(a.pieces); n == 0 || len(*a.pieces[n-1]) == cap(*a.pieces[n-1]) {
			a.pieces = append(a.pieces, pieces.Get().(*[]byte))
		}
		last := a.pieces[len(a.pieces)-1]
		n := min(len(rest), cap(*last)-len(*last))
		*last, rest = append(*last, rest[:n]...), rest[n:]
	}
	return len(b), nil
}

// take is Write without a copy if the piece is at least half full: it keeps the piece, and
// leaves an empty one in its place.
func (a *answer) take(piece *[]byte) {
	if len(*piece) < collector.PieceSize/2 {
		_, _ = a.Write(*piece)
		return
	}
	a.size += len(*piece)
	next := pieces.Get().(*[]byte)
	*piece, *next = *next, *piece
	a.pieces = append(a.pieces, next)
}

// free gives the memory of the body back.
func (a *answer) free() {
	for _, piece := range a.pieces {
		*piece = (*piece)[:0]
		pieces.Put(piece)
	}
	a.pieces = nil
}

// timeToRead is how long the client of a request may take to read the answer.
func timeToRead(r *http.Request) time.Duration {
	s, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || math.IsNaN(s) || s <= readTime.Seconds() {
		return readTime
	}
	return time.Duration(min(s, answerTime.Seconds()) * float64(time.Second))
}
