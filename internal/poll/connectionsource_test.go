package poll_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

func (b *bench) connectionSource() string { return b.store.Load().Accounts[0].ConnectionSource }

// only is the traffic of connections through one source; the others do not exist.
func only(source string) func(string, string, string) (*fabric.ConnectionTraffic, error) {
	return func(asked, _, _ string) (*fabric.ConnectionTraffic, error) {
		if asked != source {
			return nil, &fabric.Error{Status: http.StatusUnauthorized, Fault: true}
		}
		return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
	}
}

func TestConnectionsFindASourceOfTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		sources []string
		alive   string
		want    string
	}{
		{"auto", poll.Sources(), "v4-stats", "v4-stats"},
		{"auto, no statistics", poll.Sources(), "v4-metrics", "v4-metrics"},
		{"v3 has none", []string{poll.SourceV3}, "v4-metrics", "v4-metrics"},
		{"v4-stats only", []string{poll.SourceV4Stats}, "v4-metrics", "v4-stats"},
		{"v4-metrics only", []string{poll.SourceV4Metrics}, "v4-stats", "v4-metrics"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := watching(t, newWeb(virtual("c1", "aa", ""), virtual("c2", "aa", "")), "aa")
				b.cfg.Accounts[0].Sources = tt.sources
				b.api.connectionTraffic = only(tt.alive)
				b.run(t, time.Second)
				if got := b.connectionSource(); got != tt.want {
					t.Errorf("source %q, want %q", got, tt.want)
				}
				if c := b.store.Load().Connection("c1"); (c.Traffic[0] != nil) != (tt.want == tt.alive) {
					t.Errorf("has traffic: %v", c.Traffic[0] != nil)
				}
				if got := b.source(); got != tt.sources[0] || len(b.api.of(got, "aa")) != 1 {
					t.Errorf("the source of the ports is %q, which was asked %d times", got, len(b.api.of(got, "aa")))
				}
				if len(tt.sources) == 1 && tt.sources[0] != poll.SourceV3 && len(b.api.of("connection "+tt.alive, "")) > 0 {
					t.Errorf("%s is asked", tt.alive)
				}
			})
		})
	}
}

// The only connection is deleted; its 404 says the same as a source that is gone.
func TestAConnectionThatComesBeginsWithTheFirstSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(virtual("c1", "aa", ""))
		b := watching(t, w, "aa")
		var deleted atomic.Bool
		b.api.connectionTraffic = func(source, uuid, _ string) (*fabric.ConnectionTraffic, error) {
			switch {
			case source == "v4-metrics":
				return &fabric.ConnectionTraffic{}, nil // attached to no stream
			case uuid == "c1" && deleted.Load():
				return nil, errGone
			}
			return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			deleted.Store(true)
			time.Sleep(10 * time.Minute)
			if got := b.connectionSource(); got != "" {
				t.Errorf("source %q, and nobody is answered", got)
			}
			w.set(virtual("c2", "aa", ""))
			time.Sleep(10 * time.Minute)
			if c := b.store.Load().Connection("c2"); b.connectionSource() != "v4-stats" || c.Traffic[0] == nil {
				t.Errorf("source %q", b.connectionSource())
			}
		})
	})
}

func TestConnectionsAreToldWhetherTheyAreAttached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draft := virtual("c3", "aa", "")
		draft.State = "DRAFT"
		w := newWeb(virtual("c1", "aa", ""), virtual("c2", "aa", ""), draft)
		b := watching(t, w, "aa")
		b.api.assets = func() ([]fabric.StreamAsset, error) {
			return []fabric.StreamAsset{asset("c1", true, "ATTACHED"), asset("c4", true, "ATTACHED")}, nil
		}
		b.api.connectionTraffic = func(source, uuid, viewPoint string) (*fabric.ConnectionTraffic, error) { // the ports stay with v3
			if uuid == "c2" && source == "v4-metrics" {
				return &fabric.ConnectionTraffic{}, nil
			}
			return only("v4-metrics")(source, uuid, viewPoint)
		}
		var log strings.Builder
		b.logTo(&log)
		attached := func(uuid string) string {
			snap := b.store.Load()
			return yesOrNo(snap.ConnectionView(&snap.Accounts[0], b.port(t, "aa"), snap.Connection(uuid), time.Now()).Attached)
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Second)
			for uuid, want := range map[string]string{"c1": "yes", "c2": "no", "c3": "?"} {
				if got := attached(uuid); got != want {
					t.Errorf("%s: %s, want %s", uuid, got, want)
				}
			}
			if got := b.attached(t, "aa"); got != "?" {
				t.Errorf("the port, of which v3 is the source: %s", got)
			}
			time.Sleep(15 * time.Minute)
			ended := virtual("c1", "aa", "")
			ended.State = "CANCELLED"
			w.set(ended, virtual("c4", "aa", ""))
			time.Sleep(6 * time.Minute) // of the fifteen between two listings
			if one, other := attached("c4"), attached("c1"); one != "yes" || other != "?" {
				t.Errorf("one that came: %s, one that ended: %s", one, other)
			}
		})
		if got := log.String(); !strings.Contains(got, "connection_uuid=c2") || !strings.Contains(got, "attach the connection to it") {
			t.Errorf("the log:\n%s", got)
		}
	})
}

// From the z-side inbound is what the a-side sends, whatever API tells it: when
// auto moves on, the directions must not change places.
func TestSourcesAgreeOnTheDirectionsOfAZSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, source := range []string{"v4-stats", "v4-metrics"} {
			w := newWeb(virtual("c1", "aa", "elsewhere"), virtual("c2", "elsewhere", "aa"))
			b := watching(t, w, "aa")
			b.cfg.Accounts[0].Sources = []string{source}
			b.api.connectionTraffic = func(source, _, viewPoint string) (*fabric.ConnectionTraffic, error) {
				there, back := fresh(), fresh()
				there.Inbound.Last, back.Outbound.Last = new(1e6), new(9e6)
				answer := &fabric.ConnectionTraffic{Traffic: fabric.Traffic{Inbound: there.Inbound, Outbound: back.Outbound}}
				if source == "v4-stats" && viewPoint == fabric.ZSide {
					answer.Inbound, answer.Outbound = answer.Outbound, answer.Inbound
				}
				return answer, nil
			}
			b.run(t, time.Second)
			for uuid, want := range map[string][2]float64{"c1": {1e6, 9e6}, "c2": {9e6, 1e6}} {
				got := b.store.Load().Connection(uuid).Traffic[0]
				if *got.Inbound.Last != want[0] || *got.Outbound.Last != want[1] {
					t.Errorf("%s: %s has %v in and %v out, want %v", source, uuid, *got.Inbound.Last, *got.Outbound.Last, want)
				}
			}
		}
	})
}
