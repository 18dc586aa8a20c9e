package doctor_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

func TestPorts(t *testing.T) {
	for _, tt := range []struct {
		name, status string
		words        []string
		fault        func(*fabrictest.API)
	}{
		{"seen", "ok", []string{"12 ports seen"}, func(*fabrictest.API) {}},
		{"forbidden", "fail", []string{"EQ-3000197", "right to view the ports"}, func(api *fabrictest.API) {
			api.Inject(refusal(fabrictest.OpPorts, "", http.StatusForbidden, "EQ-3000197"))
		}},
		{"no project", "fail", []string{"EQ-3046110", "right to view the ports"}, func(api *fabrictest.API) {
			api.Inject(refusal(fabrictest.OpPorts, "", http.StatusBadRequest, "EQ-3046110"))
		}},
		{"v4 is gone", "ok", []string{"12 ports seen, through v3"}, func(api *fabrictest.API) { api.SetGone(fabrictest.OpPorts) }},
		{"both are gone", "fail", []string{"v4_ports", "v3_user_ports", "api_url"}, func(api *fabrictest.API) {
			api.SetGone(fabrictest.OpPorts, fabrictest.OpUserPortsV3)
		}},
		{"none", "warn", []string{"no port", "right to view"}, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpPorts, Body: `{"pagination":{"offset":0,"limit":100,"total":0},"data":[]}`})
		}},
		{"maintenance page", "fail", []string{"decode", "text/html", "something other than the API"}, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpPorts, Body: fabrictest.BodyHTML})
		}},
		{"quota", "fail", []string{"QuotaViolation", "api.requests_per_second"}, func(api *fabrictest.API) {
			api.Inject(fabrictest.Fault{Op: fabrictest.OpPorts, Status: 500, Body: fabrictest.BodyQuotaViolation})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				port := portOf(t, api, fabrictest.DemoPrimary)
				tt.fault(api)
				r, err := examine(t, api.Transport(), account(listing(port)+discovery))
				if (err == nil) != (tt.status == "ok") && tt.status != "warn" {
					t.Errorf("Run: %v", err)
				}
				r.only(t, "ports", tt.status)
				r.wants(t, "ports", tt.status, tt.words...)
				switch {
				case strings.HasPrefix(tt.words[0], "12 ports"):
					r.only(t, "visibility", "ok")
				case tt.status == "fail": // what is configured is polled all the same
					r.only(t, "visibility", "skip")
					r.only(t, "discover", "skip")
					r.only(t, "budget", "skip")
					r.wants(t, "traffic_source", "ok", "1 port asked: 1 with data")
					r.wants(t, "connections", "ok", "on 1 port")
				}
			})
		})
	}
}

func TestVisibility(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		seen, foreign := portOf(t, api, fabrictest.DemoPrimary), portOf(t, api, fabrictest.DemoForeign)
		r, err := examine(t, api.Transport(), account(fmt.Sprintf("    ports: [{uuid: %s}, {uuid: %s, name: typo}, {uuid: %s}]\n", seen, unknownUUID, foreign)))
		if err == nil || err.Error() != "2 checks failed" {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "visibility", "fail", "fail")
		if c := r.wants(t, "visibility", "fail", "typo", "no such port", "correct the uuid"); c.Object != unknownUUID {
			t.Errorf("object %s", c.Object)
		}
		if c := r.wants(t, "visibility", "fail", foreign, "not among the ports", "check the uuid; if it is right"); c.Object != foreign { // a 403 proves nothing
			t.Errorf("object %s", c.Object)
		}
		// The other checks do without them.
		r.wants(t, "traffic_source", "ok", "1 port asked: 1 with data")
		r.only(t, "connections", "ok")
		r.wants(t, "budget", "ok", "3 ports")
	})
}

func TestVisibilityWithoutV4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Gone: []string{fabrictest.OpPorts, fabrictest.OpPort}})
		r, err := examine(t, api.Transport(), account(listing(unknownUUID)))
		if err == nil {
			t.Error("no error")
		}
		r.wants(t, "visibility", "fail", unknownUUID, "not among the ports", "another account's")
		if n := api.Count(fabrictest.OpPort); n != 0 {
			t.Errorf("%d calls of what is gone", n)
		}
	})
}

func TestManyMistypedPortsAreOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var uuids []string
		for i := range 25 {
			uuids = append(uuids, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		}
		api := fabrictest.New(fabrictest.Options{})
		r, err := examine(t, api.Transport(), account(listing(uuids...)))
		if err == nil {
			t.Error("no error")
		}
		// Ten are asked for, the rest goes by the listing alone.
		r.wants(t, "visibility", "fail", uuids[9], "no such port")
		r.wants(t, "visibility", "fail", "15 ports", uuids[10], "5 more")
		if n := len(r.of("visibility")); n != 11 {
			t.Errorf("%d lines", n)
		}
		if n := api.Count(fabrictest.OpPort); n != 10 {
			t.Errorf("%d calls", n)
		}
	})
}

// Each key of a filter selects the same ports as in the exporter.
func TestDiscover(t *testing.T) {
	for _, tt := range []struct{ filters, status, takes string }{
		{"", "ok", "12 of 12"},
		{"include: [{metro: SV}]", "ok", "2 of 12"},
		{"include: [{ibx: DA11}]", "ok", "1 of 12"},
		{"include: [{name: SV5-.*}], exclude: [{name: .*-SEC-.*}]", "ok", "1 of 12"},
		{"include: [{state: RELOCATING}]", "ok", "1 of 12"},
		{"include: [{package: UNLIMITED}]", "ok", "2 of 12"},
		{"include: [{project: \"9.*42\"}]", "ok", "11 of 12"},
		{"include: [{metro: XX}]", "warn", "0 of 12"},
		{"exclude: [{name: .*}]", "warn", "0 of 12"},
	} {
		t.Run(tt.filters, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				r, err := examine(t, api.Transport(), account("    discover: {enabled: true, "+tt.filters+"}\n"))
				if err != nil {
					t.Errorf("Run: %v", err)
				}
				r.wants(t, "discover", tt.status, tt.takes)
				r.wants(t, "budget", "ok", strings.TrimSuffix(tt.takes, " of 12")+" port")
				if strings.HasPrefix(tt.takes, "0") {
					r.only(t, "traffic_source", "skip")
					r.only(t, "connections", "skip")
				}
			})
		})
	}
}

func TestDiscoverFiltersThatMatchNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		r, err := examine(t, api.Transport(), account("    discover: {enabled: true, include: [{metro: SV}, {metro: sv}], exclude: [{name: lab-.*}]}\n"))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "discover", "ok", "warn", "warn")
		for _, key := range []string{"discover.include[1]", "discover.exclude[0]"} {
			if c := r.wants(t, "discover", "warn", key, "matches no port"); c.Object != key {
				t.Errorf("object %q", c.Object)
			}
		}
	})
}

func TestPairs(t *testing.T) {
	for _, tt := range []struct {
		name     string
		ports    string
		pair     func(*fabrictest.API) config.Pair
		statuses []string
		words    []string
	}{
		{"sound", discovery, func(api *fabrictest.API) config.Pair {
			return config.Pair{Name: "core", Primary: portOf(t, api, fabrictest.DemoPrimary), Secondary: portOf(t, api, fabrictest.DemoSecondary)}
		}, []string{"ok"}, []string{"1 pair"}},
		{"not seen", discovery, func(api *fabrictest.API) config.Pair {
			return config.Pair{Name: "core", Primary: portOf(t, api, fabrictest.DemoPrimary), Secondary: unknownUUID}
		}, []string{"fail"}, []string{"core", unknownUUID, "check the uuid"}},
		{"not polled", "    discover: {enabled: true, include: [{metro: DC}]}\n", func(api *fabrictest.API) config.Pair {
			return config.Pair{Name: "core", Primary: portOf(t, api, fabrictest.DemoPrimary), Secondary: portOf(t, api, fabrictest.DemoSecondary)}
		}, []string{"fail", "fail"}, []string{"core", "not polled", "let discover select it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				o := options(t, api.Transport(), account(tt.ports))
				cfg, err := o.Load()
				if err != nil {
					t.Fatal(err)
				}
				cfg.Accounts[0].Pairs = []config.Pair{tt.pair(api)}
				o.Load = func() (*config.Config, error) { return cfg, nil }
				r, err := run(t.Context(), t, o)
				if (err == nil) != (tt.statuses[0] == "ok") {
					t.Errorf("Run: %v", err)
				}
				r.only(t, "pairs", tt.statuses...)
				r.wants(t, "pairs", tt.statuses[0], tt.words...)
			})
		})
	}
}

// A record without a uuid is reported, and the others are used.
func TestRecordsWithoutUUID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		uuid := portOf(t, api, fabrictest.DemoPrimary)
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPorts, Body: fmt.Sprintf(`{"pagination":{"total":2},"data":[{"uuid":%q},{"uuid":"../../v1/x"}]}`, uuid)})
		r, err := examine(t, api.Transport(), account(discovery))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "ports", "warn", "ok")
		r.wants(t, "ports", "warn", "v4_ports: decode: data[1].uuid: missing or not a uuid: records like that are left out")
		r.wants(t, "ports", "ok", "1 port seen")
	})
}
