package daemon_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

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

// Equinix locks an account after five refused logins in a row. Reloads must not get
// there, however often they come, whatever they change and whatever was refused
// between them.
func TestNoReloadLocksTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(configure(own(api), ""))
		e, stop := start(t, api.Transport(), yaml)
		defer stop()
		reload := func(n int, every time.Duration, logins int) {
			t.Helper()
			for i := range n {
				time.Sleep(every)
				yaml.Store(configure(own(api), fmt.Sprintf("api: {timeout: %ds}\n", 20+i/2))) // every second one changes nothing
				if err := e.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			if n := api.Count(fabrictest.OpToken); n != logins || api.LoginLocked() {
				t.Errorf("%d logins, want %d; locked: %v", n, logins, api.LoginLocked())
			}
		}
		reload(5, 30*time.Second, 1)
		reload(10, 6*time.Minute, 2)
		reload(10, 20*time.Minute, 4) // the third try after an hour, and one for the first reload after it
		reload(10, 24*time.Hour, 4)
		for _, secret := range []string{"mistyped", fabrictest.DemoClientSecret, "mistyped"} { // that one is tried once
			yaml.Store(strings.Replace(configure(own(api), ""), fabrictest.DemoClientSecret, secret, 1))
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if n := api.Count(fabrictest.OpToken); n != 5 {
			t.Errorf("%d logins, want 4 and one for the new secret", n)
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
