package fleet_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
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

// A server may tell of any number of intervals; what is written can be read again,
// and none counts twice.
func TestCounterOfTooManyIntervalsCanBeReadAgain(t *testing.T) {
	const n = 86_000
	many := make([]fleet.Count, n)
	for i := range many {
		many[i] = fleet.Count{End: noon.Add(time.Duration(i+1) * time.Second), N: 1}
	}
	now := noon.Add(24 * time.Hour)
	c := fleet.Counter{}.Add(counts(1), noon, noon).Add(many, noon, now)
	c, _ = restarted(t, c)
	if c = c.Add(many, noon, now); c.Total != n {
		t.Errorf("total %v, want %v", c.Total, n)
	}
}

// Some bytes of a hostile file may claim any time, and any number of intervals.
func TestCounterOfImpossibleIntervalsIsRefused(t *testing.T) {
	read := func(seen []byte) error {
		return json.Unmarshal([]byte(`{"Total":1,"Seen":"`+base64.StdEncoding.EncodeToString(seen)+`"}`), new(fleet.Counter))
	}
	of := func(unit uint64, numbers ...int64) []byte {
		seen := binary.AppendUvarint(nil, unit)
		for _, n := range numbers {
			seen = binary.AppendVarint(seen, n)
		}
		return seen
	}
	for name, seen := range map[string][]byte{
		"no end":            of(1),
		"unit of nothing":   of(0, 5),
		"unit of a minute":  of(6e10, 5),
		"torn":              append(of(1, 5), 0x80),
		"twice":             of(1, 5, 0),
		"going back":        of(1, 5, -1),
		"going back later":  of(1, 5, 3, -3),
		"after all times":   of(1, 5, math.MaxInt64),
		"after all seconds": of(1e9, 5, math.MaxInt64/1_000_000_000),
		"late":              of(1e9, math.MaxInt64),
		"early":             of(1e9, math.MinInt64),
		"round the clock":   of(1, 5, math.MaxInt64-5, math.MaxInt64),
		"too many":          append(of(1, 5, 3), make([]byte, 60_000)...),
	} {
		if err := read(seen); err == nil || !strings.Contains(err.Error(), "intervals") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, seen := range map[string][]byte{
		"none": {}, "one": of(1, 5), "before 1970": of(1, -5, 3), "three": of(1e9, 5, 3, -1), "as many as may be": append(of(1, 5, 3), make([]byte, 59_998)...),
	} {
		if err := read(seen); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
