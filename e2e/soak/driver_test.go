package soak_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

const staleIntervals = 3

// soak is an exporter, what it watches, and what has come of it so far.
type soak struct {
	t       *testing.T
	random  *rand.Rand
	began   time.Time
	estates []*estate

	daemon   *daemon.Daemon
	scraper  *http.Client
	receiver *remoteEnd
	counted  map[string]*tally // packets, by port or connection

	steps, scrapes, points, wrong int
	compared                      map[string]int // figures, by family
	happened                      map[string]int // edits, mishaps and reloads, by name
	samples                       []sample

	stop func()
}

// sample is what the process used at one moment.
type sample struct {
	at         time.Duration
	heap       uint64
	goroutines int
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	// A bubble begins in 2000, before the connections of the estates were made.
	time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	n := &network{}
	s := &soak{
		t: t, random: rand.New(rand.NewPCG(*settings.seed, 0)), began: time.Now(),
		estates:  newEstates(t, n, *settings.seed, *settings.ports),
		receiver: &remoteEnd{Receiver: receiver.New(t, 24*time.Hour), proven: time.Now()},
		counted:  map[string]*tally{}, compared: map[string]int{}, happened: map[string]int{},
	}
	transport := n.transport()
	byHost := byHost{}
	var yaml strings.Builder
	yaml.WriteString("accounts:\n")
	for _, e := range s.estates {
		byHost[e.address] = e.tapped(transport)
		yaml.WriteString(e.configure())
	}
	yaml.WriteString(fmt.Sprintf("poll: {windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: 8d, interval: 1h}], stale_intervals: %d}\n", staleIntervals) +
		"api: {requests_per_second: 1000, burst: 10000, concurrency: 64}\n" +
		"remote_write: [{url: \"http://prometheus:9090/api/v1/write\", name: soak, protobuf_message: io.prometheus.write.v2.Request}]\n")
	reg := prometheus.NewPedanticRegistry()
	d, err := daemon.New(daemon.Options{
		Load:       func() (*config.Config, error) { return config.Parse("soak.yml", []byte(yaml.String()), ".", nil) },
		Registerer: reg, Transport: byHost, Receivers: s.receiver, UserAgent: "soak", KeepState: true, Log: newLog(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.daemon = d
	handler := web.Handler(web.Options{
		Load: d.Snapshot, Series: collector.New(d.Snapshot), Gatherer: reg, Registerer: reg, Alive: d.Alive, Log: slog.New(slog.DiscardHandler),
	})
	closeWeb := serve(t, n.listen("exporter:80"), handler)
	s.scraper = &http.Client{Transport: n.transport()}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		s.scraper.CloseIdleConnections()
		transport.CloseIdleConnections()
		closeWeb()
		for _, e := range s.estates {
			e.down()
		}
	}
	return s
}

// newLog writes the exporter's log to the file of -soak.log.
func newLog(t *testing.T) *slog.Logger {
	t.Helper()
	if *settings.log == "" {
		return slog.New(slog.DiscardHandler)
	}
	f, err := os.Create(*settings.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return slog.New(slog.NewTextHandler(f, nil))
}

// byHost sends each account's requests its own way.
type byHost map[string]http.RoundTripper

// RoundTrip implements http.RoundTripper.
func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) { return b[r.URL.Host].RoundTrip(r) }

func (s *soak) elapsed() time.Duration { return time.Since(s.began) }

// step lets something happen, lets time pass, and compares.
func (s *soak) step() {
	s.t.Helper()
	s.steps++
	now := time.Now()
	for _, e := range s.estates {
		e.mend(now)
	}
	s.receiver.mend(now)
	if now.Sub(s.receiver.proven) > truce {
		s.calmDown()
		s.proveHistory()
		return
	}
	if s.steps > 3 { // at first all is well
		s.happen(now)
	}
	time.Sleep(30*time.Second + time.Duration(s.random.Int64N(int64(5*time.Minute))))
	synctest.Wait()
	s.compare(s.scrape())
	if s.steps%20 == 0 {
		s.samples = append(s.samples, sample{s.elapsed(), heap(), runtime.NumGoroutine()})
	}
}

// happen is what else there is in a step: faults, changes, a reload.
func (s *soak) happen(now time.Time) {
	s.t.Helper()
	for _, e := range s.estates {
		if s.random.IntN(6) == 0 {
			s.happened["fault: "+e.befall(s.random, now)]++
		}
		if s.random.IntN(4) > 0 {
			continue
		}
		change := edits[s.random.IntN(len(edits))]
		if change.run(e, s.random) {
			s.happened["change: "+change.name]++
			e.remember(now)
		}
	}
	if s.random.IntN(12) == 0 {
		s.happened["receiver: "+s.receiver.befall(s.random, now)]++
	}
	if s.random.IntN(40) == 0 {
		s.happened["reload"]++
		if err := s.daemon.Reload(s.t.Context()); err != nil {
			s.t.Errorf("reload: %v", err)
		}
	}
}

// recover ends all mishaps and lets time enough pass that nothing of them may be
// left; the figures that are then not there are missing.
func (s *soak) recover() {
	s.t.Helper()
	s.calmDown()
	s.compare(s.scrape())
	s.proveHistory()
}

// compareDoors compares the series of the fleet in body with what promhttp makes of a
// collector that has seen nothing but the newest snapshot.
func (s *soak) compareDoors(body []byte) {
	s.t.Helper()
	fresh := prometheus.NewPedanticRegistry()
	fresh.MustRegister(collector.New(s.daemon.Snapshot))
	families, err := fresh.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, family := range families {
		var want bytes.Buffer
		if _, err := expfmt.MetricFamilyToText(&want, family); err != nil {
			s.t.Fatal(err)
		}
		if !bytes.Contains(body, want.Bytes()) {
			s.t.Errorf("/metrics does not have\n%s", &want)
		}
	}
}

// scrape is /metrics by family.
func (s *soak) scrape() map[string]*dto.MetricFamily {
	s.t.Helper()
	s.scrapes++
	resp, err := s.scraper.Get("http://exporter:80/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("scrape: %d %v", resp.StatusCode, err)
	}
	if strings.Contains(string(body), secret) {
		s.t.Fatal("/metrics has the client secret")
	}
	s.compareDoors(body)
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	return families
}
