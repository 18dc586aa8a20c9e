package daemon_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const windows = "poll: {windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: 30d, interval: 1h}]}\n"

// Every traffic figure on /metrics is recomputed here from what the simulated
// API knows to be true, by the definitions of the metric contract.
func TestEveryTrafficFigureIsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		ports := own(api)
		e, stop := start(t, api.Transport(), text(configure(ports, windows)))
		defer stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		got := e.series(t)
		figures := 0
		for _, p := range ports {
			snap := e.Snapshot()
			i := slices.IndexFunc(snap.Ports, func(q *fleet.Port) bool { return q.UUID == p.UUID })
			for w, window := range snap.Windows {
				polled := snap.Ports[i].Polls[w].LastSuccess // the moment that the request was for
				for direction, label := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
					samples := api.Truth(p.UUID, direction, polled.Add(-window.Span), polled, window.Resolution, polled)
					figures += compare(t, got, p, label, window.Label(), w == 0, samples)
				}
			}
		}
		if figures < 60 {
			t.Errorf("only %d figures were compared", figures)
		}
	})
}

// compare holds the series of one port, direction and window against samples.
func compare(t *testing.T, got map[string]float64, p fabrictest.Port, direction, window string, primary bool, samples []fabrictest.Sample) int {
	t.Helper()
	labels := fmt.Sprintf(`{direction=%q,port_name=%q,port_uuid=%q`, direction, p.Name, p.UUID)
	if len(samples) == 0 {
		if v, ok := got["port_traffic_max_bytes_per_second"+labels+fmt.Sprintf(`,window=%q}`, window)]; ok {
			t.Errorf("%s has no samples and a maximum of %v", p.Name, v)
		}
		return 0
	}
	var sum, highest float64
	means := make([]float64, len(samples))
	for i, s := range samples {
		means[i] = s.Mean
		sum += s.Mean
		highest = max(highest, s.Max)
	}
	slices.Sort(means)
	const mbit = 1e6 / 8
	want := map[string]float64{
		"port_traffic_max_bytes_per_second" + labels + fmt.Sprintf(`,window=%q}`, window): highest * mbit,
		"port_traffic_avg_bytes_per_second" + labels + fmt.Sprintf(`,window=%q}`, window): sum / float64(len(samples)) * mbit,
		"port_traffic_p95_bytes_per_second" + labels + fmt.Sprintf(`,window=%q}`, window): means[len(means)-1-len(means)/20] * mbit,
	}
	if primary {
		newest := samples[len(samples)-1]
		want["port_traffic_last_bytes_per_second"+labels+"}"] = newest.Mean * mbit
		want["port_traffic_last_sample_timestamp_seconds"+labels+"}"] = float64(newest.End.Unix())
	}
	for series, v := range want {
		if g, ok := got[series]; !ok || math.Abs(g-v) > 1e-9*math.Abs(v) {
			t.Errorf("%s = %v (there: %v), want %v", series, g, ok, v)
		}
	}
	return len(want)
}

func TestEveryConnectionIsCountedOnBothItsPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		ports := own(api)
		e, stop := start(t, api.Transport(), text(configure(ports, "")))
		defer stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		got, want := map[string]float64{}, map[string]float64{}
		for s, v := range e.series(t) {
			if strings.HasPrefix(s, "port_connections{") && v > 0 {
				got[s] = v
			}
		}
		between := 0
		for _, c := range api.Fleet().Connections {
			sides := 0
			for _, p := range ports {
				if c.ASide.Port == p.UUID || c.ZSide.Port == p.UUID {
					sides++
					state := c.State
					if state == "" {
						state = "UNKNOWN"
					}
					want[fmt.Sprintf(`port_connections{port_name=%q,port_uuid=%q,state=%q}`, p.Name, p.UUID, state)]++
				}
			}
			if sides == 2 {
				between++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if between == 0 {
			t.Error("no connection between two own ports proves nothing")
		}
	})
}

// ⌈190 connections / 100⌉ pages for one batch of twelve ports, whatever the
// number of ports.
func TestCallsGrowWithConnectionsAndNotWithPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		_, stop := start(t, api.Transport(), text(configure(own(api), "")))
		time.Sleep(time.Second * 10)
		stop()
		want := map[string]int{
			fabrictest.OpToken: 1, fabrictest.OpPorts: 1, fabrictest.OpSearchConnections: 2, fabrictest.OpPortStatsV3: 12,
		}
		got := map[string]int{}
		for _, r := range api.Requests() {
			got[r.Op]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestWrongSecretMakesThreeLoginsEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		e, stop := start(t, api.Transport(), text(configure(own(api), "")))
		logins := func() int { return api.Count(fabrictest.OpToken) }
		time.Sleep(4 * time.Minute)
		if n := logins(); n != 1 {
			t.Errorf("%d logins in the first minutes, want 1", n)
		}
		got := e.series(t)
		if got[`login_suspended{account="prod"}`] != 1 || got[`up{account="prod"}`] != 0 {
			t.Error("login_suspended must be 1 and up 0")
		}
		if got[`api_errors_total{account="prod",operation="token",reason="auth"}`] != 1 {
			t.Error("the refusal is not counted as reason auth")
		}
		time.Sleep(48 * time.Hour)
		if n := logins(); n != 3 {
			t.Errorf("%d logins in two days, want 3", n)
		}
		if api.LoginLocked() {
			t.Error("the account is locked")
		}
		stop()
		if log := e.log.String(); !strings.Contains(log, "login refused") || !strings.Contains(log, "client_secret") {
			t.Error("the log does not say what is wrong")
		}
		if strings.Contains(e.log.String(), fabrictest.DemoClientSecret) {
			t.Error("the secret is in the log")
		}
	})
}

func TestReloadGrantsASuspendedLoginOneTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(3 * time.Hour)
		yaml.Store(configure(own(api), "api: {timeout: 20s}\n")) // a new client, the same refused secret
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if n := api.Count(fabrictest.OpToken); n != 4 {
			t.Errorf("%d logins, want 3 and one for the reload", n)
		}
		yaml.Store(strings.Replace(configure(own(api), ""), fabrictest.DemoClientSecret, "another", 1))
		api.UnlockLogin()
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		got := e.series(t)
		if got[`login_suspended{account="prod"}`] != 0 || got[`up{account="prod"}`] != 1 {
			t.Error("no recovery with the right secret")
		}
	})
}

func TestReloadOfAFaultyConfigurationChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(time.Minute)
		before := slices.Sorted(maps.Keys(e.series(t)))
		yaml.Store(configure(own(api), "poll: {interval: 1s, nonsense: 1}\n"))
		err := e.Reload(t.Context())
		if err == nil || !strings.Contains(err.Error(), "poll.interval") || !strings.Contains(err.Error(), "poll.nonsense") {
			t.Errorf("the error must name both faults: %v", err)
		}
		got := e.series(t)
		if got["config_last_reload_successful"] != 0 {
			t.Error("config_last_reload_successful is not 0")
		}
		if diff := cmp.Diff(before, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("series (-before +after)\n%s", diff)
		}
		calls := api.Count(fabrictest.OpPortStatsV3)
		time.Sleep(10 * time.Minute)
		if api.Count(fabrictest.OpPortStatsV3) == calls {
			t.Error("polling has stopped")
		}
	})
}

func TestReloadKeepsTheValuesOfPortsThatStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		ports := own(api)
		yaml := text(configure(ports[:2], ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(time.Minute)
		before := e.series(t)
		api.ResetRequests()
		yaml.Store(configure(ports[1:2], ""))
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := e.series(t)
		for series, v := range before {
			switch {
			case strings.Contains(series, ports[0].UUID):
				if _, there := after[series]; there {
					t.Errorf("%s is still there", series)
				}
			case strings.Contains(series, ports[1].UUID):
				if after[series] != v {
					t.Errorf("%s = %v, was %v", series, after[series], v)
				}
			}
		}
		synctest.Wait()
		if n := api.Count(""); n != 0 {
			t.Errorf("%d calls at once for what is known", n)
		}
		if after["config_last_reload_successful"] != 1 {
			t.Error("config_last_reload_successful is not 1")
		}
	})
}

func TestReloadEndsTheSeriesOfAnAccountThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		time.Sleep(time.Minute)
		yaml.Store(strings.Replace(configure(own(api), ""), "name: prod", "name: other", 1))
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		for series := range e.series(t) {
			if strings.Contains(series, `account="prod"`) {
				t.Errorf("%s is still there", series)
			}
		}
	})
}

func TestTokensAreRenewedWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(configure(own(api), "")))
		defer stop()
		time.Sleep(90 * time.Minute)
		api.ExpireTokens() // and revoked early, too
		time.Sleep(30 * time.Minute)
		got := e.series(t)
		for _, op := range []string{fabrictest.OpPortStatsV3, fabrictest.OpSearchConnections} {
			for _, reason := range []string{"forbidden", "server", "timeout", "transport", "decode"} {
				if n := got[fmt.Sprintf(`api_errors_total{account="prod",operation=%q,reason=%q}`, op, reason)]; n != 0 {
					t.Errorf("%v errors of %s: %s", n, op, reason)
				}
			}
		}
		for series, v := range got {
			if strings.HasPrefix(series, "port_poll_success") && v != 1 && !strings.Contains(series, fabrictest.DemoProvisioning) {
				t.Errorf("%s = %v", series, v)
			}
		}
		if n := api.Count(fabrictest.OpToken); n < 3 || n > 4 {
			t.Errorf("%d logins in two hours and one revocation", n)
		}
	})
}

// Equinix locks an account after five refused logins in a row: neither a second
// wrong secret nor reloads that have nothing to do with it may get there.
func TestNoReloadLocksTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		for i := range 5 {
			time.Sleep(30 * time.Second)
			yaml.Store(configure(own(api), fmt.Sprintf("api: {timeout: %ds}\n", 20+i)))
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := api.Count(fabrictest.OpToken); n != 1 {
			t.Errorf("%d logins in the first minutes, over five reloads", n)
		}
		time.Sleep(3 * time.Hour)
		yaml.Store(strings.Replace(configure(own(api), ""), fabrictest.DemoClientSecret, "mistyped", 1))
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(48 * time.Hour)
		if n := api.Count(fabrictest.OpToken); n != 4 || api.LoginLocked() {
			t.Errorf("%d logins, want 3 and one for the new secret; locked: %v", n, api.LoginLocked())
		}
	})
}

func TestNoLoginOutlivesAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpToken, Status: 503})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(2 * time.Second) // a login is between two tries
		yaml.Store(strings.Replace(configure(own(api), ""), "name: prod", "name: other", 1))
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		for series := range e.series(t) {
			if strings.Contains(series, `account="prod"`) {
				t.Errorf("%s came back", series)
			}
		}
		stop() // the bubble fails if a login goes on after Run
	})
}
