package fabric_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestStreamAssets(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.String() != base+"/fabric/v4/streamAssets/search" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		var want searchBody // no filter: all
		want.Sort = append(want.Sort, struct{ Property, Direction string }{"/uuid", "ASC"})
		want.Pagination.Limit = 100
		if diff := cmp.Diff(want, readSearch(t, r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return reply(200, testdata(t, "stream_assets.json"))
	}}
	got, err := drain(newClient(t, a).StreamAssets(t.Context()))
	if err != nil || a.count() != 1 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	want := []fabric.StreamAsset{
		{UUID: portA, Type: "XF_PORT", MetricsEnabled: true, AttachmentStatus: "ATTACHED"},
		{UUID: connE, Type: "EVPL_VC", AttachmentStatus: "DETACHING"},
		{UUID: "aaaaaaaa-0000-4000-8000-000000000002", AttachmentStatus: "A_STATUS_OF_TOMORROW"},
		{UUID: "aaaaaaaa-0000-4000-8000-000000000003"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStreamAssetsPaging(t *testing.T) {
	page := func(from, to, total int) prepared { return with(200, listing(numberedUUIDs(from, to), total)) }
	for _, tt := range []struct {
		name   string
		script []prepared
		items  int
		fails  string
	}{
		{"none", []prepared{page(0, 0, 0)}, 0, ""},
		{"two pages", []prepared{page(0, 100, 130), page(100, 130, 130)}, 130, ""},
		// A port that is missed because of a detached one would look unattached.
		{"changes under way", []prepared{page(0, 100, 130), page(100, 129, 129)}, 0, "changed from 130 to 129"},
		{"in another stream too, over the end of a page", []prepared{page(0, 100, 101), page(99, 100, 101)}, 101, ""},
		{"the same page again", []prepared{page(0, 100, 130), page(0, 100, 130)}, 0, "begins like the page before"},
		{"no id", []prepared{with(200, `{"data":[{"href":"https://api.example.com/"}]}`)}, 0, "none of the 1 records has a valid uuid"},
		{"no right", []prepared{with(403, ``)}, 0, "v4_stream_assets_search: HTTP 403"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := script(tt.script...)
			got, err := drain(newClient(t, a).StreamAssets(t.Context()))
			if len(got) != tt.items || a.count() != len(tt.script) {
				t.Errorf("%d items, %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
		})
	}
}
