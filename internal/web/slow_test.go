package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // promhttp offers zstd only if this is linked in
	"github.com/prometheus/common/expfmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// narrow is a listener whose connections hold nothing: what is not read blocks
// who writes it, at once.
type narrow chan net.Conn

func (p narrow) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p narrow) Close() error   { close(p); return nil }
func (p narrow) Addr() net.Addr { return &net.TCPAddr{} }

// onPipes serves the handler in a bubble until the test calls stop. ask sends a
// request for a path and returns the connection with nothing read from it.
func onPipes(t *testing.T, h http.Handler) (ask func(path string, header ...string) net.Conn, stop func()) {
	t.Helper()
	ln, srv := make(narrow), &http.Server{Handler: h}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	ask = func(path string, header ...string) net.Conn {
		client, server := net.Pipe()
		ln <- server
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://exporter"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		if err := req.Write(client); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		return client
	}
	return ask, func() {
		_ = srv.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	}
}

// read takes an answer off to its end.
func read(t *testing.T, c net.Conn) (string, error) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// long is a family whose HELP has so many bytes.
func long(o web.Options, n int) {
	o.Registerer.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "long", Help: strings.Repeat("x", n)}))
}

func TestReadersWhoNeverReadDelayNoOtherReader(t *testing.T) {
	for _, path := range []string{"/metrics", "/"} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ask, stop := onPipes(t, web.Handler(newOptions(t, newSnapshot(time.Now()))))
				defer stop()
				for range 10 { // far below the limit
					defer ask(path).Close()
				}
				began := time.Now()
				text, err := read(t, ask(path))
				if err != nil || text == "" || time.Since(began) != 0 {
					t.Errorf("%d bytes after %v: %v", len(text), time.Since(began), err)
				}
			})
		})
	}
}

func TestReadersAreCutOffInTime(t *testing.T) {
	for _, tt := range []struct {
		name, announced string
		want            time.Duration
	}{
		{"that says nothing", "", 30 * time.Second},
		{"that waits longer", "45.5", 45500 * time.Millisecond},
		{"that waits shorter", "5", 30 * time.Second},
		{"that never gives up", "+Inf", 2 * time.Minute},
		{"that makes no sense", "NaN", 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOptions(t, nil)
				long(o, 100_000)
				ask, stop := onPipes(t, web.Handler(o))
				defer stop()
				c := ask("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", tt.announced)
				defer c.Close()
				time.Sleep(tt.want - 1)
				inFlight(t, ask, "2")
				time.Sleep(2 * time.Nanosecond)
				inFlight(t, ask, "1")
			})
		})
	}
}

// inFlight checks how many scrapes are under way, with its own.
func inFlight(t *testing.T, ask func(string, ...string) net.Conn, want string) {
	t.Helper()
	text, err := read(t, ask("/metrics"))
	if err != nil || !strings.Contains(text, "promhttp_metric_handler_requests_in_flight "+want+"\n") {
		t.Errorf("not %s in flight: %v", want, err)
	}
}

// The memory of answers that are not read has a bound: others wait until those who
// read nothing are cut off. Small answers are within it, however many there are.
func TestAnswersThatAreNotReadAreLimited(t *testing.T) {
	for _, tt := range []struct{ size, readers, begun int }{
		{8 << 20, 20, 7 + 4}, // a little more than that: 7 are within 64 MiB, and 4 are rendered and wait
		{100_000, 200, 200},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOptions(t, nil)
			long(o, tt.size)
			g := newGate(o)
			close(g.held)
			ask, stop := onPipes(t, web.Handler(o))
			defer stop()
			for range tt.readers {
				defer ask("/metrics").Close()
			}
			if n := g.begun(); n != tt.begun {
				t.Errorf("%d bytes: %d answers are rendered, want %d", tt.size, n, tt.begun)
			}
			began := time.Now()
			text, err := read(t, ask("/metrics"))
			took := time.Since(began)
			if waits := tt.begun < tt.readers; err != nil || len(text) < tt.size || (took != 0) != waits || took%(30*time.Second) != 0 {
				t.Errorf("%d bytes after %v: %v", len(text), took, err)
			}
		})
	}
}

// One client that does not read a small answer delays no large one, and no one behind it.
func TestLargeAnswerDoesNotWaitForOneSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, nil)
		ask, stop := onPipes(t, web.Handler(o))
		defer stop()
		defer ask("/metrics").Close()
		long(o, 64<<20)
		began := time.Now()
		text, err := read(t, ask("/metrics"))
		if took := time.Since(began); err != nil || len(text) < 64<<20 || took != 0 {
			t.Errorf("%d bytes after %v: %v", len(text), took, err)
		}
	})
}

// gate is a collector that counts its collections, and holds each until it is
// let through.
type gate struct {
	desc *prometheus.Desc
	held chan struct{}
	n    chan int
}

func (g gate) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

func (g gate) Collect(ch chan<- prometheus.Metric) {
	n := <-g.n + 1
	g.n <- n
	ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(n))
	<-g.held
}

func newGate(o web.Options) gate {
	g := gate{prometheus.NewDesc("collections", "Begun.", nil, nil), make(chan struct{}), make(chan int, 1)}
	g.n <- 0
	o.Registerer.MustRegister(g)
	return g
}

// begun is how many collections there were.
func (g gate) begun() int {
	n := <-g.n
	g.n <- n
	return n
}

func TestFewScrapesAreRenderedAtOnceAndTheOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, nil)
		g := newGate(o)
		ask, stop := onPipes(t, web.Handler(o))
		defer stop()
		var all []net.Conn
		for range 50 {
			all = append(all, ask("/metrics"))
		}
		if n := g.begun(); n != 4 {
			t.Errorf("%d scrapes are rendered at once, want 4", n)
		}
		close(g.held)
		for i, c := range all {
			if text, err := read(t, c); err != nil || !strings.Contains(text, "\ncollections ") {
				t.Errorf("scrape %d: %v\n%s", i, err, text)
			}
		}
	})
}

// Whoever may ask for /metrics gets all of it.
func TestTheQueryOfAScrapeIsIgnored(t *testing.T) {
	o := newOptions(t, nil)
	g := newGate(o)
	close(g.held)
	h := web.Handler(o)
	check(t, do(t, h, http.MethodGet, "/metrics?name[]=up"), http.StatusOK, "collections 1\n")
}

// The headers of promhttp's answer reach the client, in each format and encoding.
func TestMetricsAnswersAsPromhttpDoes(t *testing.T) {
	o := newOptions(t, nil)
	ours := web.Handler(o)
	theirs := promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true})
	for _, f := range expfmt.DefaultOpenMetricsAcceptedFormats() {
		for _, encoding := range []string{"", "gzip", "zstd", "identity", "gzip;q=0.1, zstd"} {
			headers := func(h http.Handler) []string {
				got := do(t, h, http.MethodGet, "/metrics", "Accept", string(f), "Accept-Encoding", encoding).Header
				return append(slices.Sorted(slices.Values(got.Values("Vary"))), got.Get("Content-Type"), got.Get("Content-Encoding"))
			}
			if diff := cmp.Diff(headers(theirs), headers(ours)); diff != "" {
				t.Errorf("Accept: %s, Accept-Encoding: %s (-promhttp +ours)\n%s", f, encoding, diff)
			}
		}
	}
}

// The body is promhttp's, too, byte for byte, in each format and with each way to escape
// names; only what it says of the requests differs.
func TestMetricsHasTheBodyOfPromhttp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, newSnapshot(time.Now()))
		o.Registerer.MustRegister(
			prometheus.NewGauge(prometheus.GaugeOpts{Name: "a_first", Help: "Before the fleet."}),
			prometheus.NewCounter(prometheus.CounterOpts{Name: "equinix_fabric_port_m_total", Help: "Within \"the\" fleet."}),
			prometheus.NewHistogram(prometheus.HistogramOpts{Name: "z_last", Help: "Behind\nit."}),
		)
		series := prometheus.NewPedanticRegistry()
		series.MustRegister(collector.New(o.Load))
		ours := web.Handler(o)
		theirs := promhttp.HandlerFor(prometheus.Gatherers{o.Gatherer, series}, promhttp.HandlerOpts{EnableOpenMetrics: true})
		for _, f := range expfmt.DefaultOpenMetricsAcceptedFormats() {
			if kind := f.FormatType(); kind != expfmt.TypeTextPlain && kind != expfmt.TypeOpenMetrics {
				continue // promhttp answers
			}
			for _, escaping := range []string{"", "; escaping=allow-utf-8", "; escaping=underscores", "; escaping=dots", "; escaping=values"} {
				show := func(h http.Handler) (kept []string) {
					for line := range strings.Lines(body(t, do(t, h, http.MethodGet, "/metrics", "Accept", string(f)+escaping))) {
						if !strings.Contains(line, "promhttp_metric_handler_requests") {
							kept = append(kept, line)
						}
					}
					return kept
				}
				want := show(theirs)
				if diff := cmp.Diff(want, show(ours)); diff != "" || len(want) < 60 {
					t.Errorf("%s%s, %d lines (-promhttp +ours)\n%s", f, escaping, len(want), diff)
				}
			}
		}
	})
}

func TestClientsThatLeaveWhileTheyWaitCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOptions(t, nil)
		g := newGate(o)
		h := web.Handler(o)
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan struct{}, 100)
		for range 100 {
			go func() {
				do(t, withContext(ctx, h), http.MethodGet, "/metrics")
				done <- struct{}{}
			}()
		}
		synctest.Wait()
		leave()
		for range 100 - 4 {
			<-done
		}
		close(g.held)
		for range 4 {
			<-done
		}
		check(t, do(t, h, http.MethodGet, "/metrics"), http.StatusOK, "collections 5\n")
	})
}

// withContext serves every request in ctx.
func withContext(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.WithContext(ctx)) })
}
