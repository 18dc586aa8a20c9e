package fabrictest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const assetsSearch = "/fabric/v4/streamAssets/search"

type assetPage struct {
	Pagination struct{ Total int }
	Data       []struct {
		UUID, Type, AttachmentStatus, Href, StreamUUID, ProjectID string
		MetricsEnabled                                            bool
	}
}

func TestSearchStreamAssets(t *testing.T) {
	api, c := metricsAccount(t)
	ports := func() map[string]string {
		var page assetPage
		c.decode(&page, "POST", assetsSearch, `{"filter":{"property":"/type","operator":"=","values":["XF_PORT"]},"pagination":{"limit":100}}`)
		byUUID := map[string]string{}
		for _, asset := range page.Data {
			byUUID[asset.UUID] = fmt.Sprint(asset.AttachmentStatus, " ", asset.MetricsEnabled)
		}
		got := map[string]string{}
		for _, p := range api.Fleet().Ports {
			if s, ok := byUUID[p.UUID]; ok {
				got[p.Name] = s
			}
		}
		return got
	}
	want := map[string]string{
		fabrictest.MetricsPrimary: "ATTACHED true", fabrictest.MetricsSecondary: "ATTACHED true",
		fabrictest.MetricsTwinA: "ATTACHED true", fabrictest.MetricsTwinB: "ATTACHED true",
		fabrictest.MetricsDropping: "ATTACHED true", fabrictest.MetricsLAG: "ATTACHED true",
		fabrictest.MetricsDisabled: "ATTACHED false",
	}
	if diff := cmp.Diff(want, ports()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := api.SetStream(uuid(t, api, fabrictest.MetricsPrimary), fabrictest.Stream{}); err != nil {
		t.Fatal(err)
	}
	delete(want, fabrictest.MetricsPrimary)
	if diff := cmp.Diff(want, ports()); diff != "" {
		t.Errorf("after one was detached (-want +got)\n%s", diff)
	}
	var all assetPage
	c.decode(&all, "POST", assetsSearch, `{}`) // the filter is optional
	if all.Pagination.Total != 6+12 {
		t.Errorf("%d assets, connections included", all.Pagination.Total)
	}
	secondary := uuid(t, api, fabrictest.MetricsSecondary)
	p, _ := api.Fleet().Port(fabrictest.MetricsSecondary)
	c.decode(&all, "POST", assetsSearch, `{"filter":`+condition("/uuid", "=", secondary)+`}`)
	if a := all.Data[0]; !strings.HasSuffix(a.Href, "/fabric/v4/ports/"+secondary) || a.StreamUUID != p.Stream.UUID || a.ProjectID != p.ProjectID {
		t.Errorf("the asset is told as %+v", a)
	}
}

func TestStreamsTakeFiftyAssets(t *testing.T) {
	fleet := fabrictest.Generate(1, 120, 10)
	fleet.Attach()
	api, _ := newClient(t, fabrictest.Options{Fleet: &fleet})
	count := map[string]int{}
	for _, p := range fleet.Ports {
		count[p.Stream.UUID]++
	}
	for _, c := range fleet.Connections {
		count[c.Stream.UUID]++
	}
	if full := fleet.Ports[0].Stream; len(count) != 3 || count[full.UUID] != 50 {
		t.Errorf("assets by stream: %v", count)
	}
	if err := api.SetStream("nobody", fabrictest.Stream{}); err == nil {
		t.Error("an asset that does not exist was attached")
	}
	if err := api.SetStream(fleet.Connections[9].UUID, fabrictest.Stream{UUID: "s"}); err != nil {
		t.Error(err)
	}
}
