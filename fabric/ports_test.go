package fabric_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// drain reads a listing to its end.
func drain[T any](seq iter.Seq2[T, error]) (items []T, err error) {
	for item, e := range seq {
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		items = append(items, item)
	}
	return items, err
}

var portsWanted = []fabric.Port{
	{
		UUID: "aaaaaaaa-0000-4000-8000-000000000001", Name: "one", State: "ACTIVE",
		OperationalStatus: "UP", MaintenanceStatus: "SCHEDULED",
		Capacity: new(1e10), Allocated: new(5e8), Available: new(9.5e9),
		Links: []fabric.Link{
			{UUID: "cccccccc-0000-4000-8000-000000000001", OperationalStatus: "UP", Speed: new(1e10)},
			{UUID: "cccccccc-0000-4000-8000-000000000002", OperationalStatus: "DOWN", Speed: new(1e9)},
		},
		MetroCode: "SY", MetroName: "Sydney", Region: "APAC", IBX: "SY4", Encapsulation: "DOT1Q", Package: "STANDARD",
		Speed: "10000", RedundancyPriority: "PRIMARY", RedundancyGroup: "aaaaaaaa-0000-4000-8000-000000000001",
		LAG: new(true), ProjectID: "42", Product: "SY4 10000 10000 2 true STANDARD    42", HasConnections: true,
	},
	{
		UUID: "aaaaaaaa-0000-4000-8000-000000000002", State: "A_STATE_OF_TOMORROW",
		Capacity: new(1e9), Allocated: new(3e8), Available: new(7e8), IBX: "DA1",
		RedundancyPriority: "SECONDARY", RedundancyGroup: "aaaaaaaa-0000-4000-8000-000000000001", LAG: new(false), ProjectID: "p-1",
	},
	{UUID: "aaaaaaaa-0000-4000-8000-000000000003", Speed: "100000", Capacity: new(2e11)},
	{UUID: "aaaaaaaa-0000-4000-8000-000000000004"},
}

func TestPorts(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if want := base + "/fabric/v4/ports?offset=0&limit=100"; r.Method != http.MethodGet || r.URL.String() != want {
			t.Errorf("%s %s, want %s", r.Method, r.URL, want)
		}
		return reply(200, testdata(t, "ports.json"))
	}}
	got, err := drain(newClient(t, a).Ports(t.Context()))
	if err != nil || a.count() != 1 {
		t.Fatalf("%d calls, %v", a.count(), err)
	}
	if diff := cmp.Diff(portsWanted, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Two links of one physical port would be twice the rate, also where the links
// are all that tells it.
func TestLinksAreListedOnce(t *testing.T) {
	p, err := newClient(t, always(200, `{"uuid":"`+id("p")+`","physicalPortsSpeed":1000,"physicalPorts":[`+
		`{"uuid":"`+id("l1")+`","operation":{"operationalStatus":"UP"}},{"uuid":"`+strings.ToUpper(id("l1"))+`","interfaceSpeed":9,"operation":{"operationalStatus":"DOWN"}},`+
		`{"uuid":"`+id("l2")+`"},{},{"uuid":"`+id("l1")+`"},{"uuid":"no uuid"}]}`)).Port(t.Context(), id("p"))
	want := fabric.Port{
		UUID: id("p"), Speed: "1000", Capacity: new(4e9), RepeatedLinks: 2,
		Links: []fabric.Link{{UUID: id("l1"), OperationalStatus: "UP", Speed: new(1e9)}, {UUID: id("l2"), Speed: new(1e9)}, {Speed: new(1e9)}, {Speed: new(1e9)}},
	}
	if diff := cmp.Diff(want, p); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestPortCapacity(t *testing.T) {
	for body, want := range map[string]*float64{
		`"bandwidth":"1000"`:                                                          new(1e9),
		`"bandwidth":1000,"physicalPortsSpeed":5`:                                     new(1e9),
		`"bandwidth":1e303`:                                                           nil,
		`"availableBandwidth":1`:                                                      nil, // half a sum
		`"availableBandwidth":-5,"usedBandwidth":10`:                                  nil,
		`"availableBandwidth":1.7e302,"usedBandwidth":1.7e302`:                        nil,
		`"availableBandwidth":0,"usedBandwidth":0,"physicalPortsSpeed":1`:             new(1e6),
		`"physicalPortsSpeed":10000`:                                                  new(1e10),
		`"physicalPortsSpeed":10000,"physicalPortsCount":2,"physicalPortQuantity":4`:  new(4e10),
		`"physicalPortsSpeed":10000,"physicalPortsCount":-2,"physicalPorts":[{},{}]`:  new(2e10),
		`"physicalPortsSpeed":0`:                                                      nil,
		`"physicalPortsSpeed":1,"physicalPortsCount":1e308,"physicalPortQuantity":""`: nil,
	} {
		p, err := newClient(t, always(200, `{"uuid":"`+id("p")+`",`+body+`}`)).Port(t.Context(), id("p"))
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, p.Capacity); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", body, diff)
		}
	}
}

func TestPort(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if want := base + "/fabric/v4/ports/" + id("p"); r.URL.String() != want {
			t.Errorf("%s, want %s", r.URL, want)
		}
		return reply(200, `{"uuid":"`+strings.ToUpper(id("p"))+`","operation":{"operationalStatus":"PARTIAL"}}`)
	}}
	got, err := newClient(t, a).Port(t.Context(), strings.ToUpper(id("p")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fabric.Port{UUID: id("p"), OperationalStatus: "PARTIAL"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := newClient(t, always(200, `{}`)).Port(t.Context(), id("p")); fabric.Reason(err) != "decode" {
		t.Errorf("without uuid: %v", err)
	}
	if _, err := newClient(t, a).Port(t.Context(), ""); err == nil {
		t.Error("an empty uuid asks for all ports")
	}
}

func TestUserPortsV3(t *testing.T) {
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if want := base + "/ecx/v3/port/userport"; r.URL.String() != want {
			t.Errorf("%s, want %s", r.URL, want)
		}
		return reply(200, testdata(t, "ports_v3.json"))
	}}
	got, err := drain(newClient(t, a).UserPortsV3(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	want := []fabric.Port{
		{
			UUID: "dddddddd-0000-4000-8000-000000000001", Name: "old", State: "ADDED", Capacity: new(1e10),
			MetroCode: "MX", MetroName: "Mexico City", Region: "AMER", IBX: "MX2",
			Encapsulation: "Qinq", Package: "STANDARD", Speed: "10000", RedundancyPriority: "PRIMARY", LAG: new(false), HasConnections: true,
		},
		{UUID: "dddddddd-0000-4000-8000-000000000002", State: "PROVISIONED", Package: "UNLIMITED", LAG: new(true), ConnectionsHidden: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, err := drain(newClient(t, always(200, `[]`)).UserPortsV3(t.Context())); err != nil || len(got) != 0 {
		t.Errorf("no ports: %v, %v", got, err)
	}
	for body, want := range map[string]string{
		`null`: "decode: missing", `{}`: "object where array",
		`{"errorCode":"IC-9","errorMessage":"no"}`:   "the answer says: IC-9: no",
		`[{"errorCode":"IC-9","errorMessage":"no"}]`: "none of the 1 records has a valid uuid; the answer says: IC-9: no",
	} {
		_, err := drain(newClient(t, always(200, body)).UserPortsV3(t.Context()))
		if fabric.Reason(err) != "decode" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestPortsRefusesToPage(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refusal prepared
		whole   prepared
		items   int
		calls   int
		fails   string
	}{
		{"and sends all", with(400, `[{"errorCode":"EQ-3000035"}]`), with(200, listing(numberedUUIDs(0, 133), 133)), 133, 2, ""},
		{"and sends all without total", with(400, ``), with(200, listing(numberedUUIDs(0, 3), -1)), 3, 2, ""},
		{"and sends a part", with(400, ``), with(200, listing(numberedUUIDs(0, 50), 133)), 0, 2, "offset and limit are refused"},
		{"and refuses all", with(400, ``), with(400, ``), 0, 2, "HTTP 400"},
		{"for lack of a project", with(400, `[{"errorCode":"EQ-3046110","errorMessage":"ProjectID required."}]`), with(200, `{}`), 0, 1, "EQ-3046110"},
		{"for lack of a right", with(403, ``), with(200, `{}`), 0, 1, "HTTP 403"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &api{answer: func(n int, r *http.Request) (*http.Response, error) {
				if want := []string{"offset=0&limit=100", ""}[n]; r.URL.RawQuery != want {
					t.Errorf("query %q, want %q", r.URL.RawQuery, want)
				}
				return []prepared{tt.refusal, tt.whole}[n].do()
			}}
			got, err := drain(newClient(t, a).Ports(t.Context()))
			if len(got) != tt.items || a.count() != tt.calls {
				t.Errorf("%d items, %d calls", len(got), a.count())
			}
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q", err, tt.fails)
			}
		})
	}
}

// What is not needed to tell ports apart may come in any type.
func TestPortsWithFieldsOfOtherTypes(t *testing.T) {
	for _, field := range []string{
		`"bandwidth":"N/A"`, `"bandwidth":[]`, `"operation":"UP"`, `"operation":{"operationalStatus":{}}`, `"lagEnabled":1`,
		`"lagEnabled":"perhaps"`, `"lag":true`, `"physicalPorts":{}`, `"physicalPorts":7`, `"encapsulation":"DOT1Q"`,
		`"location":[]`, `"location":{"ibx":[]}`, `"package":1`, `"project":"x"`, `"redundancy":"PRIMARY"`, `"device":[1]`,
		`"provisionStatus":[]`, `"totalBandwidth":true`, `"userPorts":"none"`,
	} {
		item := `{` + field + `,"uuid":"` + strings.ToUpper(id("a")) + `","name":"n"}`
		want := []fabric.Port{{UUID: id("a"), Name: "n"}, {UUID: id("b")}}
		v4, err4 := drain(newClient(t, always(200, `{"data":[`+item+`,{"uuid":"`+id("b")+`"}]}`)).Ports(t.Context()))
		v3, err3 := drain(newClient(t, always(200, `[`+item+`,{"uuid":"`+id("b")+`"}]`)).UserPortsV3(t.Context()))
		one, err1 := newClient(t, always(200, item)).Port(t.Context(), id("a"))
		if err := errors.Join(err4, err3, err1); err != nil {
			t.Errorf("%s: %v", field, err)
			continue
		}
		if diff := cmp.Diff(want, v4); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", field, diff)
		}
		if len(v3) != 2 || v3[0].UUID != id("a") || v3[0].Name != "n" || one.UUID != id("a") || one.Name != "n" {
			t.Errorf("%s: v3 %+v, port %+v", field, v3, one)
		}
	}
}

// searchBody is the body of a search as the API reads it.
type searchBody struct {
	Filter     struct{ And, Or []searchCondition }
	Sort       []struct{ Property, Direction string }
	Pagination struct{ Offset, Limit int }
}

type searchCondition struct {
	Property, Operator string
	Values             []string
}

func readSearch(t testing.TB, r *http.Request) (s searchBody) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		t.Error(err)
	}
	return s
}

// The speed becomes a label as it stands, so what is no number must not.
func TestPortSpeedIsANumber(t *testing.T) {
	for speed, want := range map[string]string{
		`10000`: "10000", `"10000"`: "10000", `1e5`: "100000", `2500.5`: "2500.5",
		`"NaN"`: "", `"Infinity"`: "", `1e999`: "", `""`: "", `null`: "", `"fast"`: "", `[]`: "",
	} {
		p, err := newClient(t, always(200, fmt.Sprintf(`{"uuid":"`+id("p")+`","physicalPortsSpeed":%s}`, speed))).Port(t.Context(), id("p"))
		if err != nil || p.Speed != want {
			t.Errorf("%s: speed %q, %v; want %q", speed, p.Speed, err, want)
		}
	}
}
