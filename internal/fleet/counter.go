package fleet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Count is how often something happened in one interval.
type Count struct {
	End time.Time // of the interval
	N   float64
}

// late is how long after the newest interval of a counter an older one is still counted.
// Equinix' pipeline is late by up to 12 minutes, half an hour in an outage; intervals are of
// up to an hour.
const late = 2 * time.Hour

// Counter adds up the counts of a port, each interval once, from the first
// answer on. Its zero value has not begun.
type Counter struct {
	Since time.Time // the first answer: counting began
	Total float64

	// In Unix nanoseconds: intervals that end before floor count no more, and the ends of
	// those in Total that are not before it, ascending.
	floor  int64
	recent []int64
	held   bool // see Hold
}

// savedCounter is a counter in the state file.
type savedCounter struct {
	Since  time.Time
	Total  float64
	Floor  int64   `json:",omitempty"`
	Recent []int64 `json:",omitempty"`
	Held   bool    `json:",omitempty"`

	// Until November 2026 the ends of all intervals of the window, packed, and the
	// newest end before them.
	Seen []byte `json:",omitempty"`
	Left int64  `json:",omitempty"`
}

// MarshalJSON writes all that the counter needs to go on.
func (c Counter) MarshalJSON() ([]byte, error) {
	return json.Marshal(savedCounter{Since: c.Since, Total: c.Total, Floor: c.floor, Recent: c.recent, Held: c.held})
}

// UnmarshalJSON reads it, as older versions wrote it too. A total below 0, and ends
// that do not ascend, are errors.
func (c *Counter) UnmarshalJSON(b []byte) error {
	var s savedCounter
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s.Total < 0 {
		return errors.New("a counter is below 0")
	}
	recent := s.Recent
	if len(s.Seen) > 0 || s.Left != 0 {
		recent = unpack(s.Seen, s.Left)
	}
	for i := 1; i < len(recent); i++ {
		if recent[i] <= recent[i-1] {
			return errors.New("the intervals of a counter do not ascend")
		}
	}
	*c = Counter{Since: s.Since, Total: s.Total, floor: s.Floor, recent: recent, held: s.Held}
	if s.Floor == 0 && len(recent) > 0 {
		c.trim(time.Unix(0, recent[len(recent)-1]))
	}
	return nil
}

// unpack reads ends as older versions wrote them: the unit of time, the first end in
// it, and for each next one how much longer its interval is than the one before.
func unpack(packed []byte, left int64) []int64 {
	ends := []int64{left}
	unit, n := binary.Uvarint(packed)
	var end, step int64
	for packed = packed[max(n, 0):]; ; packed = packed[n:] {
		var change int64
		if change, n = binary.Varint(packed); n <= 0 { // at the end
			break
		}
		step += change
		end += step
		ends = append(ends, end*int64(unit)) //nolint:gosec // G115: a second or a nanosecond
		if len(ends) == 2 {
			step = 0
		}
	}
	if left == 0 {
		return ends[1:]
	}
	return ends
}

// trim raises the floor to late before the newest interval, or before now if that is
// earlier, since Equinix may be ahead of the clock. It never falls: what was forgotten
// would count twice.
func (c *Counter) trim(now time.Time) {
	if len(c.recent) == 0 {
		return
	}
	newest := min(c.recent[len(c.recent)-1], now.UnixNano())
	c.floor = max(c.floor, newest-int64(late))
	first, _ := slices.BinarySearch(c.recent, c.floor)
	c.recent = slices.Clone(c.recent[first:])
}

// Latest is the latest end of an interval that was added up, zero before the first.
func (c Counter) Latest() time.Time {
	if len(c.recent) == 0 {
		return time.Time{}
	}
	return time.Unix(0, c.recent[len(c.recent)-1])
}

// Began reports whether there was ever an answer with counts, and the latest one
// was added up. A counter that is held would wrongly say that nothing is lost.
func (c Counter) Began() bool { return !c.Since.IsZero() && !c.held }

// Hold is c after an answer at now whose counts cannot be checked yet, because the
// line rate is unknown: none is added. A later answer has them again.
func (c Counter) Hold(counts []Count, now time.Time) Counter {
	if counts == nil {
		return c
	}
	c.Since, c.held = c.since(now), true
	return c
}

// since is when counting began, or now if it has not, or began in the future.
func (c Counter) since(now time.Time) time.Time {
	if c.Since.IsZero() || c.Since.After(now) {
		return now
	}
	return c.Since
}

// Anew is a counter that begins at now, if c has begun: at 0, so that Prometheus
// sees a reset.
func (c Counter) Anew(now time.Time) Counter {
	if c.Since.IsZero() {
		return c
	}
	return Counter{Since: now, held: c.held}
}

// Add is c with what an answer at now says of the intervals that end after from.
// Intervals before the first answer are not counted. One that is repeated counts once, and
// one that comes late counts while it is at most two hours older than the newest. A start
// in the future, because the clock was ahead, becomes now.
func (c Counter) Add(counts []Count, from, now time.Time) Counter {
	if counts == nil {
		return c // the source has none
	}
	next := Counter{Since: c.since(now), Total: c.Total, floor: c.floor, recent: slices.Clone(c.recent)}
	for _, count := range counts {
		end := count.End.UnixNano()
		i, known := slices.BinarySearch(next.recent, end)
		if known || end < c.floor || count.N < 0 || !count.End.After(next.Since) || !count.End.After(from) {
			continue
		}
		next.recent = slices.Insert(next.recent, i, end)
		next.Total += count.N
	}
	next.trim(now)
	return next
}
