package backfill_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/backfill"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// estate is an API with ports and old connections, some of which have traffic.
func estate(ports, connections int) *fabrictest.API {
	f := fabrictest.Generate(1, ports, connections)
	f.Attach()
	for i := range f.Connections {
		f.Connections[i].Created = time.Now().AddDate(-1, 0, 0)
	}
	return fabrictest.New(fabrictest.Options{Fleet: &f})
}

// newDaemon polls all of api from a source.
func newDaemon(t *testing.T, api *fabrictest.API, source string) *daemon.Daemon {
	t.Helper()
	text := fmt.Sprintf(`accounts:
  - client_id: %s
    client_secret: %s
    discover: {enabled: true}
    connections: {traffic: true}
    traffic_source: %s
api: {requests_per_second: 20}
`, fabrictest.DemoClientID, fabrictest.DemoClientSecret, source)
	d, err := daemon.New(daemon.Options{
		Load:       func() (*config.Config, error) { return config.Parse("test.yml", []byte(text), t.TempDir(), nil) },
		Registerer: prometheus.NewPedanticRegistry(), Transport: api.Transport(), UserAgent: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// options ask for two weeks of 5 minutes, of which even late data are there.
func options(output string) backfill.Options {
	return backfill.Options{
		From: "14d", To: "1h", Resolution: "5m", Output: output, Concurrency: 4,
		Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Log: slog.New(slog.DiscardHandler),
	}
}

// report is what a backfill said.
func report(o backfill.Options) string { return o.Stderr.(*bytes.Buffer).String() }

// samples are the values of series by time in Unix milliseconds.
type samples map[string]map[int64]float64

func (s samples) add(at time.Time, v float64, name string, pairs ...string) {
	series := labels.FromStrings(append(pairs, "__name__", "equinix_fabric_"+name)...).String()
	if s[series] == nil {
		s[series] = map[int64]float64{}
	}
	s[series][at.UnixMilli()] = v
}

// parse reads OpenMetrics text as promtool does. A family or series that does not stand
// together is an error, and so are a series and a time that come twice.
func parse(t *testing.T, text []byte) samples {
	t.Helper()
	all := samples{}
	p := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	var latest string
	last := int64(0)
	for {
		entry, err := p.Next()
		if err != nil {
			if err.Error() != "EOF" {
				t.Fatal(err)
			}
			return all
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var l labels.Labels
		p.Labels(&l)
		_, at, v := p.Series()
		if series := l.String(); series != latest {
			if all[series] != nil {
				t.Fatalf("%s comes twice", series)
			}
			if l.Get("__name__") < nameOf(latest) {
				t.Errorf("%s after %s", series, latest)
			}
			all[series], latest, last = map[int64]float64{}, series, 0
		}
		if *at <= last {
			t.Fatalf("%s: %d after %d", latest, *at, last)
		}
		last = *at
		all[latest][*at] = v
	}
}

// nameOf is the name in a series as labels.Labels writes it.
func nameOf(series string) (name string) {
	_, _ = fmt.Sscanf(series, "{__name__=%q", &name)
	return name
}

// truth is what the API knows of (from, to] of all ports and of the tracked connections.
func truth(api *fabrictest.API, d *daemon.Daemon, source, resolution string, from, to time.Time) samples {
	all := samples{}
	step := map[string]time.Duration{"5m": 5 * time.Minute, "1h": time.Hour}[resolution]
	now := to.Add(time.Hour)
	directions := map[string]fabrictest.Direction{"inbound": fabrictest.Inbound, "outbound": fabrictest.Outbound}
	inside := func(at time.Time) bool { return at.After(from) && !at.After(to) }
	metric := func(uuid, metric string, scale float64, name string, pairs ...string) {
		for _, p := range api.MetricTruth(uuid, metric, from.Add(-time.Hour), to, step, now) {
			if inside(p.End) {
				all.add(p.End, p.Value*scale, name, append(pairs, "resolution", resolution)...)
			}
		}
	}
	rates := func(got []fabrictest.Sample, kind string, pairs ...string) {
		for _, s := range got {
			if inside(s.End) {
				pairs := append(slices.Clone(pairs), "resolution", resolution)
				all.add(s.End, s.Mean*1e6/8, kind+"_interval_mean_bytes_per_second", pairs...)
				all.add(s.End, s.Max*1e6/8, kind+"_interval_max_bytes_per_second", pairs...)
			}
		}
	}
	for _, p := range d.Snapshot().Ports {
		of := []string{"port_uuid", p.UUID, "port_name", p.Name()}
		for name, direction := range directions {
			if source != "v4-metrics" {
				rates(api.Truth(p.UUID, direction, from.Add(-time.Hour), to, step, now), "port", append(of, "direction", name)...)
			}
		}
		if source == "v4-metrics" {
			for name, m := range map[string][3]string{
				"inbound":  {fabrictest.MetricPortRx, fabrictest.MetricPortDroppedRx, fabrictest.MetricPortErredRx},
				"outbound": {fabrictest.MetricPortTx, fabrictest.MetricPortDroppedTx, fabrictest.MetricPortErredTx},
			} {
				of := append(slices.Clone(of), "direction", name)
				metric(p.UUID, m[0], 1./8, "port_interval_mean_bytes_per_second", of...)
				metric(p.UUID, m[1], 1, "port_interval_packets_dropped", of...)
				metric(p.UUID, m[2], 1, "port_interval_packets_errored", of...)
			}
		}
	}
	for _, c := range d.Snapshot().Connections {
		if !c.CarriesTraffic() {
			continue
		}
		view, in, out := fabrictest.ASide, fabrictest.MetricConnectionRx, fabrictest.MetricConnectionTx
		if c.Side == fleet.ZSide {
			view, in, out = fabrictest.ZSide, out, in
		}
		of := []string{"connection_uuid", c.UUID, "connection_name", c.Name()}
		if source != "v4-metrics" {
			for name, direction := range directions {
				rates(api.ConnectionTruth(c.UUID, view, direction, from.Add(-time.Hour), to, step, now), "connection", append(of, "direction", name)...)
			}
			continue
		}
		metric(c.UUID, in, 1./8, "connection_interval_mean_bytes_per_second", append(of, "direction", "inbound")...)
		metric(c.UUID, out, 1./8, "connection_interval_mean_bytes_per_second", append(of, "direction", "outbound")...)
		for m, of2 := range map[string][2]string{
			fabrictest.MetricConnectionDroppedRA: {"inbound", "a"}, fabrictest.MetricConnectionDroppedTA: {"outbound", "a"},
			fabrictest.MetricConnectionDroppedRZ: {"inbound", "z"}, fabrictest.MetricConnectionDroppedTZ: {"outbound", "z"},
		} {
			metric(c.UUID, m, 1, "connection_interval_packets_dropped", append(of, "direction", of2[0], "side", of2[1])...)
		}
	}
	return all
}

// same compares series by series: of a difference, the first is enough.
func same(t *testing.T, want, got samples) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Fatalf("series (-want +got)\n%s", diff)
	}
	for series := range want {
		if !maps.Equal(want[series], got[series]) {
			t.Fatalf("%s (-want +got)\n%s", series, cmp.Diff(want[series], got[series]))
		}
	}
}

// receivers keep what they are sent, which must ascend in each series but for one slice.
type receivers struct {
	samples

	t       *testing.T
	n       int // slices
	latest  map[string]time.Time
	sent    func()
	refused map[string]map[string]int
}

func (r *receivers) Refused() map[string]map[string]int { return r.refused }

func (r *receivers) Send(ctx context.Context, h fleet.History) error {
	if first := h.Tracks[0].Points[0].End; first.Before(r.latest[h.UUID]) && r.n != 2*3+1 {
		r.t.Errorf("%s: %v after %v", h.Name, first, r.latest[h.UUID])
	}
	r.latest[h.UUID] = h.Newest()
	for _, track := range h.Tracks {
		family, scale := "port_interval_"+string(track.Quantity)+"_bytes_per_second", 1./8
		for _, p := range track.Points {
			r.add(p.End, p.Value*scale, family, "port_uuid", h.UUID, "port_name", h.Name, "direction", string(track.Direction), "resolution", "5m")
		}
	}
	r.sent()
	return ctx.Err()
}
