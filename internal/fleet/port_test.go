package fleet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

func TestPortName(t *testing.T) {
	for _, tt := range []struct {
		port fleet.Port
		want string
	}{
		{fleet.Port{UUID: "u", APIName: "api", ConfiguredName: "mine"}, "mine"},
		{fleet.Port{UUID: "u", APIName: "api"}, "api"},
		{fleet.Port{UUID: "u"}, "u"},
	} {
		if got := tt.port.Name(); got != tt.want {
			t.Errorf("%+v: name %q, want %q", tt.port, got, tt.want)
		}
	}
}

func TestPollEndedKeepsTheLastSuccess(t *testing.T) {
	p := fleet.Poll{}.Ended(noon, nil)
	p = p.Ended(noon.Add(time.Minute), errors.New("boom"))
	want := fleet.Poll{Last: noon.Add(time.Minute), LastSuccess: noon, Err: "boom"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	p = p.Ended(noon.Add(2*time.Minute), nil)
	if !p.OK || p.Err != "" {
		t.Errorf("after a success: %+v", p)
	}
}

func TestPortSucceededIfTheLatestPollDid(t *testing.T) {
	ok, failed := fleet.Poll{Last: noon, OK: true}, fleet.Poll{Last: noon}
	later, laterFailed := fleet.Poll{Last: noon.Add(1), OK: true}, fleet.Poll{Last: noon.Add(1)}
	for _, tt := range []struct {
		name          string
		polls         []fleet.Poll
		succeeded, ok bool
	}{
		{"never polled", []fleet.Poll{{}, {}}, false, false},
		{"the first one so far", []fleet.Poll{ok, {}}, true, true},
		{"the later one did", []fleet.Poll{later, failed}, true, true},
		{"the later one failed", []fleet.Poll{ok, laterFailed}, false, true},
	} {
		succeeded, polled := (&fleet.Port{Metered: fleet.Metered{Polls: tt.polls}}).Succeeded()
		if succeeded != tt.succeeded || polled != tt.ok {
			t.Errorf("%s: %v %v, want %v %v", tt.name, succeeded, polled, tt.succeeded, tt.ok)
		}
	}
}

func TestSnapshotComplete(t *testing.T) {
	whole := &fleet.Port{Metered: fleet.Metered{Polls: []fleet.Poll{{Last: noon}, {}}}, Listed: true, ConnectionsPoll: fleet.Poll{Last: noon}}
	unlisted, untried, uncounted := *whole, *whole, *whole
	unlisted.Listed = false
	untried.Polls = make([]fleet.Poll, 2)
	uncounted.ConnectionsPoll = fleet.Poll{}
	accounts := []fleet.Account{{Name: "a", InventoryPoll: fleet.Poll{Last: noon}}}
	for _, tt := range []struct {
		name string
		snap *fleet.Snapshot
		want bool
	}{
		{"nil", nil, false},
		{"empty", &fleet.Snapshot{}, false},
		{"account not listed", &fleet.Snapshot{Accounts: []fleet.Account{{Name: "a"}}}, false},
		{"whole", &fleet.Snapshot{Accounts: accounts, Ports: []*fleet.Port{whole}}, true},
		{"not listed", &fleet.Snapshot{Accounts: accounts, Ports: []*fleet.Port{whole, &unlisted}}, false},
		{"no traffic", &fleet.Snapshot{Accounts: accounts, Ports: []*fleet.Port{whole, &untried}}, false},
		{"no connections", &fleet.Snapshot{Accounts: accounts, Ports: []*fleet.Port{whole, &uncounted}}, false},
	} {
		if got := tt.snap.Complete(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAccountUpForTwoIntervalsAndATimeout(t *testing.T) {
	a := fleet.Account{Traffic: 5 * time.Minute, Timeout: 30 * time.Second}
	if a.Up(noon) {
		t.Error("up before the first call")
	}
	a.LastData = noon
	if limit := 10*time.Minute + 30*time.Second; !a.Up(noon.Add(limit)) || a.Up(noon.Add(limit+time.Second)) {
		t.Error("up must end two intervals and a timeout after the last good call")
	}
}

func TestAgeTakesTheClockThatSaysMore(t *testing.T) {
	start := time.Now() // with a monotonic reading
	later := start.Add(time.Minute)
	if got := fleet.Age(later, start); got != time.Minute {
		t.Errorf("one minute later: %v", got)
	}
	// After a suspend only the wall clock has moved.
	if got := fleet.Age(later.Round(0).Add(time.Hour), start); got != time.Hour+time.Minute {
		t.Errorf("an hour of suspend later: %v", got)
	}
}
