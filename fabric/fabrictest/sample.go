package fabrictest

import (
	"math"
	"time"
)

// Sample is one interval of traffic. Mean and Max are in Mbit/s, the unit in
// which the API answers, and the very floats that it prints.
type Sample struct {
	End       time.Time // of the interval, UTC
	Mean, Max float64
}

// maxFiveMinuteSpan is the longest window that the API shows in five-minute
// intervals.
const maxFiveMinuteSpan = 7 * 24 * time.Hour

// maxSpan is the longest window that the API shows at all.
const maxSpan = 90 * 24 * time.Hour

// Resolution returns the length of the intervals in which the API answers for a
// window of the given span, and false where it refuses the window.
func Resolution(span time.Duration) (time.Duration, bool) {
	switch {
	case span <= 0 || span > maxSpan:
		return 0, false
	case span <= maxFiveMinuteSpan:
		return 5 * time.Minute, true
	default:
		return time.Hour, true
	}
}

// Truth returns the samples of a port that the API would give at the time now
// for the window from from to to, oldest first. The resolution is five minutes
// or an hour; see [Resolution]. As in the API, the window's start counts from
// the beginning of the interval that it falls into, both ends belong to it, and
// what is later than the port's delay allows is missing. A port that is unknown,
// foreign or not yet provisioned has none.
func (a *API) Truth(uuid string, d Direction, from, to time.Time, resolution time.Duration, now time.Time) []Sample {
	p := a.roster.Load().byUUID[uuid]
	if p == nil || p.Foreign {
		return nil
	}
	return a.read(p, d, from, to, resolution, now).samples
}

// reading is what the API says of one direction in a window. NaN stands for null.
type reading struct {
	samples         []Sample
	max, mean, last float64
}

func (a *API) read(p *Port, d Direction, from, to time.Time, resolution time.Duration, now time.Time) reading {
	if p.State == StateProvisioning {
		return noReading()
	}
	return a.intervals(p.UUID, from, to, resolution, now).read(newMeter(a.opts.Seed, p, d).at)
}

func noReading() reading { return reading{max: math.NaN(), mean: math.NaN(), last: math.NaN()} }

// intervals are those that a window shows: the first and the last end, or a time
// before the next one, and the length, all in Unix seconds.
type intervals struct{ first, last, step int64 }

// intervals returns those of a window that are known of a port now.
func (a *API) intervals(port string, from, to time.Time, resolution time.Duration, now time.Time) intervals {
	step := int64(resolution / time.Second)
	return intervals{
		first: from.Unix() - floorMod(from.Unix(), step),
		last:  min(to.Unix(), now.Add(-a.delay(port)).Unix()),
		step:  step,
	}
}

// after leaves out the intervals that do not end after t.
func (i intervals) after(t time.Time) intervals {
	if u := unix(t); i.first <= u {
		i.first = u - floorMod(u, i.step) + i.step
	}
	return i
}

func (i intervals) count() int64 {
	if i.last < i.first {
		return 0
	}
	return (i.last-i.first)/i.step + 1
}

// counter tells how many bytes passed in the five-minute interval with the given
// end, and how many would have passed at its highest rate.
type counter func(end int64) (mean, high int64)

func (i intervals) read(at counter) reading {
	r := noReading()
	if n := i.count(); n > 0 {
		r.samples = make([]Sample, 0, n)
	}
	sum := 0.0
	for end := i.first; end <= i.last; end += i.step {
		s := at.sample(end, i.step)
		r.samples = append(r.samples, s)
		sum += s.Mean
		if !(r.max >= s.Max) { // true of NaN, too
			r.max = s.Max
		}
	}
	if len(r.samples) > 0 {
		r.mean = sum / float64(len(r.samples))
	}
	if last := i.last - floorMod(i.last, fiveMinutes); last >= i.first {
		r.last = at.sample(last, fiveMinutes).Mean
	}
	return r
}

// sample adds up the five-minute intervals of a longer one: the mean of their
// means and the highest of their maxima.
func (at counter) sample(end, step int64) Sample {
	var total, high int64
	for t := end - step + fiveMinutes; t <= end; t += fiveMinutes {
		b, h := at(t)
		total += b
		high = max(high, h)
	}
	return Sample{End: time.Unix(end, 0).UTC(), Mean: megabits(total, step), Max: megabits(high, fiveMinutes)}
}

// megabits is the rate of so many bytes in so many seconds, in Mbit/s.
func megabits(bytes, seconds int64) float64 { return float64(bytes*8) / float64(seconds*1e6) }

// delay is how long after its end an interval of a port shows up.
func (a *API) delay(port string) time.Duration {
	share := 1.0/6 + 5.0/6*unit(hashString(a.opts.Seed, "delay "+port))
	return time.Duration(share * float64(a.opts.Lateness)).Truncate(time.Second)
}
