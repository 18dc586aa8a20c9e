package fabric_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestBuyerConnectionsV3(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if want := base + "/ecx/v3/l2/buyer/connections?pageNumber=0&pageSize=100"; r.URL.String() != want {
			t.Errorf("%s, want %s", r.URL, want)
		}
		return reply(200, testdata(t, "connections_v3.json"))
	}}
	got, err := drain(newClient(t, a).BuyerConnectionsV3(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	want := []fabric.Connection{
		{
			UUID: connE, Name: "one", State: "PROVISIONED", Direction: "OUTGOING",
			EquinixStatus: "PROVISIONED", ProviderStatus: "OUTOFBANDWIDTH", Bandwidth: new(5e7),
			RedundancyGroup: "66c10a60-0000-4000-8000-000000000001", RedundancyPriority: "SECONDARY",
			ASidePort: portA, ZSidePort: "6f5680ea-1513-5130-50e0-30ac094f83ec",
			ASide:        fabric.Side{Type: "COLO", Name: "SV1-PRI", Metro: "SV", VLAN: "200"},
			ZSide:        fabric.Side{Type: "SP", Name: "Cloud of Somebody", Metro: "DA", VLAN: "8.5"},
			ZSideProfile: "a1390b22-bbe0-4e93-ad37-85beef9d254d",
		},
		{ // waits for approval; without names
			UUID: "eeeeeeee-0000-4000-8000-000000000002", Name: "own", State: "PENDING", Direction: "INTERNAL",
			EquinixStatus: "PENDING_APPROVAL", Bandwidth: new(2e9),
			ASidePort: portA, ZSidePort: "aaaaaaaa-0000-4000-8000-000000000002",
			ASide: fabric.Side{Type: "COLO", Name: portA},
			ZSide: fabric.Side{Type: "COLO", Name: "Seller", Metro: "SV"},
		},
		{ // of a virtual device, with a status and a unit that no document has
			UUID: "eeeeeeee-0000-4000-8000-000000000003", State: "NEW_STATUS", Direction: "OUTGOING", EquinixStatus: "NEW_STATUS",
			ASide: fabric.Side{Type: "VD", Name: "d-1", Metro: "SV"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, private := range []string{"@", "k3y", "400001", "70001", "someone"} {
		if shown := fmt.Sprintf("%+v", got); strings.Contains(shown, private) {
			t.Errorf("%q is let out: %s", private, shown)
		}
	}
}

// pageV3 is a page of the v3 listing.
func pageV3(from, to int, more string) prepared {
	var items []string
	for _, uuid := range numberedUUIDs(from, to) {
		items = append(items, `{"uuid":"`+uuid+`"}`)
	}
	return with(200, `{"pageSize":100,"content":[`+strings.Join(items, ",")+`]`+more+`}`)
}

func TestBuyerConnectionsV3AreWholeOrAnError(t *testing.T) {
	first := pageV3(0, 100, `,"totalCount":130,"isLastPage":false`)
	for _, tt := range []struct {
		name   string
		script []prepared
		items  int
		calls  int
		fails  string
	}{
		{"two pages", []prepared{first, pageV3(100, 130, `,"totalCount":130,"isLastPage":true`)}, 130, 2, ""},
		{"shorter pages than asked for", []prepared{pageV3(0, 20, `,"totalCount":30`), pageV3(20, 30, `,"totalCount":30`)}, 30, 2, ""},
		{"no total", []prepared{pageV3(0, 100, `,"isLastPage":false`), pageV3(100, 130, `,"isLastPage":true`)}, 130, 2, ""},
		{"nothing said", []prepared{pageV3(0, 100, ``), pageV3(100, 100, ``)}, 100, 2, ""},
		{"none", []prepared{pageV3(0, 0, `,"totalCount":0,"isLastPage":true`)}, 0, 1, ""},
		{"total changes", []prepared{first, pageV3(100, 129, `,"totalCount":129,"isLastPage":true`)}, 0, 2, "changed from 130 to 129"},
		{"ends early", []prepared{first, pageV3(100, 100, `,"totalCount":130,"isLastPage":true`)}, 0, 2, "ends after 100 of 130"},
		// A total that counts the items of one page, as the description has it, would end the listing too soon.
		{"total of the page", []prepared{pageV3(0, 100, `,"totalCount":100,"isLastPage":false`)}, 0, 1, "isLastPage: listing is inconsistent"},
		{"ignored page number", []prepared{pageV3(0, 100, `,"totalCount":300`), pageV3(0, 100, `,"totalCount":300`)}, 0, 2, "has an item of an earlier page"},
		{"second page fails", []prepared{first, with(403, ``)}, 0, 2, "HTTP 403"},
		{"bare array", []prepared{with(200, `[]`)}, 0, 1, "array where object is expected"},
		{"v3 error as 200", []prepared{with(200, `{"errorCode":"IC-9","errorMessage":"no"}`)}, 0, 1, "content: missing; the answer says: IC-9: no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := script(tt.script...)
			got, err := drain(newClient(t, a).BuyerConnectionsV3(t.Context()))
			if len(got) != tt.items || a.count() != tt.calls {
				t.Errorf("%d items, %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
		})
	}
}

// The connections that are on no port come from the same search, without a filter.
func TestConnectionsOfAllKinds(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		var want searchBody
		want.Sort = append(want.Sort, struct{ Property, Direction string }{"/uuid", "ASC"})
		want.Pagination.Limit = 100
		if diff := cmp.Diff(want, readSearch(t, r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, `{"data":[{"uuid":"`+id("a")+`","aSide":{"accessPoint":{"type":"CLOUD_ROUTER","router":{"uuid":"r-1","name":"r"}}}}]}`)
	}}
	got, err := drain(newClient(t, a).Connections(t.Context()))
	want := []fabric.Connection{{UUID: id("a"), ASide: fabric.Side{Type: "CLOUD_ROUTER", Name: "r"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}
