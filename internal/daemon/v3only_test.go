package daemon_test

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// noV4 are all operations of v4.
var noV4 = []string{
	fabrictest.OpPorts, fabrictest.OpPort, fabrictest.OpSearchPorts, fabrictest.OpPortStatsV4, fabrictest.OpSearchConnections,
	fabrictest.OpConnectionStatsV4, fabrictest.OpSearchMetrics, fabrictest.OpSearchStreamAssets,
}

// v3Truth is what the fleet of a simulated API looks like through v3, by series without
// their labels of the port or connection, worked out from the documents of v3.
type v3Truth struct{ series map[string]float64 }

func (v *v3Truth) add(family, labels string, value float64) {
	v.series[family+"{"+labels+"}"] += value
}

func labels(pairs ...string) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, pairs[i]+"="+strconv.Quote(pairs[i+1]))
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// v3State is the lifecycle state of a status of v3.
func v3State(c *fabrictest.Connection) (state, equinix, provider string) {
	if c.Sparse {
		return "UNKNOWN", "UNKNOWN", "UNKNOWN"
	}
	if c.EquinixStatus == "PENDING_APPROVAL" {
		return "PENDING", c.EquinixStatus, c.ProviderStatus
	}
	return c.EquinixStatus, c.EquinixStatus, c.ProviderStatus
}

func (v *v3Truth) connection(c *fabrictest.Connection, ports map[string]fabrictest.Port) {
	port, own := ports[c.ASide.Port]
	if !own {
		return
	}
	id := []string{"connection_uuid", c.UUID, "connection_name", c.Name}
	state, equinix, provider := v3State(c)
	direction, vlan, zType := "OUTGOING", strconv.Itoa(c.ASide.VLAN), "COLO"
	if c.Direction == "INTERNAL" {
		direction = "INTERNAL"
	}
	zName := cmp.Or(c.ZSide.Profile, c.ZSide.Name, "Seller of "+c.ZSide.Metro)
	if c.ZSide.Profile != "" {
		zType = "SP"
	} else if c.ZSide.Port == "" {
		zType = ""
	}
	v.add("connection_info", labels(append(id, "account", "prod", "port_uuid", port.UUID, "port_name", port.Name, "side", "a", "type", "",
		"connection_direction", direction, "a_side", port.Name, "z_side", zName, "a_side_metro", port.Metro, "z_side_metro", c.ZSide.Metro,
		"vlan", vlan, "redundancy_group", c.Group, "redundancy_priority", c.Priority, "a_side_type", "COLO", "z_side_type", zType)...), 1)
	v.add("connection_state", labels(append(id, "state", state)...), 1)
	v.add("connection_status", labels(append(id, "side", "equinix", "status", equinix)...), 1)
	v.add("connection_status", labels(append(id, "side", "provider", "status", provider)...), 1)
	if !c.Sparse {
		v.add("connection_bandwidth_bytes_per_second", labels(id...), float64(c.Bandwidth)*1e6/8)
	}
}

func (v *v3Truth) port(p *fabrictest.Port, conns []fabrictest.Connection) {
	id := []string{"port_uuid", p.UUID, "port_name", p.Name}
	for _, state := range fleet.ConnectionStates() {
		v.add("port_connections", labels(append(id, "state", state)...), 0)
	}
	bandwidth := 0.0
	for i := range conns {
		c := &conns[i]
		if c.ASide.Port != p.UUID && c.ZSide.Port != p.UUID {
			continue
		}
		state, equinix, provider := v3State(c)
		v.add("port_connections", labels(append(id, "state", state)...), 1)
		v.add("port_connections_status", labels(append(id, "side", "equinix", "status", equinix)...), 1)
		v.add("port_connections_status", labels(append(id, "side", "provider", "status", provider)...), 1)
		if slices.Contains([]string{"PROVISIONED", "PROVISIONING", "UNKNOWN"}, state) {
			bandwidth += float64(c.Bandwidth) * 1e6 / 8
			if c.Sparse {
				bandwidth = math.NaN() // a sum without one of them would be too low
			}
		}
	}
	if !math.IsNaN(bandwidth) {
		v.add("port_connections_bandwidth_bytes_per_second", labels(id...), bandwidth)
	}
}

// An account for which Equinix has nothing but v3 has everything that v3 knows, and nothing
// about it looks as if it failed.
func TestAnAccountThatSpeaksOnlyV3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		f := fabrictest.Demo(0)
		for i := range f.Ports {
			f.Ports[i].Veiled = f.Ports[i].Name == fabrictest.DemoLAG
		}
		idle, _ := f.Port(fabrictest.DemoIdle)
		incoming := f.Connections[0]
		incoming.UUID, incoming.Direction = "eeeeeeee-0000-4000-8000-00000000000e", "INCOMING"
		incoming.ASide, incoming.ZSide = incoming.ZSide, fabrictest.Side{Type: "COLO", Port: idle.UUID, Name: idle.Name, Metro: idle.Metro}
		f.Connections = append(f.Connections, incoming)
		api := fabrictest.New(fabrictest.Options{Fleet: &f, Gone: noV4})
		e, stop := start(t, api.Transport(), text(connected("auto", windows)))
		time.Sleep(time.Hour + 10*time.Minute)
		synctest.Wait()
		got, snap := e.series(t), e.Snapshot()

		ports := map[string]fabrictest.Port{}
		var listed []fabrictest.Connection
		for _, p := range f.Ports {
			if !p.Foreign {
				ports[p.UUID] = p
			}
		}
		for _, c := range f.Connections {
			if c.Direction != "INCOMING" && !ports[c.ASide.Port].Veiled {
				listed = append(listed, c)
			}
		}
		truth := &v3Truth{map[string]float64{}}
		for i := range listed {
			truth.connection(&listed[i], ports)
		}
		for _, p := range ports {
			if p.Name != fabrictest.DemoLAG && p.Name != fabrictest.DemoIdle { // their connections are not known
				truth.port(&p, listed)
			}
		}
		shown := map[string]float64{}
		for series, v := range got {
			if family, _, _ := strings.Cut(series, "{"); strings.HasPrefix(family, "connection_") || strings.HasPrefix(family, "port_connections") {
				shown[series] = v
			}
		}
		delete(shown, `connection_traffic_source_info{account="prod",source="none"}`)
		if diff := gocmp.Diff(truth.series, shown); diff != "" {
			t.Errorf("connections (-want +got)\n%s", diff)
		}

		figures := 0
		for _, p := range ports {
			for w, window := range snap.Windows {
				polled := snap.Port(p.UUID).Polls[w].LastSuccess
				for direction, label := range map[fabrictest.Direction]string{fabrictest.Inbound: "inbound", fabrictest.Outbound: "outbound"} {
					samples := api.Truth(p.UUID, direction, polled.Add(-window.Span), polled, window.Resolution, polled)
					figures += compare(t, got, p, label, window.Label(), w == 0, samples)
				}
			}
			if v := got[fmt.Sprintf(`port_capacity_bytes_per_second{port_name=%q,port_uuid=%q}`, p.Name, p.UUID)]; v != float64(p.Capacity())*1e6/8 {
				t.Errorf("%s has the capacity %v", p.Name, v)
			}
			if v, ok := got[fmt.Sprintf(`port_poll_success{port_name=%q,port_uuid=%q}`, p.Name, p.UUID)]; !ok || v != 1 {
				t.Errorf("%s: port_poll_success %v, %v", p.Name, v, ok)
			}
			if i := snap.Port(p.UUID).Inventory; i.Package != map[bool]string{true: "STANDARD", false: "UNLIMITED"}[p.Package == "STANDARD"] {
				t.Errorf("%s has the package %q, v4 says %q", p.Name, i.Package, p.Package)
			}
		}
		if e := snap.Accounts[0].LastError; e != "" {
			t.Errorf("the account shows the error %q", e)
		}
		if figures < 170 || len(listed) < 150 {
			t.Errorf("%d figures, %d connections", figures, len(listed))
		}
		for series, want := range map[string]float64{
			`up{account="prod"}`: 1, `login_suspended{account="prod"}`: 0,
			`traffic_source_info{account="prod",source="v3"}`:              1,
			`connection_traffic_source_info{account="prod",source="none"}`: 1,
			`connections_selected{account="prod"}`:                         float64(len(listed)),
			`connections_watched{account="prod"}`:                          float64(len(listed)),
			// 12 ports, two windows, one of which once an hour; two pages of connections and the
			// question whether v4 is back; the listing of ports, every 15 minutes.
			`poll_calls_per_cycle{account="prod"}`: 12 + 1 + 3 + 1./3,
		} {
			if v, ok := got[series]; !ok || math.Abs(v-want) > 1e-9 {
				t.Errorf("%s = %v (there: %v), want %v", series, v, ok, want)
			}
		}
		// The traffic of connections is looked for now and then, and asked for by nobody else.
		if n := api.Count(fabrictest.OpConnectionStatsV4) + api.Count(fabrictest.OpSearchMetrics); n == 0 || n > 6*20 {
			t.Errorf("%d questions about the traffic of connections", n)
		}
		ready := httptest.NewRecorder()
		e.pages.ServeHTTP(ready, httptest.NewRequest(http.MethodGet, "/-/ready", nil))
		if ready.Code != http.StatusOK {
			t.Errorf("not ready: %s", ready.Body)
		}
		stop()
		for line := range strings.Lines(e.log.String()) {
			known := strings.Contains(line, "may not view the connections") || strings.Contains(line, "lists only those that the account has ordered")
			if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") && !known {
				t.Error(line)
			}
		}
	})
}

// v4 lists the ports, and refuses the search: v3 lists only what the account has ordered, so it
// knows nothing of a port that has only connections that others have ordered.
func TestAPortWithConnectionsOfOthersHasNoCountFromV3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		f := fabrictest.Demo(0)
		idle, _ := f.Port(fabrictest.DemoIdle)
		incoming := f.Connections[0]
		incoming.UUID, incoming.Direction = "eeeeeeee-0000-4000-8000-00000000000e", "INCOMING"
		incoming.ASide, incoming.ZSide = incoming.ZSide, fabrictest.Side{Type: "COLO", Port: idle.UUID, Name: idle.Name, Metro: idle.Metro}
		f.Connections = append(f.Connections, incoming)
		api := fabrictest.New(fabrictest.Options{Fleet: &f, Gone: []string{fabrictest.OpSearchConnections}})
		e, stop := start(t, api.Transport(), text(discovery("    discover: {enabled: true}\n")))
		defer stop()
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		for _, p := range e.Snapshot().Ports {
			if known := p.Connections != nil; known != (p.UUID != idle.UUID) {
				t.Errorf("%s: counted %v, %q", p.Name(), known, p.ConnectionsPoll.Err)
			}
		}
	})
}
