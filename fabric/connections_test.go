package fabric_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

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
	got, err := drain(newClient(t, a).Connections(t.Context(), []string{strings.ToUpper(portA), portA}))
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
	if got, err := drain(newClient(t, none).Connections(t.Context(), nil)); err != nil || got != nil || none.count() != 0 {
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
			got, err := drain(newClient(t, a).Connections(t.Context(), []string{id("p")}))
			if len(got) != tt.items || a.count() != tt.calls {
				t.Errorf("%d items, %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
		})
	}
}
