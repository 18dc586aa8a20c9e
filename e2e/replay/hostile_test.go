package replay_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Prometheus reads the same names in every format, whatever ports are called.
func TestPrometheusReadsHostileNames(t *testing.T) {
	names := map[string]string{ // and what becomes of them
		fabrictest.DemoPrimary: "a\nb{c=\"d\\\"} 1 # {} 2\r\x00\u202e",
		fabrictest.DemoIdle:    strings.Repeat("wide", 1<<18),
		fabrictest.DemoCrowded: `"} 1` + "\n# EOF\n",
	}
	want := map[string]string{
		fabrictest.DemoPrimary: `a�b{c="d\"} 1 # {} 2���`,
		fabrictest.DemoIdle:    strings.Repeat("wide", 63) + "w…",
		fabrictest.DemoCrowded: `"} 1�# EOF�`,
	}
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, api: fabrictest.New(fabrictest.Options{}), exporters: []*exporter{{shard: "0/1"}}}
		w.configure("    discover: {enabled: true}\n")
		uuids := map[string]string{}
		for name, hostile := range names {
			uuids[name] = w.port(name)
			w.api.EditPort(uuids[name], func(p *fabrictest.Port) { p.Name = hostile })
		}
		w.start(0)
		time.Sleep(5 * time.Minute)
		for _, accept := range []string{
			"text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
		} {
			shown := portNames(t, w.exporters[0].reg, accept)
			for name, uuid := range uuids {
				if shown[uuid] != want[name] {
					t.Errorf("%s: %.300q, want %q", accept, shown[uuid], want[name])
				}
			}
		}
		w.exporters[0].stop()
	})
}

// portNames are the names of the ports, by UUID, as Prometheus reads a scrape.
func portNames(t *testing.T, reg *prometheus.Registry, accept string) map[string]string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(rec, r)
	p, err := textparse.New(rec.Body.Bytes(), rec.Header().Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil || p == nil {
		t.Fatalf("%s: %v", accept, err)
	}
	names := map[string]string{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatalf("%s: Prometheus refuses it: %v", accept, err)
		}
		if entry == textparse.EntrySeries {
			var l labels.Labels
			p.Labels(&l)
			names[l.Get("port_uuid")] = l.Get("port_name")
		}
	}
}
