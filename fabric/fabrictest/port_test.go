package fabrictest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// port is what the tests look at of a v4 port.
type port struct {
	UUID, Name, State string
	Operation         struct {
		OperationalStatus *string
		ConnectionCount   int
	}
	Account                      struct{ AccountNumber, OrgID any }
	Bandwidth, UsedBandwidth     int64
	AvailableBandwidth           int64
	Encapsulation                *struct{ TagProtocolID any }
	LAGEnabled                   bool
	Package, Redundancy, Project any
	PhysicalPorts                []struct {
		Operation struct{ OperationalStatus string }
	}
}

type portPage struct {
	Pagination struct{ Offset, Limit, Total int }
	Data       []port
}

func (p portPage) byName(t *testing.T, name string) port {
	t.Helper()
	for _, port := range p.Data {
		if port.Name == name {
			return port
		}
	}
	t.Fatalf("no port %s in the list", name)
	return port{}
}

func TestListPortsIgnoresPaging(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	var got portPage
	c.decode(&got, "GET", "/fabric/v4/ports?offset=5&limit=2", "")
	if got.Pagination.Limit != 1000 || got.Pagination.Total != 12 || len(got.Data) != 12 {
		t.Errorf("got pagination %+v and %d ports; want all 12 under a limit of 1000", got.Pagination, len(got.Data))
	}
}

func TestListPortsPagesWhereAsked(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{PagePorts: true})
	var got portPage
	c.decode(&got, "GET", "/fabric/v4/ports?offset=10&limit=5", "")
	if got.Pagination.Limit != 5 || got.Pagination.Total != 12 || len(got.Data) != 2 {
		t.Errorf("got pagination %+v and %d ports", got.Pagination, len(got.Data))
	}
	c.wantError(http.StatusBadRequest, "pagination.limit", "GET", "/fabric/v4/ports?limit=101", "")
}

func TestPortsThatBreakStrictDecoders(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	var list portPage
	c.decode(&list, "GET", "/fabric/v4/ports", "")

	plain, stringly := list.byName(t, fabrictest.DemoPrimary), list.byName(t, fabrictest.DemoStringly)
	got := []any{
		plain.Encapsulation.TagProtocolID, plain.Account.AccountNumber,
		stringly.Encapsulation.TagProtocolID, stringly.Account.AccountNumber,
	}
	if diff := cmp.Diff([]any{float64(0x8100), float64(400042), "0x8100", "400042"}, got); diff != "" {
		t.Errorf("types (-want +got)\n%s", diff)
	}
	if state := list.byName(t, fabrictest.DemoUnknownState).State; state != fabrictest.UnknownPortState {
		t.Errorf("state %q", state)
	}
	sparse := list.byName(t, fabrictest.DemoProvisioning)
	if sparse.Package != nil || sparse.Redundancy != nil || sparse.Project != nil || sparse.Encapsulation != nil {
		t.Errorf("the sparse port is not: %+v", sparse)
	}
	for _, p := range list.Data {
		if p.Operation.OperationalStatus != nil {
			t.Errorf("%s: the list has an operational status", p.Name)
		}
	}
	var one port
	c.decode(&one, "GET", "/fabric/v4/ports/"+uuid(t, api, fabrictest.DemoLAG), "")
	if s := one.Operation.OperationalStatus; s == nil || *s != fabrictest.StatusPartial {
		t.Errorf("operational status %v; want PARTIAL", s)
	}
}

func TestPortRefusals(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	foreign, unknown := uuid(t, api, fabrictest.DemoForeign), "00000000-0000-4000-8000-000000000000"
	for _, path := range []string{"/fabric/v4/ports/%", statsV4("%", now.AddDate(0, 0, -1), now), statsV3("%", now.AddDate(0, 0, -1), now)} {
		c.wantError(http.StatusForbidden, "EQ-3142402", "GET", strings.Replace(path, "%", foreign, 1), "")
		c.wantError(http.StatusNotFound, "EQ-3045811", "GET", strings.Replace(path, "%", unknown, 1), "")
	}
	c.wantError(http.StatusNotFound, "keymanagement.service", "GET", "/ecx/v4/nothing", "")
	c.wantError(http.StatusNotFound, "keymanagement.service", "GET", "//fabric/v4/ports", "")
	c.wantError(http.StatusInternalServerError, "EQ-3034003", "PUT", "/fabric/v4/ports", "{}")
}

func TestNoPortsIsAnError(t *testing.T) {
	fleet := fabrictest.Generate(1, 0, 3)
	_, c := newClient(t, fabrictest.Options{Fleet: &fleet})
	c.wantError(http.StatusBadRequest, "EQ-3046110", "GET", "/fabric/v4/ports", "")
	c.wantError(http.StatusBadRequest, "EQ-3046110", "POST", "/fabric/v4/ports/search", "{}")
	if _, body := c.do("GET", "/ecx/v3/port/userport", ""); body != "[]" {
		t.Errorf("v3 list %s; want an empty array", body)
	}
}

func TestUserPortsV3(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	var got []struct {
		Name, ProvisionStatus, Encapsulation string
		TotalBandwidth                       int64
		DevicePriority                       *string
		LAG                                  bool
		UserPorts                            []struct{ Bandwidth int64 }
	}
	c.decode(&got, "GET", "/ecx/v3/port/userport", "")
	if len(got) != 12 {
		t.Fatalf("%d ports; want 12", len(got))
	}
	p := got[0]
	if p.Name != fabrictest.DemoPrimary || p.ProvisionStatus != "PROVISIONED" || p.Encapsulation != "Dot1q" ||
		p.TotalBandwidth != 10_000_000_000 || *p.DevicePriority != "Primary" || p.LAG {
		t.Errorf("first port %+v", p)
	}
	if lag := got[4]; !lag.LAG || lag.TotalBandwidth != 40_000_000_000 || len(lag.UserPorts) != 4 {
		t.Errorf("LAG %+v", lag)
	}
}

func TestPortEdits(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoPrimary)
	get := func() (p port) {
		c.decode(&p, "GET", "/fabric/v4/ports/"+id, "")
		return p
	}
	before := get()
	api.EditPort(id, func(p *fabrictest.Port) { p.State = "INACTIVE" })
	api.SetOperationalStatus(id, fabrictest.StatusDown)
	api.EditPort(id, func(p *fabrictest.Port) { p.Name = "renamed" })
	api.AddConnection(fabrictest.Connection{
		UUID: "c1", State: fabrictest.StateActive, Bandwidth: 200, ASide: fabrictest.Side{Port: id}, ZSide: fabrictest.Side{Port: id},
	})
	after := get()
	if after.State != "INACTIVE" || *after.Operation.OperationalStatus != fabrictest.StatusDown || after.Name != "renamed" {
		t.Errorf("after the edits: %+v", after)
	}
	if n, mbps := after.Operation.ConnectionCount-before.Operation.ConnectionCount, after.UsedBandwidth-before.UsedBandwidth; n != 1 || mbps != 200 {
		t.Errorf("a connection with both ends on the port added %d connections and %d Mbit/s", n, mbps)
	}
	if !api.RemoveConnection("c1") || api.RemoveConnection("c1") {
		t.Error("RemoveConnection does not report what was there")
	}
	if !api.RemovePort(id) || api.RemovePort(id) || api.EditPort(id, nil) {
		t.Error("RemovePort or EditPort does not report what was there")
	}
	c.wantError(http.StatusNotFound, "EQ-3045811", "GET", "/fabric/v4/ports/"+id, "")
	api.AddPort(fabrictest.Port{UUID: id, Name: "back", Links: make([]fabrictest.Link, 1)})
	if got := get(); got.Name != "back" {
		t.Errorf("after AddPort: %+v", got)
	}
}

func TestSearchPorts(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	for _, tc := range []struct{ name, filter, want string }{
		{"equal", condition("/name", "=", fabrictest.DemoIdle), fabrictest.DemoIdle},
		{"several values", condition("/name", "=", fabrictest.DemoIdle, fabrictest.DemoLAG), fabrictest.DemoLAG + " " + fabrictest.DemoIdle},
		{"in", condition("/uuid", "IN", uuid(t, api, fabrictest.DemoIdle)), fabrictest.DemoIdle},
		{"foreign stays hidden", condition("/name", "=", fabrictest.DemoForeign), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got portPage
			c.decode(&got, "POST", "/fabric/v4/ports/search", `{"filter":{"and":[`+tc.filter+`]},"sort":[{"property":"/name","direction":"ASC"}]}`)
			var names []string
			for _, p := range got.Data {
				names = append(names, p.Name)
			}
			if diff := cmp.Diff(tc.want, strings.Join(names, " ")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnswersFollowFromTheSeed(t *testing.T) {
	answers := func(seed uint64) string {
		api, c := newClient(t, fabrictest.Options{Seed: seed})
		var all strings.Builder
		for _, path := range []string{
			"/fabric/v4/ports", "/ecx/v3/port/userport",
			statsV3(uuid(t, api, fabrictest.DemoLAG), now.AddDate(0, 0, -1), now),
			statsV4(uuid(t, api, fabrictest.DemoLAG), now.AddDate(0, 0, -9), now),
		} {
			_, body := c.do("GET", path, "")
			if !json.Valid([]byte(body)) {
				t.Errorf("%s: invalid JSON", path)
			}
			all.WriteString(body)
		}
		_, body := c.do("POST", "/fabric/v4/connections/search", `{"pagination":{"limit":100}}`)
		return all.String() + body
	}
	first, second := answers(7), answers(7)
	if first != second {
		t.Error("the same seed gave other bytes")
	}
	if first == answers(8) {
		t.Error("another seed gave the same bytes")
	}
}
