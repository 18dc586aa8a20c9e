package fabrictest

import "fmt"

// linkSpeeds are those of generated ports, in Mbit/s, with how they are written.
var linkSpeeds = []struct {
	mbps int64
	name string
}{{1_000, "1G"}, {10_000, "10G"}, {10_000, "10G"}, {100_000, "100G"}}

// Generate returns a fleet for load tests: as many ports, in pairs of which every
// eighth is one of LAGs, and connections as asked for, spread over all metros.
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

// newPort is the n-th port of a generated fleet; two in a row are a pair.
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
