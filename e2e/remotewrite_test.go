package e2e_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// prometheusServer is the program prometheus, started again and again on one storage. Its
// address stays the same, that of a proxy.
type prometheusServer struct {
	url     string
	dir     string
	process *exporter
	target  atomic.Pointer[url.URL] // nil while it is down
}

func newPrometheusServer(t *testing.T) *prometheusServer {
	t.Helper()
	p := &prometheusServer{dir: t.TempDir()}
	write(t, p.dir, "prometheus.yml", "storage: {tsdb: {out_of_order_time_window: 1d}}\n")
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := p.target.Load()
		if target == nil {
			panic(http.ErrAbortHandler) // the connection closes, as one to a program that is gone
		}
		httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	p.url = proxy.URL
	return p
}

func (p *prometheusServer) start(t *testing.T) {
	t.Helper()
	p.process = launch(t, nil, need.Program(t, "prometheus", "prometheus"), "--config.file="+p.dir+"/prometheus.yml",
		"--storage.tsdb.path="+p.dir+"/data", "--web.enable-remote-write-receiver", loopback)
	target, err := url.Parse(p.process.url(t))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		a, err := ask(t, http.MethodGet, target.String()+"/-/ready", nil)
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("Prometheus is not ready: %d", a.status)
		}
		return err
	})
	p.target.Store(target)
}

// kill ends Prometheus without a warning.
func (p *prometheusServer) kill() {
	p.target.Store(nil)
	_ = p.process.cmd.Process.Kill()
	<-p.process.exited
}

// points are all samples of single intervals, as Prometheus tells them over HTTP.
func (p *prometheusServer) points(t *testing.T) (receiver.Points, error) {
	t.Helper()
	a, err := ask(t, http.MethodGet, p.url+"/api/v1/query?query="+url.QueryEscape(`{__name__=~"equinix_fabric_.+_interval_.+"}[1d]`), nil)
	if err != nil {
		return nil, err
	}
	var body struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(a.body, &body); err != nil || a.status != http.StatusOK {
		return nil, fmt.Errorf("query: %d %w", a.status, err)
	}
	all := receiver.Points{}
	for _, s := range body.Data.Result {
		var list []receiver.Point
		for _, v := range s.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, err
			}
			list = append(list, receiver.Point{Ms: int64(math.Round(at * 1000)), V: f})
		}
		all[labels.FromMap(s.Metric).String()] = list
	}
	return all, nil
}

// The built exporter writes to a real Prometheus. Both are killed, each while the other one
// runs and while it does not, and every point is there afterwards.
func TestRemoteWriteToPrometheus(t *testing.T) {
	t.Parallel()
	need.Program(t, "prometheus", "prometheus")
	f := fabrictest.DemoMetrics(0)
	api := fabrictest.New(fabrictest.Options{Fleet: &f})
	web := httptest.NewServer(api)
	t.Cleanup(web.Close)
	p := newPrometheusServer(t)
	config := write(t, t.TempDir(), "config.yml", fmt.Sprintf(`accounts:
  - api_url: %s
    client_id: %s
    client_secret: %s
    traffic_source: v4-metrics
    discover: {enabled: true}
poll: {interval: 1m}
api: {requests_per_second: 1000, burst: 1000}
state: {file: state}
remote_write: [{url: "%s/api/v1/write"}]
`, web.URL, fabrictest.DemoClientID, fabrictest.DemoClientSecret, p.url))
	truth := receiver.Truth{API: api, Source: receiver.Metrics}
	began := time.Now()
	complete := func() {
		t.Helper()
		eventually(t, func() error {
			got, err := p.points(t)
			if err != nil {
				return err
			}
			now := time.Now()
			must := truth.Between(began.Add(-50*time.Minute), now.Add(-time.Minute), now.Add(-time.Minute), 5*time.Minute)
			may := truth.Between(began.Add(-2*time.Hour), now, now, 5*time.Minute)
			if faults := receiver.Differences(got, must, may); len(faults) > 0 || got.Count() == 0 {
				return fmt.Errorf("%d points, %d wrong, the first: %v", got.Count(), len(faults), faults[:min(len(faults), 5)])
			}
			return nil
		})
	}
	api.ShiftClock(-30 * time.Minute) // the API has half an hour still to tell
	x := startRun(t, nil, config)     // before its receiver
	ready(t, x.url(t))
	_ = x.cmd.Process.Kill()
	<-x.exited
	x = startRun(t, nil, config)
	p.start(t)
	ready(t, x.url(t))
	p.kill()
	api.ShiftClock(0)
	p.start(t)
	_ = x.cmd.Process.Kill()
	<-x.exited
	startRun(t, nil, config)
	complete()
	p.kill() // what it has answered for is in its log
	p.start(t)
	complete()
}
