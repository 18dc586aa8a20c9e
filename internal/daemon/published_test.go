package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Answers in the shapes that Equinix publishes as examples, and what /metrics must
// make of them.

const (
	portOne   = "00000001-0000-4000-8000-000000000001"
	portTwo   = "00000002-0000-4000-8000-000000000001"
	portThree = "00000003-0000-4000-8000-000000000001"
)

// asked is an API that notes the paths it was asked for.
type asked struct {
	answers

	mu    sync.Mutex
	paths []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.paths = append(a.paths, r.URL.Path)
	a.mu.Unlock()
	return a.answers.RoundTrip(r)
}

// listed is an answer to a listing.
func listed(records ...string) string {
	return fmt.Sprintf(`{"pagination":{"offset":0,"limit":100,"total":%d},"data":[%s]}`, len(records), strings.Join(records, ","))
}

// onDevice is a port whose device has the number that all devices have. redundancy
// is what stands beside the priority.
func onDevice(uuid, metro, priority, redundancy string) string {
	return fmt.Sprintf(`{"type":"XF_PORT","uuid":%s,"name":"port-%s","state":"ACTIVE","bandwidth":10000,"operation":{"operationalStatus":"UP"},`+
		`"location":{"metroCode":%[2]q},"redundancy":{"priority":%[3]q%[4]s},"device":{"name":"dev","redundancy":{"group":"1","priority":%[3]q}}}`,
		uuid, metro, priority, redundancy)
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// exposed are the series of an exporter that has polled an API for some time, and
// its log.
func exposed(t *testing.T, api http.RoundTripper, yaml string, after time.Duration) (series map[string]float64, log string) {
	t.Helper()
	e, stop := start(t, api, text(yaml))
	time.Sleep(after)
	synctest.Wait()
	series = e.series(t)
	stop()
	return series, e.log.String()
}

// family are the series of a family.
func family(series map[string]float64, name string) []string {
	var all []string
	for s := range series {
		if strings.HasPrefix(s, name+"{") {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all
}

// The number of a device is on ports that have nothing to do with each other.
func TestTheNumberOfADeviceMakesNoPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := answers{{path: "/v4/ports", body: listed(onDevice(quoted(portOne), "SY", "PRIMARY", ""), onDevice(quoted(portTwo), "AT", "SECONDARY", ""))}}
		got, _ := exposed(t, api, everything("v3", "a"), time.Minute)
		if pairs := family(got, "pair_info"); len(pairs) != 0 {
			t.Errorf("pairs %v", pairs)
		}
		info := family(got, "port_info")
		if len(info) != 2 || !strings.Contains(info[0], `redundancy_group=""`) || !strings.Contains(info[1], `redundancy_group=""`) {
			t.Errorf("ports %v", info)
		}
	})
}

func TestThePortThatASecondaryNamesIsItsPrimary(t *testing.T) {
	for name, group := range map[string]string{"no group": "", "its own": `,"group":"` + portOne + `"`, "the number of a device": `,"group":"1"`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := answers{{path: "/v4/ports", body: listed(
					onDevice(quoted(portOne), "SY", "PRIMARY", group), onDevice(quoted(portTwo), "SY", "SECONDARY", `,"group":"`+portOne+`"`))}}
				got, _ := exposed(t, api, everything("v3", "a"), time.Minute)
				pairs := family(got, "pair_info")
				if len(pairs) != 1 || !strings.Contains(pairs[0], `primary_uuid="`+portOne+`",secondary_uuid="`+portTwo+`"`) {
					t.Errorf("pairs %v", pairs)
				}
			})
		})
	}
}

// link is the n-th connection of port one, with more in it.
func link(n int, more string) string {
	return fmt.Sprintf(`{"type":"EVPL_VC","uuid":"%08d-0000-4000-8000-0000000000aa","name":"conn-%[1]d","bandwidth":1000,`+
		`"aSide":{"accessPoint":{"type":"COLO","port":{"uuid":%[2]q}}}%[3]s}`, n, portOne, more)
}

// A connection whose state the API does not say, or in a new one, is there until the
// API says that it is not.
func TestConnectionsInStatesThatNoListHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const provisioned = `,"operation":{"equinixStatus":"PROVISIONED","providerStatus":"AVAILABLE"}`
		api := &asked{answers: answers{
			{path: "/v4/ports", body: listed(onDevice(quoted(portOne), "SY", "PRIMARY", ""))},
			{path: "/connections/search", body: listed(
				link(1, provisioned), link(2, provisioned+`,"state":"SOMETHING_NEW"`), link(3, provisioned+`,"state":"PROVISIONED"`),
				link(4, provisioned+`,"state":"DEPROVISIONED"`), link(5, `,"operation":{}`), link(6, `,"operation":{"equinixStatus":"DEPROVISIONED"}`),
			)},
		}}
		got, _ := exposed(t, api, everything("v4-stats", "a"), 10*time.Minute)
		port := `{port_name="port-SY",port_uuid="` + portOne + `"`
		for series, want := range map[string]float64{
			`port_connections` + port + `,state="UNKNOWN"}`:            3,
			`port_connections` + port + `,state="SOMETHING_NEW"}`:      1,
			`port_connections` + port + `,state="PROVISIONED"}`:        1,
			`port_connections` + port + `,state="DEPROVISIONED"}`:      1,
			`port_connections_bandwidth_bytes_per_second` + port + `}`: 4 * 1e9 / 8,
		} {
			if v, ok := got[series]; !ok || v != want {
				t.Errorf("%s is %v (%t), want %v", series, v, ok, want)
			}
		}
		for n, want := range map[int]bool{1: true, 2: true, 3: true, 4: false, 5: true, 6: false} {
			path := fmt.Sprintf("/fabric/v4/connections/%08d-0000-4000-8000-0000000000aa/stats", n)
			if is := slices.Contains(api.paths, path); is != want {
				t.Errorf("traffic of connection %d is asked for: %t", n, is)
			}
		}
	})
}

// One record without a UUID costs the others nothing, in whatever listing. It is
// counted with each reading, and logged once.
func TestRecordsWithoutUUIDAreLeftOut(t *testing.T) {
	for _, bad := range []string{"null", `""`, `[]`, `"1"`, `"../../v1/x"`} {
		t.Run(bad, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := answers{
					{path: "/v4/ports", body: listed(onDevice(quoted(portOne), "SY", "PRIMARY", ""), onDevice(bad, "AT", "SECONDARY", ""), onDevice(quoted(portThree), "SY", "PRIMARY", ""))},
					{path: "/connections/search", body: listed(link(1, ""), strings.Replace(link(2, ""), `"00000002-0000-4000-8000-0000000000aa"`, bad, 1))},
					{path: "/streamAssets/search", body: listed(`{"uuid":`+bad+`}`, `{"uuid":"`+portOne+`","metricsEnabled":true,"attachmentStatus":"ATTACHED"}`)},
					{path: "/metrics/search", body: `{"data":[]}`},
				}
				got, log := exposed(t, api, everything("v4-metrics", "a"), time.Hour)
				if ports := family(got, "port_operational_status"); len(ports) != 2*3 || !strings.Contains(ports[0], portOne) || !strings.Contains(ports[3], portThree) {
					t.Errorf("ports %v", ports)
				}
				if n := got[`port_connections{port_name="port-SY",port_uuid="`+portOne+`",state="UNKNOWN"}`]; n != 1 {
					t.Errorf("%v connections", n)
				}
				if v, ok := got[`port_metrics_attached{port_name="port-SY",port_uuid="`+portOne+`"}`]; !ok || v != 1 {
					t.Errorf("attached: %v (%t)", v, ok)
				}
				for _, op := range []string{"v4_ports", "v4_connections_search", "v4_stream_assets_search"} {
					skipped := got[fmt.Sprintf(`records_skipped_total{account="a",operation=%q}`, op)]
					calls := got[fmt.Sprintf(`api_requests_total{account="a",code="200",operation=%q}`, op)]
					if skipped == 0 || skipped != calls {
						t.Errorf("%s: %v records of %v answers", op, skipped, calls)
					}
					if n := strings.Count(log, `msg="listing has records without a valid UUID; leaving them out" component=poll account=a operation=`+op); n != 1 {
						t.Errorf("%s: %d lines in the log:\n%s", op, n, log)
					}
				}
			})
		})
	}
}

// Where no record can be used the listing has failed: it ends nothing. So it is in
// v3, which is asked where there is no v4.
func TestAListingWithoutAnyUUIDIsAnError(t *testing.T) {
	for path, body := range map[string]string{"/v4/ports": listed(`{"uuid":"1"}`, `{}`), "/port/userport": `[{"uuid":"1"},{}]`} {
		synctest.Test(t, func(t *testing.T) {
			api := answers{{path: path, body: body}}
			got, log := exposed(t, api, everything("v3", "a"), time.Minute)
			if got[`up{account="a"}`] != 0 || !strings.Contains(log, "records has a valid uuid") {
				t.Errorf("%s: up %v, the log:\n%s", path, got[`up{account="a"}`], log)
			}
		})
	}
}

// Most ends have no name in Equinix' examples.
func TestEndsWithoutANameShowUUIDOrType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const device, router = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000003"
		z := func(n int, side string) string { return link(n, `,"state":"ACTIVE","zSide":{`+side+`}`) }
		api := answers{
			{path: "/v4/ports", body: listed(onDevice(quoted(portOne), "SY", "PRIMARY", ""))},
			{path: "/connections/search", body: listed(
				z(1, `"accessPoint":{"type":"VD","virtualDevice":{"uuid":"`+device+`"}}`),
				z(2, `"serviceToken":{"uuid":"11111111-0000-4000-8000-000000000002","name":"hub token"},"accessPoint":{"type":"SP"}`),
				z(3, `"accessPoint":{"type":"CLOUD_ROUTER","router":{"uuid":"`+router+`"}}`),
				z(4, `"accessPoint":{"type":"SUBNET"}`),
				z(5, `"accessPoint":{"type":"SP","profile":{"name":"Some Cloud"}},"x":{}},"operation":{"maintenanceStatus":"SCHEDULED"`),
			)},
		}
		filtered := strings.Replace(everything("v4-stats", "a"), "connections: {traffic: true}", `connections: {traffic: true, exclude: [{z_side: "`+router+`|SUBNET"}]}`, 1)
		for yaml, want := range map[string]map[int]string{
			everything("v4-stats", "a"): {1: device + " VD", 2: "hub token SP", 3: router + " CLOUD_ROUTER", 4: "SUBNET SUBNET", 5: "Some Cloud SP"},
			filtered:                    {1: device + " VD", 2: "hub token SP", 5: "Some Cloud SP"},
		} {
			got, _ := exposed(t, api, yaml, time.Minute)
			if info := family(got, "connection_info"); len(info) != len(want) {
				t.Errorf("%d connections, want %d: %v", len(info), len(want), info)
			}
			for _, info := range family(got, "connection_info") {
				var n int
				if _, err := fmt.Sscanf(info[strings.Index(info, "conn-"):], "conn-%d", &n); err != nil {
					t.Fatal(err)
				}
				i := strings.LastIndexByte(want[n], ' ')
				if !strings.Contains(info, `,z_side="`+want[n][:i]+`"`) || !strings.Contains(info, `,z_side_type="`+want[n][i+1:]+`"`) ||
					!strings.Contains(info, `{a_side="`+portOne+`",`) || !strings.Contains(info, `,a_side_type="COLO",`) {
					t.Errorf("%s, want %s", info, want[n])
				}
			}
			maintenance := family(got, "connection_maintenance")
			if len(maintenance) != 1 || !strings.Contains(maintenance[0], `connection_name="conn-5"`) || !strings.Contains(maintenance[0], `status="SCHEDULED"`) {
				t.Errorf("maintenance %v", maintenance)
			}
		}
	})
}

// A port in a stream that the credentials cannot see is attached all the same: its
// data show it.
func TestAPortWithMetricsIsAttached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Generate(1, 4, 12)
		f.Attach()
		for i := range f.Connections {
			f.Connections[i].Created = time.Now().AddDate(-1, 0, 0)
		}
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchStreamAssets, Body: `{"pagination":{"total":0},"data":[]}`})
		ports := own(api)
		yaml := configure(ports, "    traffic_source: v4-metrics\n    connections: {traffic: true}\n")
		got, log := exposed(t, api.Transport(), yaml, 20*time.Minute)
		seen := 0
		for series, v := range got {
			what, labels, found := strings.Cut(strings.TrimSuffix(series, "}"), "_metrics_attached{")
			if !found {
				continue
			}
			last := what + `_traffic_last_bytes_per_second{direction="inbound",` + labels + "}"
			if what == "connection" {
				last = what + `_traffic_last_bytes_per_second{` + labels + `,direction="inbound"}`
			}
			_, has := got[last]
			if has != (v == 1) {
				t.Errorf("%s is %v, and data are there: %t", series, v, has)
			}
			if has {
				seen++
			}
		}
		if seen < 8 {
			t.Errorf("%d ports and connections with data", seen)
		}
		for _, p := range ports {
			if got[fmt.Sprintf("port_metrics_attached{port_name=%q,port_uuid=%q}", p.Name, p.UUID)] == 1 && strings.Contains(log, "class=attachment port_uuid="+p.UUID) {
				t.Errorf("%s has data, and the log says that it is not attached", p.Name)
			}
		}
	})
}
