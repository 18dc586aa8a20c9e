package daemon_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
)

var (
	date  = regexp.MustCompile(`20\d\d-\d\d-\d\dT`)
	texts = regexp.MustCompile(`"(name|state|type|metroName|equinixStatus)": *"`)
)

// FuzzExposition runs the whole program on an API that answers with anything:
// no panic, nothing on /metrics that Prometheus refuses or that is no rate, and
// nothing in a log line or on the page that breaks out of it.
func FuzzExposition(f *testing.F) {
	payload := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", "..", "fabric", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		// The clock of a bubble begins at midnight of 2000-01-01.
		return date.ReplaceAllString(string(b), "1999-12-31T")
	}
	ports, connections, assets := payload("ports.json"), payload("connections.json"), payload("stream_assets.json")
	for source, traffic := range []string{"stats_v3.json", "stats_v4_nested.json", "metrics_port.json", "stats_v4_flat.json", "metrics_connection.json"} {
		f.Add(byte(source), ports, connections, payload(traffic), assets)
	}
	f.Add(byte(3), payload("ports_v3.json"), connections, payload("stats_v3.json"), assets)
	f.Add(byte(16+3), payload("ports_v3.json"), payload("connections_v3.json"), payload("stats_v3.json"), assets)
	f.Add(byte(8), ports, connections, `[{"errorCode":"E\u001b[2J","errorMessage":"\u202e<b>\nlevel=error"}]`, assets)
	for _, name := range []string{`a\u0000b\n\u202e\"\\`, "a\xffb", strings.Repeat("x", 300), `{}=",# HELP`} {
		hostile := func(s string) string { return texts.ReplaceAllString(s, `"$1":"`+name) }
		f.Add(byte(1), hostile(ports), hostile(connections), payload("stats_v4_nested.json"), hostile(assets))
	}
	f.Fuzz(func(t *testing.T, source byte, ports, connections, traffic, assets string) {
		said := canned{body: traffic}
		if source&8 != 0 {
			said.status = http.StatusBadRequest
		}
		search := canned{path: "/connections/search", body: connections}
		if source&16 != 0 {
			search = canned{"/connections/search", `{}`, http.StatusNotFound}
		}
		api := answers{
			{path: "/v4/ports", body: ports}, {path: "/userport", body: ports}, search, {path: "/buyer/connections", body: connections},
			{path: "/streamAssets/search", body: assets}, {"/stats", said.body, said.status}, {"/metrics/search", said.body, said.status},
		}
		if source&4 == 0 {
			api = append(api, said) // v3, whatever the uuid
		}
		sources := []string{"v3", "v4-stats", "v4-metrics", "auto"}
		synctest.Test(t, func(t *testing.T) {
			e, stop := start(t, api, text(everything(sources[source&3], "hostile")))
			time.Sleep(7 * time.Minute)
			e.checkPages(t)
			stop()
			e.checkLog(t)
		})
	})
}

// checkPages reads what the program shows as those do who will.
func (e *exporter) checkPages(t *testing.T) {
	t.Helper()
	show := func(path, accept string) []byte {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept", accept)
		rec := httptest.NewRecorder()
		e.pages.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
		return rec.Body.Bytes()
	}
	series := prometheus.NewPedanticRegistry()
	series.MustRegister(collector.New(e.Snapshot))
	if _, err := (prometheus.Gatherers{e.reg, series}).Gather(); err != nil { // the page leaves out what is refused
		t.Errorf("a scrape would not be whole: %v", err)
	}
	checkExposition(t, show("/metrics", "text/plain;version=0.0.4"))
	if open := show("/metrics", "application/openmetrics-text;version=1.0.0"); !bytes.HasSuffix(open, []byte("\n# EOF\n")) {
		t.Error("OpenMetrics without an end")
	}
	checkText(t, "landing page", show("/", ""))
}

// checkExposition reads a scrape as Prometheus does.
func checkExposition(t *testing.T, body []byte) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if len(families) < 5 {
		t.Errorf("%d families", len(families))
	}
	for name, f := range families {
		seen := map[string]bool{}
		for _, m := range f.GetMetric() {
			labels := fmt.Sprint(m.GetLabel())
			if seen[labels] {
				t.Errorf("%s comes twice: %s", name, labels)
			}
			seen[labels] = true
			if v := m.GetGauge().GetValue() + m.GetCounter().GetValue(); strings.HasPrefix(name, "equinix_fabric_") && (math.IsNaN(v) || math.IsInf(v, 0) || v < 0) {
				t.Errorf("%s of %s is %v", name, labels, v)
			}
			for _, l := range m.GetLabel() {
				if len(l.GetValue()) > 3*256+10 { // two names and a UUID make a pair
					t.Errorf("label %s has %d bytes", l.GetName(), len(l.GetValue()))
				}
				checkText(t, "label "+l.GetName(), []byte(l.GetValue()))
			}
		}
	}
}

// checkText fails for what steers a terminal or breaks a line.
func checkText(t *testing.T, what string, text []byte) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Errorf("%s is no UTF-8: %q", what, text)
	}
	if i := bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }); i >= 0 {
		t.Errorf("%s has %q", what, text[i:min(i+20, len(text))])
	}
}

// checkLog fails for a panic that was survived, and for lines that no logger
// began.
func (e *exporter) checkLog(t *testing.T) {
	t.Helper()
	log := e.log.Bytes()
	checkText(t, "log", log)
	for line := range bytes.Lines(log) {
		if !bytes.HasPrefix(line, []byte("time=")) || bytes.Contains(line, []byte("panicked")) {
			t.Errorf("log: %s", line)
		}
	}
}
