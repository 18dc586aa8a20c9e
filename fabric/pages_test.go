package fabric_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// listing is a page of things with these uuids; a negative total is left out.
func listing(uuids []string, total int) string {
	items := make([]string, len(uuids))
	for i, u := range uuids {
		items[i] = fmt.Sprintf(`{"uuid":%q}`, u)
	}
	head := ""
	if total >= 0 {
		head = fmt.Sprintf(`"pagination":{"total":%d},`, total)
	}
	return `{` + head + `"data":[` + strings.Join(items, ",") + `]}`
}

// pageOf is a page without total.
func pageOf(limit int, next string, from, to int) string {
	body := listing(numberedUUIDs(from, to), -1)
	return fmt.Sprintf(`{"pagination":{"limit":%d,"next":%s},`, limit, next) + body[1:]
}

func numberedUUID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func numberedUUIDs(from, to int) (uuids []string) {
	for i := from; i < to; i++ {
		uuids = append(uuids, numberedUUID(i))
	}
	return uuids
}

func TestPaging(t *testing.T) {
	page := func(from, to, total int, more ...string) string {
		return listing(append(numberedUUIDs(from, to), more...), total)
	}
	for _, tt := range []struct {
		name  string
		pages []string
		items int
		fails string // "" for a listing that ends well
	}{
		{"none", []string{page(0, 0, 0)}, 0, ""},
		{"empty data", []string{`{"data":[]}`}, 0, ""},
		{"null data", []string{`{"data":null}`}, 0, "data: missing"},
		{"no data", []string{`{"pagination":{"total":5}}`}, 0, "data: missing"},
		{"empty object", []string{`{}`}, 0, "data: missing"},
		{"null", []string{`null`}, 0, "data: missing"},
		{"error object", []string{`{"errorCode":"IC-9","errorMessage":"Internal Error"}`}, 0, "data: missing; the answer says: IC-9: Internal Error"},
		{"error array", []string{`[{"errorCode":"IC-9","errorMessage":"Internal Error"}]`}, 0, "object is expected; the answer says: IC-9: Internal Error"},
		{"own limit", []string{pageOf(20, `null`, 0, 20), pageOf(20, `null`, 20, 40), pageOf(20, `null`, 40, 47)}, 47, ""},
		{"own limit of more", []string{pageOf(1000, `null`, 0, 100)}, 100, ""},
		{"next", []string{pageOf(1000, `"x"`, 0, 2), pageOf(1000, `""`, 2, 4)}, 4, ""},
		{"next of another type", []string{pageOf(1000, `{"x":1}`, 0, 2)}, 2, ""},
		{"next of nothing", []string{pageOf(1000, `"x"`, 0, 2), pageOf(1000, `"x"`, 0, 0)}, 2, ""},
		{"next that repeats", []string{pageOf(1000, `"x"`, 0, 2), pageOf(1000, `"x"`, 0, 2)}, 2, "page 2 has an item of an earlier page"},
		{"two pages", []string{page(0, 100, 130), page(100, 130, 130)}, 130, ""},
		{"everything at once", []string{page(0, 133, 133)}, 133, ""},
		{"everything at once without total", []string{page(0, 133, -1)}, 133, ""},
		{"total as string", []string{`{"pagination":{"total":"1"},"data":[{"uuid":"` + id("a") + `"}]}`}, 1, ""},
		{"no total, short page", []string{page(0, 100, -1), page(100, 103, -1)}, 103, ""},
		{"no total, empty page", []string{page(0, 100, -1), page(0, 0, -1)}, 100, ""},
		{"smaller pages than asked", []string{page(0, 50, 120), page(50, 100, 120), page(100, 120, 120)}, 120, ""},
		{"total that is no number", []string{`{"pagination":{"total":"NaN"},"data":[{"uuid":"` + id("a") + `"}]}`}, 1, ""},
		{"total without end", []string{`{"pagination":{"total":1e999},"data":[{"uuid":"` + id("a") + `"}]}`}, 1, ""},
		{"a thousand at a time", []string{page(0, 1000, 1300), page(1000, 1300, 1300)}, 1300, ""},
		{"a thousand whatever the offset", []string{page(0, 1000, 1300), page(0, 1000, 1300)}, 1000, "page 2 has an item of an earlier page"},
		// A port that a page lost would look as if it had left.
		{"total moves", []string{page(0, 100, 130), page(100, 129, 129)}, 100, "changed from 130 to 129"},
		{"goes round", []string{page(0, 50, 120), page(50, 100, 120), page(0, 50, 120)}, 100, "page 3 has an item of an earlier page"},
		{"goes round to the total", []string{page(0, 50, 150), page(50, 100, 150), page(0, 50, 150)}, 100, "page 3 has an item of an earlier page"},
		{"a few that repeat, and no end", []string{page(0, 100, 130), page(0, 20, 130)}, 100, "page 2 has an item of an earlier page"},
		{"a few that repeat, over the total", []string{page(0, 100, 130), page(20, 70, 130)}, 100, "page 2 has an item of an earlier page"},
		{"twice on one page", []string{`{"data":[{"uuid":"` + id("a") + `"},{"uuid":"` + id("a") + `"}]}`}, 2, ""},
		{"repeating page", []string{page(0, 100, 130), page(0, 100, 130)}, 100, "page 2 has an item of an earlier page"},
		{"one that moves", []string{page(0, 100, 130), page(99, 129, 130)}, 100, "page 2 has an item of an earlier page"},
		{"ends early", []string{page(0, 100, 130), page(0, 0, 130)}, 100, "ends after 100 of 130"},
		// A record that cannot be identified is left out, and only that record.
		{"no uuid", []string{`{"data":[{"uuid":"` + id("a") + `"},{"name":"b"}]}`}, 1, ""},
		{"null port", []string{`{"data":[null,{"uuid":"` + id("a") + `"}]}`}, 1, ""},
		{"wrong type of uuid", []string{`{"data":[{"uuid":"` + id("a") + `"},{"uuid":[],"name":"b"}]}`}, 1, ""},
		{"wrong type of port", []string{`{"data":[{"uuid":"` + id("a") + `"},"b"]}`}, 1, ""},
		{"the last of a page without uuid", []string{page(0, 99, 130, "1"), page(100, 130, 130)}, 129, ""},
		{"a page without uuids", []string{page(0, 2, 5), page(0, 0, 5, "1", "1"), page(4, 5, 5)}, 3, ""},
		{"the first page without uuids", []string{page(0, 0, 3, "1", "2")}, 0, "none of the 2 records has a valid uuid"},
		{"the last page without uuids", []string{page(0, 2, 3), page(0, 0, 3, "1")}, 2, ""},
		{"no uuid on any page, and no total", []string{page(0, 0, -1, slices.Repeat([]string{"1"}, 100)...)}, 0, "none of the 100 records has a valid uuid"},
		{"no uuid at all", []string{page(0, 0, 2, "../../v1/x", "1")}, 0, "v4_ports: decode: data: none of the 2 records has a valid uuid"},
		{"wrong type of data", []string{`{"data":{}}`}, 0, "data: object where array"},
		{"wrong type nobody reads", []string{`{"data":[{"uuid":"` + id("a") + `","account":7,"changeLog":[]}]}`}, 1, ""},
		{"no listing", []string{`[]`}, 0, "array where object is expected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			offset := 0
			a := &api{answer: func(n int, r *http.Request) (*http.Response, error) {
				if n >= len(tt.pages) {
					t.Fatalf("page %d was asked for", n+1)
				}
				if got := r.URL.Query().Get("offset"); got != fmt.Sprint(offset) {
					t.Errorf("offset %s, want %d", got, offset)
				}
				offset += strings.Count(tt.pages[n], `"uuid"`)
				return reply(200, tt.pages[n])
			}}
			got, err := drain(newClient(t, a).Ports(t.Context()))
			items := tt.items
			if tt.fails != "" {
				items = 0 // a part is worse than nothing
			}
			if len(got) != items || a.count() != len(tt.pages) {
				t.Errorf("%d items by %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
			if err != nil && fabric.Reason(err) != "decode" {
				t.Errorf("reason %q", fabric.Reason(err))
			}
		})
	}
}

// A listing that changes while it is read is an error, and the next one is read
// anew.
func TestAListingThatChangesIsAnErrorOnce(t *testing.T) {
	moved := []string{listing(numberedUUIDs(0, 100), 130), listing(numberedUUIDs(99, 129), 130)}
	still := []string{listing(numberedUUIDs(0, 100), 130), listing(numberedUUIDs(100, 130), 130)}
	pages := slices.Concat(moved, still)
	a := &api{answer: func(n int, _ *http.Request) (*http.Response, error) { return reply(200, pages[n]) }}
	c := newClient(t, a)
	if got, err := drain(c.Ports(t.Context())); fabric.Reason(err) != fabric.ReasonDecode || len(got) != 0 || a.count() != 2 {
		t.Errorf("%d ports by %d calls, %v", len(got), a.count(), err)
	}
	if got, err := drain(c.Ports(t.Context())); err != nil || len(got) != 130 || a.count() != 4 {
		t.Errorf("then %d ports by %d calls, %v", len(got), a.count(), err)
	}
}

// An item may be listed twice on one page; who calls merges the two.
func TestListingsMayHaveItemsTwice(t *testing.T) {
	twice := always(200, onPort(listing([]string{id("a"), id("a")}, 2)))
	if got, err := connections(t.Context(), newClient(t, twice), id("p")); err != nil || len(got) != 2 {
		t.Errorf("connections %v, %v", got, err)
	}
	if got, err := drain(newClient(t, twice).Ports(t.Context())); err != nil || len(got) != 2 {
		t.Errorf("ports %v, %v", got, err)
	}
}

func TestPagingOfARunawayServer(t *testing.T) {
	a := &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
		return reply(200, listing([]string{numberedUUID(n)}, 1<<40))
	}}
	got, err := drain(newClient(t, a).Ports(t.Context()))
	if a.count() != 10_000 || len(got) != 0 || fabric.Reason(err) != "decode" {
		t.Errorf("%d calls, %d items, %v", a.count(), len(got), err)
	}
}

// Every page of a listing may be as large as a page can be.
func TestPagingOfLargePages(t *testing.T) {
	for total, want := range map[int]bool{25_000: true, 25_001: false} {
		a := &api{answer: func(n int, _ *http.Request) (*http.Response, error) {
			return reply(200, listing(numberedUUIDs(n*10_000, min((n+1)*10_000, total)), total))
		}}
		got, err := drain(newClient(t, a).Ports(t.Context()))
		if want && (err != nil || len(got) != total) || !want && (err == nil || !strings.Contains(err.Error(), "more than 25000")) {
			t.Errorf("%d: %d calls, %d items, %v", total, a.count(), len(got), err)
		}
	}
}

// Each record that a listing leaves out is reported.
func TestRecordsWithoutUUIDAreReported(t *testing.T) {
	body := listing([]string{id("a"), "", "../../v1/x"}, 3)
	bare := body[strings.Index(body, "[") : len(body)-1]
	for op, list := range map[string]func(*fabric.Client) error{
		fabric.OpPorts:       func(c *fabric.Client) error { _, err := drain(c.Ports(t.Context())); return err },
		fabric.OpUserPortsV3: func(c *fabric.Client) error { _, err := drain(c.UserPortsV3(t.Context())); return err },
		fabric.OpSearchConnections: func(c *fabric.Client) error {
			_, err := connections(t.Context(), c, id("p"))
			return err
		},
		fabric.OpSearchStreamAssets: func(c *fabric.Client) error { _, err := drain(c.StreamAssets(t.Context())); return err },
		fabric.OpBuyerConnectionsV3: func(c *fabric.Client) error { _, err := drain(c.BuyerConnectionsV3(t.Context())); return err },
	} {
		t.Run(op, func(t *testing.T) {
			a := always(200, body)
			switch op {
			case fabric.OpUserPortsV3:
				a = always(200, bare)
			case fabric.OpBuyerConnectionsV3:
				a = always(200, `{"totalCount":3,"content":`+bare+`}`)
			}
			var told []string
			c := newClient(t, a, func(c *fabric.Config) {
				c.Skipped = func(op string, records int, first error) {
					told = append(told, fmt.Sprint(op, " ", records, " ", first))
				}
			})
			if err := list(c); err != nil {
				t.Fatal(err)
			}
			if len(told) != 1 || !strings.HasPrefix(told[0], op+" 2 ") || !strings.HasSuffix(told[0], "[1].uuid: missing or not a uuid") {
				t.Errorf("told %q", told)
			}
		})
	}
}
