package doctor_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// seen is a line of traffic_source.
type seen struct{ status, source, words string }

func TestTrafficSource(t *testing.T) {
	const (
		v3, v4 = fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4
		auto   = ""
	)
	forbid := func(ops ...string) func(*fabrictest.API) {
		return func(api *fabrictest.API) {
			for _, op := range ops {
				api.Inject(refusal(op, "", http.StatusForbidden, "EQ-3142402"))
			}
		}
	}
	gone := func(ops ...string) func(*fabrictest.API) { return func(api *fabrictest.API) { api.SetGone(ops...) } }
	empty := func(api *fabrictest.API) { api.Inject(fabrictest.Fault{Op: v3, EmptyPoints: true}) }
	for _, tt := range []struct {
		name, source string
		fault        func(*fabrictest.API)
		want         []seen
	}{
		{"the first has data", auto, gone(), []seen{{"ok", "v3", "10 ports asked: 9 with data, 1 empty"}}},
		{"the first is gone", auto, gone(v3), []seen{{"ok", "v3", "is gone; auto goes on"}, {"ok", "v4-stats", "9 with data"}}},
		{"two are gone, the third is empty", auto, gone(v3, v4), []seen{
			{"ok", "v3", "is gone"}, {"ok", "v4-stats", "is gone"}, {"warn", "v4-metrics", "without a single sample"},
		}},
		{"the first is empty, the others are gone", auto, func(api *fabrictest.API) {
			empty(api)
			api.SetGone(v4, fabrictest.OpSearchMetrics)
		}, []seen{
			{"warn", "v3", "without a single sample"}, {"ok", "v4-stats", "auto stays with v3"}, {"ok", "v4-metrics", "auto stays with v3"},
		}},
		{"all are gone", auto, gone(v3, v4, fabrictest.OpSearchMetrics), []seen{
			{"ok", "v3", "is gone"}, {"ok", "v4-stats", "is gone"}, {"fail", "v4-metrics", "no source is left: check the uuids"},
		}},
		{"the only one is gone", "v3", gone(v3), []seen{{"fail", "v3", "set traffic_source: auto"}}},
		{"the only one has data", "v4-stats", gone(v3), []seen{{"ok", "v4-stats", "9 with data"}}},
		{"the only one is forbidden", "v4-stats", forbid(v4), []seen{{"fail", "v4-stats", "the right to read this"}}},
		{"the only one is empty", "v3", empty, []seen{{"warn", "v3", "10 ports asked: 10 empty"}}},
		{"auto would stay with one that is forbidden", auto, forbid(v3), []seen{
			{"fail", "v3", "10 forbidden; v3_port_stats: HTTP 403: EQ-3142402: Refused. | auto stays with a source that answers: set traffic_source: v4-stats"},
			{"ok", "v4-stats", "9 with data"},
		}},
		{"auto would stay with one that is empty", auto, empty, []seen{
			{"fail", "v3", "set traffic_source: v4-stats, which has data"}, {"ok", "v4-stats", "9 with data"},
		}},
		{"all are refused", auto, forbid(v3, v4, fabrictest.OpSearchMetrics), []seen{
			{"fail", "v3", "the right to read this"}, {"fail", "v4-stats", "the right"}, {"fail", "v4-metrics", "the right"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				tt.fault(api)
				more := discovery
				if tt.source != auto {
					more += "    traffic_source: " + tt.source + "\n"
				}
				r, err := examine(t, api.Transport(), account(more))
				var statuses []string
				for _, s := range tt.want {
					statuses = append(statuses, s.status)
					if c := r.wants(t, "traffic_source", s.status, s.source+" ", s.words); c.Object != s.source {
						t.Errorf("object %q, want %s", c.Object, s.source)
					}
				}
				r.only(t, "traffic_source", statuses...)
				if (err != nil) != (r.Summary["fail"] > 0) {
					t.Errorf("Run: %v", err)
				}
				if n := api.Count(v3); n > 10 {
					t.Errorf("%d ports were asked about", n)
				}
			})
		})
	}
}

// The doctor names the source that the exporter comes to use, also if a source knows only
// some of the ports: both ask about the same ones.
func TestTheExporterUsesTheSameSource(t *testing.T) {
	f := fabrictest.Generate(1, 37, 0)
	probed := map[string]bool{} // by the doctor
	for _, tt := range []struct {
		name, source string
		gone         func(uuid string) bool
	}{
		{"all ports are known", "v3", func(string) bool { return false }},
		{"no port of the sample is known", "v4-stats", func(uuid string) bool { return probed[uuid] }},
		{"one port of the sample is known", "v3", func(uuid string) bool {
			first := slices.Min(slices.Collect(maps.Keys(probed)))
			return uuid != first
		}},
		{"only ports of the sample are known", "v3", func(uuid string) bool { return !probed[uuid] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{Fleet: &f})
				for _, p := range f.Ports {
					if tt.gone(p.UUID) {
						api.Inject(refusal(fabrictest.OpPortStatsV3, p.UUID, http.StatusNotFound, "EQ-1"))
					}
				}
				r, _ := examine(t, api.Transport(), account(discovery))
				r.wants(t, "traffic_source", "ok", tt.source+" has data")
				for _, c := range api.Requests() {
					for _, p := range f.Ports {
						if c.Op == fabrictest.OpPortStatsV3 && strings.Contains(c.Path+c.Query, p.UUID) {
							probed[p.UUID] = true
						}
					}
				}
				if len(probed) != 10 {
					t.Errorf("%d ports were asked about", len(probed))
				}
				if got := planned(t, api, account(discovery)).Source; got != tt.source {
					t.Errorf("the exporter uses %q, the doctor says %s", got, tt.source)
				}
			})
		})
	}
}

func TestSamplesOfARefusedPort(t *testing.T) {
	for status, want := range map[int]string{http.StatusForbidden: "fail", http.StatusNotFound: "fail", http.StatusBadGateway: "warn"} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			refused, other := portOf(t, api, fabrictest.DemoPrimary), portOf(t, api, fabrictest.DemoLAG)
			api.Inject(refusal(fabrictest.OpPortStatsV3, refused, status, "EQ-3142402"))
			r, err := examine(t, api.Transport(), account(listing(refused, other)))
			if (err == nil) != (want == "warn") {
				t.Errorf("Run: %v", err)
			}
			r.only(t, "traffic_source", "ok")
			r.only(t, "samples", want, "ok")
			if c := r.wants(t, "samples", want, fabrictest.DemoPrimary, "EQ-3142402"); c.Object != refused {
				t.Errorf("object %q", c.Object)
			}
			r.wants(t, "samples", "ok", "1 port: the newest samples are")
		})
	}
}

// The age of samples is measured by the clock of the API.
func TestSamplesThatAreLate(t *testing.T) {
	for _, tt := range []struct {
		name            string
		lateness, ahead time.Duration
		statuses        []string
	}{
		{"in time", 0, 0, []string{"ok"}},
		{"late", 4 * time.Hour, 0, []string{"warn"}},
		{"local clock is ahead", 0, time.Hour, []string{"ok"}},
		{"late, and the local clock is behind", 4 * time.Hour, -20 * time.Minute, []string{"warn"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{
					Lateness: tt.lateness,
					Now:      func() time.Time { return time.Now().Add(-tt.ahead) },
				})
				r, err := examine(t, dated(api, tt.ahead), account(listing(portOf(t, api, fabrictest.DemoPrimary))))
				if (err != nil) != (r.Summary["fail"] > 0) {
					t.Errorf("Run: %v", err)
				}
				r.only(t, "samples", tt.statuses...)
				if tt.lateness > 0 {
					c := r.wants(t, "samples", "warn", fabrictest.DemoPrimary, "the newest sample is", "5 to 17 minutes")
					age := strings.Fields(c.Detail)[len(strings.Fields(c.Detail))-2]
					d, err := time.ParseDuration(age)
					if err != nil || d < 40*time.Minute || d > 4*time.Hour+10*time.Minute {
						t.Errorf("age %s: %v", age, err)
					}
				}
			})
		})
	}
}

// Samples of a whole hour may be older.
func TestSamplesOfHoursAreNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(50 * time.Minute) // into the hour
		api := fabrictest.New(fabrictest.Options{})
		r, err := examine(t, api.Transport(), account(discovery+"poll: {windows: [{resolution: 1h, span: 30d}]}\n"))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "samples", "ok", "50m to 50m old")
		for _, c := range r.of("samples") {
			if strings.Contains(c.Detail, "newest sample is") {
				t.Errorf("late: %+v", c)
			}
		}
	})
}

func TestPortWithoutSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		r, err := examine(t, api.Transport(), account(listing(portOf(t, api, fabrictest.DemoProvisioning), portOf(t, api, fabrictest.DemoLAG))))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "samples", "warn", "ok")
		r.wants(t, "samples", "warn", "LD8-NEWBUILD-100G (PROVISIONING): no samples", "not active yet")
	})
}
