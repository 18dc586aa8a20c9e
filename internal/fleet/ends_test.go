package fleet_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// restarted is c after its way through a file.
func restarted(t *testing.T, c fleet.Counter) (again fleet.Counter, raw []byte) {
	t.Helper()
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &again); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return again, raw
}

// Over a restart a counter goes on as if there had been none, whatever intervals are
// late, missing, or off the grid.
func TestCounterGoesOnAfterARestart(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		off := []time.Duration{time.Minute, time.Second, time.Nanosecond}[seed%3]
		var one, other fleet.Counter
		var all []fleet.Count
		for minute := 0; minute < 300; minute += 5 {
			now := noon.Add(time.Duration(minute) * time.Minute)
			if r.IntN(4) > 0 {
				end := now.Add(-time.Duration(r.IntN(4)*r.IntN(4)) * off)
				all = append(all, fleet.Count{End: end, N: float64(1 + r.IntN(3))})
			}
			from := now.Add(-time.Hour)
			one, other = one.Add(all, from, now), other.Add(all[:r.IntN(len(all)+1)], from, now).Add(all, from, now)
			other, _ = restarted(t, other)
			if one.Total != other.Total || !one.Latest().Equal(other.Latest()) {
				t.Fatalf("seed %d, minute %d: %+v, after restarts %+v", seed, minute, one, other)
			}
		}
	}
}

// The fleet is written every minute: a day of intervals is not to be written one by
// one, though they end up to 15 s off their grid.
func TestCounterOfADayIsSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	c := fleet.Counter{}.Add(counts(1), noon, noon)
	for minute := 5; minute <= 24*60; minute += 5 {
		end := noon.Add(time.Duration(minute)*time.Minute + time.Duration(r.IntN(31)-15)*time.Second)
		c = c.Add([]fleet.Count{{End: end, N: 1}}, end.Add(-24*time.Hour), end)
	}
	if _, raw := restarted(t, c); c.Total != 288 || len(raw) > 600 {
		t.Errorf("total %v, %d bytes: %s", c.Total, len(raw), raw)
	}
}

// A server may answer with any number of intervals: the counter can be read again, and
// counts none of the last hour twice.
func TestCounterOfTooManyIntervalsCanBeReadAgain(t *testing.T) {
	const n = 86_000
	many := make([]fleet.Count, n)
	for i := range many {
		many[i] = fleet.Count{End: noon.Add(time.Duration(i+1) * time.Second), N: 1}
	}
	now := noon.Add(24 * time.Hour)
	c := fleet.Counter{}.Add(counts(1), noon, noon).Add(many, noon, now)
	c, _ = restarted(t, c)
	if c = c.Add(many[n-3600:], noon, now); c.Total != n {
		t.Errorf("total %v, want %v", c.Total, n)
	}
}

// A state file of an older version, with the ends of a day packed: 00:00, 00:05, 00:10
// and so on to 23:55, and one that was seconds late.
func TestCounterReadsWhatOlderVersionsWrote(t *testing.T) {
	packed := binary.AppendUvarint(nil, uint64(time.Second))
	packed = binary.AppendVarint(packed, noon.Unix())
	packed = binary.AppendVarint(packed, 300)
	for range 286 {
		packed = binary.AppendVarint(packed, 0)
	}
	packed = binary.AppendVarint(packed, 7)
	var c fleet.Counter
	old := `{"Since":"2026-01-01T00:00:00Z","Total":5,"Left":1,"Seen":"` + base64.StdEncoding.EncodeToString(packed) + `"}`
	if err := json.Unmarshal([]byte(old), &c); err != nil {
		t.Fatal(err)
	}
	newest := noon.Add(288*5*time.Minute + 7*time.Second)
	if !c.Latest().Equal(newest) {
		t.Fatalf("newest interval %v, want %v", c.Latest(), newest)
	}
	now := newest.Add(5 * time.Minute)
	c = c.Add([]fleet.Count{{End: newest, N: 1}, {End: newest.Add(-307 * time.Second), N: 1}, {End: now, N: 3}}, now.Add(-24*time.Hour), now)
	if c.Total != 5+3 {
		t.Errorf("total %v", c.Total)
	}
}

// Older versions wrote the ends, or the newest one before them, or both.
func TestCounterReadsEitherPartOfWhatOlderVersionsWrote(t *testing.T) {
	packed := binary.AppendUvarint(nil, uint64(time.Second))
	packed = binary.AppendVarint(packed, noon.Unix())
	seen := `"Seen":"` + base64.StdEncoding.EncodeToString(packed) + `"`
	left := fmt.Sprintf(`"Left":%d`, noon.Add(-time.Minute).UnixNano())
	for saved, want := range map[string]time.Time{seen: noon, left: noon.Add(-time.Minute), left + "," + seen: noon, `"Total":0`: {}} {
		var c fleet.Counter
		if err := json.Unmarshal([]byte("{"+saved+"}"), &c); err != nil || !c.Latest().Equal(want) {
			t.Errorf("%s: latest %v, want %v, error %v", saved, c.Latest(), want, err)
		}
	}
	for _, broken := range []string{`"Total":-1`, `"Seen":"gA=="`} {
		c := fleet.Counter{Total: 7}
		err := json.Unmarshal([]byte("{"+broken+"}"), &c)
		if strings.Contains(broken, "Total") != (err != nil) || !c.Latest().IsZero() {
			t.Errorf("%s: latest %v, error %v", broken, c.Latest(), err)
		}
	}
}

func TestCounterOfIntervalsThatDoNotAscendIsRefused(t *testing.T) {
	for _, ends := range []string{"[2,1]", "[1,1]"} {
		if err := json.Unmarshal([]byte(`{"Total":1,"Recent":`+ends+`}`), new(fleet.Counter)); err == nil {
			t.Errorf("%s is read", ends)
		}
	}
}
