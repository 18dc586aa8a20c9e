package poll_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// seen are the tracked connections by name: their account and port.
func (b *bench) seen() map[string]string {
	all := map[string]string{}
	for _, c := range b.store.Load().Connections {
		all[c.APIName] = c.Account + " " + c.Port
	}
	return all
}

func everyConnection(*fleet.Connection) bool { return true }

// A connection on a port of another account is seen from there if that account tracks it.
func TestAConnectionOnAPortOfAnotherAccount(t *testing.T) {
	for name, tt := range map[string]struct {
		other *poll.Selection
		want  map[string]string
	}{
		"that tracks it": {&poll.Selection{Max: 9, Match: everyConnection}, map[string]string{"of a port": "other aa", "of a router": "prod "}},
		"that does not":  {nil, map[string]string{"of a port": "prod ", "of a router": "prod "}},
		"that leaves it out": {
			&poll.Selection{Max: 9, Match: func(c *fleet.Connection) bool { return c.APIName == "another" }},
			map[string]string{"of a port": "prod ", "of a router": "prod "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				onPort := fabric.Connection{UUID: "c1", Name: "of a port", State: "ACTIVE", ASidePort: "aa"}
				onNone := fabric.Connection{UUID: "c2", Name: "of a router", State: "ACTIVE"}
				api := &fakeAPI{
					connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
						each(ports, []fabric.Connection{onPort}, nil)
					},
					all: func() ([]fabric.Connection, error) { return []fabric.Connection{onPort, onNone}, nil },
				}
				b := newBench(t, api)
				b.cfg.Accounts[0].Connections = &poll.Selection{Max: 9, All: true, Match: everyConnection}
				other := b.cfg.Accounts[0]
				other.Name, other.Ports, other.Connections = "other", []poll.Port{{UUID: "aa"}}, tt.other
				b.cfg.Accounts = append(b.cfg.Accounts, other)
				b.run(t, 11*time.Minute)
				if diff := cmp.Diff(tt.want, b.seen()); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// Until the ports of the account are known, a connection on one of them would look as if it
// were on none.
func TestConnectionsOnNoPortWaitForTheListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		onPort := fabric.Connection{UUID: "c1", Name: "of a port", State: "ACTIVE", ZSidePort: "aa"}
		var name atomic.Value
		name.Store("of a router")
		var listed, outOfOrder atomic.Bool
		api := &fakeAPI{
			ports: func() ([]fabric.Port, error) {
				if !listed.Load() {
					return nil, errBroken
				}
				return allSeen("aa")()
			},
			connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
				each(ports, []fabric.Connection{onPort}, nil)
			},
			all: func() ([]fabric.Connection, error) {
				if outOfOrder.Load() {
					return nil, errOutOfOrder
				}
				text, _ := name.Load().(string)
				return []fabric.Connection{onPort, {UUID: "c2", Name: text, State: "ACTIVE"}}, nil
			},
		}
		b := newBench(t, api)
		b.cfg.Accounts[0].Discover = func(string, *fleet.Inventory) bool { return true }
		b.cfg.Accounts[0].Connections = &poll.Selection{Max: 9, All: true, Match: everyConnection}
		want := func(when string, want map[string]string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, b.seen()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", when, diff)
			}
		}
		both := map[string]string{"of a port": "prod aa", "of a router": "prod "}
		b.during(t, func(*poll.Poller) {
			time.Sleep(6 * time.Minute)
			want("without a listing", map[string]string{})
			listed.Store(true)
			time.Sleep(6 * time.Minute)
			want("with a listing", both)
			outOfOrder.Store(true)
			time.Sleep(6 * time.Minute)
			want("without the listing of all connections", both)
			name.Store("renamed")
			outOfOrder.Store(false)
			time.Sleep(6 * time.Minute)
			want("with it again", map[string]string{"of a port": "prod aa", "renamed": "prod "})
		})
		b.run(t, time.Second) // a reload
		want("after a reload", map[string]string{"of a port": "prod aa", "renamed": "prod "})
	})
}
