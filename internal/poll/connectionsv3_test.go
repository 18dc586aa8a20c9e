package poll_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

var (
	errNoSearch   = &fabric.Error{Op: fabric.OpSearchConnections, Status: http.StatusNotFound}
	errNoRight    = &fabric.Error{Op: fabric.OpSearchConnections, Status: http.StatusForbidden}
	errOutOfOrder = &fabric.Error{Op: fabric.OpSearchConnections, Status: http.StatusBadGateway}
)

// from is a connection of port aa, named by where it comes from.
func from(api string) []fabric.Connection {
	return []fabric.Connection{{UUID: "c", Name: api, State: "PROVISIONED", Bandwidth: new(1e9), ASidePort: "aa"}}
}

// twoAPIs answers the v4 search with the error that v4 is, and the v3 listing.
func twoAPIs(v4 func() error) *fakeAPI {
	return &fakeAPI{
		connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
			if err := v4(); err != nil {
				each(ports, nil, err)
				return
			}
			each(ports, from("v4"), nil)
		},
		buyer: func() ([]fabric.Connection, error) { return from("v3"), nil },
	}
}

// name is the only tracked connection's, "" if there is none.
func (b *bench) tracked() string {
	for _, c := range b.store.Load().Connections {
		return c.APIName
	}
	return ""
}

func tracking(t *testing.T, api *fakeAPI, ports ...string) *bench {
	b := newBench(t, api, ports...)
	b.cfg.Accounts[0].Connections = &poll.Selection{Max: 500, Match: func(*fleet.Connection) bool { return true }}
	return b
}

func TestConnectionsComeFromV3IfV4NeverAnswered(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"gone":         {errNoSearch, "v3"},
		"refused":      {errNoRight, "v3"},
		"out of order": {errOutOfOrder, ""}, // which may pass
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := tracking(t, twoAPIs(func() error { return tt.err }), "aa", "ab")
				b.run(t, 30*time.Minute)
				if got := b.tracked(); got != tt.want {
					t.Errorf("connections from %q", got)
				}
				counted := b.port(t, "aa").Connections
				if (counted != nil) != (tt.want != "") || counted != nil && counted.Total() != 1 {
					t.Errorf("counted %+v", counted)
				}
				if p := b.port(t, "ab").ConnectionsPoll; p.OK != (tt.want != "") {
					t.Errorf("the search of a port without connections ended with %+v", p)
				}
			})
		})
	}
}

// Once v4 has answered, a bad quarter of an hour changes nothing; v4 is used again when it is back.
func TestConnectionsMoveToV3AndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v4 atomic.Pointer[fabric.Error]
		b := tracking(t, twoAPIs(func() error {
			if err := v4.Load(); err != nil {
				return err
			}
			return nil
		}), "aa")
		b.during(t, func(*poll.Poller) {
			for _, step := range []struct {
				err   *fabric.Error
				after time.Duration
				want  string
				ok    bool
			}{
				{nil, time.Minute, "v4", true},
				{errNoSearch, 9 * time.Minute, "v4", false}, // the failure shows, and the last values stay
				{nil, 6 * time.Minute, "v4", true},
				{errNoSearch, 9 * time.Minute, "v4", false}, // counted anew
				{errNoSearch, 11 * time.Minute, "v3", true},
				{errOutOfOrder, 11 * time.Minute, "v3", true},
				{nil, 11 * time.Minute, "v4", true},
			} {
				v4.Store(step.err)
				time.Sleep(step.after)
				synctest.Wait()
				if got, ok := b.tracked(), b.port(t, "aa").ConnectionsPoll.OK; got != step.want || ok != step.ok {
					t.Errorf("after %v of %v: connections from %q, ok: %v", step.after, step.err, got, ok)
				}
			}
		})
	})
}

func TestNoConnectionsAreKnownIfBothAPIsRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := twoAPIs(func() error { return errNoRight })
		api.buyer = nil
		b := tracking(t, api, "aa")
		var log strings.Builder
		b.logTo(&log)
		b.run(t, time.Minute)
		p := b.port(t, "aa")
		if want := fmt.Sprintf("%v; and %v", errNoRight, errGone); p.ConnectionsPoll.Err != want || p.Connections != nil {
			t.Errorf("%q, %+v", p.ConnectionsPoll.Err, p.Connections)
		}
		if !strings.Contains(log.String(), "reason=forbidden") {
			t.Errorf("the log does not say why: %s", log.String())
		}
	})
}

// Without a source there is no poll of a connection, and so none that fails.
func TestConnectionsOfV3AreNotPolledWithoutASource(t *testing.T) {
	for name, refusal := range map[string]error{"gone": errGone, "refused": errNoRight} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := twoAPIs(func() error { return errNoSearch })
				var known atomic.Bool
				api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
					if known.Load() {
						return &fabric.ConnectionTraffic{Traffic: *fresh()}, nil
					}
					return nil, refusal
				}
				b := tracking(t, api, "aa")
				b.during(t, func(*poll.Poller) {
					time.Sleep(44 * time.Minute)
					synctest.Wait()
					snap := b.store.Load()
					if c := snap.Connections[0]; c.Polls[0].Tried() || snap.Accounts[0].ConnectionSource != fleet.NoSource || snap.Accounts[0].LastError != "" {
						t.Errorf("%+v; source %q; error %q", c.Polls, snap.Accounts[0].ConnectionSource, snap.Accounts[0].LastError)
					}
					if n := len(api.of("connection v4-stats", "c")); n != 3 { // once in an interval of the inventory
						t.Errorf("asked %d times", n)
					}
					if calls := snap.Accounts[0].CallsPerCycle; calls != 1+2+1./3 {
						t.Errorf("%v calls are planned", calls)
					}
					known.Store(true)
					time.Sleep(16 * time.Minute)
					synctest.Wait()
					snap = b.store.Load()
					if c := snap.Connections[0]; c.Traffic[0] == nil || snap.Accounts[0].ConnectionSource != "v4-stats" {
						t.Errorf("traffic %v from %q", c.Traffic[0], snap.Accounts[0].ConnectionSource)
					}
				})
			})
		})
	}
}

// A port with connections of which v3 lists none that exists today has others: their number is
// not known, and not 0, whatever v3 lists of the past.
func TestConnectionsThatAreOverDoNotHideOthers(t *testing.T) {
	for state, known := range map[string]bool{"DEPROVISIONED": false, "PROVISIONED": true} {
		synctest.Test(t, func(t *testing.T) {
			api := twoAPIs(func() error { return errNoSearch })
			api.ports = func() ([]fabric.Port, error) {
				time.Sleep(time.Minute) // so that connections are known first
				all, _ := allSeen("aa")()
				all[0].HasConnections = true
				return all, nil
			}
			api.buyer = func() ([]fabric.Connection, error) {
				return []fabric.Connection{{UUID: "c", State: state, ASidePort: "aa"}}, nil
			}
			b := tracking(t, api, "aa")
			b.during(t, func(*poll.Poller) {
				time.Sleep(59 * time.Second)
				if p := b.port(t, "aa"); p.Connections != nil {
					t.Errorf("%s: counted before the ports were listed: %+v", state, p.Connections)
				}
				time.Sleep(30 * time.Minute)
			})
			if p := b.port(t, "aa"); (p.Connections != nil) != known || p.ConnectionsPoll.OK != known {
				t.Errorf("%s: %+v, %+v", state, p.Connections, p.ConnectionsPoll)
			}
		})
	}
}
