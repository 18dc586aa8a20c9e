package doctor_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// refuses is an API that refuses any search for connections with one of these
// ports in it.
func refuses(api *fabrictest.API, status int, uuids ...string) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/fabric/v4/connections/search" {
			return api.Transport().RoundTrip(r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		for _, uuid := range uuids {
			if bytes.Contains(body, []byte(uuid)) {
				text := `[{"errorCode":"EQ-3000197","errorMessage":"Refused."}]`
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(text))}, nil
			}
		}
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		return api.Transport().RoundTrip(again)
	})
}

func TestConnectionsOfSomePortsAreRefused(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			a, b := portOf(t, api, fabrictest.DemoIdle), portOf(t, api, fabrictest.DemoLAG)
			r, err := examine(t, refuses(api, status, a, b), account(discovery))
			if err == nil || err.Error() != "2 checks failed" {
				t.Errorf("Run: %v", err)
			}
			r.only(t, "connections", "ok", "fail", "fail")
			r.wants(t, "connections", "ok", "on 10 ports")
			for uuid, name := range map[string]string{a: fabrictest.DemoIdle, b: fabrictest.DemoLAG} {
				if c := r.wants(t, "connections", "fail", name, "EQ-3000197", "right to view the connections"); c.Object != uuid {
					t.Errorf("object %q", c.Object)
				}
			}
		})
	}
}

func TestNoConnectionsMayBeSearched(t *testing.T) {
	for status, words := range map[int][]string{
		http.StatusForbidden:  {"refused for all ports", "EQ-3000197", "right to view the connections"},
		http.StatusBadGateway: {"12 of 12 ports without an answer", "HTTP 502", "try again later"},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			api.Inject(refusal(fabrictest.OpSearchConnections, "", status, "EQ-3000197"))
			api.SetGone(fabrictest.OpBuyerConnectionsV3)
			r, err := examine(t, api.Transport(), account(discovery))
			if err == nil {
				t.Error("no error")
			}
			r.only(t, "connections", "fail")
			r.wants(t, "connections", "fail", words...)
			r.only(t, "budget", "ok")
		})
	}
}

// The report says how many connections the filters select.
func TestSelectionOfConnections(t *testing.T) {
	for _, tt := range []struct{ settings, status, words string }{
		{"{traffic: true}", "ok", "select 190 of 190 connections; traffic is polled for 174"},
		{"{traffic: true, include: [{name: matches-nothing}]}", "warn", "select 0 of 190 connections"},
		{"{traffic: true, max: 3}", "warn", "traffic is polled for 3; only 3 get series"},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, err := examine(t, fabrictest.New(fabrictest.Options{}).Transport(), account(discovery+"    connections: "+tt.settings+"\n"))
			if err != nil {
				t.Errorf("Run: %v", err)
			}
			r.wants(t, "connections", tt.status, tt.words)
		})
	}
}
