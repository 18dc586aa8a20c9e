package fleet_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// counts are n each for intervals that end so many minutes after noon.
func counts(n float64, minutes ...int) []fleet.Count {
	all := []fleet.Count{}
	for _, m := range minutes {
		all = append(all, fleet.Count{End: noon.Add(time.Duration(m) * time.Minute), N: n})
	}
	return all
}

func TestCounterAddsEachIntervalOnce(t *testing.T) {
	c := fleet.Counter{}
	for _, step := range []struct {
		name   string
		at     int // minutes after noon
		counts []fleet.Count
		want   float64
	}{
		{"what was before the first answer does not count", 0, counts(100, -10, -5, 0), 0},
		{"a new interval", 7, counts(1, -5, 0, 5), 1},
		{"the same again", 8, counts(1, -5, 0, 5), 1},
		{"one is missing", 20, counts(1, 5, 15), 2},
		{"and comes late, out of order", 25, counts(1, 20, 10, 15, 5), 4},
		{"no packets", 30, counts(0, 25), 4},
		{"a negative number is none", 35, counts(-3, 30), 4},
		{"an answer without the metric", 40, nil, 4},
		{"after a day, without telling the old ones again", 24*60 + 30, counts(1, 24*60+25), 5},
	} {
		now := noon.Add(time.Duration(step.at) * time.Minute)
		before := c
		c = c.Add(step.counts, now.Add(-24*time.Hour), now)
		if c.Total != step.want {
			t.Errorf("%s: total %v, want %v", step.name, c.Total, step.want)
		}
		if again := before.Add(step.counts, now.Add(-24*time.Hour), now); again.Total != c.Total {
			t.Errorf("%s: Add changed its receiver", step.name)
		}
	}
}

func TestCounterBeginsWithTheFirstAnswerThatHasCounts(t *testing.T) {
	c := fleet.Counter{}.Add(nil, noon, noon)
	if c.Began() {
		t.Error("a source without counts begins no counter")
	}
	if c = c.Add(counts(1), noon, noon); !c.Began() || c.Total != 0 {
		t.Errorf("an answer with no interval: %+v", c)
	}
}

// A clock that is a day ahead, then right: what happens from then on counts, and
// nothing of before.
func TestCounterThatBeganInTheFutureBeginsAnewWithTheRightClock(t *testing.T) {
	const day = 24 * time.Hour
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	c := fleet.Counter{}.Add(counts(100, -5, 0), noon, noon.Add(day))
	c = c.Add(counts(1, -10, -5, 0), at(2).Add(-day), at(2))
	if c.Total != 0 || !c.Since.Equal(at(2)) {
		t.Errorf("the first answer with the right clock: %+v", c)
	}
	if c = c.Add(counts(1, -5, 0, 5), at(7).Add(-day), at(7)); c.Total != 1 {
		t.Errorf("the interval after it: total %v", c.Total)
	}
}

// While the clock is ahead the window is a later one. The intervals that it left
// out come again with the right clock; they are in the total.
func TestCounterCountsNothingTwiceAfterAClockWasAhead(t *testing.T) {
	const day = 24 * time.Hour
	began := noon.Add(-time.Hour)
	c := fleet.Counter{}.Add(counts(1), began.Add(-day), began)
	c = c.Add(counts(1, -30, -25, 0), noon.Add(-day), noon)
	for _, ahead := range []time.Duration{day - 20*time.Minute, 3 * day, 0} {
		now := noon.Add(10*time.Minute + ahead)
		raw, err := json.Marshal(c) // as over a restart
		if err != nil || json.Unmarshal(raw, &c) != nil {
			t.Fatal(err)
		}
		c = c.Add(counts(1, -30, -25, 0), now.Add(-day), now)
		if c.Total != 3 {
			t.Errorf("a clock that is %v ahead: total %v", ahead, c.Total)
		}
	}
	if c = c.Add(counts(1, 0, 5, 12), noon.Add(15*time.Minute-day), noon.Add(15*time.Minute)); c.Total != 5 {
		t.Errorf("the next intervals: total %v", c.Total)
	}
}

// A counter that is held begins, but shows nothing; what came meanwhile is added
// once it is judged.
func TestCounterHeldLosesNothing(t *testing.T) {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	c := fleet.Counter{}.Hold(nil, noon)
	if !c.Since.IsZero() {
		t.Error("a source without counts begins no counter")
	}
	c = c.Hold(counts(1, -5, 0), at(0)).Hold(counts(1, 0, 5), at(7))
	raw, err := json.Marshal(c)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		t.Fatal(err)
	}
	if c.Began() || c.Anew(at(8)).Began() {
		t.Errorf("held, and to be shown: %+v", c)
	}
	c = c.Add(counts(1, -5, 0, 5, 10), at(12).Add(-24*time.Hour), at(12))
	if !c.Began() || c.Total != 2 {
		t.Errorf("judged: %+v", c)
	}
	if c = c.Hold(counts(1, 15), at(17)); c.Began() {
		t.Errorf("held again: %+v", c)
	}
}

// Hours, one of which is ahead of the clock within its grace: the hour before it, which
// comes later and a few seconds early, counts.
func TestCounterOfHoursThatAreAheadOfTheClock(t *testing.T) {
	from, now := noon.Add(-8*24*time.Hour), noon.Add(10*time.Minute)
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	c := fleet.Counter{}.Add([]fleet.Count{{End: hour(-1), N: 5}}, from, now.Add(-48*time.Hour))
	c = c.Add([]fleet.Count{{End: hour(-1), N: 5}, {End: hour(1)}}, from, now)
	c = c.Add([]fleet.Count{{End: hour(-1), N: 5}, {End: hour(0).Add(-7 * time.Second), N: 7}, {End: hour(1)}}, from, now.Add(10*time.Minute))
	if c.Total != 5+7 {
		t.Errorf("total %v", c.Total)
	}
}

// The clock is set back by a day: what was counted is not counted again.
func TestCounterCountsNothingTwiceAfterAClockWasSetBack(t *testing.T) {
	c := fleet.Counter{}.Add(counts(1), noon.Add(-48*time.Hour), noon.Add(-48*time.Hour))
	var day []fleet.Count
	for minute := 0; minute <= 24*60; minute += 5 {
		day = append(day, fleet.Count{End: noon.Add(-time.Duration(minute) * time.Minute), N: 1})
	}
	c = c.Add(day, noon.Add(-24*time.Hour), noon)
	total := c.Total
	if c = c.Add(day, noon.Add(-48*time.Hour), noon.Add(-24*time.Hour)); c.Total != total {
		t.Errorf("total %v, and was %v", c.Total, total)
	}
}

// An interval is counted up to two hours after the newest one, to the nanosecond.
func TestCounterTakesIntervalsUpToTwoHoursLate(t *testing.T) {
	now := noon.Add(4 * time.Hour)
	began := fleet.Counter{}.Add(counts(1), noon.Add(-24*time.Hour), noon).Add(counts(1, 230), noon, now)
	for _, tt := range []struct {
		name string
		late time.Duration
		n    float64
		want float64
	}{
		{"two hours", 2 * time.Hour, 1, 2},
		{"more than two hours", 2*time.Hour + 1, 1, 1},
		{"that has none", time.Minute, 0, 1},
	} {
		at := noon.Add(230*time.Minute - tt.late)
		c := began.Add([]fleet.Count{{End: at, N: tt.n}}, noon, now)
		if c.Total != tt.want || !c.Latest().Equal(noon.Add(230*time.Minute)) {
			t.Errorf("%s: total %v, latest %v", tt.name, c.Total, c.Latest())
		}
		again, _ := restarted(t, c)
		if again = again.Add([]fleet.Count{{End: at, N: 1}}, noon, now); again.Total != tt.want {
			t.Errorf("%s: total %v after the same interval again", tt.name, again.Total)
		}
	}
	if c := began.Add([]fleet.Count{{End: now, N: 0}}, noon, now); !c.Latest().Equal(now) {
		t.Errorf("an interval without packets is not the latest: %v", c.Latest())
	}
}

func TestCounterLeavesOutWhatIsNotAfterItsTimes(t *testing.T) {
	for _, tt := range []struct {
		name        string
		since, from int // minutes after noon
		want        float64
	}{
		{"ends when counting began", 10, 0, 0},
		{"ends at the begin of the window", 0, 10, 0},
		{"after both", 9, 9, 1},
	} {
		at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
		c := fleet.Counter{Since: at(tt.since)}.Add(counts(1, 10), at(tt.from), at(20))
		if c.Total != tt.want {
			t.Errorf("%s: total %v, want %v", tt.name, c.Total, tt.want)
		}
	}
}
