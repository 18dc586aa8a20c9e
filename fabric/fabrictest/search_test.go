package fabrictest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

type connection struct {
	UUID, Name, State string
	Bandwidth         *int64
	Operation         *struct{ EquinixStatus, ProviderStatus string }
	Account           struct{ AccountNumber any }
	Notifications     []struct{ Emails []string }
	ASide, ZSide      struct {
		AccessPoint struct {
			Port *struct{ UUID string }
		}
	}
}

type connectionPage struct {
	Pagination struct {
		Offset, Limit, Total int
		Next, Previous       *string
	}
	Sort []struct{ Property, Direction string }
	Data []connection
}

const connectionsSearch = "/fabric/v4/connections/search"

// all pages through a filter, a hundred at a time.
func all(t testing.TB, c *client, filter string) []connection {
	t.Helper()
	var cs []connection
	for {
		var page connectionPage
		c.decode(&page, "POST", connectionsSearch, fmt.Sprintf(
			`{"filter":%s,"sort":[{"property":"/uuid","direction":"ASC"}],"pagination":{"offset":%d,"limit":100}}`, filter, len(cs)))
		cs = append(cs, page.Data...)
		if len(page.Data) == 0 || len(cs) >= page.Pagination.Total {
			return cs
		}
	}
}

func TestSearchConnectionsPages(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	cs := all(t, c, fmt.Sprintf(`{"property":"/aSide/accessPoint/port/uuid","operator":"=","values":[%q]}`, uuid(t, api, fabrictest.DemoCrowded)))
	if len(cs) != 130 {
		t.Errorf("%d connections; want 130", len(cs))
	}
	seen := map[string]bool{}
	for _, conn := range cs {
		if seen[conn.UUID] {
			t.Errorf("%s came twice", conn.UUID)
		}
		seen[conn.UUID] = true
	}
	if n := api.Count(fabrictest.OpSearchConnections); n != 2 {
		t.Errorf("%d calls; want 2", n)
	}
}

func TestSearchConnectionsDefaults(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	var got connectionPage
	c.decode(&got, "POST", connectionsSearch, `{}`)
	if got.Pagination.Limit != 20 || got.Pagination.Total != 190 || len(got.Data) != 20 || got.Pagination.Next == nil || got.Pagination.Previous != nil {
		t.Errorf("pagination %+v with %d connections", got.Pagination, len(got.Data))
	}
	if s := got.Sort[0]; s.Property != "/changeLog/updatedDateTime" || s.Direction != "DESC" {
		t.Errorf("sorted by %+v", s)
	}
}

func TestSearchConnectionsBySide(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoEdgePrimary)
	condition := func(side string) string {
		return fmt.Sprintf(`{"property":"/%s/accessPoint/port/uuid","operator":"IN","values":[%q]}`, side, id)
	}
	either := all(t, c, `{"or":[`+condition("aSide")+`,`+condition("zSide")+`]}`)
	aSide, zSide := all(t, c, `{"and":[`+condition("aSide")+`]}`), all(t, c, condition("zSide"))
	if len(either) != len(aSide)+len(zSide) || len(zSide) < 2 {
		t.Errorf("%d on either side, %d on a, %d on z", len(either), len(aSide), len(zSide))
	}
	if none := all(t, c, `{"and":[`+condition("aSide")+`,`+condition("zSide")+`]}`); len(none) != 0 {
		t.Errorf("%d with both ends on the port", len(none))
	}
}

func TestSearchConnectionsShowsEveryQuirk(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	states, seen := map[string]bool{}, map[string]bool{}
	for _, conn := range all(t, c, `{}`) {
		states[conn.State] = true
		_, isString := conn.Account.AccountNumber.(string)
		seen["account as string"] = seen["account as string"] || isString
		seen["null operation"] = seen["null operation"] || conn.Operation == nil
		seen["null bandwidth"] = seen["null bandwidth"] || conn.Bandwidth == nil
		seen["e-mail"] = seen["e-mail"] || strings.Contains(conn.Notifications[0].Emails[0], "@")
	}
	for _, state := range []string{
		"ACTIVE", "PROVISIONED", "PROVISIONING", "REPROVISIONING", "PENDING", "DRAFT", "FAILED", "CANCELLED",
		"DEPROVISIONING", "DEPROVISIONED", "", fabrictest.UnknownConnectionState,
	} {
		if !states[state] {
			t.Errorf("no connection in state %q", state)
		}
	}
	want := map[string]bool{"account as string": true, "null operation": true, "null bandwidth": true, "e-mail": true}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("oddities (-want +got)\n%s", diff)
	}
}

func TestSearchRefusals(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	good := `{"property":"/name","operator":"=","values":["x"]}`
	for _, tc := range []struct{ name, body, want string }{
		{"no JSON", ``, "EQ-3046116"},
		{"unknown member", `{"fliter":{}}`, "fliter"},
		{"unknown property", `{"filter":{"or":[{"and":[` + good + `,{"property":"/nmae","operator":"=","values":["x"]}]}]}}`, `"filter.or.[0].and.[1].property"`},
		{"unknown operator", `{"filter":{"and":[{"property":"/name","operator":"~","values":["x"]}]}}`, `"filter.and.[0].operator"`},
		{"no values", `{"filter":{"and":[{"property":"/name","operator":"=","values":[]}]}}`, `"filter.and.[0].values"`},
		{"limit too large", `{"pagination":{"limit":101}}`, `"pagination.limit"`},
		{"limit zero", `{"pagination":{"limit":0}}`, `"pagination.limit"`},
		{"negative offset", `{"pagination":{"offset":-1}}`, `"pagination.offset"`},
		{"unknown sort", `{"sort":[{"property":"/colour"}]}`, `"sort.[0].property"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.wantError(http.StatusBadRequest, tc.want, "POST", connectionsSearch, tc.body)
		})
	}
}

func TestPagingFaults(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	page := func(offset int) (p connectionPage) {
		c.decode(&p, "POST", connectionsSearch, fmt.Sprintf(`{"pagination":{"offset":%d,"limit":50}}`, offset))
		return p
	}
	first := page(0)
	remove := api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchConnections, RepeatPages: true})
	if again := page(50); again.Data[0].UUID != first.Data[0].UUID || again.Pagination.Offset != 50 {
		t.Errorf("offset 50 did not repeat the first page: %+v", again.Pagination)
	}
	remove()
	remove()
	api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchConnections, TotalDelta: -40, Times: 1})
	if got := []int{page(0).Pagination.Total, page(50).Pagination.Total}; got[0] != 150 || got[1] != 190 {
		t.Errorf("totals %v; want 150 and then 190", got)
	}
}
