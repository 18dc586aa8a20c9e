package doctor_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const withTraffic = discovery + "    connections: {traffic: true}\n"

// metricsConnections is the metrics-only account, with the statistics of
// connections gone too.
func metricsConnections() *fabrictest.API {
	return aged(metricsOnly(fabrictest.Options{Gone: []string{fabrictest.OpConnectionStatsV4}}))
}

func TestTrafficOfConnectionsIsAskedForOnlyIfWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		r, err := examine(t, api.Transport(), account(discovery))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "connection_traffic")
		r.only(t, "connection_attachment")
		if n := api.Count(fabrictest.OpConnectionStatsV4); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// Ports have a source that connections do not know.
func TestConnectionsFindASourceOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := aged(fabrictest.New(fabrictest.Options{}))
		r, err := examine(t, api.Transport(), account(withTraffic))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "traffic_source", "ok", "v3 has data")
		r.only(t, "connection_traffic", "ok")
		r.wants(t, "connection_traffic", "ok", "v4-stats has data; of 10 connections asked: 10 with data")
		r.only(t, "connection_attachment")
		if n := api.Count(fabrictest.OpConnectionStatsV4); n != 10 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestConnectionsWithoutAnySource(t *testing.T) {
	for more, words := range map[string]string{
		"":                                 "no source is left: check the rights",
		"    traffic_source: v4-metrics\n": "set traffic_source: auto",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := fabrictest.Demo(1)
			f.Attach()
			api := fabrictest.New(fabrictest.Options{Fleet: &f, Gone: []string{fabrictest.OpConnectionStatsV4}})
			api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchMetrics, Status: http.StatusUnauthorized, Body: `{"fault":{"faultstring":"no apiproduct match"}}`})
			r, err := examine(t, api.Transport(), account(withTraffic+more))
			if err == nil {
				t.Error("no error")
			}
			r.wants(t, "connection_traffic", "fail", "v4-metrics is gone: there is no such call, or none of these connections", words)
			r.only(t, "connection_attachment", "skip")
		})
	}
}

func TestConnectionAttachment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsConnections()
		all := api.Fleet().Connections
		stream := all[0].Stream
		stream.MetricsEnabled = false
		if err := api.SetStream(all[1].UUID, stream); err != nil {
			t.Fatal(err)
		}
		stream.MetricsEnabled, stream.Status = true, fabrictest.Attaching
		if err := api.SetStream(all[2].UUID, stream); err != nil {
			t.Fatal(err)
		}
		r, err := examine(t, api.Transport(), account(withTraffic))
		if err == nil {
			t.Error("no error")
		}
		r.wants(t, "connection_traffic", "ok", "v4-stats is gone")
		r.wants(t, "connection_traffic", "ok", "v4-metrics has data", "connections asked")
		r.wants(t, "connection_attachment", "ok", "10 connections attached")
		r.wants(t, "connection_attachment", "warn", all[2].Name, "under way", "detach the connection")
		c := r.wants(t, "connection_attachment", "fail", all[1].Name, "metrics are disabled", "PUT /fabric/v4/streams/{stream}/connections/{uuid}")
		if c.Object != all[1].UUID {
			t.Errorf("object %q", c.Object)
		}
		r.wants(t, "connection_attachment", "fail", "12 connections: not attached to any stream", "2 more", "connections.exclude")
		if n := api.Count(fabrictest.OpSearchStreamAssets); n != 1 {
			t.Errorf("the streams are asked %d times", n)
		}
	})
}

func TestConnectionsWithoutASample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpConnectionStatsV4, EmptyPoints: true})
		r, err := examine(t, api.Transport(), account(withTraffic))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "connection_traffic", "warn", "v4-stats answers without a single sample", "the connections are up")
	})
}

func TestTrafficOfConnectionsIsRefused(t *testing.T) {
	for status, words := range map[int]string{http.StatusForbidden: "right to read", http.StatusBadGateway: "trouble at Equinix"} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			api.Inject(refusal(fabrictest.OpConnectionStatsV4, "", status, "EQ-1"))
			r, err := examine(t, api.Transport(), account(withTraffic))
			if err == nil {
				t.Error("no error")
			}
			r.wants(t, "connection_traffic", "fail", "v4-stats has no data", fmt.Sprintf("HTTP %d", status), words)
			r.wants(t, "traffic_source", "ok", "v3 has data")
		})
	}
}

func TestNoConnectionIsLetThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := examine(t, fabrictest.New(fabrictest.Options{}).Transport(),
			account(discovery+"    connections: {traffic: true, include: [{name: none}]}\n"))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "connection_traffic", "skip")
		r.wants(t, "connection_traffic", "skip", "there is no connection to ask about")
		r.only(t, "connection_attachment")
	})
}
