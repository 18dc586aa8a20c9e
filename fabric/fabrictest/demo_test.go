package fabrictest_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// week is the traffic of a port over the week that ends now.
func week(t *testing.T, api *fabrictest.API, name string, d fabrictest.Direction) []fabrictest.Sample {
	t.Helper()
	return api.Truth(uuid(t, api, name), d, now.Add(-7*day), now, fiveMinutes, now)
}

func highest(samples []fabrictest.Sample, value func(fabrictest.Sample) float64) float64 {
	top := 0.0
	for _, s := range samples {
		top = max(top, value(s))
	}
	return top
}

func mean(s fabrictest.Sample) float64 { return s.Mean }

func peak(s fabrictest.Sample) float64 { return s.Max }

func TestDemoTrafficHasItsCharacters(t *testing.T) {
	for _, seed := range []uint64{0, 1, 2, 42} {
		api, _ := newClient(t, fabrictest.Options{Seed: seed})
		if top := highest(week(t, api, fabrictest.DemoSaturated, fabrictest.Outbound), peak); top < 9_500 {
			t.Errorf("seed %d: the saturated port peaks at %.0f Mbit/s", seed, top)
		}
		for _, p := range api.Fleet().Ports {
			for _, d := range []fabrictest.Direction{fabrictest.Inbound, fabrictest.Outbound} {
				top := highest(week(t, api, p.Name, d), peak) / float64(p.Capacity())
				if saturated := p.Name == fabrictest.DemoSaturated && d == fabrictest.Outbound; top > 0.95 && !saturated {
					t.Errorf("seed %d: %s peaks at %.3f of its line rate", seed, p.Name, top)
				}
			}
		}
		if top := highest(week(t, api, fabrictest.DemoIdle, fabrictest.Inbound), peak); top <= 0 || top > 10 {
			t.Errorf("seed %d: the idle port peaks at %.3f Mbit/s", seed, top)
		}
		if top := highest(week(t, api, fabrictest.DemoDown, fabrictest.Inbound), peak); top != 0 {
			t.Errorf("seed %d: the port that is down peaks at %.3f Mbit/s", seed, top)
		}
		if top := highest(week(t, api, fabrictest.DemoLAG, fabrictest.Outbound), peak); top < 12_000 || top > 30_000 {
			t.Errorf("seed %d: the LAG peaks at %.0f Mbit/s; more than its three links or next to nothing", seed, top)
		}
		pair := highest(week(t, api, fabrictest.DemoPrimary, fabrictest.Inbound), mean) + highest(week(t, api, fabrictest.DemoSecondary, fabrictest.Inbound), mean)
		sound := highest(week(t, api, fabrictest.DemoEdgePrimary, fabrictest.Inbound), mean) + highest(week(t, api, fabrictest.DemoEdgeSecondary, fabrictest.Inbound), mean)
		if pair < 10_000 || sound > 80_000 {
			t.Errorf("seed %d: the pairs carry %.0f and %.0f Mbit/s", seed, pair, sound)
		}
	}
}

func TestDemoTrafficHasDaysAndWeeks(t *testing.T) {
	api, _ := newClient(t, fabrictest.Options{})
	silicon := time.FixedZone("", -8*3600)
	average := func(d fabrictest.Direction, in func(time.Time) bool) float64 {
		sum, n := 0.0, 0
		for _, s := range week(t, api, fabrictest.DemoPrimary, d) {
			if in(s.End.In(silicon)) {
				sum, n = sum+s.Mean, n+1
			}
		}
		return sum / float64(n)
	}
	weekend := func(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }
	busy := average(fabrictest.Inbound, func(t time.Time) bool { return !weekend(t) && t.Hour() == 13 })
	night := average(fabrictest.Inbound, func(t time.Time) bool { return !weekend(t) && t.Hour() == 2 })
	leisure := average(fabrictest.Inbound, func(t time.Time) bool { return weekend(t) && t.Hour() == 13 })
	out := average(fabrictest.Outbound, func(t time.Time) bool { return !weekend(t) && t.Hour() == 13 })
	if busy < 4*night || busy < 1.3*leisure || busy < 1.1*out {
		t.Errorf("busy hour %.0f, night %.0f, weekend %.0f, outbound %.0f Mbit/s", busy, night, leisure, out)
	}
}

func TestDemoTrafficSurvivesOldClocks(t *testing.T) {
	api, _ := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoPrimary)
	for _, year := range []int{1, 1969, 2000, 2100} {
		at := time.Date(year, 6, 1, 12, 0, 0, 0, time.UTC)
		s := api.Truth(id, fabrictest.Inbound, at.Add(-7*day), at, fiveMinutes, at)
		if top := highest(s, mean); top < 2_000 || top > 9_850 {
			t.Errorf("in %d the port peaks at %.0f Mbit/s", year, top)
		}
	}
}

func TestDemoFleet(t *testing.T) {
	f := fabrictest.Demo(5)
	if diff := cmp.Diff(f, fabrictest.Demo(5)); diff != "" {
		t.Errorf("not deterministic\n%s", diff)
	}
	own := map[string]bool{}
	for _, p := range f.Ports {
		own[p.UUID] = true
	}
	internal, incoming := 0, 0
	for _, c := range f.Connections {
		switch {
		case own[c.ASide.Port] && own[c.ZSide.Port]:
			internal++
		case own[c.ZSide.Port]:
			incoming++
		}
	}
	if len(f.Ports) != 13 || len(f.Connections) != 190 || internal != 2 || incoming != 6 {
		t.Errorf("%d ports; %d connections, %d internal, %d incoming", len(f.Ports), len(f.Connections), internal, incoming)
	}
	primary, _ := f.Port(fabrictest.DemoPrimary)
	secondary, _ := f.Port(fabrictest.DemoSecondary)
	if primary.Group == "" || primary.Group != secondary.Group || primary.Priority == secondary.Priority {
		t.Errorf("no pair: %+v, %+v", primary, secondary)
	}
	for _, p := range f.Ports {
		if u := uuid(t, fabrictest.New(fabrictest.Options{Seed: 5}), p.Name); len(u) != 36 || u != p.UUID {
			t.Errorf("%s: UUID %q", p.Name, u)
		}
	}
}

// TestDemoHasEndsOfEveryKind reads the ends as a client does: most have a UUID and
// no name.
func TestDemoHasEndsOfEveryKind(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	type ref struct{ UUID, Name string }
	var page struct {
		Data []struct {
			Type  string
			ZSide struct {
				ServiceToken ref
				AccessPoint  struct {
					Type                                         string
					VirtualDevice, Router, Network, Interconnect ref
				}
			}
		}
	}
	c.decode(&page, "POST", connectionsPath+"/search", `{"sort":[{"property":"/name","direction":"ASC"}],"pagination":{"limit":100}}`)
	got := map[string]bool{}
	for _, conn := range page.Data {
		z := conn.ZSide
		for member, end := range map[string]ref{
			"serviceToken": z.ServiceToken, "virtualDevice": z.AccessPoint.VirtualDevice, "router": z.AccessPoint.Router,
			"network": z.AccessPoint.Network, "interconnect": z.AccessPoint.Interconnect,
		} {
			if end.UUID != "" {
				got[conn.Type+" "+z.AccessPoint.Type+" "+member+" "+end.Name] = true
			}
		}
		if z.AccessPoint.Type == "SUBNET" {
			got[conn.Type+" SUBNET"] = true
		}
	}
	want := map[string]bool{
		"EVPL_VC VD virtualDevice ": true, "IP_VC CLOUD_ROUTER router ": true, "EVPLAN_VC NETWORK network branches": true,
		"EVPL_VC COLO serviceToken hub token": true, "IPX_VC XF_IC interconnect carrier-exchange": true, "GW_VC SUBNET": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGenerate(t *testing.T) {
	f := fabrictest.Generate(1, 1_001, 20_000)
	if len(f.Ports) != 1_001 || len(f.Connections) != 20_000 {
		t.Fatalf("%d ports, %d connections", len(f.Ports), len(f.Connections))
	}
	var ids []string
	for _, p := range f.Ports {
		ids = append(ids, p.UUID)
	}
	for _, c := range f.Connections {
		ids = append(ids, c.UUID)
	}
	slices.Sort(ids)
	if unique := len(slices.Compact(ids)); unique != 21_001 {
		t.Errorf("%d identifiers are unique", unique)
	}
	if f.Ports[0].Group != f.Ports[1].Group || f.Ports[0].Group == f.Ports[2].Group {
		t.Error("ports do not come in pairs")
	}
}

func BenchmarkSearchConnections(b *testing.B) {
	f := fabrictest.Generate(1, 1_000, 20_000)
	_, c := newClient(b, fabrictest.Options{Fleet: &f})
	for b.Loop() {
		c.do("POST", connectionsSearch, `{"sort":[{"property":"/uuid","direction":"ASC"}],"pagination":{"offset":900,"limit":100}}`)
	}
}

func BenchmarkListPorts(b *testing.B) {
	f := fabrictest.Generate(1, 10_000, 20_000)
	_, c := newClient(b, fabrictest.Options{Fleet: &f})
	for b.Loop() {
		c.do("GET", "/fabric/v4/ports", "")
	}
}

func TestAccountsAreApart(t *testing.T) {
	first, c := newClient(t, fabrictest.Options{})
	second, other := metricsAccount(t)
	ids := map[string]bool{}
	for _, f := range []fabrictest.Fleet{first.Fleet(), second.Fleet()} {
		for _, p := range f.Ports {
			if ids[p.UUID] {
				t.Errorf("%s is in both accounts", p.Name)
			}
			ids[p.UUID] = true
		}
	}
	c.wantError(http.StatusNotFound, "EQ-3045811", "GET", "/fabric/v4/ports/"+uuid(t, second, fabrictest.MetricsLAG), "")
	other.wantError(http.StatusNotFound, "EQ-3045811", "GET", "/fabric/v4/ports/"+uuid(t, first, fabrictest.DemoLAG), "")
}

func TestPairsBearTheirPrimary(t *testing.T) {
	for name, f := range map[string]fabrictest.Fleet{
		"demo": fabrictest.Demo(3), "metrics": fabrictest.DemoMetrics(3), "generated": fabrictest.Generate(3, 1_000, 0),
	} {
		byUUID, pairs, lags := map[string]fabrictest.Port{}, 0, 0
		for _, p := range f.Ports {
			byUUID[p.UUID] = p
		}
		for _, p := range f.Ports {
			if len(p.Links) > 1 {
				lags++
			}
			if p.Group == "" {
				continue
			}
			if primary := byUUID[p.Group]; primary.Priority != "PRIMARY" || primary.Group != p.Group {
				t.Errorf("%s: %s has the group of %+v", name, p.Name, primary)
			}
			if p.Priority == "SECONDARY" {
				pairs++
			}
		}
		if pairs == 0 || lags == 0 {
			t.Errorf("%s: %d pairs, %d LAGs", name, pairs, lags)
		}
	}
}
