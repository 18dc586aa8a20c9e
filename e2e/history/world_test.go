// Package history_test runs the exporter against the simulated Equinix API and a
// Prometheus that accepts remote write, in synthetic time, lets one thing after the other
// go wrong between them, and compares what is in the storage of Prometheus at the end with
// what the API measured: every point at its time, with its value, once, and nothing else.
package history_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// world is one account and one exporter, and receivers by their host, in a bubble.
type world struct {
	*testing.T

	truth     receiver.Truth
	receivers map[string]*receiver.Receiver
	began     time.Time // when the first exporter started
	dir       string
	settings  string       // of the configuration, without remote_write
	hours     bool         // intervals of an hour are polled, too
	remotes   atomic.Value // string: the list of remote_write
	exporter  *exporter
}

// exporter is one process.
type exporter struct {
	*daemon.Daemon

	reg  *prometheus.Registry
	log  bytes.Buffer // read it when the daemon has stopped
	stop func()
}

var verbose = flag.Bool("history.log", false, "show the exporter's log of a test that failed")

// only is the receiver of most tests.
const only = "prometheus"

// variant is a way to write to a receiver.
type variant struct {
	outOfOrder time.Duration // window of the receiver
	keys       string        // of the configuration
}

const (
	v1 = ", protobuf_message: prometheus.WriteRequest"
	v2 = ", protobuf_message: io.prometheus.write.v2.Request"

	window = 24 * time.Hour // long enough for everything here
)

var variants = map[string]variant{"1.0": {window, v1}, "1.0 in order": {0, v1}, "2.0": {window, v2}, "2.0 in order": {0, v2}}

// bubble runs a part of a test in a bubble of its own.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

// setup is a world with a source of traffic and one receiver. Nothing runs yet.
func setup(t *testing.T, source string, v variant) *world {
	t.Helper()
	// A bubble begins in 2000, before the connections of the demo were made.
	time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 1, 0, 0, time.UTC)))
	f := fleetOf()
	windows := "{resolution: 5m, span: 1d}"
	if v.outOfOrder > 0 { // an hour is older than that when it comes
		windows += ", {resolution: 1h, span: 8d, interval: 1h}"
	}
	w := &world{
		T: t, truth: receiver.Truth{API: fabrictest.New(fabrictest.Options{Fleet: &f, RequestLog: -1}), Source: source},
		receivers: map[string]*receiver.Receiver{only: receiver.New(t, v.outOfOrder)}, dir: t.TempDir(),
		settings: fmt.Sprintf("accounts:\n  - name: prod\n    client_id: %s\n    client_secret: %s\n    traffic_source: %s\n    discover: {enabled: true}\n    connections: {traffic: %t}\n"+
			"poll: {windows: [%s]}\napi: {requests_per_second: 100, burst: 1000}\n",
			fabrictest.DemoClientID, fabrictest.DemoClientSecret, source, source != receiver.V3, windows),
		hours: v.outOfOrder > 0,
	}
	w.remotes.Store(remote(only, v.keys))
	return w
}

// withState is setup with a state file.
func withState(t *testing.T, source string, v variant) *world {
	t.Helper()
	w := setup(t, source, v)
	w.settings += "state: {file: state}\n"
	return w
}

// fleetOf is a small fleet with full ports that drop packets, a port and a connection
// without metrics, and a connection whose z-side is ours.
func fleetOf() fabrictest.Fleet {
	f := fabrictest.Generate(1, 6, 4)
	f.Attach()
	f.Ports[0].Load.Inbound, f.Ports[0].Load.Outbound, f.Ports[0].Load.Errors = 1.3, 1.1, 7
	f.Ports[1].Stream = fabrictest.Stream{}
	for i := range f.Connections {
		c := &f.Connections[i]
		c.State, c.EquinixStatus, c.Load = "ACTIVE", "PROVISIONED", 0.3
	}
	f.Connections[2].Stream = fabrictest.Stream{}
	c := &f.Connections[3]
	c.ASide, c.ZSide = c.ZSide, c.ASide
	return f
}

// remote is an entry of remote_write.
func remote(host, keys string) string {
	return fmt.Sprintf("  - {url: \"http://%s/api/v1/write\", name: %s%s}\n", host, host, keys)
}

// RoundTrip implements http.RoundTripper: it leads to the receivers.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	to, ok := w.receivers[r.URL.Host]
	if !ok {
		return nil, errors.New("no such host: " + r.URL.Host)
	}
	return to.RoundTrip(r)
}

// start runs an exporter until it is stopped or killed.
func (w *world) start() *exporter {
	w.Helper()
	if w.began.IsZero() {
		w.began = time.Now()
	}
	x := &exporter{reg: prometheus.NewPedanticRegistry()}
	d, err := daemon.New(daemon.Options{
		Load: func() (*config.Config, error) {
			remotes, _ := w.remotes.Load().(string)
			return config.Parse("history.yml", []byte(w.settings+"remote_write:\n"+remotes), w.dir, nil)
		},
		Registerer: x.reg, Transport: w.truth.API.Transport(), Receivers: w, UserAgent: "history", KeepState: true,
		Log: slog.New(slog.NewTextHandler(&x.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		w.Fatal(err)
	}
	x.Daemon = d
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	x.stop = func() {
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("Run: %v", err)
		}
		if w.Failed() && *verbose {
			w.Log(x.log.String())
		}
	}
	w.exporter = x
	return x
}

// kill ends the exporter as kill -9 does: the state file stays as it was.
func (w *world) kill() {
	w.Helper()
	file := filepath.Join(w.dir, "state")
	left, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		w.Fatal(err)
	}
	w.exporter.stop()
	if err != nil {
		err = os.Remove(file)
	} else {
		err = os.WriteFile(file, left, 0o600)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// late is how old the newest point may be of which the exporter knows: the API is up to
// twelve minutes late, a poll five.
const late = 20 * time.Minute

// check lets time pass for everything to be well again, and compares. All of the truth
// since the first exporter began must be there; the hour before may be.
func (w *world) check(host string, recovery time.Duration) (got receiver.Points) {
	w.Helper()
	time.Sleep(recovery)
	synctest.Wait()
	got = w.receivers[host].All(w.T)
	receiver.Compare(w.T, got, w.must(w.began), w.may())
	return got
}

// must is what has to be there if the exporter has known all since from. Intervals of an hour
// are polled once an hour, and sent when they are an hour old, as they may be stamped with
// their start.
func (w *world) must(from time.Time) receiver.Points {
	w.Helper()
	w.see()
	to := time.Now().Add(-late)
	all := w.truth.Between(from, to, time.Now(), 5*time.Minute)
	if w.hours {
		maps.Copy(all, w.truth.Between(from, to.Add(-2*time.Hour), time.Now(), time.Hour))
	}
	return all
}

// may is what can be there: all from the newest hour on that the first exporter found.
func (w *world) may() receiver.Points {
	w.Helper()
	w.see()
	all := receiver.Points{}
	for _, resolution := range []time.Duration{5 * time.Minute, time.Hour} {
		maps.Copy(all, w.truth.Between(w.began.Add(-time.Hour-late), time.Now(), time.Now(), resolution))
	}
	return all
}

// see asks the exporter from which side it sees connections.
func (w *world) see() {
	if w.truth.Source == receiver.V3 || w.truth.Sides != nil {
		return
	}
	w.truth.Sides = map[string]string{}
	for _, c := range w.exporter.Snapshot().Connections {
		w.truth.Sides[c.UUID] = map[fleet.Side]string{fleet.ASide: fabrictest.ASide, fleet.ZSide: fabrictest.ZSide}[c.Side]
	}
}

// metric is the sum of the exporter's own series of a family that have all of the labels,
// given as name=value.
func (x *exporter) metric(t *testing.T, family string, labels ...string) (sum float64) {
	t.Helper()
	families, err := x.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "equinix_fabric_"+family {
			continue
		}
		for _, m := range f.GetMetric() {
			if has(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// samples is how many samples of an outcome are counted for all receivers.
func (x *exporter) samples(t *testing.T, outcome string) float64 {
	t.Helper()
	return x.metric(t, "remote_write_samples_total", outcome)
}

// upToDate fails the test if a receiver lacks more than what is new.
func (x *exporter) upToDate(t *testing.T) {
	t.Helper()
	if behind := x.metric(t, "remote_write_behind_seconds"); behind > late.Seconds() {
		t.Errorf("%v s behind", behind)
	}
}

// polled fails the test if a port was not polled on time.
func (x *exporter) polled(t *testing.T) {
	t.Helper()
	for _, p := range x.Snapshot().Ports {
		if age := time.Since(p.Polls[0].LastSuccess); age > 6*time.Minute {
			t.Errorf("%s was polled %v ago", p.Name(), age)
		}
	}
}

func has(m *dto.Metric, labels []string) bool {
	there := map[string]bool{}
	for _, l := range m.GetLabel() {
		there[l.GetName()+"="+l.GetValue()] = true
	}
	for _, l := range labels {
		if !there[l] {
			return false
		}
	}
	return true
}
