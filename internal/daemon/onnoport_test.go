package daemon_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// withRouters is the demo with connections that are on none of its ports.
func withRouters(gone ...string) (*fabrictest.API, []fabrictest.Connection) {
	f, others := fabrictest.Demo(0), fabrictest.OnNoPort(0)
	f.Connections = append(f.Connections, others...)
	return fabrictest.New(fabrictest.Options{Fleet: &f, Gone: gone}), others
}

// trackingAll tracks every connection that the credentials see.
func trackingAll(more string) string {
	return strings.Replace(connected("v4-stats", ""), "{traffic: true}", "{traffic: true, all: true"+more+"}", 1)
}

// ofConnections are the series of a family by connection_uuid.
func ofConnections(series map[string]float64, family string) map[string]string {
	by := map[string]string{}
	for s := range series {
		if rest, ok := strings.CutPrefix(s, family+"{"); ok {
			_, uuid, _ := strings.Cut(rest, `connection_uuid="`)
			by[uuid[:36]] = s
		}
	}
	return by
}

func TestConnectionsOnNoPortHaveSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const mbit = 1e6 / 8
		inService()
		api, others := withRouters()
		e, stop := start(t, api.Transport(), text(trackingAll("")))
		defer stop()
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		got, snap := e.series(t), e.Snapshot()
		info := ofConnections(got, "connection_info")
		if n := len(api.Fleet().Connections); len(info) != n {
			t.Errorf("%d of %d connections have series", len(info), n)
		}
		compared := 0
		for _, c := range others {
			for _, label := range []string{`port_uuid=""`, `port_name=""`, `side="a"`, fmt.Sprintf("a_side_type=%q", c.ASide.Type), `account="prod"`} {
				if !strings.Contains(info[c.UUID], label) {
					t.Errorf("%s lacks %s: %s", c.Name, label, info[c.UUID])
				}
			}
			name := c.ASide.Name
			if c.ASide.Type == "VD" { // which has no name
				name = c.ASide.UUID
			}
			if label := fmt.Sprintf("a_side=%q", name); !strings.Contains(info[c.UUID], label) {
				t.Errorf("%s lacks %s: %s", c.Name, label, info[c.UUID])
			}
			if v := got[fmt.Sprintf(`connection_bandwidth_bytes_per_second{connection_name=%q,connection_uuid=%q}`, c.Name, c.UUID)]; v != float64(c.Bandwidth)*mbit {
				t.Errorf("%s has the bandwidth %v", c.Name, v)
			}
			tracked := snap.Connection(c.UUID)
			polled := tracked.Polls[0].LastSuccess
			for direction, label := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
				var f *figures
				if samples := api.ConnectionTruth(c.UUID, fabrictest.ASide, direction, polled.Add(-24*time.Hour), polled, 5*time.Minute, polled); len(samples) > 0 {
					var highest, means []float64
					for _, s := range samples {
						highest, means = append(highest, s.Max), append(means, s.Mean)
					}
					f = new(newFigures(highest, means, samples[len(samples)-1].End, mbit))
				}
				compared += compareConnection(t, got, tracked, label, "1d", true, f)
			}
		}
		if compared != 4*2*5 { // the draft has none
			t.Errorf("%d figures compared", compared)
		}
	})
}

// What is counted for a port does not depend on connections.all, and its pages are planned.
func TestConnectionsOnNoPortLeavePortsAlone(t *testing.T) {
	of := func(t *testing.T, yaml string) (ports map[string]float64, planned float64) {
		synctest.Test(t, func(t *testing.T) {
			inService()
			api, _ := withRouters()
			e, stop := start(t, api.Transport(), text(yaml))
			defer stop()
			time.Sleep(4 * time.Minute)
			synctest.Wait()
			ports = map[string]float64{}
			for series, v := range e.series(t) {
				switch {
				case strings.HasPrefix(series, "port_") && !strings.Contains(series, "timestamp") && !strings.Contains(series, "traffic"):
					ports[series] = v
				case strings.HasPrefix(series, "poll_calls_per_cycle"):
					planned = v
				}
			}
		})
		return ports, planned
	}
	without, plannedWithout := of(t, connected("v4-stats", ""))
	with, planned := of(t, trackingAll(""))
	if diff := cmp.Diff(without, with); diff != "" || len(with) < 200 {
		t.Errorf("%d series (-without +with)\n%s", len(with), diff)
	}
	// Two pages of 195 connections, and the traffic of the four that have any.
	if more := planned - plannedWithout; math.Abs(more-(2+4)) > 1e-9 {
		t.Errorf("%v more calls are planned", more)
	}
}

func TestFiltersAndLimitHoldForConnectionsOnNoPort(t *testing.T) {
	for settings, want := range map[string]struct{ series, selected int }{
		", include: [{name: on-no-port-.*}]":                             {5, 5},
		", include: [{name: on-no-port-.*}], max: 3":                     {3, 5},
		", include: [{name: on-no-port-.*}], exclude: [{type: EVPL_VC}]": {3, 3},
	} {
		t.Run(settings, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inService()
				api, others := withRouters()
				e, stop := start(t, api.Transport(), text(trackingAll(settings)))
				defer stop()
				time.Sleep(time.Minute)
				synctest.Wait()
				got := e.series(t)
				info := ofConnections(got, "connection_info")
				if _, draft := info[others[4].UUID]; len(info) != want.series || draft && want.series == 3 {
					t.Errorf("%d connections have series, one of them a draft: %t", len(info), draft)
				}
				if v := got[`connections_selected{account="prod"}`]; int(v) != want.selected {
					t.Errorf("%v are selected", v)
				}
			})
		})
	}
}

// A connection on no port is in one shard, and one on a port of another shard is not on no port.
func TestConnectionsOnNoPortAreInOneShard(t *testing.T) {
	const shards = 3
	at, ports := map[string]int{}, map[string]int{}
	for i := range shards {
		synctest.Test(t, func(t *testing.T) {
			inService()
			api, others := withRouters()
			e, stop := start(t, api.Transport(), text(trackingAll("")), func(o *daemon.Options) { o.Shard = fleet.Shard{Index: i, Count: shards} })
			defer stop()
			time.Sleep(11 * time.Minute)
			synctest.Wait()
			for _, c := range e.Snapshot().Connections {
				if c.Port != "" {
					ports[c.UUID]++
					continue
				}
				at[c.UUID]++
				if !strings.HasPrefix(c.APIName, "on-no-port-") {
					t.Errorf("shard %d: %s is on no port", i, c.APIName)
				}
			}
			if i == shards-1 {
				for _, c := range others {
					if at[c.UUID] != 1 {
						t.Errorf("%s is in %d shards", c.Name, at[c.UUID])
					}
				}
			}
		})
	}
	if len(ports) != 190 || len(at) != 5 {
		t.Errorf("%d connections on ports, %d on none", len(ports), len(at))
	}
}

// A restart and a reload keep what is known of connections on no port, and a reload ends them.
func TestConnectionsOnNoPortOverRestartAndReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		api, others := withRouters()
		file := filepath.Join(t.TempDir(), "state")
		state := "state: {file: " + file + "}\n"
		_, stop := start(t, api.Transport(), text(trackingAll("")+state))
		time.Sleep(6 * time.Minute)
		stop()

		api.Inject(fabrictest.Fault{Status: 500, Data: true}) // nothing new comes
		yaml := text(trackingAll("") + state)
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(time.Second)
		has := func(when string, want int, traffic bool) {
			t.Helper()
			synctest.Wait()
			got, n := e.series(t), 0
			info := ofConnections(got, "connection_info")
			for _, c := range others {
				if info[c.UUID] != "" {
					n++
				}
			}
			_, last := got[fmt.Sprintf(`connection_traffic_last_bytes_per_second{connection_name=%q,connection_uuid=%q,direction="inbound"}`, others[0].Name, others[0].UUID)]
			if n != want || last != traffic {
				t.Errorf("%s: %d connections on no port, traffic: %t", when, n, last)
			}
		}
		has("after the restart", 5, true)
		yaml.Store(trackingAll(", exclude: [{type: EVPL_VC}]") + state)
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		has("after a reload with a filter", 3, true)
		yaml.Store(connected("v4-stats", "") + state)
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		has("after a reload without all", 0, false)
		stop()
	})
}

// Through v3 one listing is enough, which has those of virtual devices.
func TestConnectionsOnNoPortThroughV3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		api, others := withRouters(noV4...)
		e, stop := start(t, api.Transport(), text(strings.Replace(trackingAll(""), "v4-stats", "auto", 1)))
		defer stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		info := ofConnections(e.series(t), "connection_info")
		for i, c := range others {
			if is := strings.Contains(info[c.UUID], `port_uuid=""`) && strings.Contains(info[c.UUID], `a_side_type="VD"`); is != (i >= 3) {
				t.Errorf("%s: %s", c.Name, info[c.UUID])
			}
		}
		if n := api.Count(fabrictest.OpBuyerConnectionsV3); n != 2 {
			t.Errorf("%d pages of the listing", n)
		}
	})
}
