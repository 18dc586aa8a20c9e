package fabrictest

import (
	"cmp"
	"fmt"
	"time"
)

// The ports of the demo fleet, by name.
const (
	DemoPrimary       = "SV5-CORE-PRI-10G"     // half of a pair of which neither could carry both loads
	DemoSecondary     = "SV5-CORE-SEC-10G"     // the other half
	DemoEdgePrimary   = "DC6-EDGE-PRI-100G"    // half of a sound pair
	DemoEdgeSecondary = "DC6-EDGE-SEC-100G"    // the other half
	DemoLAG           = "AM3-BACKBONE-LAG-40G" // four links, one of them down
	DemoDown          = "FR5-STANDBY-10G"      // down, no traffic ever
	DemoSaturated     = "SG3-TRANSIT-10G"      // outbound at line rate every working day
	DemoIdle          = "SY4-BACKUP-1G"        // paid for, hardly used
	DemoProvisioning  = "LD8-NEWBUILD-100G"    // no statistics yet; fields are null
	DemoCrowded       = "DA11-WHOLESALE-10G"   // QINQ, 130 connections
	DemoStringly      = "TY4-OFFICE-1G"        // numbers as strings
	DemoUnknownState  = "NY5-PEERING-10G"      // in a state that no document lists
	DemoForeign       = "LD8-PARTNER-10G"      // of another account: 403
)

// The states of the demo fleet that no document lists.
const (
	UnknownPortState       = "RELOCATING"
	UnknownConnectionState = "PENDING_RELOCATION"
)

// DemoThrottled is the connection of the demo fleet that asks for more than its
// bandwidth every working day: it runs at its rate, and packets are dropped.
const DemoThrottled = "bulk-transfer-SG"

// throttled is its place; it rides on DemoSaturated.
const throttled = 5

// demoCrowd is the number of connections of DemoCrowded: more than a page.
const demoCrowd = 130

// demoPorts is the demo fleet without identifiers; group pairs ports.
var demoPorts = []struct {
	name, metro, ibx, state string
	speed                   int64
	links                   int
	priority, group         string
	load                    Load
}{
	{DemoPrimary, "SV", "SV5", StateActive, 10_000, 1, PriorityPrimary, "core",
		Load{Inbound: 0.5, Outbound: 0.38, PeakHour: 14, Weekend: 0.55, Growth: 0.08, Bursts: 0.4}},
	{DemoEdgePrimary, "DC", "DC6", StateActive, 100_000, 1, PriorityPrimary, "edge",
		Load{Inbound: 0.31, Outbound: 0.24, PeakHour: 15, Weekend: 0.7, Growth: 0.2, Bursts: 0.1}},
	{DemoSecondary, "SV", "SV5", StateActive, 10_000, 1, PrioritySecondary, "core",
		Load{Inbound: 0.47, Outbound: 0.35, PeakHour: 14, Weekend: 0.55, Growth: 0.08, Bursts: 0.4}},
	{DemoEdgeSecondary, "DC", "DC6", StateActive, 100_000, 1, PrioritySecondary, "edge",
		Load{Inbound: 0.12, Outbound: 0.09, PeakHour: 15, Weekend: 0.7, Growth: 0.2, Bursts: 0.1}},
	{DemoLAG, "AM", "AM3", StateActive, 10_000, 4, "", "",
		Load{Inbound: 0.33, Outbound: 0.36, PeakHour: 20.5, Weekend: 1.1, Growth: 0.2, Errors: 12}},
	{DemoDown, "FR", "FR5", StateActive, 10_000, 1, PrioritySecondary, "",
		Load{Inbound: 0.2, Outbound: 0.2, PeakHour: 13, Weekend: 0.5}},
	{DemoSaturated, "SG", "SG3", StateActive, 10_000, 1, "", "",
		Load{Inbound: 0.38, Outbound: 1.02, PeakHour: 21, Weekend: 0.93, Bursts: 0.5}},
	{DemoIdle, "SY", "SY4", StateActive, 1_000, 1, PrioritySecondary, "",
		Load{Inbound: 0.0004, Outbound: 0.0002, PeakHour: 2, Weekend: 1, Bursts: 0.2}},
	{DemoProvisioning, "LD", "LD8", StateProvisioning, 100_000, 1, "", "", Load{}},
	{DemoCrowded, "DA", "DA11", StateActive, 10_000, 1, "", "",
		Load{Inbound: 0.33, Outbound: 0.36, PeakHour: 16, Weekend: 0.65, Growth: 0.1, Bursts: 1}},
	{DemoStringly, "TY", "TY4", StateActive, 1_000, 1, "", "",
		Load{Inbound: 0.5, Outbound: 0.13, PeakHour: 10.5, Weekend: 0.08, Growth: 0.05, Bursts: 0.8}},
	{DemoUnknownState, "NY", "NY5", UnknownPortState, 10_000, 1, "", "",
		Load{Inbound: 0.27, Outbound: 0.31, PeakHour: 19, Weekend: 1.05, Growth: 0.2, Bursts: 0.3}},
	{DemoForeign, "LD", "LD8", StateActive, 10_000, 1, "", "",
		Load{Inbound: 0.3, Outbound: 0.3, PeakHour: 14, Weekend: 0.6}},
}

// Demo returns a fleet with something of everything: twelve ports in ten
// metros and one foreign one (see the Demo constants), and 190 connections in
// every state, most of them on one crowded port. The seed decides identifiers.
func Demo(seed uint64) Fleet {
	var f Fleet
	primaries := map[string]string{} // the first port of a group, by its name here
	for i, d := range demoPorts {
		p := Port{
			UUID: newUUID(seed, "port", i), Name: d.name, State: d.state, Metro: d.metro, IBX: d.ibx,
			Speed: d.speed, Links: newLinks(seed, i, d.links), Encapsulation: "DOT1Q", Package: "STANDARD",
			Priority: d.priority, ProjectID: "900000000000042", AccountNumber: 400_042, OrgID: 70_042,
			Load: d.load,
		}
		p.specialise()
		f.Ports = append(f.Ports, p)
		primaries[d.group] = cmp.Or(primaries[d.group], p.UUID)
	}
	for i, d := range demoPorts {
		if d.group != "" {
			f.Ports[i].Group = primaries[d.group]
		}
	}
	f.Connections = demoConnections(seed, f)
	return f
}

// specialise gives the ports of the demo fleet what sets them apart.
func (p *Port) specialise() {
	switch p.Name {
	case DemoEdgePrimary, DemoEdgeSecondary:
		p.Package = "UNLIMITED"
	case DemoLAG:
		p.Links[1].Down = true
		p.Maintenance = "SCHEDULED"
	case DemoDown:
		p.Links[0].Down = true
		p.Outages = []Outage{{}}
	case DemoProvisioning:
		p.Sparse = true
	case DemoCrowded:
		p.Encapsulation, p.Package = "QINQ", "UNLIMITED_PLUS"
	case DemoStringly:
		p.Stringly = true
	case DemoForeign:
		p.Foreign, p.AccountNumber, p.OrgID, p.ProjectID = true, 290_071, 92_154, "377533000999999"
	}
}

func newLinks(seed uint64, port, n int) []Link {
	links := make([]Link, n)
	for i := range links {
		links[i] = Link{
			UUID:         newUUID(seed, "link", port*16+i),
			CrossConnect: fmt.Sprintf("%08d", 20_883_104+port*16+i),
		}
	}
	return links
}

// connectionStates are all that the API is known to send, and one that it is
// not known to send.
var connectionStates = []string{
	StateActive, StateProvisioned, StateActive, StateProvisioned, StateActive, StateProvisioned,
	StateProvisioning, StateReprovisioning, StatePending, "DRAFT", "FAILED", StateCancelled,
	StateDeprovisioning, StateDeprovisioned, "", UnknownConnectionState,
}

// demoEnds are far ends that are no provider's. Most have no name, as in the
// examples that Equinix publishes.
var demoEnds = map[int]struct { // by the place of the connection, each in a state with traffic
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

func demoConnections(seed uint64, f Fleet) []Connection {
	var cs []Connection
	port := func(name string) *Port {
		for i := range f.Ports {
			if f.Ports[i].Name == name {
				return &f.Ports[i]
			}
		}
		panic("fabrictest: no demo port " + name)
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
	for i := range 6 { // a customer's connections, which end on own ports
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

// side is an access point on p.
func (p *Port) side(vlan int) Side {
	return Side{Type: "COLO", Port: p.UUID, Name: p.Name, Metro: p.Metro, VLAN: vlan}
}

var connectionSpeeds = []int64{50, 100, 200, 500, 1_000}

var equinixStatuses = []string{
	"PROVISIONING", "PENDING_APPROVAL", "PENDING_AUTO_APPROVAL", "REJECTED", "DEPROVISIONED", "PENDING_BGP_PEERING",
}

var providerStatuses = []string{
	"NOT_AVAILABLE", "PENDING_APPROVAL", "PROVISIONING", "REJECTED", "DEPROVISIONED", "N/A",
}

// newConnection is the n-th connection of a fleet, from a port to a provider.
// It is provisioned unless the dice say otherwise of its statuses.
func newConnection(seed uint64, n int, a *Port) Connection {
	h := hashString(seed+uint64(n), "connection") //nolint:gosec // n counts from 0
	far := profiles[h%uint64(len(profiles))]
	created := time.Unix(1_600_000_000+int64(h>>8%150_000_000), 0).UTC()
	c := Connection{
		UUID: newUUID(seed, "connection", n), Name: fmt.Sprintf("%s-%s-%04d", far.prefix, a.Metro, n),
		Type: "EVPL_VC", State: StateActive, Direction: "OUTGOING",
		Bandwidth:     connectionSpeeds[h>>16%uint64(len(connectionSpeeds))],
		EquinixStatus: StateProvisioned, ProviderStatus: "AVAILABLE",
		ASide: a.side(100 + n%3_900),
		ZSide: Side{
			Type: "SP", Port: newUUID(seed, "provider port", int(h>>24%40)),
			Name: "PROVIDER-" + a.Metro + "-NNI", Metro: a.Metro, VLAN: 300 + n%3_700, Profile: far.name,
		},
		ProjectID: a.ProjectID, AccountNumber: a.AccountNumber, OrgID: a.OrgID,
		Created: created, Updated: created.Add(time.Duration(h>>32%20_000_000) * time.Second),
	}
	if i := h >> 40 % 24; i < uint64(len(equinixStatuses)) {
		c.EquinixStatus, c.ProviderStatus = equinixStatuses[i], providerStatuses[i]
	}
	return c
}
