package fabric_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

const portA = "aaaaaaaa-0000-4000-8000-000000000001"

func TestConnections(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.String() != base+"/fabric/v4/connections/search" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		var want searchBody
		want.Filter.Or = []searchCondition{
			{"/aSide/accessPoint/port/uuid", "IN", []string{portA}},
			{"/zSide/accessPoint/port/uuid", "IN", []string{portA}},
		}
		want.Sort = append(want.Sort, struct{ Property, Direction string }{"/uuid", "ASC"})
		want.Pagination.Limit = 100
		if diff := cmp.Diff(want, readSearch(t, r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, testdata(t, "connections.json"))
	}}
	got, err := connections(t.Context(), newClient(t, a), strings.ToUpper(portA), portA)
	if err != nil {
		t.Fatal(err)
	}
	want := []fabric.Connection{ // without the one that the server should have left out
		{
			UUID: connE, Name: "one", Type: "EVPL_VC", State: "PROVISIONED", Direction: "OUTGOING",
			OperationalStatus: "UP", EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", MaintenanceStatus: "SCHEDULED", Bandwidth: new(5e7),
			RedundancyGroup: "66c10a60-0000-4000-8000-000000000001", RedundancyPriority: "PRIMARY", ASidePort: portA,
			ASide: fabric.Side{Type: "COLO", Name: "SV1-PRI", Metro: "SV", VLAN: "2021"},
			ZSide: fabric.Side{Type: "SP", Name: "Cloud of Somebody", Metro: "DA", VLAN: "2001.2002"},
		},
		{UUID: "eeeeeeee-0000-4000-8000-000000000002", State: "NEW_STATE", ZSidePort: portA, ZSide: fabric.Side{Name: portA}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, private := range []string{"@", "k3y", "400001", "70001", "someone"} {
		if shown := fmt.Sprintf("%+v", got); strings.Contains(shown, private) {
			t.Errorf("%q is let out: %s", private, shown)
		}
	}
	none := always(500, ``)
	if got, err := connections(t.Context(), newClient(t, none)); err != nil || got != nil || none.count() != 0 {
		t.Errorf("no ports: %d calls, %v, %v", none.count(), got, err)
	}
}

// connPage is a page of connections of port p.
func connPage(from, to, total int) prepared {
	return with(200, onPort(listing(numberedUUIDs(from, to), total)))
}

// onPort puts what a listing holds on port p.
func onPort(body string) string {
	return strings.ReplaceAll(body, `{"uuid":`, `{"aSide":{"accessPoint":{"port":{"uuid":"`+strings.ToUpper(id("p"))+`"}}},"uuid":`)
}

func TestConnectionsAreWholeOrAnError(t *testing.T) {
	first, second := connPage(0, 100, 130), connPage(100, 130, 130)
	for _, tt := range []struct {
		name   string
		script []prepared
		items  int
		calls  int
		fails  string
	}{
		{"two pages", []prepared{first, second}, 130, 2, ""},
		{"total changes", []prepared{first, connPage(100, 129, 129)}, 0, 2, "changed from 130 to 129"},
		{"connection moves", []prepared{first, connPage(99, 129, 130)}, 0, 2, "page 2 has an item of an earlier page"},
		{"ends early", []prepared{first, connPage(0, 0, 130)}, 0, 2, "ends after 100 of 130"},
		{"second page fails", []prepared{first, with(403, ``)}, 0, 2, "HTTP 403"},
		{"without data", []prepared{with(200, `{"pagination":{"total":0}}`)}, 0, 1, "data: missing"},
		{"error as 200", []prepared{with(200, `{"errorCode":"IC-9","errorMessage":"Internal Error"}`)}, 0, 1, "data: missing; the answer says: IC-9: Internal Error"},
		{"bare array", []prepared{with(200, `[{"uuid":"`+id("a")+`","aSide":{"accessPoint":{"port":{"uuid":"`+id("p")+`"}}}}]`)}, 0, 1, "array where object is expected"},
		{"bare empty array", []prepared{with(200, `[]`)}, 0, 1, "array where object is expected"}, // not: no connections
		{"wrong types", []prepared{with(200, `{"data":[{"uuid":"`+id("a")+`","name":[],"bandwidth":"N/A","operation":"UP","aSide":7,"zSide":{"accessPoint":{"port":{"uuid":"`+id("p")+`"}}}}]}`)}, 1, 1, ""},
		{"without uuid", []prepared{with(200, `{"data":[{"name":"x"}]}`)}, 0, 1, "data: none of the 1 records has a valid uuid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := script(tt.script...)
			got, err := connections(t.Context(), newClient(t, a), id("p"))
			if len(got) != tt.items || a.count() != tt.calls {
				t.Errorf("%d items, %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
		})
	}
}

func TestConnectionSide(t *testing.T) {
	for point, want := range map[string]fabric.Side{
		`"type":"COLO","port":{"name":"port"},"name":"point"`:                                      {Type: "COLO", Name: "port"},
		`"type":"SP","port":{"name":"theirs"},"profile":{"name":"profile"}`:                        {Type: "SP", Name: "profile"},
		`"type":"CLOUD_ROUTER","router":{"name":"router","uuid":"` + id("u") + `"},"name":"point"`: {Type: "CLOUD_ROUTER", Name: "router"},
		`"type":"VD","virtualDevice":{"type":"EDGE","name":"device"}`:                              {Type: "VD", Name: "device"},
		`"type":"NETWORK","network":{"name":"network"}`:                                            {Type: "NETWORK", Name: "network"},
		`"name":"point"`: {Name: "point"},
		// Most virtual devices have no name in Equinix' own examples.
		`"type":"VD","virtualDevice":{"type":"EDGE","uuid":"d-1"}`:    {Type: "VD", Name: "d-1"},
		`"type":"VD","name":"point","virtualDevice":{"uuid":"d-1"}`:   {Type: "VD", Name: "point"},
		`"type":"CLOUD_ROUTER","router":{"uuid":"r-1"}`:               {Type: "CLOUD_ROUTER", Name: "r-1"},
		`"type":"XF_IC","interconnect":{"uuid":"i-1","name":"metal"}`: {Type: "XF_IC", Name: "metal"},
		`"type":"METAL_NETWORK","virtualNetwork":{"uuid":"n-1"}`:      {Type: "METAL_NETWORK", Name: "n-1"},
		`"type":"COLO","port":{"uuid":"not-one"}`:                     {Type: "COLO", Name: "not-one"},
		`"type":"SUBNET"`: {Type: "SUBNET", Name: "SUBNET"},
		`"type":"SP"},"serviceToken":{"uuid":"t-1","name":"hub token"},"x":{"y":1`: {Type: "SP", Name: "hub token"},
		`"type":"SP"},"serviceToken":{"uuid":"t-1"},"x":{"y":1`:                    {Type: "SP", Name: "SP"}, // the UUID is what redeems a token
		`"location":{"metroCode":"SV","metroName":"x"}`:                            {Metro: "SV"},
		`"profile":null,"router":null,"location":null,"name":null`:                 {},
		`"profile":"p","router":[1],"network":{"name":{"x":"y"}}`:                  {}, // names are not worth an error
		`"linkProtocol":null`:                                           {},
		`"linkProtocol":{"type":"UNTAGGED"}`:                            {},
		`"linkProtocol":{"vlanTag":101}`:                                {VLAN: "101"},
		`"linkProtocol":{"vlanTag":"101"}`:                              {VLAN: "101"},
		`"linkProtocol":{"vlanTagMin":300,"vlanTagMax":1099}`:           {VLAN: "300-1099"},
		`"linkProtocol":{"vlanTagMin":300,"vlanTagMax":300}`:            {VLAN: "300"},
		`"linkProtocol":{"vlanTagMin":300}`:                             {VLAN: "300"},
		`"linkProtocol":{"vlanSTag":7}`:                                 {VLAN: "7"},
		`"linkProtocol":{"vlanSTag":7,"vlanCTag":8}`:                    {VLAN: "7.8"},
		`"linkProtocol":{"vlanSTag":7,"vlanCTagMin":8,"vlanCTagMax":9}`: {VLAN: "7.8-9"},
		`"linkProtocol":{"vlanCTag":8}`:                                 {VLAN: "8"},
		`"linkProtocol":{"vlanTag":[1]}`:                                {},
		`"linkProtocol":[]`:                                             {},
	} {
		body := fmt.Sprintf(`{"data":[{"uuid":"`+id("c")+`","aSide":{"accessPoint":{"port":{"uuid":"`+id("p")+`"}}},"zSide":{"accessPoint":{%s}}}]}`, point)
		got, err := connections(t.Context(), newClient(t, always(200, body)), id("p"))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", point, got, err)
			continue
		}
		if diff := cmp.Diff(want, got[0].ZSide); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", point, diff)
		}
	}
}

const connE = "eeeeeeee-0000-4000-8000-000000000001"

func TestConnectionStats(t *testing.T) {
	for _, view := range []string{fabric.ASide, fabric.ZSide} {
		a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
			want := base + "/fabric/v4/connections/" + connE +
				"/stats?endDateTime=2026-03-02T00%3A00%3A00Z&startDateTime=2026-03-01T00%3A00%3A00Z&viewPoint=" + view
			if r.Method != http.MethodGet || r.URL.String() != want {
				t.Errorf("%s %s\nwant %s", r.Method, r.URL, want)
			}
			return reply(200, `{"type":"EVPL_VC","stats":{"viewPoint":"`+view+`","bandwidthUtilization":{"unit":"Mbps","metricInterval":"PT5M",
				"inbound":{"max":3,"mean":2,"lastPolled":1,"metrics":[{"intervalEndDateTime":"2020-05-21T10:30:00Z","max":3,"mean":2}]},
				"outbound":{"mean":4}}}}`)
		}}
		got, err := newClient(t, a).ConnectionStats(t.Context(), strings.ToUpper(connE), view, from, to)
		if err != nil {
			t.Fatal(err)
		}
		want := &fabric.Traffic{
			Resolution: 5 * time.Minute,
			Inbound: fabric.Rates{
				Max: new(3e6), Mean: new(2e6), Last: new(1e6), Points: []fabric.Point{{at("2020-05-21T10:30:00Z"), 2e6, 3e6, true}},
			},
			Outbound: fabric.Rates{Mean: new(4e6)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestConnectionStatsErrors(t *testing.T) {
	a := script(with(200, `{"stats":{"bandwidthUtilization":{"unit":"MBps"}}}`), with(200, `{"type":"EVPL_VC"}`))
	c := newClient(t, a)
	for _, view := range []string{"", "aside", "ASide", "bSide"} {
		if _, err := c.ConnectionStats(t.Context(), connE, view, from, to); err == nil {
			t.Errorf("view point %q is sent", view)
		}
	}
	if _, err := c.ConnectionStats(t.Context(), "", fabric.ASide, from, to); err == nil || a.count() != 0 {
		t.Errorf("no connection: %d calls, %v", a.count(), err)
	}
	_, err := c.ConnectionStats(t.Context(), connE, fabric.ASide, from, to)
	e, ok := errors.AsType[*fabric.DecodeError](err)
	if !ok || e.Op != fabric.OpConnectionStatsV4 || e.Path != "stats.bandwidthUtilization.unit" {
		t.Errorf("got %v", err)
	}
	_, err = newClient(t, always(200, `{"status":"ok"}`)).ConnectionStats(t.Context(), connE, fabric.ZSide, from, to)
	if e, ok := errors.AsType[*fabric.DecodeError](err); !ok || e.Op != fabric.OpConnectionStatsV4 {
		t.Errorf("an answer without statistics: %v", err)
	}
}

func TestConnectionMetrics(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		s := readSearch(t, r)
		want := []searchCondition{
			{"/subject", "=", []string{"/fabric/v4/connections/" + connE}},
			{"/name", "IN", []string{
				"equinix.fabric.connection.bandwidth_rx.usage", "equinix.fabric.connection.bandwidth_tx.usage",
				"equinix.fabric.connection.packets_dropped_rx_aside_rateexceeded.count",
				"equinix.fabric.connection.packets_dropped_tx_aside_rateexceeded.count",
				"equinix.fabric.connection.packets_dropped_rx_zside_rateexceeded.count",
				"equinix.fabric.connection.packets_dropped_tx_zside_rateexceeded.count",
			}},
		}
		if diff := cmp.Diff(want, s.Filter.And[:2]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, testdata(t, "metrics_connection.json"))
	}}
	got, err := newClient(t, a).ConnectionMetrics(t.Context(), strings.ToUpper(connE), from, to)
	if err != nil || a.count() != 1 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	const end = "2025-05-14T13:00:00Z"
	want := &fabric.ConnectionTraffic{
		Traffic: fabric.Traffic{
			Resolution: time.Hour,
			Inbound: fabric.Rates{
				Max:    new(30.0), // of the points: the summary cannot be read
				Points: []fabric.Point{{at(end), 10, 10, false}, {at("2025-05-14T14:00:00Z"), 30, 30, false}, {at("2025-05-14T15:00:00Z"), 20, 20, false}},
			},
			Outbound: fabric.Rates{Max: new(6.0), Mean: new(5.0), Points: []fabric.Point{{at(end), 6, 6, false}}},
		},
		ASide: fabric.Drops{Inbound: counts(1, end), Outbound: counts(2, end)},
		ZSide: fabric.Drops{Inbound: counts(3, end), Outbound: counts(4, end)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := newClient(t, a).ConnectionMetrics(t.Context(), "", from, to); err == nil || a.count() != 1 {
		t.Errorf("no connection: %d calls, %v", a.count(), err)
	}
}
