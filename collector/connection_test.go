package collector_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

const (
	wholeConn = "33333333-3333-4333-8333-333333333333"
	bareConn  = "44444444-4444-4444-8444-444444444444"
)

// tracked are two connections on the ports of the snapshot.
func tracked(at time.Time, traffic func() *fleet.Traffic, polled fleet.Poll) []*fleet.Tracked {
	return []*fleet.Tracked{
		{
			Metered: fleet.Metered{Account: "prod", Traffic: []*fleet.Traffic{traffic(), traffic()}, Polls: []fleet.Poll{polled, polled}, Attached: new(false), Price: price(at, 250)},
			Connection: fleet.Connection{
				UUID: wholeConn, APIName: "to-the-cloud", Type: "EVPL_VC", State: "PROVISIONED", Status: "UP",
				EquinixStatus: "PROVISIONED", ProviderStatus: "AVAILABLE", Maintenance: "SCHEDULED", Direction: "INCOMING", Bandwidth: new(1e9),
				RedundancyGroup: "g-2", RedundancyPriority: "SECONDARY", ASidePort: "elsewhere", ZSidePort: wholeUUID,
				ASide: fleet.End{Type: "SP", Name: "Cirrus", Metro: "LD", VLAN: "101"}, ZSide: fleet.End{Type: "COLO", Name: "api-name", Metro: "AM", VLAN: "300.7"},
			},
			At: at, Port: wholeUUID, Side: fleet.ZSide,
			Dropped: map[fleet.Side]map[fleet.Direction]fleet.Counter{fleet.ASide: packets(at, 3), fleet.ZSide: packets(at, 5)},
		},
		{
			Metered:    fleet.Metered{Account: "prod", Traffic: make([]*fleet.Traffic, 2), Polls: make([]fleet.Poll, 2)},
			Connection: fleet.Connection{UUID: bareConn, ASidePort: bareUUID},
			At:         at, Port: bareUUID, Side: fleet.ASide,
		},
	}
}

// bareFamilies are those of a connection of which a search has said next to
// nothing.
var bareFamilies = []string{"connection_info", "connection_state", "connection_status"}

func TestCollectorOfABareConnectionShowsNoZeroes(t *testing.T) {
	body := expose(t, snapshot(time.Now()))
	if diff := cmp.Diff(bareFamilies, families(body, bareConn)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, line := range []string{
		`equinix_fabric_connection_state{connection_name="` + bareConn + `",connection_uuid="` + bareConn + `",state="UNKNOWN"} 1`,
		`equinix_fabric_connection_status{connection_name="` + bareConn + `",connection_uuid="` + bareConn + `",side="provider",status="UNKNOWN"} 1`,
	} {
		if !strings.Contains(string(body), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

// The facts end with the searches, the traffic with its windows.
func TestCollectorDropsStaleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		start := time.Now()
		left := families(expose(t, snap), wholeConn)
		for _, step := range []struct {
			after time.Duration
			gone  []string
		}{
			{25 * time.Minute, expiring("connection", "connection_traffic", false)}, {50 * time.Minute, expiring("connection", "connections", false)},
			{5 * time.Hour, expiring("connection", "connection_traffic", true)}, {5 * 24 * time.Hour, expiring("connection", "prices", false)},
		} {
			time.Sleep(step.after - time.Since(start))
			if diff := cmp.Diff(left, families(expose(t, snap), wholeConn)); diff != "" {
				t.Errorf("%v: dropped too early (-want +got)\n%s", step.after, diff)
			}
			time.Sleep(time.Second)
			left = slices.DeleteFunc(left, func(f string) bool { return slices.Contains(step.gone, f) })
			if diff := cmp.Diff(left, families(expose(t, snap), wholeConn)); diff != "" {
				t.Errorf("%v and a second (-want +got)\n%s", step.after, diff)
			}
		}
		health := []string{
			"connection_info", "connection_metrics_attached", "connection_poll_last_success_timestamp_seconds",
			"connection_poll_success", "connection_traffic_last_sample_timestamp_seconds",
		}
		if diff := cmp.Diff(health, left); diff != "" {
			t.Errorf("what stays (-want +got)\n%s", diff)
		}
	})
}

func TestCollectorEndsTheLastRateOfAConnectionWhenEquinixIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		show := func() bool {
			return slices.Contains(families(expose(t, snap), wholeConn), "connection_traffic_last_bytes_per_second")
		}
		newest := time.Now().Add(-time.Hour) // 3 × 5m + 45m
		traffic := snap.Connections[0].Traffic[0]
		traffic.Inbound.Newest, traffic.Outbound.Newest = newest, newest
		if !show() {
			t.Error("a sample of the age that is allowed does not show")
		}
		time.Sleep(time.Second)
		if show() {
			t.Error("a sample older than that shows")
		}
	})
}

func TestCollectorHidesAConnectionWithItsPort(t *testing.T) {
	for name, hide := range map[string]func(*fleet.Snapshot){
		"not listed yet": func(s *fleet.Snapshot) { s.Ports[0].Listed = false },
		"gone":           func(s *fleet.Snapshot) { s.Ports = s.Ports[1:] },
	} {
		snap := snapshot(time.Now())
		hide(snap)
		if body := expose(t, snap); bytes.Contains(body, []byte(wholeConn)) || !bytes.Contains(body, []byte(bareConn)) {
			t.Errorf("%s: the connection on the port shows, or the other does not", name)
		}
	}
}

func TestCollectorOfAnAccountWithoutConnectionsShowsNoCountsOfThem(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Connections, snap.Accounts[0].Selected, snap.Accounts[0].ConnectionSource = nil, nil, ""
	snap.Accounts[0].ConnectionWindows = nil
	body := expose(t, snap)
	if got := families(body, `class="connection_traffic"`); len(got) > 0 {
		t.Errorf("the interval of connection traffic is in %v", got)
	}
	for _, f := range families(body) {
		if strings.HasPrefix(f, "connection") {
			t.Errorf("%s shows", f)
		}
	}
}
