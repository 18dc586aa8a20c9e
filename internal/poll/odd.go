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
