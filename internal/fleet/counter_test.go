package fleet_test

import (
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
