package fleet_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Over a restart a counter goes on as if there had been none, whatever intervals are
// late, missing, or off the grid.
func TestCounterGoesOnAfterARestart(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		var one, other fleet.Counter
		var all []fleet.Count
		for minute := 0; minute < 300; minute += 5 {
			now := noon.Add(time.Duration(minute) * time.Minute)
			if r.IntN(4) > 0 {
				end := now.Add(-time.Duration(r.IntN(4)*r.IntN(4)) * time.Minute)
				all = append(all, fleet.Count{End: end, N: float64(1 + r.IntN(3))})
			}
			from := now.Add(-time.Hour)
			one, other = one.Add(all, from, now), other.Add(all[:r.IntN(len(all)+1)], from, now).Add(all, from, now)
			raw, err := json.Marshal(other)
			if err != nil {
				t.Fatal(err)
			}
			other = fleet.Counter{}
			if err := json.Unmarshal(raw, &other); err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			if one.Total != other.Total || !one.Latest().Equal(other.Latest()) {
				t.Fatalf("seed %d, minute %d: %+v, after restarts %+v", seed, minute, one, other)
			}
		}
	}
}

// The fleet is written every minute: a day of intervals is not to be written one by one.
func TestCounterOfADayIsSmall(t *testing.T) {
	c := fleet.Counter{}.Add(counts(1), noon, noon)
	for minute := 5; minute <= 24*60; minute += 5 {
		now := noon.Add(time.Duration(minute) * time.Minute)
		c = c.Add(counts(1, minute), now.Add(-24*time.Hour), now)
	}
	raw, err := json.Marshal(c)
	if err != nil || c.Total != 288 || len(raw) > 200 {
		t.Errorf("total %v, %v, %d bytes: %s", c.Total, err, len(raw), raw)
	}
}

// Some bytes of a hostile file may claim any number of intervals.
func TestCounterOfImpossibleIntervalsIsRefused(t *testing.T) {
	for _, seen := range []string{
		`{"First":1,"N":0}`,
		`{"First":1,"N":-1}`,
		`{"First":1,"N":2}`,
		`{"First":1,"Step":1,"N":1}`,
		`{"First":1,"Step":-1,"N":2}`,
		`{"First":1,"Step":1,"N":60001}`,
		fmt.Sprintf(`{"First":1,"Step":1,"N":%d}`, math.MaxInt64),
		fmt.Sprintf(`{"First":1,"Step":%d,"N":3}`, math.MaxInt64/2),
		fmt.Sprintf(`{"First":%d,"Step":1,"N":2}`, math.MaxInt64),
		`{"First":1,"Step":1,"N":40000},{"First":50000,"Step":1,"N":40000}`,
		`{"First":9,"N":1},{"First":9,"N":1}`,
		`{"First":1,"Step":5,"N":3},{"First":8,"N":1}`,
	} {
		var c fleet.Counter
		if err := json.Unmarshal([]byte(`{"Total":1,"Seen":[`+seen+`]}`), &c); err == nil || !strings.Contains(err.Error(), "interval") {
			t.Errorf("%s: %v", seen, err)
		}
	}
	var c fleet.Counter
	if err := json.Unmarshal([]byte(`{"Total":1,"Seen":[{"First":1,"Step":5,"N":3},{"First":12,"N":1}]}`), &c); err != nil {
		t.Error(err)
	}
}
