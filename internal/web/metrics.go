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

// maxScrapes is how many scrapes are answered at once. Each holds a copy of
// every series; a pair of Prometheus servers and a few curious people need less.
const maxScrapes = 8

// metrics returns the handler of /metrics. One collector's fault costs its own
// series, not the scrape.
//
// Scrapes are not coalesced: a collection reads memory only, and takes less
// time than sending it. A coalesced one lives until the last of its readers has
// all of it, and whoever comes before that gets the same, so that slow readers
// who overlap could show everybody the same old values for ever.
func metrics(o Options) http.Handler {
	h := promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{
		ErrorLog:            &scrapeLog{log: o.Log},
		ErrorHandling:       promhttp.ContinueOnError,
		Registry:            o.Registerer,
		MaxRequestsInFlight: maxScrapes,
		EnableOpenMetrics:   true,
	})
	return promhttp.InstrumentMetricHandler(o.Registerer, h)
}

// scrapeLog writes what promhttp complains of. When a client hangs up, promhttp
// says so for each family that it could not send any more; a faulty collector
// is as faulty at the next scrape. So what was just said is not said again.
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
