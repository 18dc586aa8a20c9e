package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// startDemo runs the demo, with a receiver of remote write that accepts everything, and returns
// the root of its exporter, which need not be ready.
func startDemo(t *testing.T) (*exporter, string) {
	t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(receiver.Close)
	x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", "--demo.remote-write="+receiver.URL)
	return x, x.find(t, &x.stdout, announced)
}

func TestDemoHasEveryFamily(t *testing.T) {
	t.Parallel()
	want := documented(t)
	_, base := startDemo(t)
	eventually(t, func() error {
		a, err := ask(t, http.MethodGet, base+"/-/ready", nil)
		if err != nil {
			return err
		}
		if absent := missing(want, scrapeOnce(t, base)); a.status != http.StatusOK || len(absent) > 0 {
			return fmt.Errorf("/-/ready: %d, families missing: %v", a.status, absent)
		}
		return nil
	})
}

// TestPageCountsTheSeries holds docs/kubernetes.md, which says what a Prometheus has
// to take.
func TestPageCountsTheSeries(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	full(t, base, 0)
	series := map[string]int{}
	families := scrapeOnce(t, base)
	for name, f := range families {
		for _, kind := range []string{"port", "connection"} {
			if strings.HasPrefix(name, "equinix_fabric_"+kind+"_") {
				series[kind] += len(f.GetMetric())
			}
		}
	}
	each := func(kind string) int {
		return series[kind] / len(families["equinix_fabric_"+kind+"_info"].GetMetric())
	}
	page, err := os.ReadFile("../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	var port, connection int
	_, text, _ := strings.Cut(strings.Join(strings.Fields(string(page)), " "), "with two windows, has ")
	if _, err := fmt.Sscanf(text, "about %d series a port, and about %d for each connection", &port, &connection); err != nil {
		t.Fatalf("docs/kubernetes.md does not say how many series there are: %v", err)
	}
	for kind, about := range map[string]int{"port": port, "connection": connection} {
		if n := each(kind); 10*n < 9*about || 10*n > 11*about {
			t.Errorf("docs/kubernetes.md says about %d series for each %s, and there are %d", about, kind, n)
		}
	}
}

// --units changes what people read, and nothing that programs do.
func TestDemoInBytes(t *testing.T) {
	t.Parallel()
	x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", "--units=bytes")
	base := x.find(t, &x.stdout, announced)
	ready(t, base)
	page := string(mustAsk(t, http.MethodGet, base+"/", nil).body)
	if !strings.Contains(page, " MB/s</data>") || strings.Contains(page, "bit/s") {
		t.Error("the page is not in bytes, or not all of it")
	}
	if page = string(mustAsk(t, http.MethodGet, base+"/?units=bits", nil).body); strings.Contains(page, "B/s") || !strings.Contains(page, "bit/s") {
		t.Error("the page is not in bits although its address says so")
	}
	wrong := start(t, nil, "ports", "--units=bibytes")
	if code := wrong.wait(t); code != 1 || !strings.Contains(wrong.stderr.String(), "bits,bytes") {
		t.Errorf("exit status %d for unknown units: %s", code, wrong.stderr.String())
	}
}

func TestDemoStopsOnSIGTERM(t *testing.T) {
	t.Parallel()
	x, base := startDemo(t)
	ready(t, base)
	api := x.find(t, &x.stdout, simulated)
	said := x.stdout.String()
	end(t, x, syscall.SIGTERM, 0)
	if x.stdout.String() != said {
		t.Errorf("stdout grew from %q to %q", said, x.stdout.String())
	}
	log := strings.Split(strings.TrimSpace(x.stderr.String()), "\n")
	if last := log[len(log)-1]; !strings.Contains(last, "msg=stopped") {
		t.Errorf("the last line of the log is %s", last)
	}
	for _, line := range log {
		// One account has lost its old APIs, and two ports without a stream.
		expected := strings.Contains(line, "level=WARN") && strings.Contains(line, "account=metrics")
		if !strings.Contains(line, "level=INFO") && !expected {
			t.Errorf("an undisturbed run logs %s", line)
		}
	}
	for _, url := range []string{base, api} {
		if a, err := ask(t, http.MethodGet, url, nil); err == nil {
			t.Errorf("%s still answers: %d", url, a.status)
		}
	}
}

func TestDemoMetricsPassPromlint(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	ready(t, base)
	body := string(mustAsk(t, http.MethodGet, base+"/metrics", nil).body)
	for _, name := range []string{"go_goroutines", "process_cpu_seconds_total", "promhttp_metric_handler_requests_total"} {
		if !strings.Contains(body, "\n"+name) {
			t.Errorf("no %s on /metrics", name)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
