package fabrictest

// The ports of the fleet of DemoMetrics, by name.
const (
	MetricsPrimary    = "LD5-WAN-PRI-10G"  // half of a pair that the API knows of
	MetricsSecondary  = "LD5-WAN-SEC-10G"  // the other half
	MetricsTwinA      = "TY2-METRO-A-10G"  // half of a pair known by its name only
	MetricsTwinB      = "TY2-METRO-B-10G"  // the other half
	MetricsDropping   = "SG1-CDN-10G"      // full every evening: drops packets
	MetricsLAG        = "NY9-CORE-LAG-20G" // two links, one of them down: erred packets
	MetricsDisabled   = "SY3-BRANCH-1G"    // attached to a stream, its metrics not enabled
	MetricsUnattached = "FR2-BRANCH-1G"    // attached to no stream
)

// MetricsThrottled is the connection of the fleet of DemoMetrics that runs at its
// rate every day.
const MetricsThrottled = "cdn-fill-SG"

var metricsPorts = []struct {
	name, metro, ibx string
	speed            int64
	links            int
	priority         string
	load             Load
}{
	{MetricsPrimary, "LD", "LD5", 10_000, 1, PriorityPrimary, Load{Inbound: 0.42, Outbound: 0.3, PeakHour: 14, Weekend: 0.5, Bursts: 0.3}},
	{MetricsSecondary, "LD", "LD5", 10_000, 1, PrioritySecondary, Load{Inbound: 0.2, Outbound: 0.15, PeakHour: 14, Weekend: 0.5, Bursts: 0.3}},
	{MetricsTwinA, "TY", "TY2", 10_000, 1, "", Load{Inbound: 0.35, Outbound: 0.5, PeakHour: 20, Weekend: 1}},
	{MetricsTwinB, "TY", "TY2", 10_000, 1, "", Load{Inbound: 0.3, Outbound: 0.45, PeakHour: 20, Weekend: 1}},
	{MetricsDropping, "SG", "SG1", 10_000, 1, "", Load{Inbound: 0.2, Outbound: 1.1, PeakHour: 21, Weekend: 1.05, Bursts: 0.5}},
	{MetricsLAG, "NY", "NY9", 10_000, 2, "", Load{Inbound: 0.25, Outbound: 0.3, PeakHour: 15, Weekend: 0.6, Errors: 30}},
	{MetricsDisabled, "SY", "SY3", 1_000, 1, "", Load{Inbound: 0.2, Outbound: 0.1, PeakHour: 11, Weekend: 0.2}},
	{MetricsUnattached, "FR", "FR2", 1_000, 1, "", Load{Inbound: 0.3, Outbound: 0.2, PeakHour: 10, Weekend: 0.2}},
}

// DemoMetrics returns the fleet of an account that is read through the metrics:
// eight ports, six of them with metrics, one attached to its stream without and
// one not attached at all (see the Metrics constants), and 24 connections, half
// of them attached. The seed decides identifiers.
func DemoMetrics(seed uint64) Fleet {
	seed = mix(seed ^ 0x6d657472) // another account's identifiers
	var f Fleet
	stream := Stream{UUID: newUUID(seed, "stream", 0), Status: Attached, MetricsEnabled: true}
	for i, d := range metricsPorts {
		p := Port{
			UUID: newUUID(seed, "port", i), Name: d.name, State: StateActive, Metro: d.metro, IBX: d.ibx,
			Speed: d.speed, Links: newLinks(seed, i, d.links), Encapsulation: "DOT1Q", Package: "STANDARD",
			Priority: d.priority, ProjectID: "377533000225814", AccountNumber: 270_381, OrgID: 92_108,
			Stream: stream, Load: d.load,
		}
		if p.Priority != "" {
			p.Group = newUUID(seed, "port", 0)
		}
		switch p.Name {
		case MetricsDisabled:
			p.Stream.MetricsEnabled = false
		case MetricsUnattached:
			p.Stream = Stream{}
		case MetricsLAG:
			p.Links[1].Down = true
		case MetricsTwinB:
			p.Stringly = true
		}
		f.Ports = append(f.Ports, p)
	}
	for i := range 24 {
		c := newConnection(seed, i, &f.Ports[i%len(f.Ports)])
		c.State, c.EquinixStatus, c.ProviderStatus = StateProvisioned, StateProvisioned, statusAvailable
		if i < 12 {
			c.Stream = stream
		}
		if i == 4 { // on MetricsDropping
			c.Name, c.Bandwidth, c.Load, c.Maintenance = MetricsThrottled, 2_000, 0.4, "SCHEDULED"
		}
		f.Connections = append(f.Connections, c)
	}
	return f
}
