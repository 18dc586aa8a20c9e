package replay_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// The ports of a sound estate.
const (
	first  = "SV5-PRI-10G" // of a pair
	second = "SV5-SEC-10G" // the other one
	bundle = "AM3-LAG-40G"
	single = "SG3-10G"
)

const discover = "    discover: {enabled: true}\n"

// estate is an API with a sound estate: four ports, none of them busy, and a
// connection on each.
func estate(change ...func(*fabrictest.Fleet)) func() *fabrictest.API {
	return func() *fabrictest.API {
		demo := fabrictest.Demo(0)
		var f fabrictest.Fleet
		for _, name := range [][2]string{
			{fabrictest.DemoEdgePrimary, first}, {fabrictest.DemoEdgeSecondary, second},
			{fabrictest.DemoLAG, bundle}, {fabrictest.DemoSaturated, single},
		} {
			p, _ := demo.Port(name[0])
			p.Name, p.Maintenance = name[1], ""
			p.Load = fabrictest.Load{Inbound: 0.3, Outbound: 0.2, PeakHour: 12, Weekend: 1}
			for i := range p.Links {
				p.Links[i].Down = false
			}
			f.Ports = append(f.Ports, p)
		}
		for _, p := range f.Ports {
			c := demo.Connections[len(f.Connections)]
			c.Name, c.State, c.EquinixStatus, c.ProviderStatus = "cloud-"+p.Name, fabrictest.StateProvisioned, "PROVISIONED", "AVAILABLE"
			c.ASide.Port, c.ZSide.Port, c.Load, c.Sparse = p.UUID, "", 0, false
			c.Created = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) // bubbles begin in 2000
			f.Connections = append(f.Connections, c)
		}
		for _, do := range change {
			do(&f)
		}
		return fabrictest.New(fabrictest.Options{Fleet: &f})
	}
}

func TestNothingFiresOnASoundEstate(t *testing.T) {
	t.Parallel()
	newTimeline(t, record(t, story{api: estate(), config: discover, span: 5 * time.Hour})).expect(t)
}

// An account that has nothing but v3 has no traffic of connections, and that is not a fault.
func TestNothingFiresOnASoundEstateOfV3(t *testing.T) {
	t.Parallel()
	onlyV3 := func() *fabrictest.API {
		api := estate()()
		api.SetGone(fabrictest.OpPorts, fabrictest.OpPort, fabrictest.OpPortStatsV4, fabrictest.OpSearchConnections,
			fabrictest.OpConnectionStatsV4, fabrictest.OpSearchMetrics, fabrictest.OpSearchStreamAssets)
		return api
	}
	newTimeline(t, record(t, story{api: onlyV3, config: discover + "    connections: {traffic: true}\n", span: 5 * time.Hour})).expect(t)
}
