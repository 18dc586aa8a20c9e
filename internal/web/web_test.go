package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/util/testutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// Real servers run in this package: what they leave behind fails it.
func TestMain(m *testing.M) { testutil.TolerantVerifyLeak(m) }

func TestHealthyIsTheLoopAndNotTheAPI(t *testing.T) {
	o := newOptions(t, nil) // nothing was ever answered
	check(t, do(t, web.Handler(o), http.MethodGet, "/-/healthy"), http.StatusOK, "healthy")
	o = newOptions(t, nil)
	o.Alive = func() error { return errStuck }
	check(t, do(t, web.Handler(o), http.MethodGet, "/-/healthy"), http.StatusServiceUnavailable, errStuck.Error())
}

func TestReadyWaitsForEveryPort(t *testing.T) {
	now := time.Now()
	waiting := newPort("c4d9c9a0-0000-4000-8000-000000000002", now)
	waiting.Polls[0] = fleet.Poll{}
	snap := newSnapshot(now)
	snap.Ports, snap.Ready = append(snap.Ports, waiting), false
	for _, tt := range []struct {
		name   string
		snap   *fleet.Snapshot
		status int
		text   string
	}{
		{"nothing yet", nil, http.StatusServiceUnavailable, "nothing polled yet"},
		{"one of two", snap, http.StatusServiceUnavailable, "1 of 2 ports wait"},
		{"all", newSnapshot(now), http.StatusOK, "ready"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, do(t, web.Handler(newOptions(t, tt.snap)), http.MethodGet, "/-/ready"), tt.status, tt.text)
		})
	}
}

func TestReload(t *testing.T) {
	var reloadErr error
	o := newOptions(t, nil)
	o.Reload = func(context.Context) error { return reloadErr }
	h := web.Handler(o)
	check(t, do(t, h, http.MethodPost, "/-/reload"), http.StatusOK, "reloaded")
	check(t, do(t, h, http.MethodPut, "/-/reload"), http.StatusOK, "reloaded")
	check(t, do(t, h, http.MethodGet, "/-/reload"), http.StatusMethodNotAllowed, "")
	reloadErr = errors.New("config.yml:3: poll.interval: too short\nconfig.yml:9: accounts[0].ports[2].uuid: no uuid")
	check(t, do(t, h, http.MethodPost, "/-/reload"), http.StatusBadRequest, reloadErr.Error())
}

func TestReloadIsClosedByDefault(t *testing.T) {
	h := web.Handler(newOptions(t, nil))
	check(t, do(t, h, http.MethodPost, "/-/reload"), http.StatusForbidden, "--web.enable-reload")
}

func TestReloadRefusesOtherSites(t *testing.T) {
	o := newOptions(t, nil)
	o.Reload = func(context.Context) error { t.Error("reloaded"); return nil }
	resp := do(t, web.Handler(o), http.MethodPost, "/-/reload", "Sec-Fetch-Site", "cross-site")
	check(t, resp, http.StatusForbidden, "")
}

func TestUnknownPathsAndMethods(t *testing.T) {
	h := web.Handler(newOptions(t, nil))
	check(t, do(t, h, http.MethodGet, "/nothing"), http.StatusNotFound, "")
	check(t, do(t, h, http.MethodPost, "/metrics"), http.StatusMethodNotAllowed, "")
	check(t, do(t, h, http.MethodHead, "/"), http.StatusOK, "")
}

func TestPprofIsClosedByDefault(t *testing.T) {
	h := web.Handler(newOptions(t, nil))
	check(t, do(t, h, http.MethodGet, "/debug/pprof/"), http.StatusNotFound, "")
	o := newOptions(t, nil)
	o.Pprof = true
	h = web.Handler(o)
	check(t, do(t, h, http.MethodGet, "/debug/pprof/"), http.StatusOK, "goroutine")
	check(t, do(t, h, http.MethodGet, "/debug/pprof/goroutine?debug=1"), http.StatusOK, "goroutine profile")
	check(t, do(t, h, http.MethodGet, "/debug/pprof/cmdline"), http.StatusOK, "")
}

func TestMetricsNegotiatesFormatAndCompression(t *testing.T) {
	o := newOptions(t, nil)
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "things_total", Help: "Things."})
	o.Registerer.MustRegister(c)
	h := web.Handler(o)
	for _, tt := range []struct {
		name, accept, encoding string
		decode                 func(io.Reader) (io.Reader, error)
		typ, text              string
	}{
		{"text", "text/plain", "identity", plain, "text/plain; version=0.0.4", "things_total 0\n"},
		{"openmetrics", "application/openmetrics-text;version=1.0.0", "identity", plain, "application/openmetrics-text; version=1.0.0", "# EOF\n"},
		{"gzip", "text/plain", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }, "text/plain", "things_total 0\n"},
		{"zstd", "text/plain", "zstd", unzstd, "text/plain", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := do(t, h, http.MethodGet, "/metrics", "Accept", tt.accept, "Accept-Encoding", tt.encoding)
			defer resp.Body.Close()
			if got := resp.Header.Get("Content-Encoding"); got != tt.encoding && tt.encoding != "identity" {
				t.Errorf("content encoding %q", got)
			}
			if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, tt.typ) {
				t.Errorf("content type %q", got)
			}
			r, err := tt.decode(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil || !strings.Contains(string(text), tt.text) {
				t.Errorf("%q is not in\n%s\n%v", tt.text, text, err)
			}
		})
	}
}

func plain(r io.Reader) (io.Reader, error) { return r, nil }

// unzstd checks the first bytes of the frame; the end-to-end tests read one.
func unzstd(r io.Reader) (io.Reader, error) {
	magic := make([]byte, 4)
	if _, err := io.ReadFull(r, magic); err != nil {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return nil, fmt.Errorf("% x is no zstd frame", magic)
	}
	return r, nil
}

// broken is a collector whose every collection fails.
type broken struct{ desc *prometheus.Desc }

func (b broken) Describe(ch chan<- *prometheus.Desc) { ch <- b.desc }

func (b broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(b.desc, errors.New("no luck"))
}

func TestMetricsOfABrokenCollectorCostItsOwnSeriesOnly(t *testing.T) {
	o := newOptions(t, nil)
	o.Registerer.MustRegister(
		broken{prometheus.NewDesc("broken", "Never there.", nil, nil)},
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "well", Help: "There."}),
	)
	h := web.Handler(o)
	check(t, do(t, h, http.MethodGet, "/metrics"), http.StatusOK, "well 0")
	check(t, do(t, h, http.MethodGet, "/metrics"), http.StatusOK, `promhttp_metric_handler_errors_total{cause="gathering"} 1`)
}

func TestLandingShowsThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := body(t, do(t, web.Handler(newOptions(t, newSnapshot(time.Now()))), http.MethodGet, "/"))
		text += tags.ReplaceAllString(text, "")
		for _, want := range []string{
			"SV-PRI-01", uuid, "4.25 Gbit/s", "42 %", "812 Mbit/s", "8 %", "5.5 Gbit/s", "1.1 Gbit/s", ">17<", "10 Gbit/s",
			`class="good">UP`, `class="good">up`, "v3", ">52m<", "traffic 5m (1d); connections 5m; inventory 15m", "7m", ">0s<",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing", want)
			}
		}
	})
}

func TestLandingBeforeTheFirstPoll(t *testing.T) {
	check(t, do(t, web.Handler(newOptions(t, nil)), http.MethodGet, "/"), http.StatusOK, "nothing polled yet")
}

// cells are the texts of the cells of the one port on the page.
func cells(t *testing.T, snap *fleet.Snapshot) map[string]string {
	t.Helper()
	text := body(t, do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/"))
	_, ports, _ := strings.Cut(text, `id="ports"`)
	column := func(part string) string {
		_, rest, _ := strings.Cut(part, ">")
		return strings.Join(strings.Fields(tags.ReplaceAllString(rest, " ")), " ")
	}
	_, head, _ := strings.Cut(ports, "<thead>")
	head, rows, _ := strings.Cut(head, "</thead>")
	rows, _, _ = strings.Cut(rows, "</table>")
	labels, values := strings.Split(head, "<th")[2:], strings.Split(rows, "<td")[1:] // without the port itself
	if len(labels) != len(values) {
		t.Fatalf("%d columns, %d cells", len(labels), len(values))
	}
	all := map[string]string{}
	for i, label := range labels {
		all[column(label)] = column(values[i])
	}
	return all
}

var tags = regexp.MustCompile("<[^>]*>")

func TestLandingShowsADashForWhatIsUnknownOrStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := map[string]string{"Speed": "–", "Status": "–", "In": "– p95 –", "Out": "– p95 –", "Connections": "–"}
		bare := newSnapshot(time.Now())
		bare.Ports[0] = &fleet.Port{Metered: fleet.Metered{Account: "default", Traffic: []*fleet.Traffic{nil}, Polls: []fleet.Poll{{}}}, UUID: uuid}
		got := cells(t, bare)
		want := maps.Clone(data)
		want["Metro"], want["Sample age"], want["Polled ago"] = "–", "–", "–"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of a port without data (-want +got):\n%s", diff)
		}
		snap := newSnapshot(time.Now())
		time.Sleep(75*time.Minute + time.Second) // past five intervals of everything
		got = cells(t, snap)
		want = maps.Clone(data)
		want["Metro"], want["Sample age"], want["Polled ago"] = "SV", "1h22m", "1h15m" // these stay
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of a stale port (-want +got):\n%s", diff)
		}
	})
}

func TestLandingEndsLastWhenEquinixIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := newSnapshot(time.Now())
		snap.Ports[0].Traffic[0].Inbound.Newest = time.Now().Add(-61 * time.Minute)
		got := cells(t, snap)
		if in, out := "– p95 5.5 Gbit/s 55 %", "812 Mbit/s 8 % p95 1.1 Gbit/s 11 %"; got["In"] != in || got["Out"] != out {
			t.Errorf("in %q, out %q, want %q, %q", got["In"], got["Out"], in, out)
		}
	})
}

func TestLandingEscapesAndForbids(t *testing.T) {
	hostile := `<script>alert("x")</script>`
	snap := newSnapshot(time.Now())
	snap.Accounts[0].Name, snap.Accounts[0].LastError, snap.Accounts[0].LoginError = hostile, hostile, hostile
	p := snap.Ports[0]
	p.Account, p.ConfiguredName, p.Inventory.Metro, p.Polls[0].Err = hostile, hostile, hostile, hostile
	resp := do(t, web.Handler(newOptions(t, snap)), http.MethodGet, "/")
	text := body(t, resp)
	if strings.Contains(text, "<script") {
		t.Error("a name became markup")
	}
	if n := strings.Count(text, "&lt;script&gt;"); n < 6 {
		t.Errorf("only %d of 6 hostile texts are on the page", n)
	}
	_, style, _ := strings.Cut(text, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'sha256-" + hash + "'", "img-src data:;", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
}
