package daemon_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// stateful is a configuration with a state file.
func stateful(yaml, path string) string { return yaml + "state: {file: " + path + "}\n" }

// fleetSeries are those about ports, pairs and connections.
func fleetSeries(all map[string]float64) map[string]float64 {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(series string, _ float64) bool {
		return !strings.HasPrefix(series, "port_") && !strings.HasPrefix(series, "pair_") && !strings.HasPrefix(series, "connection_") ||
			strings.HasPrefix(series, "port_conflicts")
	})
	return kept
}

// differ lists the series that differ, or are in one of the two alone.
func differ(a, b map[string]float64) []string {
	var all []string
	for s, v := range a {
		if w, ok := b[s]; !ok || v != w {
			all = append(all, fmt.Sprintf("%s = %v, then %v (there: %v)", s, v, w, ok))
		}
	}
	for s := range b {
		if _, ok := a[s]; !ok {
			all = append(all, "new: "+s)
		}
	}
	slices.Sort(all)
	return all
}

// unpolled are the fleet's series in two scrapes without those of what was polled
// since: its turn may have come at that very moment.
func unpolled(since time.Time, before, after map[string]float64) (map[string]float64, map[string]float64) {
	before, after = fleetSeries(before), fleetSeries(after)
	for series, at := range maps.Clone(after) {
		if !strings.Contains(series, "_last_success_timestamp_seconds{") || at < float64(since.Unix()) {
			continue
		}
		_, uuid, _ := strings.Cut(series, `_uuid="`)
		uuid, _, _ = strings.Cut(uuid, `"`)
		for _, all := range []map[string]float64{before, after} {
			maps.DeleteFunc(all, func(series string, _ float64) bool { return strings.Contains(series, uuid) })
		}
	}
	return before, after
}

// From its first scrape on a new process has every series of the old one, with
// its value and its time; then polls go on in their places, and counters
// count on.
func TestARestartLeavesNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		path := filepath.Join(t.TempDir(), "state")
		f := fabrictest.DemoMetrics(0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		yaml := text(stateful(connected("v4-metrics", "poll: {interval: 30m}\n"), path))
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		stop()
		old := e.series(t)
		for range 3 {
			time.Sleep(10 * time.Second)
			calls, began := api.Count(""), time.Now()
			e, stop = start(t, api.Transport(), yaml)
			now := e.series(t)
			was, is := unpolled(began, old, now)
			if d := differ(was, is); len(d) > 0 || len(is) < 500 {
				t.Errorf("of %d series: %s", len(is), strings.Join(d[:min(len(d), 20)], "\n"))
			}
			if now["state_restored_ports"] == 0 {
				t.Error("state_restored_ports says that nothing was restored")
			}
			time.Sleep(40 * time.Minute)
			synctest.Wait()
			old = e.series(t)
			for series, v := range fleetSeries(now) {
				if w, ok := old[series]; strings.Contains(series, "_total{") && (!ok || w < v) {
					t.Errorf("%s fell from %v to %v", series, v, w)
				}
			}
			if n := api.Count("") - calls; n > 700 {
				t.Errorf("%d calls after a restart: what was known was asked for again", n)
			}
			stop()
			old = e.series(t)
		}
		port, _ := api.Fleet().Port(fabrictest.MetricsDropping)
		polled, want := e.Snapshot().Port(port.UUID).Polls[0].LastSuccess, 0.0
		began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for _, p := range api.MetricTruth(port.UUID, fabrictest.MetricPortDroppedTx, began, polled, 5*time.Minute, polled) {
			if p.End.After(began) {
				want += p.Value
			}
		}
		series := fmt.Sprintf(`port_packets_dropped_total{direction="outbound",port_name=%q,port_uuid=%q}`, port.Name, port.UUID)
		if got := old[series]; got != want || want == 0 {
			t.Errorf("dropped %v over three restarts, the API counted %v", got, want)
		}
	})
}

// A process that is killed loses a minute at most, and what it left goes stale
// as if there had been no restart.
func TestAfterAKillTheStateHasItsTrueAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		path := filepath.Join(t.TempDir(), "state")
		api := fabrictest.New(fabrictest.Options{})
		yaml := text(stateful(discovery("    discover: {enabled: true}\n    traffic_source: v3\n"+windows), path))
		_, stop := start(t, api.Transport(), yaml)
		time.Sleep(time.Hour + 10*time.Second)
		synctest.Wait()
		left, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := os.Stat(path)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		stop()
		if err := os.WriteFile(path, left, 0o600); err != nil { // as if killed
			t.Fatal(err)
		}
		remove := api.Inject(fabrictest.Fault{Status: 503}) // nothing new comes
		defer remove()
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		const last, sampled = "port_traffic_avg_bytes_per_second", "port_traffic_last_sample_timestamp_seconds"
		count := func(all map[string]float64, family, more string) (n int) {
			for s := range all {
				if strings.HasPrefix(s, family+"{") && strings.Contains(s, more) {
					n++
				}
			}
			return n
		}
		got := e.series(t)
		if count(got, last, `window="1d"`) == 0 || got[`up{account="prod"}`] != 1 {
			t.Errorf("after the restart: %d averages, up %v", count(got, last, ""), got[`up{account="prod"}`])
		}
		time.Sleep(26 * time.Minute) // five intervals and a minute
		got = e.series(t)
		if n := count(got, last, `window="1d"`); n != 0 || count(got, last, `window="30d"`) == 0 {
			t.Errorf("when the first window is stale and the second is not: %d and %d averages", n, count(got, last, `window="30d"`))
		}
		if got[`up{account="prod"}`] != 0 || count(got, sampled, "") == 0 {
			t.Error("up, or no time of the newest sample")
		}
		stale := e.Snapshot().Port(own(api)[0].UUID).Polls[0]
		if stale.OK {
			t.Error("the poll succeeded")
		}
	})
}

// A counter of a process that was killed may have been shown higher than it is
// kept. It begins at 0 then: to Prometheus one that fell a little would have grown
// by all that it says.
func TestAfterAKillCountersRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		path := filepath.Join(t.TempDir(), "state")
		f := fabrictest.DemoMetrics(0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		yaml := text(stateful(discovery("    discover: {enabled: true}\n    traffic_source: v4-metrics\npoll: {interval: 15m}\n"), path))
		port, _ := api.Fleet().Port(fabrictest.MetricsDropping)
		series := fmt.Sprintf(`port_packets_dropped_total{direction="outbound",port_name=%q,port_uuid=%q}`, port.Name, port.UUID)
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(6 * time.Hour)
		stop() // well, and then
		before := e.series(t)[series]
		e, stop = start(t, api.Transport(), yaml)
		if got := e.series(t)[series]; got != before || before == 0 {
			t.Errorf("%v after a good end, want %v", got, before)
		}
		left, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		stop()
		if err := os.WriteFile(path, left, 0o600); err != nil { // killed before it wrote for the second time
			t.Fatal(err)
		}
		began := time.Now()
		e, stop = start(t, api.Transport(), yaml)
		defer stop()
		if got, there := e.series(t)[series]; got != 0 || !there {
			t.Errorf("%v (there: %v) after a kill, want 0", got, there)
		}
		time.Sleep(8 * time.Hour)
		synctest.Wait()
		want, polled := 0.0, e.Snapshot().Port(port.UUID).Polls[0].LastSuccess
		for _, p := range api.MetricTruth(port.UUID, fabrictest.MetricPortDroppedTx, began, polled, 5*time.Minute, polled) {
			if p.End.After(began) {
				want += p.Value
			}
		}
		if got := e.series(t)[series]; got != want {
			t.Errorf("%v since the kill, the API counted %v", got, want)
		}
	})
}

// A state whose values have expired does not make the exporter ready.
func TestAnOldStateDoesNotMakeReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		path := filepath.Join(t.TempDir(), "state")
		api := fabrictest.New(fabrictest.Options{})
		yaml := text(stateful(discovery("    discover: {enabled: true}\n    traffic_source: v3\n"), path))
		_, stop := start(t, api.Transport(), yaml)
		time.Sleep(time.Hour)
		stop()
		time.Sleep(24 * time.Hour)
		remove := api.Inject(fabrictest.Fault{Delay: 20 * time.Second})
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(10 * time.Second)
		if e.Snapshot().Ready {
			t.Error("ready with values of yesterday")
		}
		for series := range e.series(t) {
			if strings.HasPrefix(series, "port_traffic_last_bytes") || strings.HasPrefix(series, "port_connections{") {
				t.Errorf("%s is shown", series)
			}
		}
		remove()
		time.Sleep(30 * time.Minute)
		if !e.Snapshot().Ready {
			t.Error("not ready half an hour later")
		}
	})
}

// An invalid file is set aside and logged, and the exporter starts.
func TestABadStateFileIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, []byte("equinix_fabric_exporter state 1 sha256 00\n{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(stateful(configure(own(api), ""), path)))
		time.Sleep(2 * time.Minute)
		stop()
		if log := e.log.String(); !strings.Contains(log, "is not valid") || !strings.Contains(log, path+".bad") || !strings.Contains(log, "checksum") {
			t.Errorf("the log does not say it: %s", log)
		}
		if _, err := os.Stat(path + ".bad"); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("no new file: %v", err)
		}
	})
}

// A file that cannot be written is said once, and counted.
func TestAStateThatCannotBeWrittenIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "none", "state")
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(stateful(configure(own(api), ""), path)))
		time.Sleep(10*time.Minute + time.Second)
		got := e.series(t)
		if n := got["state_write_failures_total"]; n < 10 || n > 12 { // the first, without values; then each minute
			t.Errorf("%v failures in ten minutes", n)
		}
		if _, there := got["state_last_write_timestamp_seconds"]; there {
			t.Error("there is a time of the latest write")
		}
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if age := float64(time.Now().Unix()) - e.series(t)["state_last_write_timestamp_seconds"]; age > 61 {
			t.Errorf("written %v s ago", age)
		}
		stop()
		if n := strings.Count(e.log.String(), "state file cannot be written"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// Started over and over with a secret that is refused, the exporter tries it no
// more often than one that runs on; another secret is tried at once.
func TestRestartsKeepTheCountOfRefusedLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		wrong := stateful(configure(own(api), ""), path)
		began := time.Now()
		var tries []time.Duration
		for range 75 { // a restart every two minutes
			before := api.Count(fabrictest.OpToken)
			e, stop := start(t, api.Transport(), text(wrong))
			time.Sleep(2 * time.Minute)
			stop()
			if api.Count(fabrictest.OpToken) > before {
				tries = append(tries, time.Since(began))
			}
			if time.Since(began) > 2*time.Hour && !e.Snapshot().Accounts[0].LoginHeld {
				t.Fatal("the login is not held")
			}
		}
		if n := api.Count(fabrictest.OpToken); n != 3 || len(tries) != 3 || tries[1] < 5*time.Minute || tries[2] < time.Hour {
			t.Errorf("%d logins at %v, want 3: now, after five minutes, after an hour more", n, tries)
		}
		data, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(data), fabrictest.DemoClientSecret) || strings.Contains(string(data), fabrictest.DemoClientID) {
			t.Errorf("%v, or the file holds the client id or secret", err)
		}
		_, stop := start(t, api.Transport(), text(strings.Replace(wrong, fabrictest.DemoClientSecret, "another", 1)))
		time.Sleep(time.Minute)
		stop()
		if n := api.Count(fabrictest.OpToken); n != 4 {
			t.Errorf("%d logins, want one more with another secret", n-3)
		}
		if data, _ := os.ReadFile(path); strings.Contains(string(data), `"Logins"`) {
			t.Error("after a login that succeeded the file still counts")
		}
	})
}
