package fabrictest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

func TestMetros(t *testing.T) {
	_, c := metricsAccount(t)
	type metro struct {
		Code, Name, Region string
		ConnectedMetros    []struct {
			Code       string
			AvgLatency float64
		}
	}
	codes := func(query string) string {
		var page struct{ Data []metro }
		c.decode(&page, "GET", "/fabric/v4/metros"+query, "")
		var codes []string
		for _, m := range page.Data {
			codes = append(codes, m.Code)
		}
		return strings.Join(codes, " ")
	}
	if got := codes("?presence=MY_PORTS"); got != "NY FR LD SG SY TY" {
		t.Errorf("metros of own ports: %s", got)
	}
	if got := codes("?offset=8&limit=5"); got != "SY TY" {
		t.Errorf("last page: %s", got)
	}
	var one metro
	c.decode(&one, "GET", "/fabric/v4/metros/SG", "")
	if one.Name != "Singapore" || one.Region != "APAC" || len(one.ConnectedMetros) != 9 || one.ConnectedMetros[0].AvgLatency <= 0 {
		t.Errorf("%+v", one)
	}
	c.wantError(http.StatusNotFound, "EQ-3045811", "GET", "/fabric/v4/metros/XX", "")
}

func TestServiceProfiles(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	var page struct {
		Pagination struct{ Total int }
		Data       []struct{ UUID, Name, Type string }
	}
	c.decode(&page, "GET", "/fabric/v4/serviceProfiles?limit=2", "")
	if page.Pagination.Total != 6 || len(page.Data) != 2 || page.Data[0].Type != "L2_PROFILE" {
		t.Errorf("%+v", page)
	}
	var one struct{ Name string }
	c.decode(&one, "GET", "/fabric/v4/serviceProfiles/"+page.Data[1].UUID, "")
	if one.Name != page.Data[1].Name {
		t.Errorf("%q is not %q", one.Name, page.Data[1].Name)
	}
	c.wantError(http.StatusNotFound, "EQ-3045811", "GET", "/fabric/v4/serviceProfiles/nobody", "")
}

func TestHealthNeedsNoTokenAndShowsWhatIsGone(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	c.token = ""
	services := func() string {
		var got struct {
			State       string
			APIServices []struct{ Route, Status string }
		}
		c.decode(&got, "GET", "/fabric/v4/health", "")
		return fmt.Sprint(got.State, got.APIServices)
	}
	before := services()
	api.SetGone(fabrictest.OpPortStatsV4)
	want := strings.Replace(before, "/stats UP", "/stats DOWN", 1)
	if got := services(); got != want || got == before {
		t.Errorf("got %s; want %s", got, want)
	}
}

type buyerPage struct {
	IsFirstPage, IsLastPage          bool
	TotalCount, PageSize, PageNumber int
	Content                          []struct {
		UUID, Status, SpeedUnit, CreatedByEmail string
		Speed                                   any // a number or a string, or null
	}
}

func TestBuyerConnections(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	const path = "/ecx/v3/l2/buyer/connections"
	seen, pages := map[string]string{}, 0
	for last := false; !last; pages++ {
		var page buyerPage
		c.decode(&page, "GET", fmt.Sprintf("%s?pageSize=100&pageNumber=%d", path, pages), "")
		if page.TotalCount != 184 || page.IsFirstPage != (pages == 0) || page.PageNumber != pages {
			t.Errorf("page %d is %+v", pages, page)
		}
		for _, b := range page.Content {
			seen[b.UUID] = fmt.Sprint(b.Speed, b.SpeedUnit)
		}
		last = page.IsLastPage
	}
	want := map[string]string{}
	for _, conn := range api.Fleet().Connections {
		if conn.Direction != "INCOMING" {
			want[conn.UUID] = fmt.Sprintf("%dMB", conn.Bandwidth)
			if conn.Bandwidth == 1_000 {
				want[conn.UUID] = "1GB"
			}
			if conn.Sparse {
				want[conn.UUID] = "<nil>"
			}
		}
	}
	if diff := cmp.Diff(want, seen); diff != "" || pages != 2 {
		t.Errorf("%d pages (-want +got)\n%s", pages, diff)
	}
	var some buyerPage
	c.decode(&some, "GET", path+"?status=PENDING_APPROVAL,REJECTED", "")
	for _, b := range some.Content {
		if b.Status != "PENDING_APPROVAL" && b.Status != "REJECTED" || !strings.Contains(b.CreatedByEmail, "@") {
			t.Errorf("%+v", b)
		}
	}
	if some.PageSize != 20 || some.TotalCount == 0 || some.TotalCount > 40 {
		t.Errorf("%d of %d by status", some.TotalCount, some.PageSize)
	}
	c.wantError(http.StatusBadRequest, "IC-LAYER2-400", "GET", path+"?pageNumber=-1", "")
}

func TestGoneOperations(t *testing.T) {
	fleet := fabrictest.DemoMetrics(0)
	api, c := newClient(t, fabrictest.Options{Fleet: &fleet, Gone: []string{fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV4}})
	c.wantError(http.StatusNotFound, "no apiproduct match", "GET", "/ecx/v3/port/userport", "")
	c.wantError(http.StatusNotFound, "no apiproduct match", "GET", statsV4(uuid(t, api, fabrictest.MetricsLAG), now.Add(-day), now), "")
	if status, _ := c.do("GET", "/fabric/v4/ports", ""); status != http.StatusOK {
		t.Errorf("the list got %d", status)
	}
	api.SetGone(fabrictest.OpPorts)
	c.wantError(http.StatusNotFound, "no apiproduct match", "GET", "/fabric/v4/ports", "")
	if status, _ := c.do("GET", "/ecx/v3/port/userport", ""); status != http.StatusOK {
		t.Errorf("the v3 list got %d", status)
	}
}
