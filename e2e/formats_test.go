package e2e_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

func TestMetricsAgreesWithItsDocumentation(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	full(t, base, 0)
	got := scrapeOnce(t, base)
	want := documented(t)
	if absent := missing(want, got); len(absent) > 0 {
		t.Errorf("families missing: %v", absent)
	}
	for _, f := range want {
		if kind := strings.ToLower(got[f.name].GetType().String()); kind != f.kind {
			t.Errorf("%s is a %s, documented as a %s", f.name, kind, f.kind)
		}
		for _, m := range got[f.name].GetMetric() {
			if diff := cmp.Diff(f.labels, labelNames(m)); diff != "" {
				t.Errorf("labels of %s (-want +got):\n%s", series(f.name, m), diff)
			}
			if m.TimestampMs != nil {
				t.Errorf("%s has a timestamp, which hides it where it is old", series(f.name, m))
			}
		}
	}
	for name := range got {
		known := slices.ContainsFunc(want, func(f family) bool { return f.name == name })
		if strings.HasPrefix(name, prefix) && !known {
			t.Errorf("%s is not documented", name)
		}
	}
}

func TestMetricsInEveryFormatAndEncoding(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	full(t, base, 0)
	want := seriesOf(scrapeOnce(t, base))
	formats := []struct{ name, accept, contentType string }{
		{"text", "text/plain;version=0.0.4", "text/plain"},
		{"OpenMetrics", "application/openmetrics-text;version=1.0.0", "application/openmetrics-text"},
		{
			"protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
			"application/vnd.google.protobuf",
		},
	}
	for _, f := range formats {
		for _, encoding := range []string{"identity", "gzip", "zstd"} {
			t.Run(f.name+" "+encoding, func(t *testing.T) {
				a := mustAsk(t, http.MethodGet, base+"/metrics", http.Header{
					"Accept": {f.accept}, "Accept-Encoding": {encoding},
				})
				contentType := a.header.Get("Content-Type")
				if a.status != http.StatusOK || !strings.HasPrefix(contentType, f.contentType) {
					t.Fatalf("%d %s", a.status, contentType)
				}
				if diff := cmp.Diff(want, parse(t, decompress(t, a, encoding), contentType)); diff != "" {
					t.Errorf("series (-text +%s):\n%s", f.name, diff)
				}
			})
		}
	}
}

// decompress undoes the encoding, which the answer must have.
func decompress(t *testing.T, a *answer, encoding string) []byte {
	t.Helper()
	got := a.header.Get("Content-Encoding")
	if got == "" {
		got = "identity"
	}
	if got != encoding {
		t.Fatalf("Content-Encoding %s, want %s", got, encoding)
	}
	var r io.Reader = bytes.NewReader(a.body)
	switch encoding {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// parse reads a body with Prometheus' own parser. It returns the number of
// series of the exporter by name, a histogram being one.
func parse(t *testing.T, body []byte, contentType string) map[string]int {
	t.Helper()
	p, err := textparse.New(body, contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry != textparse.EntrySeries && entry != textparse.EntryHistogram {
			continue
		}
		var l labels.Labels
		p.Labels(&l)
		name := strings.TrimSuffix(l.Get(model.MetricNameLabel), "_count")
		// Of a classic histogram the count stands for the rest.
		if strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, "_bucket") && !strings.HasSuffix(name, "_sum") {
			counts[name]++
		}
	}
}

// seriesOf is what parse returns of the same families.
func seriesOf(families map[string]*dto.MetricFamily) map[string]int {
	counts := map[string]int{}
	for name := range maps.Keys(families) {
		if strings.HasPrefix(name, prefix) {
			counts[name] = len(families[name].GetMetric())
		}
	}
	return counts
}
