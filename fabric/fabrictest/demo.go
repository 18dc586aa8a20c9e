package fabrictest

import (
	"cmp"
	"fmt"
	"slices"
)

// The ports of the demo fleet, by name.
const (
	DemoPrimary       = "SV5-CORE-PRI-10G"     // half of a pair; neither half could carry the load of both
	DemoSecondary     = "SV5-CORE-SEC-10G"     // the other half
	DemoEdgePrimary   = "DC6-EDGE-PRI-100G"    // half of a pair that would survive a failover
	DemoEdgeSecondary = "DC6-EDGE-SEC-100G"    // the other half
	DemoLAG           = "AM3-BACKBONE-LAG-40G" // four links, one of them down
	DemoDown          = "FR5-STANDBY-10G"      // down, no traffic ever
	DemoSaturated     = "SG3-TRANSIT-10G"      // outbound at line rate every working day
	DemoIdle          = "SY4-BACKUP-1G"        // hardly used
	DemoProvisioning  = "LD8-NEWBUILD-100G"    // no statistics yet; fields are null
	DemoCrowded       = "DA11-WHOLESALE-10G"   // QINQ, 130 connections
	DemoStringly      = "TY4-OFFICE-1G"        // numbers as strings
	DemoUnknownState  = "NY5-PEERING-10G"      // in a state that is not documented
	DemoForeign       = "LD8-PARTNER-10G"      // of another account: 403
)

// The states of the demo fleet that are not documented.
const (
	UnknownPortState       = "RELOCATING"
	UnknownConnectionState = "PENDING_RELOCATION"
)

// DemoThrottled is the connection of the demo fleet that needs more than its
// bandwidth every working day: it is full, and packets are dropped.
const DemoThrottled = "bulk-transfer-SG"

// throttled is the index of DemoThrottled among the connections; it is on DemoSaturated.
const throttled = 5

// demoCrowd is the number of connections of DemoCrowded: more than a page has.
const demoCrowd = 130

// demoPorts are the ports of the demo fleet, with only what differs between them; see buildPorts.
var demoPorts = []Port{
	{Name: DemoPrimary, IBX: "SV5", Speed: 10_000, Priority: PriorityPrimary, Group: "core",
		Load: Load{Inbound: 0.5, Outbound: 0.38, PeakHour: 14, Weekend: 0.55, Growth: 0.08, Bursts: 0.4}},
	{Name: DemoEdgePrimary, IBX: "DC6", Speed: 100_000, Priority: PriorityPrimary, Group: "edge", Package: "UNLIMITED",
		Load: Load{Inbound: 0.31, Outbound: 0.24, PeakHour: 15, Weekend: 0.7, Growth: 0.2, Bursts: 0.1}},
	{Name: DemoSecondary, IBX: "SV5", Speed: 10_000, Priority: PrioritySecondary, Group: "core",
		Load: Load{Inbound: 0.47, Outbound: 0.35, PeakHour: 14, Weekend: 0.55, Growth: 0.08, Bursts: 0.4}},
	{Name: DemoEdgeSecondary, IBX: "DC6", Speed: 100_000, Priority: PrioritySecondary, Group: "edge", Package: "UNLIMITED",
		Load: Load{Inbound: 0.12, Outbound: 0.09, PeakHour: 15, Weekend: 0.7, Growth: 0.2, Bursts: 0.1}},
	{Name: DemoLAG, IBX: "AM3", Speed: 10_000, Links: []Link{{}, {Down: true}, {}, {}}, Maintenance: "SCHEDULED",
		Load: Load{Inbound: 0.33, Outbound: 0.36, PeakHour: 20.5, Weekend: 1.1, Growth: 0.2, Errors: 12}},
	{Name: DemoDown, IBX: "FR5", Speed: 10_000, Links: []Link{{Down: true}}, Outages: []Outage{{}}, Priority: PrioritySecondary,
		Load: Load{Inbound: 0.2, Outbound: 0.2, PeakHour: 13, Weekend: 0.5}},
	{Name: DemoSaturated, IBX: "SG3", Speed: 10_000,
		Load: Load{Inbound: 0.38, Outbound: 1.02, PeakHour: 21, Weekend: 0.93, Bursts: 0.5}},
	{Name: DemoIdle, IBX: "SY4", Speed: 1_000, Priority: PrioritySecondary,
		Load: Load{Inbound: 0.0004, Outbound: 0.0002, PeakHour: 2, Weekend: 1, Bursts: 0.2}},
	{Name: DemoProvisioning, IBX: "LD8", Speed: 100_000, State: StateProvisioning, Sparse: true},
	{Name: DemoCrowded, IBX: "DA11", Speed: 10_000, Encapsulation: "QINQ", Package: "UNLIMITED_PLUS",
		Load: Load{Inbound: 0.33, Outbound: 0.36, PeakHour: 16, Weekend: 0.65, Growth: 0.1, Bursts: 1}},
	{Name: DemoStringly, IBX: "TY4", Speed: 1_000, Stringly: true,
		Load: Load{Inbound: 0.5, Outbound: 0.13, PeakHour: 10.5, Weekend: 0.08, Growth: 0.05, Bursts: 0.8}},
	{Name: DemoUnknownState, IBX: "NY5", Speed: 10_000, State: UnknownPortState,
		Load: Load{Inbound: 0.27, Outbound: 0.31, PeakHour: 19, Weekend: 1.05, Growth: 0.2, Bursts: 0.3}},
	{Name: DemoForeign, IBX: "LD8", Speed: 10_000, Foreign: true, ProjectID: "377533000999999", AccountNumber: 290_071, OrgID: 92_154,
		Load: Load{Inbound: 0.3, Outbound: 0.3, PeakHour: 14, Weekend: 0.6}},
}

// The ports of the fleet of DemoMetrics, by name.
const (
	MetricsPrimary    = "LD5-WAN-PRI-10G"  // half of a pair that the API knows
	MetricsSecondary  = "LD5-WAN-SEC-10G"  // the other half
	MetricsTwinA      = "TY2-METRO-A-10G"  // half of a pair that only its name shows
	MetricsTwinB      = "TY2-METRO-B-10G"  // the other half
	MetricsDropping   = "SG1-CDN-10G"      // full every evening: drops packets
	MetricsLAG        = "NY9-CORE-LAG-20G" // two links, one of them down: erred packets
	MetricsDisabled   = "SY3-BRANCH-1G"    // attached to a stream, its metrics not enabled
	MetricsUnattached = "FR2-BRANCH-1G"    // not attached to a stream
)

// MetricsThrottled is the connection of the fleet of DemoMetrics that is full every
// day.
const MetricsThrottled = "cdn-fill-SG"

var metricsPorts = []Port{
	{Name: MetricsPrimary, IBX: "LD5", Speed: 10_000, Priority: PriorityPrimary, Group: "wan",
		Load: Load{Inbound: 0.42, Outbound: 0.3, PeakHour: 14, Weekend: 0.5, Bursts: 0.3}},
	{Name: MetricsSecondary, IBX: "LD5", Speed: 10_000, Priority: PrioritySecondary, Group: "wan",
		Load: Load{Inbound: 0.2, Outbound: 0.15, PeakHour: 14, Weekend: 0.5, Bursts: 0.3}},
	{Name: MetricsTwinA, IBX: "TY2", Speed: 10_000, Load: Load{Inbound: 0.35, Outbound: 0.5, PeakHour: 20, Weekend: 1}},
	{Name: MetricsTwinB, IBX: "TY2", Speed: 10_000, Stringly: true,
		Load: Load{Inbound: 0.3, Outbound: 0.45, PeakHour: 20, Weekend: 1}},
	{Name: MetricsDropping, IBX: "SG1", Speed: 10_000,
		Load: Load{Inbound: 0.2, Outbound: 1.1, PeakHour: 21, Weekend: 1.05, Bursts: 0.5}},
	{Name: MetricsLAG, IBX: "NY9", Speed: 10_000, Links: []Link{{}, {Down: true}},
		Load: Load{Inbound: 0.25, Outbound: 0.3, PeakHour: 15, Weekend: 0.6, Errors: 30}},
	{Name: MetricsDisabled, IBX: "SY3", Speed: 1_000, Load: Load{Inbound: 0.2, Outbound: 0.1, PeakHour: 11, Weekend: 0.2}},
	{Name: MetricsUnattached, IBX: "FR2", Speed: 1_000, Load: Load{Inbound: 0.3, Outbound: 0.2, PeakHour: 10, Weekend: 0.2}},
}

// Demo returns a varied fleet: twelve ports in ten metros and a foreign port (see the
// Demo constants), and 190 connections in all states, most of them on one crowded
// port. Identifiers depend on the seed.
func Demo(seed uint64) Fleet {
	f := Fleet{Ports: buildPorts(seed, demoPorts, Port{ProjectID: "900000000000042", AccountNumber: 400_042, OrgID: 70_042})}
	f.Connections = demoConnections(seed, f)
	return f
}

// DemoMetrics returns the fleet of an account that is polled through the v4 metrics:
// eight ports, of which six have metrics, one is attached to its stream without
// metrics, and one is not attached (see the Metrics constants), and 24 connections,
// half of them attached. Identifiers depend on the seed.
func DemoMetrics(seed uint64) Fleet {
	seed = mix(seed ^ 0x6d657472) // other identifiers than Demo
	f := Fleet{Ports: buildPorts(seed, metricsPorts, Port{ProjectID: "377533000225814", AccountNumber: 270_381, OrgID: 92_108})}
	stream := Stream{UUID: newUUID(seed, "stream", 0), Status: Attached, MetricsEnabled: true}
	for i := range f.Ports {
		switch p := &f.Ports[i]; p.Name {
		case MetricsDisabled:
			p.Stream = Stream{UUID: stream.UUID, Status: Attached}
		case MetricsUnattached:
		default:
			p.Stream = stream
		}
	}
	for i := range 24 {
		c := newConnection(seed, i, &f.Ports[i%len(f.Ports)])
		c.State, c.EquinixStatus, c.ProviderStatus = StateProvisioned, StateProvisioned, "AVAILABLE"
		if i < 12 {
			c.Stream = stream
		}
		if i == 20 { // on MetricsDropping too: so the price of the next step of MetricsThrottled is known
			c.Bandwidth = 5_000
		}
		if i == 4 { // on MetricsDropping
			c.Name, c.Bandwidth, c.Load, c.Maintenance = MetricsThrottled, 2_000, 0.4, "SCHEDULED"
		}
		f.Connections = append(f.Connections, c)
	}
	return f
}

// buildPorts completes the ports of a table, which has only what differs between
// them. The first port of a group is its primary.
func buildPorts(seed uint64, rows []Port, account Port) []Port {
	ports, primaries := make([]Port, len(rows)), map[string]string{}
	for i, p := range rows {
		p.UUID, p.Metro = newUUID(seed, "port", i), p.IBX[:2]
		p.State, p.Encapsulation, p.Package = cmp.Or(p.State, StateActive), cmp.Or(p.Encapsulation, "DOT1Q"), cmp.Or(p.Package, "STANDARD")
		p.ProjectID = cmp.Or(p.ProjectID, account.ProjectID)
		p.AccountNumber, p.OrgID = cmp.Or(p.AccountNumber, account.AccountNumber), cmp.Or(p.OrgID, account.OrgID)
		links := newLinks(seed, i, max(len(p.Links), 1))
		for j, l := range p.Links {
			links[j].Down = l.Down
		}
		p.Links, p.Outages = links, slices.Clone(p.Outages)
		if p.Group != "" {
			primaries[p.Group] = cmp.Or(primaries[p.Group], p.UUID)
			p.Group = primaries[p.Group]
		}
		ports[i] = p
	}
	return ports
}

// connectionStates are all states that the API is known to send, and an unknown one.
var connectionStates = []string{
	StateActive, StateProvisioned, StateActive, StateProvisioned, StateActive, StateProvisioned,
	StateProvisioning, StateReprovisioning, StatePending, "DRAFT", "FAILED", StateCancelled,
	StateDeprovisioning, StateDeprovisioned, "", UnknownConnectionState,
}

// demoEnds are far ends that are not providers. Most have no name, as in the examples
// that Equinix publishes.
var demoEnds = map[int]struct { // by the index of the connection; each is in a state with traffic
	prefix, kind string
	end          Side
}{
	32: {"firewall", "EVPL_VC", Side{Type: "VD"}},
	33: {"router", "IP_VC", Side{Type: "CLOUD_ROUTER"}},
	34: {"lan", "EVPLAN_VC", Side{Type: "NETWORK", Name: "branches"}},
	36: {"hub", "EVPL_VC", Side{Type: "COLO", Name: "hub token", Token: true}},
	37: {"interconnect", "IPX_VC", Side{Type: "XF_IC", Name: "carrier-exchange"}},
	48: {"gateway", "GW_VC", Side{Type: "SUBNET"}},
}

// OnNoPort returns connections of an account that are on none of its ports: of two cloud
// routers, one to another, and of a virtual device without a name. They are in no fleet.
func OnNoPort(seed uint64) []Connection {
	router := func(n int) Side {
		return Side{Type: "CLOUD_ROUTER", UUID: newUUID(seed, "router", n), Name: fmt.Sprintf("fcr-%d", n), Metro: "AM"}
	}
	device := Side{Type: "VD", UUID: newUUID(seed, "device", 0), Metro: "DA", VLAN: 12}
	var cs []Connection
	for i, a := range []Side{router(0), router(1), router(0), device, device} {
		c := newConnection(seed, 10_000+i, &Port{UUID: "", Metro: a.Metro})
		c.Type, c.ASide, c.State, c.EquinixStatus, c.ProviderStatus = "IP_VC", a, StateActive, StateProvisioned, "AVAILABLE"
		switch {
		case i == 2:
			c.ZSide, c.Direction = router(1), "INTERNAL"
		case a.Type == "VD":
			c.Type = "EVPL_VC"
		}
		c.Name = fmt.Sprintf("on-no-port-%d", i)
		cs = append(cs, c)
	}
	cs[4].State, cs[4].EquinixStatus = "DRAFT", "DRAFT"
	return cs
}

func demoConnections(seed uint64, f Fleet) []Connection {
	var cs []Connection
	port := func(name string) *Port {
		return &f.Ports[slices.IndexFunc(f.Ports, func(p Port) bool { return p.Name == name })]
	}
	hosts := []*Port{
		port(DemoPrimary), port(DemoSecondary), port(DemoEdgePrimary), port(DemoEdgeSecondary), port(DemoLAG),
		port(DemoSaturated), port(DemoStringly), port(DemoUnknownState), port(DemoDown),
	}
	for i := range 52 {
		c := newConnection(seed, i, hosts[i%len(hosts)])
		c.State = connectionStates[i%len(connectionStates)]
		c.Stringly, c.Sparse = i%9 == 6, i%16 == 13
		c.Down = hosts[i%len(hosts)].Name == DemoDown
		if i == throttled {
			c.Name, c.Bandwidth, c.Load = DemoThrottled, 1_000, 0.25
		}
		if d, ok := demoEnds[i]; ok {
			d.end.UUID, d.end.Metro = newUUID(seed, "far end", i), c.ASide.Metro
			c.Name, c.Type, c.ZSide = fmt.Sprintf("%s-%s-%04d", d.prefix, c.ASide.Metro, i), d.kind, d.end
		}
		cs = append(cs, c)
	}
	for i := range 6 { // connections of a customer, which end on own ports
		c := newConnection(seed, len(cs), hosts[i])
		c.ASide, c.ZSide, c.Direction = c.ZSide, c.ASide, "INCOMING"
		cs = append(cs, c)
	}
	for _, pair := range [][2]*Port{{port(DemoPrimary), port(DemoEdgePrimary)}, {port(DemoSecondary), port(DemoEdgeSecondary)}} {
		c := newConnection(seed, len(cs), pair[0])
		c.ZSide, c.Direction, c.Name = pair[1].side(2_000+len(cs)), "INTERNAL", "core-to-edge-"+pair[0].Priority
		c.Priority, c.Group = pair[0].Priority, newUUID(seed, "connection group", 0)
		c.Remote = true
		cs = append(cs, c)
	}
	for range demoCrowd {
		c := newConnection(seed, len(cs), port(DemoCrowded))
		c.Bandwidth, c.Name = 50, fmt.Sprintf("tenant-%03d", len(cs))
		cs = append(cs, c)
	}
	return cs
}
