package poll

import (
	"fmt"
	"strings"
)

// oddity is a way in which intervals are not plausible, as metrics spell it.
type oddity string

// The ways. Intervals are left out but for those above the line rate, which a
// port may have been made smaller since.
const (
	oddFuture  oddity = "future"
	oddRate    oddity = "rate"
	oddPackets oddity = "packets"
	oddAbove   oddity = "above_line"
)

func oddities() []oddity { return []oddity{oddFuture, oddRate, oddPackets, oddAbove} }

// unstamped is the stamp of an oddity of which nobody knows the interval.
const unstamped = 0

// odd is what of an answer is not plausible: the stamps of its intervals, Unix
// nanoseconds, by the way.
type odd map[oddity][]int64

func (o odd) add(how oddity, stamps ...int64) {
	if len(stamps) > 0 {
		o[how] = append(o[how], stamps...)
	}
}

// String is how many there are, e.g. "3 future, 1 rate".
func (o odd) String() string {
	var all []string
	for _, how := range oddities() {
		if n := len(o[how]); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, how))
		}
	}
	return strings.Join(all, ", ")
}

// leftOut reports whether some of it is not shown.
func (o odd) leftOut() bool { return len(o[oddFuture])+len(o[oddRate])+len(o[oddPackets]) > 0 }

// mark is how far the intervals of one kind have been counted.
type mark struct {
	newest    int64 // stamp
	unstamped int
}

// count is how many of the stamps are new since the mark, and the next one. An
// interval stays in its window for up to months, and is new once.
func (m mark) count(stamps []int64) (fresh int, next mark) {
	next.newest = m.newest
	for _, at := range stamps {
		switch {
		case at == unstamped:
			next.unstamped++
		case at > m.newest:
			fresh++
			next.newest = max(next.newest, at)
		}
	}
	return fresh + max(0, next.unstamped-m.unstamped), next
}

// noteOdd counts and logs what of an answer about a window is not plausible.
func (a *account) noteOdd(class string, key watch, o odd) {
	a.journal.odd(class, key.uuid, a.cfg.Windows[key.window].Label(), o)
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.marks[key]
	if len(o) == 0 {
		delete(a.marks, key)
		return
	}
	a.marks[key] = make(map[oddity]mark, len(o))
	for how, stamps := range o {
		fresh, next := before[how].count(stamps)
		a.marks[key][how] = next
		a.metrics.implausible.WithLabelValues(a.Name, string(how)).Add(float64(fresh))
	}
}
