package backfill_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/backfill"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// Whatever the source and resolution, the file has every point that Equinix has, at its time,
// with its value, once, and nothing else.
func TestTheFileHasEveryPoint(t *testing.T) {
	for _, source := range poll.Sources() {
		for resolution, from := range map[string]string{"5m": "8d", "1h": "35d"} {
			t.Run(source+resolution, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(12*time.Minute + 34567*time.Millisecond)
					api := estate(2, 6)
					d := newDaemon(t, api, source)
					o := options(filepath.Join(t.TempDir(), "history.om"))
					o.From, o.Resolution = from, resolution
					if resolution == "1h" {
						o.To = "3h"
					}
					began := time.Now().Truncate(time.Second)
					if err := backfill.Run(t.Context(), d, o); err != nil {
						t.Fatal(err)
					}
					text, err := os.ReadFile(o.Output)
					if err != nil {
						t.Fatal(err)
					}
					ago := func(days, hours int) time.Time {
						return began.Add(-time.Duration(24*days+hours) * time.Hour)
					}
					want := truth(api, d, source, "5m", ago(8, 0), ago(0, 1))
					if resolution == "1h" {
						want = truth(api, d, source, "1h", ago(35, 0), ago(0, 3))
					}
					connections := 0
					for series := range want {
						if strings.Contains(series, "connection_name") {
							connections++
						}
					}
					if connections == 0 {
						t.Fatal("no connection has traffic")
					}
					same(t, want, parse(t, text))
					if _, err := os.Stat(o.Output + ".part"); err == nil {
						t.Error("the progress is left")
					}
				})
			})
		}
	}
}

// A week is less than what the API may take for longer than a week, and each port costs no
// more requests than it must.
func TestRequestsAreShorterThanAWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(1, 0)
		o := options("-")
		o.From, o.To = "90d", "0s"
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err != nil {
			t.Fatal(err)
		}
		history := 0
		for _, r := range api.Requests() {
			if r.Op != fabrictest.OpPortStatsV3 {
				continue
			}
			query, err := url.ParseQuery(r.Query)
			if err != nil {
				t.Fatal(err)
			}
			from, err := time.Parse(time.RFC3339, query.Get("startDate"))
			to, err2 := time.Parse(time.RFC3339, query.Get("endDate"))
			if span := to.Sub(from); errors.Join(err, err2) != nil || span < 24*time.Hour || span >= 7*24*time.Hour {
				t.Errorf("%v: %v to %v", span, from, to)
			} else if span > 24*time.Hour {
				history++
			}
		}
		if history != 13 {
			t.Errorf("%d requests", history)
		}
	})
}

// Stopped or killed at any moment, the same command asks only for what is missing, for the
// same time, and the file is the same as without the stop.
func TestAStoppedBackfillGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(6, 0)
		d := newDaemon(t, api, "v4-stats")
		o := options(filepath.Join(t.TempDir(), "history.om"))
		began := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		answered := 0
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV4, After: 6 + 14, Do: func(*fabrictest.API) { stop() }})
		o.Concurrency = 1
		err := backfill.Run(ctx, d, o)
		if err == nil || !strings.Contains(err.Error(), "repeat the command to go on, or delete "+o.Output+".part") {
			t.Fatal(err)
		}
		if _, err := os.Stat(o.Output); err == nil {
			t.Fatal("there is a file, which is not whole")
		}
		// What a kill leaves: a point and a line that were being written.
		for name, text := range map[string]string{"points": "0123456789", "progress": `{"UUID":"1`} {
			f, err := os.OpenFile(filepath.Join(o.Output+".part", name), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.WriteString(text)
			_ = f.Close()
		}

		time.Sleep(36 * time.Hour)
		api.ResetRequests()
		d = newDaemon(t, api, "v4-stats")
		if err := backfill.Run(t.Context(), d, o); err != nil {
			t.Fatal(err)
		}
		for _, r := range api.Requests() {
			if r.Op == fabrictest.OpPortStatsV4 {
				answered++
			}
		}
		if most := 6 + 4*3; answered > most || answered < 6+3 {
			t.Errorf("%d requests after the stop, want up to %d", answered, most)
		}
		text, err := os.ReadFile(o.Output)
		if err != nil {
			t.Fatal(err)
		}
		same(t, truth(api, d, "v4-stats", "5m", began.Add(-14*24*time.Hour), began.Add(-time.Hour)), parse(t, text))
	})
}

func TestAnotherBackfillDoesNotGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(2, 0)
		o := options(filepath.Join(t.TempDir(), "history.om"))
		ctx, stop := context.WithCancel(t.Context())
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, After: 3, Do: func(*fabrictest.API) { stop() }})
		if err := backfill.Run(ctx, newDaemon(t, api, "v3"), o); err == nil {
			t.Fatal("was not stopped")
		}
		o.Ports = []string{".*"}
		err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o)
		if err == nil || !strings.Contains(err.Error(), "--from=14d --to=1h --resolution=5m; finish that one, or delete "+o.Output+".part") {
			t.Error(err)
		}
	})
}

// A port whose requests fail for a reason that may pass does not keep the others from the
// file; the same command asks for that port alone.
func TestWhatFailsIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(3, 0)
		d := newDaemon(t, api, "v3")
		o := options(filepath.Join(t.TempDir(), "history.om"))
		began := time.Now()
		sick := api.Fleet().Ports[1]
		mend := api.Inject(fabrictest.Fault{UUID: sick.UUID, Op: fabrictest.OpPortStatsV3, After: 2, Status: http.StatusInternalServerError})
		err := backfill.Run(t.Context(), d, o)
		if err == nil || !strings.Contains(err.Error(), "1 port not complete; repeat the command: it asks only for what is missing") {
			t.Fatal(err)
		}
		if got := report(o); !strings.Contains(got, "2 requests failed: v3_port_stats: HTTP 500") || !strings.Contains(got, ": "+sick.Name+"\n") {
			t.Errorf("report:\n%s", got)
		}
		want := truth(api, d, "v3", "5m", began.Add(-14*24*time.Hour), began.Add(-time.Hour))
		first, err := os.ReadFile(o.Output)
		if err != nil {
			t.Fatal(err)
		}
		for series, values := range parse(t, first) {
			if strings.Contains(series, sick.UUID) != (len(values) < len(want[series])) {
				t.Errorf("%s: %d of %d", series, len(values), len(want[series]))
			}
		}
		mend()
		api.ResetRequests()
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err != nil {
			t.Fatal(err)
		}
		if n := api.Count(fabrictest.OpPortStatsV3); n != 3+3 {
			t.Errorf("%d requests", n)
		}
		whole, err := os.ReadFile(o.Output)
		if err != nil {
			t.Fatal(err)
		}
		same(t, want, parse(t, whole))
	})
}

// What a source cannot give is said at the end, and is no failure: to repeat the command is no
// use.
func TestTheReportSaysWhatEquinixDoesNotHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(6, 0)
		ports := api.Fleet().Ports
		api.EditPort(ports[0].UUID, func(p *fabrictest.Port) { p.State = fabrictest.StateProvisioning })
		api.Inject(fabrictest.Fault{UUID: ports[1].UUID, Op: fabrictest.OpPortStatsV3, Times: 2, After: 1, Status: http.StatusForbidden, Body: `[{"errorMessage":"no"}]`})
		api.Inject(fabrictest.Fault{UUID: ports[2].UUID, Op: fabrictest.OpPortStatsV3, After: 1, Times: 1, EmptyPoints: true})
		o := options("-")
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err != nil {
			t.Fatal(err)
		}
		got := report(o)
		for _, want := range []string{
			" points of 5 ports, from 1999-12-18T00:05:00Z to 1999-12-31T23:00:00Z, written\n",
			"no points at Equinix: " + ports[0].Name + "\n",
			"2 requests refused: v3_port_stats: HTTP 403: no: " + ports[1].Name + "\n",
			"oldest point 1999-12-22T",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
	})
}

func TestPortsAreSelectedByUUIDOrWholeName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(5, 30)
		ports := api.Fleet().Ports
		o := options("-")
		o.Ports = []string{strings.ToUpper(ports[3].UUID), ports[1].Name[:5] + ".*" + ports[1].Name[len(ports[1].Name)-6:], ports[2].Name[1:]}
		d := newDaemon(t, api, "auto")
		if err := backfill.Run(t.Context(), d, o); err != nil {
			t.Fatal(err)
		}
		var got []string
		all := parse(t, o.Stdout.(*bytes.Buffer).Bytes())
		chosen, others := 0, 0
		for _, c := range d.Snapshot().Connections {
			on := c.CarriesTraffic() && slices.ContainsFunc([]string{ports[1].UUID, ports[3].UUID}, func(p string) bool { return p == c.ASidePort || p == c.ZSidePort })
			has := all[`{__name__="equinix_fabric_connection_interval_mean_bytes_per_second", connection_name="`+c.Name()+`", connection_uuid="`+c.UUID+`", direction="inbound", resolution="5m"}`] != nil
			switch {
			case has && !on:
				t.Errorf("%s is not on a chosen port", c.Name())
			case has:
				chosen++
			case !on:
				others++
			}
		}
		if chosen == 0 || others == 0 {
			t.Errorf("%d connections on the ports and %d elsewhere", chosen, others)
		}
		for series := range all {
			for _, p := range ports {
				if strings.Contains(series, p.UUID) && !slices.Contains(got, p.UUID) {
					got = append(got, p.UUID)
				}
			}
		}
		slices.Sort(got)
		want := []string{ports[1].UUID, ports[3].UUID}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		o.Ports = []string{"nothing.*"}
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err == nil || err.Error() != "no port matches --ports=nothing.*; the command ports lists the names" {
			t.Error(err)
		}
	})
}

func TestFlagsThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(*backfill.Options){
		"give either --output=FILE or --remote-write":                 func(o *backfill.Options) { o.Output = "" },
		"--from=91d: Equinix keeps 90d":                               func(o *backfill.Options) { o.From = "91d" },
		"--from=yesterday: give how long ago it was, as in 90d, or a": func(o *backfill.Options) { o.From = "yesterday" },
		"--from=1h is not before --to=1d":                             func(o *backfill.Options) { o.From, o.To = "1h", "1d" },
		"is in the future":                                            func(o *backfill.Options) { o.To = time.Now().Add(time.Hour).Format(time.RFC3339) },
		"--ports=(: error parsing regexp":                             func(o *backfill.Options) { o.Ports = []string{"("} },
		"--output=/ is not a regular file":                            func(o *backfill.Options) { o.Output = "/" },
		"--resolution=1m: give 5m or 1h":                              func(o *backfill.Options) { o.Resolution = "1m" },
	} {
		o := options("-")
		change(&o)
		if err := backfill.Run(t.Context(), nil, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// An account that refuses the login is not asked, and the others are.
func TestARefusedLoginIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(1, 0)
		api.SetClientSecret("another")
		o := options(filepath.Join(t.TempDir(), "history.om"))
		err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o)
		if _, missing := os.Stat(o.Output); missing == nil {
			t.Error("there is a file without a port")
		}
		if err == nil || !strings.HasPrefix(err.Error(), "account default: ") || !strings.Contains(err.Error(), "refused") {
			t.Error(err)
		}
		if n := api.Count(fabrictest.OpToken); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
}

// Each receiver gets the slices of a port in order, and after a stop only the ports that are
// not complete. What it refuses is an error that says what to do.
func TestReceiversGetTheOldestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(4, 0)
		d := newDaemon(t, api, "v3")
		o := options("")
		o.ProgressDir = filepath.Join(t.TempDir(), "state.backfill")
		o.Concurrency = 1
		ctx, stop := context.WithCancel(t.Context())
		got := &receivers{samples: samples{}, latest: map[string]time.Time{}, t: t}
		got.sent = func() {
			if got.n++; got.n == 2*3+1 {
				stop()
			}
		}
		o.Receivers = got
		began := time.Now()
		if err := backfill.Run(ctx, d, o); err == nil || !strings.Contains(err.Error(), "stopped: ") {
			t.Fatal(err)
		}
		got.sent = func() { got.n++ }
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err != nil {
			t.Fatal(err)
		}
		if got.n != 4*3+1 { // one slice is sent twice
			t.Errorf("%d slices", got.n)
		}
		same(t, truth(api, d, "v3", "5m", began.Add(-14*24*time.Hour), began.Add(-time.Hour)), got.samples)

		clear(got.latest)
		got.refused = map[string]map[string]int{"mimir": {"out_of_bounds": 7}, "thanos": nil}
		err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o)
		if err == nil || !strings.HasPrefix(err.Error(), "receiver mimir refused 7 samples: out_of_bounds; ") || !strings.Contains(err.Error(), "out_of_order_time_window") {
			t.Error(err)
		}
		if _, err := os.Stat(o.ProgressDir); err == nil {
			t.Error("to repeat the command would send nothing")
		}
	})
}

// Without a terminal there is a line every ten seconds, on one a bar, both with an estimate.
func TestProgressIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := estate(8, 0)
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, Delay: 4 * time.Second})
		o := options("-")
		o.Concurrency = 1
		var log bytes.Buffer
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err != nil {
			t.Fatal(err)
		}
		lines := regexp.MustCompile(`msg="backfill goes on" requests_done=(\d+) requests=24 points=(\d+) time_left=(\S+)\n`).FindAllStringSubmatch(log.String(), -1)
		if len(lines) != 10 || lines[9][1] != "23" || lines[9][2] == "0" || lines[9][3] != "4s" {
			t.Errorf("%q of\n%s", lines, log.String())
		}
		o = options("-")
		o.Terminal, o.Concurrency = true, 1
		if err := backfill.Run(t.Context(), newDaemon(t, api, "v3"), o); err != nil {
			t.Fatal(err)
		}
		if bar := regexp.MustCompile(`\r\x1b\[K +\d+% █+░+ \d+ of 24 requests, [0-9.]+k points, \d+s left`); !bar.MatchString(report(o)) {
			t.Errorf("%q", report(o))
		}
	})
}
