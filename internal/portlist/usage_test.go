package portlist_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/portlist"
)

// monthly are the records of ports --window=30d -o csv by name and column.
func monthly(t *testing.T, api *fabrictest.API) map[string]map[string]string {
	t.Helper()
	o := options()
	o.Format, o.Window, o.Concurrency, o.Timeout = "csv", 30*24*time.Hour, 4, time.Hour
	records, err := csv.NewReader(strings.NewReader(print(t, newDaemon(t, api), o))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, r := range records[1:] {
		all[r[2]] = map[string]string{}
		for i, column := range records[0] {
			all[r[2]][column] = r[i]
		}
	}
	return all
}

// The figures of a month are exact: worked out here from the truth of the API, by sorting.
func TestTheReportOfAMonthIsExact(t *testing.T) {
	for name, gone := range map[string][]string{
		"interval_maxima": nil,
		"interval_means":  {fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := fabrictest.Generate(1, 2, 0)
			f.Attach()
			f.Ports[0].Load.Inbound, f.Ports[0].Load.Outbound = 0.95, 0.9 // above 80 % for some of the day
			api := fabrictest.New(fabrictest.Options{Fleet: &f, Gone: gone})
			got := monthly(t, api)
			busy := false
			for _, p := range f.Ports {
				row := got[p.Name]
				from, errFrom := time.Parse(time.RFC3339, row["window_start"])
				to, errTo := time.Parse(time.RFC3339, row["window_end"])
				if errFrom != nil || errTo != nil || to.Sub(from) != 30*24*time.Hour {
					t.Fatal(row)
				}
				capacity := float64(p.Capacity()) * 1e6
				want := map[string]string{
					"account": "default", "uuid": p.UUID, "name": p.Name, "metro": p.Metro, "capacity_bits_per_second": text(capacity),
					"window_start": row["window_start"], "window_end": row["window_end"], "resolution": "5m", "max_of": name, "problem": "",
				}
				for prefix, d := range map[string]fabrictest.Direction{"in": fabrictest.Inbound, "out": fabrictest.Outbound} {
					var means []float64
					top, topAt, above := math.Inf(-1), time.Time{}, 0
					add := func(end time.Time, mean, high float64) {
						if !end.After(from) {
							return
						}
						means = append(means, mean)
						if mean > 0.8*capacity {
							above++
						}
						if high > top {
							top, topAt = high, end
						}
					}
					if gone == nil {
						for _, s := range api.Truth(p.UUID, d, from, to, 5*time.Minute, to) {
							add(s.End, s.Mean*1e6, s.Max*1e6)
						}
					} else {
						metric := map[string]string{"in": fabrictest.MetricPortRx, "out": fabrictest.MetricPortTx}[prefix]
						for _, s := range api.MetricTruth(p.UUID, metric, from, to, 5*time.Minute, to) {
							add(s.End, s.Value, s.Value)
						}
					}
					n := len(means)
					slices.Sort(means)
					want[prefix+"_p95_bits_per_second"] = text(means[n-1-n*5/100])
					want[prefix+"_max_bits_per_second"], want[prefix+"_max_time"] = text(top), topAt.Format(time.RFC3339)
					want[prefix+"_above_80_percent_ratio"] = text(float64(above) / float64(n))
					want[prefix+"_intervals_ratio"] = text(min(1, float64(n)/(30*24*12)))
					busy = busy || above > 0
				}
				if diff := cmp.Diff(want, row); diff != "" {
					t.Errorf("%s (-want +got)\n%s", p.Name, diff)
				}
			}
			if !busy {
				t.Error("no port is above 80 %")
			}
		})
	}
}

func text(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// If a request failed the figures of the others would look right, so there are none. What
// Equinix does not have lowers the share of intervals.
func TestFiguresOfAPartAreNotPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Generate(1, 3, 0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		api.Inject(fabrictest.Fault{UUID: f.Ports[0].UUID, Op: fabrictest.OpPortStatsV3, After: 2, Status: http.StatusForbidden})
		api.Inject(fabrictest.Fault{UUID: f.Ports[1].UUID, Op: fabrictest.OpPortStatsV3, After: 1, Times: 2, EmptyPoints: true})
		got := monthly(t, api)
		failed, half := got[f.Ports[0].Name], got[f.Ports[1].Name]
		if failed["in_p95_bits_per_second"] != "" || failed["in_intervals_ratio"] != "" || !strings.HasPrefix(failed["problem"], "history: v3_port_stats: HTTP 403") {
			t.Errorf("%v", failed)
		}
		if share, err := strconv.ParseFloat(half["out_intervals_ratio"], 64); err != nil || share < 0.59 || share > 0.6 || half["out_p95_bits_per_second"] == "" {
			t.Errorf("%v", half)
		}
	})
}

// After the timeout the ports that were not asked for have no figures, and say why.
func TestTheReportEndsAfterTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Generate(1, 6, 0)
		o := options()
		o.Format, o.Window, o.Timeout, o.Concurrency = "json", 90*24*time.Hour, 10*time.Second, 1
		var ports []map[string]any
		if err := json.Unmarshal([]byte(print(t, newDaemon(t, fabrictest.New(fabrictest.Options{Fleet: &f})), o)), &ports); err != nil {
			t.Fatal(err)
		}
		figures := 0
		for _, p := range ports {
			if p["in_p95_bits_per_second"] != nil {
				figures++
			} else if p["problem"] != "history: timeout" {
				t.Errorf("%v", p)
			}
		}
		if len(ports) != 6 || figures == 0 || figures == 6 {
			t.Errorf("%d ports, %d with figures", len(ports), figures)
		}
	})
}

func TestTableOfAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const file = "testdata/window.txt"
		o := options()
		o.Window, o.Concurrency, o.Timeout = 7*24*time.Hour, 4, time.Hour
		got := print(t, newDaemon(t, fabrictest.New(fabrictest.Options{})), o)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		fits(t, got)
		o.Units = human.Bytes
		inBytes := strings.Split(print(t, newDaemon(t, fabrictest.New(fabrictest.Options{})), o), "\n")
		for i, want := range []string{"NAME METRO SPEED B/s IN P95 7d", "SG3-TRANSIT-10G SG 1.25G 468M 643M 0% 1.23G 1.23G 24.9%"} {
			if got := strings.Join(strings.Fields(inBytes[i]), " "); !strings.HasPrefix(got, want) {
				t.Errorf("in bytes: %s, want %s", got, want)
			}
		}
	})
}

func TestWindowsThatCannotBe(t *testing.T) {
	for want, format := range map[string]string{"--window=12h: give 1d to 90d": "csv", "--window has no --output=yaml": "yaml"} {
		o := options()
		o.Format, o.Window = format, 12*time.Hour
		if format == "yaml" {
			o.Window = 24 * time.Hour
		}
		if err := portlist.Run(t.Context(), nil, o, io.Discard); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
