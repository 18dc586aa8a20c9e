package state_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

var (
	written = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	key     = fabric.FingerprintKey{1, 2, 3}
	login   = key.Of("client", "secret")
)

const uuid = "c4d9350e-783c-83cd-1ce0-306a5c00a600"

// document is a small one with something of everything.
func document() *state.Document {
	at := written.Add(-2 * time.Minute)
	series := func(rate float64) fleet.Rates {
		return fleet.Rates{Max: new(2 * rate), Mean: &rate, P95: new(1.5 * rate), Last: new(rate), Newest: at.Add(-10 * time.Minute), Resolution: 5 * time.Minute}
	}
	poll := fleet.Poll{Last: at, OK: true, LastSuccess: at}
	traffic := func() []*fleet.Traffic {
		t := &fleet.Traffic{At: at, Capacity: new(1e10), Inbound: series(1e9), Outbound: series(2e9), Bare: true}
		t.Outbound.At = at.Add(-7 * time.Minute) // kept from an earlier answer
		return []*fleet.Traffic{t}
	}
	drops := map[fleet.Direction]fleet.Counter{}
	drops[fleet.Inbound] = fleet.Counter{}.Add(nil, at, at).Add([]fleet.Count{}, at, at.Add(-time.Hour)).
		Add([]fleet.Count{{End: at.Add(-10 * time.Minute), N: 7}}, at.Add(-24*time.Hour), at)
	drops[fleet.Outbound] = drops[fleet.Inbound].Hold([]fleet.Count{}, at)
	return &state.Document{
		Written: written, Key: key,
		Logins:     map[fabric.Fingerprint]fabric.Hold{login: {Client: key.Of("client"), Refusals: 2, Next: written.Add(time.Hour), Reason: "login refused"}},
		Identities: map[string]fabric.Fingerprint{"prod": key.Of("https://api.equinix.com", "id")},
		Fleet: &fleet.Snapshot{
			Windows: []fleet.Window{{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}}, StaleIntervals: 5,
			Accounts: []fleet.Account{{
				Name: "prod", Source: "v3", LastData: at, Traffic: 5 * time.Minute, Connections: 5 * time.Minute, Inventory: 15 * time.Minute,
				Windows: []time.Duration{5 * time.Minute}, InventoryPoll: poll,
			}},
			Ports: []*fleet.Port{{
				Metered: fleet.Metered{Account: "prod", Traffic: traffic(), Polls: []fleet.Poll{poll}},
				UUID:    uuid, APIName: "uplink", Listed: true, Confirmed: true,
				Inventory:       &fleet.Inventory{At: at, State: "ACTIVE", Capacity: new(1e10), Links: []fleet.Link{{UUID: "l", Status: "UP", Speed: new(1e10)}}},
				Dropped:         drops,
				Connections:     &fleet.Connections{At: at, States: map[string]int{"ACTIVE": 3}, Bandwidth: new(1e9)},
				ConnectionsPoll: poll,
			}},
			Connections: []*fleet.Tracked{{
				Metered:    fleet.Metered{Account: "prod", Traffic: traffic(), Polls: []fleet.Poll{poll}},
				Connection: fleet.Connection{UUID: "d4d9350e-783c-83cd-1ce0-306a5c00a600", APIName: "to-cloud", State: "ACTIVE", Bandwidth: new(1e9), ASidePort: uuid},
				At:         at, Port: uuid, Side: fleet.ASide}},
		},
	}
}

func save(d *state.Document, path string) error {
	content, err := d.Encode()
	if err != nil {
		return err
	}
	_, err = state.Save(path, content)
	return err
}

func load(path string, now time.Time) (*state.Document, error) {
	content, _, err := state.Read(path)
	if err != nil || content == nil {
		return nil, err
	}
	return state.Decode(content, now)
}

func TestAFileHoldsWhatWasSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	want := document()
	for range 2 { // the second replaces the first
		if err := save(want, path); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v %v, want mode 0600", info, err)
		}
	}
	got, err := load(path, written)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(fleet.Counter{})); diff != "" {
		t.Errorf("-saved +loaded\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The file in testdata was written by the version before counters kept an hour of
// intervals: everything in it goes on, counters included.
func TestAFileOfNovember2026IsRead(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "of-november-2026"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := state.Decode(content, written)
	if err != nil {
		t.Fatal(err)
	}
	want := document()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(fleet.Counter{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Errors may quote what the API said, and are of no use to another process.
func TestErrorsAreNotWritten(t *testing.T) {
	d := document()
	a, p, c := &d.Fleet.Accounts[0], d.Fleet.Ports[0], d.Fleet.Connections[0]
	a.LastError, a.LoginError, a.InventoryPoll.Err = "said by the API", "said by the API", "said by the API"
	p.Polls[0].Err, p.ConnectionsPoll.Err, c.Polls[0].Err = "said by the API", "said by the API", "said by the API"
	content, err := d.Encode()
	if err != nil || bytes.Contains(content, []byte("said by the API")) {
		t.Errorf("%v\n%s", err, content)
	}
	if p.Polls[0].Err == "" {
		t.Error("the snapshot itself was changed, which others read")
	}
}

func TestNoFileIsNoFault(t *testing.T) {
	if d, err := load(filepath.Join(t.TempDir(), "state"), written); d != nil || err != nil {
		t.Errorf("%v %v", d, err)
	}
}

// sealed is a file with that body and the checksum that fits.
func sealed(version int, body string) string {
	return fmt.Sprintf("equinix_fabric_exporter state %d sha256 %x\n%s", version, sha256.Sum256([]byte(body)), body)
}

func TestInvalidFilesAreRefused(t *testing.T) {
	good, err := document().Encode()
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(good), "\n")
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 4
	for name, tt := range map[string]struct{ data, want string }{
		"empty":            {"", "has no header"},
		"torn in the head": {string(good[:30]), "has no header"},
		"torn":             {string(good[:len(good)-9]), "incomplete or was changed"},
		"longer":           {string(good) + "x", "incomplete or was changed"},
		"a flipped bit":    {string(flipped), "incomplete or was changed"},
		"foreign":          {"{\"a\": 1}\n{}", "not the state of an exporter"},
		"binary":           {"\x00\xff\n\x00", "not the state of an exporter"},
		"older":            {sealed(0, body), "has version 0"},
		"newer":            {sealed(2, body), "has version 2"},
		"no object":        {sealed(1, "[]"), "cannot unmarshal"},
		"unknown key":      {sealed(1, `{"Secret":1}`), "unknown field"},
		"two objects":      {sealed(1, body+body), "has data after the JSON object"},
		"deep":             {sealed(1, strings.Repeat("[", 100_000)), "max depth"},
		"infinite":         {sealed(1, strings.Replace(body, "10000000000", "1e999", 1)), "1e999"},
		"absurd":           {sealed(1, strings.Replace(body, `"Capacity":10000000000`, `"Capacity":1e30`, 1)), "value out of range"},
		"negative":         {sealed(1, strings.Replace(body, `"Max":2000000000`, `"Max":-1`, 1)), "value out of range"},
		"counted down":     {sealed(1, strings.Replace(body, `"Total":7`, `"Total":-7`, 1)), "a counter is below 0"},
		"of the future":    {sealed(1, strings.ReplaceAll(body, "2026-03-02T08:58", "2026-03-03T08:58")), "in the future"},
		"kept too long":    {sealed(1, strings.Replace(body, `"At":"2026-03-02T08:51`, `"At":"2026-03-02T08:59`, 1)), "value out of range"},
		"twice":            {sealed(1, strings.Replace(body, `"Ports":[`, `"Ports":[`+portOf(body)+",", 1)), "not in order"},
		"no limit":         {sealed(1, strings.Replace(body, `"StaleIntervals":5`, `"StaleIntervals":0`, 1)), "invalid windows or stale_intervals"},
		"fewer polls":      {sealed(1, strings.Replace(body, `"Polls":[{`, `"Polls":[{},{`, 1)), "value out of range"},
		"fresh for ever":   {sealed(1, strings.Replace(strings.Replace(body, `"Newest":"2026`, `"Newest":"2096`, 1), `"Resolution":300000000000}`, `"Resolution":2838240000000000000}`, 1)), "value out of range"},
		"counted for ever": {sealed(1, strings.Replace(body, `"Total":7`, `"Total":1e308`, 1)), "value out of range"},
		"never to count":   {sealed(1, strings.Replace(body, `"Total":7`, `"Left":9223372036854775807,"Total":7`, 1)), "value out of range"},
		"a null port":      {sealed(1, strings.Replace(body, `"Ports":[`, `"Ports":[null,`, 1)), "no UUID"},
	} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := load(path, written); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v %v, want %q", name, d != nil, err, tt.want)
		}
	}
	if _, err := state.Decode(good, written.Add(-time.Hour)); err == nil || !strings.Contains(err.Error(), "is from the future") {
		t.Errorf("under a clock that was set back: %v", err)
	}
}

// The API may call things by other ids than UUIDs; what the exporter shows of them
// it must be able to read again.
func TestIdsMayHaveAnyForm(t *testing.T) {
	d := document()
	d.Fleet.Ports[0].UUID, d.Fleet.Connections[0].UUID = "port 1", "conn-1"
	data, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Decode(data, written); err != nil {
		t.Error(err)
	}
}

// portOf is the one port in the body of a document.
func portOf(body string) string {
	_, rest, _ := strings.Cut(body, `"Ports":[`)
	port, _, _ := strings.Cut(rest, `],"Connections":[{"UUID":"d4`)
	return port
}

func TestDirectoriesAndPipesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := load(path, written); !errors.Is(err, state.ErrForeign) {
		t.Errorf("a directory: %v", err)
	}
	if err := save(document(), path); !errors.Is(err, state.ErrForeign) {
		t.Errorf("a directory is replaced: %v", err)
	}
	if err := state.Writable(path); !errors.Is(err, state.ErrForeign) {
		t.Errorf("a directory is said to be writable: %v", err)
	}
	if err := state.Writable(filepath.Join(dir, "none", "state")); err == nil {
		t.Error("a directory that does not exist is said to be writable")
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	if _, err := load(link, written); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a link: %v", err)
	}
	huge := filepath.Join(dir, "huge")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 2<<30); err != nil { // takes no room
		t.Fatal(err)
	}
	if _, err := load(huge, written); err == nil || !strings.Contains(err.Error(), "more than any state") {
		t.Errorf("2 GiB: %v", err)
	}
}

// A file of hundreds of MiB that is no state must not cost a small container its
// memory: it would be killed at every start.
func TestLargeFilesOfOthersAreNotReadIntoMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 64<<20); err != nil { // takes no room
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := load(path, written)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 1<<20 {
		t.Errorf("took %d bytes, %v", took, err)
	}
}

func TestASnapshotIsOfTheSameAccountsAlone(t *testing.T) {
	d := document()
	same := map[string]fabric.Fingerprint{"prod": key.Of("https://api.equinix.com", "id")}
	s := d.Snapshot(same, fleet.Shard{}, written)
	if s == nil || len(s.Ports) != 1 || len(s.Connections) != 1 || s.Ready || !s.Ports[0].Polls[0].Tried() {
		t.Fatalf("%+v", s)
	}
	if s := d.Snapshot(same, fleet.Shard{}, written.Add(26*time.Minute)); s.Ports[0].Polls[0].Tried() || s.Ports[0].Polls[0].LastSuccess.IsZero() {
		t.Error("a poll of so long ago counts as one of now")
	}
	for name, s := range map[string]*fleet.Snapshot{
		"another client id": d.Snapshot(map[string]fabric.Fingerprint{"prod": key.Of("https://api.equinix.com", "other")}, fleet.Shard{}, written),
		"another name":      d.Snapshot(map[string]fabric.Fingerprint{"lab": same["prod"]}, fleet.Shard{}, written),
		"another shard":     d.Snapshot(same, fleet.Shard{Index: 1, Count: 2}, written),
	} {
		if s != nil {
			t.Errorf("%s: %d ports", name, len(s.Ports))
		}
	}
}
