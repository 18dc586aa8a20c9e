package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // promhttp offers zstd only where this is linked in
	"github.com/prometheus/common/expfmt"
)

// metrics returns the handler of /metrics. One collector's fault costs its own
// series, not the scrape. A scrape is rendered into memory first and then sent,
// so that who reads slowly holds nothing but these bytes, and those for a while
// only.
func metrics(o Options, out *outbox) http.Handler {
	h := promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{
		ErrorLog:          &scrapeLog{log: o.Log},
		ErrorHandling:     promhttp.ContinueOnError,
		Registry:          o.Registerer,
		EnableOpenMetrics: true,
	})
	return promhttp.InstrumentMetricHandler(o.Registerer, newRenderer(h, negotiated, out))
}

// negotiated is the format and the encoding of the answer, as promhttp would choose
// them. The query means nothing.
func negotiated(h http.Header) variant {
	return variant{
		accept:         string(expfmt.NegotiateAccept(h, expfmt.DefaultOpenMetricsAcceptedFormats()...)),
		acceptEncoding: encoding(h.Values("Accept-Encoding")),
	}
}

// encoding is the one with the highest quality value of those that promhttp knows,
// the first of several.
func encoding(accepted []string) string {
	chosen, most := "identity", 0.0
	for _, known := range []string{"identity", "gzip", "zstd"} {
		for part := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
			name, parameter, _ := strings.Cut(part, ";")
			quality := 1.0
			if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
				quality, _ = strconv.ParseFloat(text, 64) // 0 if it is no number
			}
			if name = strings.TrimSpace(name); (name == known || name == "*") && quality > most {
				chosen, most = known, quality
			}
		}
	}
	return chosen
}

// scrapeLog writes what promhttp complains of. A faulty collector is as faulty
// at the next scrape. So what was just said is not said again.
type scrapeLog struct {
	log *slog.Logger

	mu   sync.Mutex
	last string
	at   time.Time
}

// Println implements [promhttp.Logger].
func (l *scrapeLog) Println(v ...any) {
	text := strings.TrimSpace(fmt.Sprintln(v...))
	l.mu.Lock()
	defer l.mu.Unlock()
	if text == l.last && time.Since(l.at) < time.Minute {
		return
	}
	l.last, l.at = text, time.Now()
	l.log.Warn("scrape incomplete", "err", text)
}
