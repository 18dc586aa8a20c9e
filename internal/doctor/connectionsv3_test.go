package doctor_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// An account that speaks only v3 is in order: the report says what comes through v3, what v3
// does not know, and which calls that takes.
func TestAnAccountThatSpeaksOnlyV3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Demo(0)
		for i := range f.Ports {
			f.Ports[i].Veiled = f.Ports[i].Name == fabrictest.DemoLAG
		}
		api := aged(fabrictest.New(fabrictest.Options{Fleet: &f, Gone: []string{
			fabrictest.OpPorts, fabrictest.OpPort, fabrictest.OpPortStatsV4, fabrictest.OpSearchConnections,
			fabrictest.OpConnectionStatsV4, fabrictest.OpSearchMetrics, fabrictest.OpSearchStreamAssets,
		}}))
		r, err := examine(t, dated(api, 0), account(discovery+"    connections: {traffic: true}\n"))
		if err == nil || err.Error() != "1 check failed" {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "ports", "ok")
		r.wants(t, "ports", "ok", "12 ports seen, through v3")
		r.wants(t, "traffic_source", "ok", "v3 has data")
		r.only(t, "connections", "ok", "fail", "ok")
		r.wants(t, "connections", "ok", "connections on 12 ports, through v3: the v4 search does not exist for these credentials, or refuses them")
		r.wants(t, "connections", "fail", fabrictest.DemoLAG, "may not view the connections of the port", "right to view the connections")
		r.only(t, "connection_traffic", "ok", "ok")
		r.wants(t, "connection_traffic", "ok", "v4-metrics is gone; the connections come from v3, which does not know their traffic")
		r.only(t, "connection_attachment")
		r.wants(t, "budget", "ok", "16 calls per 5m for 12 ports;")
	})
}

func TestV3ListsConnectionsOnlyIfV4RefusesThem(t *testing.T) {
	for status, want := range map[int]bool{http.StatusForbidden: true, http.StatusNotFound: true, http.StatusBadGateway: false} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			api.Inject(refusal(fabrictest.OpSearchConnections, "", status, "X"))
			r, _ := examine(t, api.Transport(), account(discovery))
			if n := api.Count(fabrictest.OpBuyerConnectionsV3); (n > 0) != want {
				t.Errorf("HTTP %d: v3 was asked %d times: %+v", status, n, r.of("connections"))
			}
		})
	}
}

// The report counts the connections on no port, and plans the calls for listing them.
func TestConnectionsOnNoPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Demo(0)
		f.Connections = append(f.Connections, fabrictest.OnNoPort(0)...)
		api := aged(fabrictest.New(fabrictest.Options{Fleet: &f}))
		for settings, want := range map[string][2]string{
			"{traffic: true}": {"select 190 of 190 connections; traffic is polled for 174", "190 calls per 5m"},
			"{traffic: true, all: true}": {
				"select 195 of 195 connections; traffic is polled for 178; 5 of them are on no port of the account (connections.all)", "196 calls per 5m",
			},
		} {
			r, _ := examine(t, dated(api, 0), account(discovery+"    connections: "+settings+"\n"))
			r.wants(t, "connections", "ok", want[0])
			r.wants(t, "budget", "ok", want[1])
		}
		api.Inject(refusal(fabrictest.OpSearchConnections, "", http.StatusBadGateway, "X"))
		r, _ := examine(t, dated(api, 0), account(discovery+"    connections: {traffic: true, all: true}\n"))
		r.wants(t, "connections", "fail", "listing of all connections", "HTTP 502")
	})
}
