package fleet

import (
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

// Counter adds up the counts of a port, each interval once, from the first
// answer on. Its zero value has not begun.
type Counter struct {
	Since time.Time // the first answer: counting began
	Total float64

	// Ends of intervals in Total: those that may be told again, and the latest, in
	// Unix nanoseconds, of those that left the window.
	seen ends
	left int64

	held bool // see Hold
}

// kept is a counter as it is kept over a restart.
type kept struct {
	Since time.Time
	Total float64
	Seen  ends  `json:",omitempty"`
	Left  int64 `json:",omitempty"`
	Held  bool  `json:",omitempty"`
}

// MarshalJSON writes all that the counter needs to go on.
func (c Counter) MarshalJSON() ([]byte, error) {
	return json.Marshal(kept{c.Since, c.Total, c.seen, c.left, c.held})
}

// UnmarshalJSON reads it. A total that cannot be one is an error.
func (c *Counter) UnmarshalJSON(b []byte) error {
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return err
	}
	if k.Total < 0 {
		return errors.New("a counter is below 0")
	}
	if _, err := k.Seen.unpack(); err != nil {
		return err
	}
	*c = Counter{Since: k.Since, Total: k.Total, seen: k.Seen, left: k.Left, held: k.Held}
	return nil
}

// Latest is the latest end of an interval that was added up, zero where none was.
func (c Counter) Latest() time.Time {
	latest := c.left
	if seen := c.ends(); len(seen) > 0 {
		latest = max(latest, seen[len(seen)-1])
	}
	if latest == 0 {
		return time.Time{}
	}
	return time.Unix(0, latest)
}

// Began reports whether there was ever an answer with counts, and the latest one
// was added up: a counter that is held would say that nothing is lost.
func (c Counter) Began() bool { return !c.Since.IsZero() && !c.held }

// Hold is c after an answer at now of which nobody can tell yet whether its counts
// can be: none is added. What the next one tells again is not lost.
func (c Counter) Hold(counts []Count, now time.Time) Counter {
	if counts == nil {
		return c
	}
	c.Since, c.held = c.since(now), true
	return c
}

// since is when counting began, or now: where it has not, or would in the future.
func (c Counter) since(now time.Time) time.Time {
	if c.Since.IsZero() || c.Since.After(now) {
		return now
	}
	return c.Since
}

// Anew is a counter that begins at now where c has begun: at 0, so that whoever
// reads it sees that it was reset.
func (c Counter) Anew(now time.Time) Counter {
	if c.Since.IsZero() {
		return c
	}
	return Counter{Since: now, held: c.held}
}

// Add is c with what an answer at now says of the intervals that end after
// from. Intervals before the first answer are not counted, late ones are, and
// one that is told again counts once: also where the clock was ahead for a while,
// so that the window was one of later times and the counter began in the future.
func (c Counter) Add(counts []Count, from, now time.Time) Counter {
	if counts == nil {
		return c // the source has none
	}
	next := Counter{Since: c.since(now), Total: c.Total, left: c.left}
	var seen []int64
	for _, end := range c.ends() {
		if end < from.UnixNano() {
			next.left = max(next.left, end)
		} else {
			seen = append(seen, end)
		}
	}
	for _, count := range counts {
		end := count.End.UnixNano()
		i, told := slices.BinarySearch(seen, end)
		if told || end <= next.left || count.N < 0 || !count.End.After(next.Since) || !count.End.After(from) {
			continue
		}
		seen = slices.Insert(seen, i, end)
		next.Total += count.N
	}
	if n := len(seen) - maxEnds; n > 0 { // of intervals that nobody asked for
		next.left = max(next.left, seen[n-1])
		seen = seen[n:]
	}
	next.seen = packed(seen)
	return next
}

// ends are those of seen, one by one.
func (c Counter) ends() []int64 {
	all, _ := c.seen.unpack() // what was read was checked then
	return all
}
