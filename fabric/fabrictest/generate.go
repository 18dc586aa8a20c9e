package fabrictest

import (
	"fmt"
	"time"
)

// linkSpeeds are the link speeds of generated ports, and their spelling in names.
var linkSpeeds = []struct {
	mbps int64
	name string
}{{1_000, "1G"}, {10_000, "10G"}, {10_000, "10G"}, {100_000, "100G"}}

// Generate returns a fleet for load tests, with so many ports and connections, spread
// over all metros. The ports are in pairs, of which every eighth is a pair of LAGs.
// Equal arguments give equal fleets. [Fleet.Attach] gives it metrics.
func Generate(seed uint64, ports, connections int) Fleet {
	f := Fleet{Ports: make([]Port, ports), Connections: make([]Connection, connections)}
	for i := range f.Ports {
		f.Ports[i] = newPort(seed, i)
	}
	for i := range f.Connections {
		h := hashString(seed+uint64(i), "host")
		var host *Port
		if ports > 0 {
			host = &f.Ports[h%uint64(ports)]
		} else {
			host = &Port{UUID: newUUID(seed, "router port", 0), Metro: "AM"}
		}
		c := newConnection(seed, i, host)
		c.State = connectionStates[h>>16%uint64(len(connectionStates))]
		if ports > 0 && h>>32%20 == 0 {
			c.ZSide, c.Direction = f.Ports[h>>40%uint64(ports)].side(i%4_000), "INTERNAL"
		}
		f.Connections[i] = c
	}
	return f
}

// newPort is the n-th port of a generated fleet; two consecutive ports are a pair.
func newPort(seed uint64, n int) Port {
	pair := n / 2
	h := hashString(seed+uint64(pair), "pair") //nolint:gosec // n counts from 0
	own := hashString(seed+uint64(n), "load")  //nolint:gosec // n counts from 0
	m := metros[h%uint64(len(metros))]
	speed := linkSpeeds[h>>8%uint64(len(linkSpeeds))]
	ibx := fmt.Sprintf("%s%d", m.code, 1+h>>16%9)
	priority, short := PriorityPrimary, "PRI"
	if n%2 == 1 {
		priority, short = PrioritySecondary, "SEC"
	}
	links := 1
	if h>>32%8 == 0 {
		links = 2 + int(h>>40%3)
	}
	return Port{
		UUID: newUUID(seed, "port", n), Name: fmt.Sprintf("%s-EDGE-%05d-%s-%s", ibx, pair, short, speed.name),
		State: StateActive, Metro: m.code, IBX: ibx, Speed: speed.mbps, Links: newLinks(seed, n, links),
		Encapsulation: "DOT1Q", Package: "STANDARD",
		Priority: priority, Group: newUUID(seed, "port", 2*pair),
		ProjectID: "900000000000042", AccountNumber: 400_042, OrgID: 70_042,
		Load: Load{
			Inbound: 0.6 * unit(mix(own)), Outbound: 0.6 * unit(mix(own+1)),
			PeakHour: 9 + 13*unit(mix(h)), Weekend: 0.3 + 0.7*unit(mix(h+1)),
			Growth: 0.3 * unit(mix(h+2)), Bursts: unit(mix(own + 2)),
		},
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
// Most are provisioned; some have other statuses at random.
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

// mix is the finaliser of splitmix64, a hash of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// hashString is FNV-1a, started from seed and finished with mix.
func hashString(seed uint64, s string) uint64 {
	h := seed ^ 0xcbf29ce484222325
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

// newUUID is the n-th UUID of a kind; equal arguments give equal UUIDs.
func newUUID(seed uint64, kind string, n int) string {
	hi := hashString(seed+uint64(n), kind) //nolint:gosec // n counts from 0
	lo := mix(hi)
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0xfff, lo&0xffffffffffff)
}
