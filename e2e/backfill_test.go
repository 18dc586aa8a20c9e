package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// backfillConfig reads a simulated API through the v4 metrics.
func backfillConfig(t *testing.T, api *fabrictest.API, perSecond, concurrency int) string {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return write(t, t.TempDir(), "config.yml", fmt.Sprintf(`accounts:
  - api_url: %s
    client_id: %s
    client_secret: %s
    traffic_source: v4-metrics
    discover: {enabled: true}
api: {requests_per_second: %d, burst: 1, concurrency: %d}
`, server.URL, fabrictest.DemoClientID, fabrictest.DemoClientSecret, perSecond, concurrency))
}

// The blocks that promtool makes of a backfill have every point of every port, at its time,
// with its value, and nothing else; although the backfill was killed and started again.
func TestPromtoolTakesABackfill(t *testing.T) {
	t.Parallel()
	promtool := need.Program(t, "prometheus", "promtool")
	f := fabrictest.Generate(1, 6, 0)
	f.Attach()
	api := fabrictest.New(fabrictest.Options{Fleet: &f})
	config := backfillConfig(t, api, 40, 1)
	to := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	from := to.Add(-9 * 24 * time.Hour)
	dir := t.TempDir()
	file := filepath.Join(dir, "history.om")
	run := func() *exporter {
		return start(t, nil, "backfill", "--config.file="+config, "--from="+from.Format(time.RFC3339), "--to="+to.Format(time.RFC3339), "--output="+file)
	}
	wake := api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchMetrics, After: 6 + 5, Delay: lifetime}) // it hangs in the third port
	x := run()
	eventually(t, func() error {
		progress, err := os.ReadFile(filepath.Join(file+".part", "progress"))
		if err == nil && strings.Count(string(progress), "\n") < 2 {
			err = errors.New("no port is complete")
		}
		return err
	})
	_ = x.cmd.Process.Kill()
	<-x.exited
	if _, err := os.Stat(file); err == nil {
		t.Fatal("there is a file before it is whole")
	}
	wake()
	if x = run(); x.wait(t) != 0 || !strings.Contains(x.stderr.String(), " points of 6 ports, from ") {
		t.Fatal(x.stderr.String())
	}

	blocks := filepath.Join(dir, "blocks")
	need.Run(t, dir, promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=54h", file, blocks)
	equalSamples(t, metricsTruth(api, f.Ports, from, to), blockSamples(t, blocks))
}

// metricsTruth is what the v4 metrics have of ports after from, up to to.
func metricsTruth(api *fabrictest.API, ports []fabrictest.Port, from, to time.Time) map[string]map[int64]float64 {
	want := map[string]map[int64]float64{}
	for _, p := range ports {
		for direction, metrics := range map[string]map[string]string{
			"inbound": {
				"mean_bytes_per_second": fabrictest.MetricPortRx,
				"packets_dropped":       fabrictest.MetricPortDroppedRx, "packets_errored": fabrictest.MetricPortErredRx,
			},
			"outbound": {
				"mean_bytes_per_second": fabrictest.MetricPortTx,
				"packets_dropped":       fabrictest.MetricPortDroppedTx, "packets_errored": fabrictest.MetricPortErredTx,
			},
		} {
			for name, metric := range metrics {
				scale := 1.0
				if name == "mean_bytes_per_second" {
					scale = 1. / 8
				}
				points := map[int64]float64{}
				for _, point := range api.MetricTruth(p.UUID, metric, from, to, 5*time.Minute, time.Now()) {
					if point.End.After(from) {
						points[point.End.UnixMilli()] = point.Value * scale
					}
				}
				want[labels.FromStrings("__name__", prefix+"port_interval_"+name, "direction", direction,
					"port_name", p.Name, "port_uuid", p.UUID, "resolution", "5m").String()] = points
			}
		}
	}
	return want
}

// A Prometheus that takes old samples gets every point by remote write, at its time, with its
// value, although its newest are there already.
func TestPrometheusTakesABackfill(t *testing.T) {
	t.Parallel()
	program := need.Program(t, "prometheus", "prometheus")
	dir := t.TempDir()
	file := write(t, dir, "prometheus.yml", "storage: {tsdb: {out_of_order_time_window: 15d}}\n")
	base := launch(t, nil, program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address=127.0.0.1:0", "--web.enable-remote-write-receiver").url(t)
	f := fabrictest.Generate(1, 3, 0)
	f.Attach()
	api := fabrictest.New(fabrictest.Options{Fleet: &f})
	config := backfillConfig(t, api, 100, 8)
	receivers, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(receivers, "remote_write: [{url: %s/api/v1/write}]\nstate: {file: %s}\n", base, filepath.Join(dir, "state"))
	if err := receivers.Close(); err != nil {
		t.Fatal(err)
	}
	to := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	from := to.Add(-14 * 24 * time.Hour)
	for _, since := range []time.Time{to.Add(-24 * time.Hour), from} {
		x := start(t, nil, "backfill", "--config.file="+config, "--from="+since.Format(time.RFC3339), "--to="+to.Format(time.RFC3339), "--remote-write")
		if x.wait(t) != 0 || !strings.Contains(x.stderr.String(), " points of 3 ports, from ") {
			t.Fatal(x.stderr.String())
		}
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	query := url.Values{"query": {`{port_uuid!=""}[15d]`}, "time": {to.Format(time.RFC3339)}}
	if err := json.Unmarshal(mustAsk(t, http.MethodGet, base+"/api/v1/query?"+query.Encode(), nil).body, &answer); err != nil {
		t.Fatal(err)
	}
	got := map[string]map[int64]float64{}
	for _, series := range answer.Data.Result {
		points := map[int64]float64{}
		got[labels.FromMap(series.Metric).String()] = points
		for _, v := range series.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			points[int64(math.Round(at*1000))], _ = strconv.ParseFloat(text, 64)
		}
	}
	equalSamples(t, metricsTruth(api, f.Ports, from, to), got)
}

// blockSamples are all samples in a directory of blocks.
func blockSamples(t *testing.T, dir string) map[string]map[int64]float64 {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "wal"), 0o700); err != nil { // which Prometheus would make
		t.Fatal(err)
	}
	db, err := tsdb.OpenDBReadOnly(dir, t.TempDir(), prom.Warnings(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	q, err := db.Querier(0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	all := map[string]map[int64]float64{}
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		points := map[int64]float64{}
		all[set.At().Labels().String()] = points
		for it := set.At().Iterator(nil); it.Next() == chunkenc.ValFloat; {
			at, v := it.At()
			points[at] = v
		}
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	return all
}

func equalSamples(t *testing.T, want, got map[string]map[int64]float64) {
	t.Helper()
	for series := range got {
		if want[series] == nil {
			t.Errorf("%s is not at Equinix", series)
		}
	}
	points := 0
	for series, values := range want {
		wrong := len(values) - len(got[series])
		for at, v := range values {
			if points++; got[series][at] != v {
				wrong++
			}
		}
		if wrong != 0 {
			t.Errorf("%s: %d of %d points are missing or wrong", series, wrong, len(values))
		}
	}
	if points < 10_000 {
		t.Errorf("only %d points", points)
	}
}
