package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // promhttp offers zstd only where this is linked in
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
	return promhttp.InstrumentMetricHandler(o.Registerer, newRenderer(h, out))
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
