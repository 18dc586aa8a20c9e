package soak_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// estate is one Equinix account: a simulated API of its own, and what is known
// of its past.
type estate struct {
	name, source string
	connections  bool      // single connections are tracked, too
	pair         [2]string // ports that the configuration pairs
	address      string
	api          *fabrictest.API
	tap          *tap
	worlds       []world
	known        *simulation
	mishaps      []*mishap
	calm         time.Time                  // since when nothing is broken; in the future while something is
	proven       time.Time                  // the history up to then is compared
	names        map[string]map[string]bool // that each port and connection ever had
	recalled     map[topic]remembered
	down         func()
}

// simulation says how an estate's API is made, so that it can be made again.
type simulation struct{ seed uint64 }

// world is an estate as it was from a moment on.
type world struct {
	since time.Time
	api   *fabrictest.API // a copy that is not changed
	ports map[string]fabrictest.Port
	conns map[string]fabrictest.Connection
}

// secret is that of every account: what is simulated here is no attack.
const secret = "soak-secret"

// newEstates is the fleet of the soak: each traffic source has its share.
func newEstates(t *testing.T, n *network, seed uint64, ports int) []*estate {
	t.Helper()
	estates := []*estate{
		{name: "v3", source: "v3"},
		{name: "stats", source: "v4-stats", connections: true},
		{name: "metrics", source: "v4-metrics", connections: true},
	}
	for i, e := range estates {
		e.names = map[string]map[string]bool{}
		e.known, e.calm = &simulation{seed*1_000_003 + uint64(i)*7_000_001}, time.Now()
		share := ports * []int{5, 3, 2}[i] / 10 / 2 * 2
		fleet := fabrictest.Generate(e.known.seed, share, share)
		fleet.Ports[0].Maintenance, fleet.Connections[0].Maintenance = "SCHEDULED", "SCHEDULED"
		e.pair = [2]string{fleet.Ports[0].UUID, fleet.Ports[1].UUID}
		if e.source == "v4-metrics" {
			crowd(&fleet)
			fleet.Attach()
		}
		e.address = fmt.Sprintf("127.0.0.1:%d", 7001+i)
		e.api = fabrictest.New(fabrictest.Options{
			Seed: e.known.seed, Fleet: &fleet, ClientID: e.name, ClientSecret: secret, RequestLog: -1,
		})
		e.down = serve(t, n.listen(e.address), e.api)
		e.remember(time.Now())
	}
	return estates
}

// crowd makes some ports and connections lose packets, so that there is
// something to count.
func crowd(f *fabrictest.Fleet) {
	for i := range f.Ports {
		if i%3 == 0 {
			f.Ports[i].Load.Inbound, f.Ports[i].Load.Outbound, f.Ports[i].Load.Errors = 1.3, 1.1, 7
		}
	}
	for i := range f.Connections {
		if i%2 == 0 {
			f.Connections[i].Load = 0.3
		}
	}
}

// configure is the account of an estate in a configuration.
func (e *estate) configure() string {
	yaml := fmt.Sprintf("  - name: %s\n    api_url: http://%s\n    client_id: %s\n    client_secret: %s\n    traffic_source: %s\n    discover: {enabled: true}\n    prices: {enabled: true, interval: 1h}\n"+
		"    pairs: [{name: of %s, primary: %s, secondary: %s}]\n",
		e.name, e.address, e.name, secret, e.source, e.name, e.pair[0], e.pair[1])
	if e.connections {
		yaml += "    connections: {traffic: true, max: 10000}\n"
	}
	return yaml
}

// tapped is the estate's part of the exporter's transport.
func (e *estate) tapped(n http.RoundTripper) http.RoundTripper {
	e.tap = newTap(n)
	return e.tap
}

// horizon is how long ago a world may be that a value is from: the longest that
// a value lives, and a little. What a port was last listed as lives for ever.
const horizon = staleIntervals*time.Hour + 20*time.Minute

// remember keeps the estate as it is from now on.
func (e *estate) remember(now time.Time) {
	f := e.api.Fleet()
	w := world{
		since: now, api: fabrictest.New(fabrictest.Options{Seed: e.known.seed, Fleet: &f, RequestLog: -1}),
		ports: map[string]fabrictest.Port{}, conns: map[string]fabrictest.Connection{},
	}
	for _, p := range f.Ports {
		w.ports[p.UUID] = p
		e.note(p.UUID, p.Name)
	}
	for _, c := range f.Connections {
		w.conns[c.UUID] = c
		e.note(c.UUID, c.Name)
	}
	e.worlds = append(e.worlds, w)
	for len(e.worlds) > 1 && now.Sub(e.worlds[1].since) > horizon && e.tap.listed.After(e.worlds[1].since) && e.proven.Sub(e.worlds[1].since) > horizon {
		e.worlds = slices.Delete(e.worlds, 0, 1)
	}
}

// at is the estate as it was at that moment.
func (e *estate) at(t time.Time) *world {
	i := len(e.worlds) - 1
	for i > 0 && e.worlds[i].since.After(t) {
		i--
	}
	return &e.worlds[i]
}

// unchanged reports whether the estate was the same all through a stretch of time.
func (e *estate) unchanged(from, to time.Time) bool { return e.at(from) == e.at(to) }

// anyPort is one of the ports, in an order that the seed decides.
func (e *estate) anyPort(r *rand.Rand) fabrictest.Port {
	ports := e.api.Fleet().Ports
	return ports[r.IntN(len(ports))]
}

func (e *estate) anyConnection(r *rand.Rand) fabrictest.Connection {
	all := e.api.Fleet().Connections
	return all[r.IntN(len(all))]
}
