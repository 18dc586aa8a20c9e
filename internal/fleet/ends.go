package fleet

import (
	"errors"
	"math"
	"time"
)

// ends are the ends of intervals, ascending, each once. Mostly one interval follows
// the other, so that the ends of a day take as much room as two.
type ends []run

// run are N ends, one Step after the other.
type run struct {
	First int64         // Unix nanoseconds
	Step  time.Duration `json:",omitempty"` // 0 where N is 1
	N     int
}

func (r run) last() int64 { return r.First + int64(r.N-1)*int64(r.Step) }

// maxEnds is more than the intervals of any window: 90 days of 5 minutes are 25,920.
const maxEnds = 60_000

// endsOf packs what is ascending.
func endsOf(all []int64) ends {
	var e ends
	for _, end := range all {
		if i := len(e) - 1; i < 0 || !e[i].grow(end) {
			e = append(e, run{First: end, N: 1})
		}
	}
	return e
}

// grow adds end to r, and reports whether it is the next.
func (r *run) grow(end int64) bool {
	step := time.Duration(end - r.last())
	if r.N > 1 && step != r.Step {
		return false
	}
	r.Step, r.N = step, r.N+1
	return true
}

// all are the ends one by one.
func (e ends) all() []int64 {
	var all []int64
	for _, r := range e {
		for i := range r.N {
			all = append(all, r.First+int64(i)*int64(r.Step))
		}
	}
	return all
}

// latest is the last of the ends, 0 where there is none.
func (e ends) latest() int64 {
	if len(e) == 0 {
		return 0
	}
	return e[len(e)-1].last()
}

// check says that e cannot be what was packed. Few bytes may claim to be many ends.
func (e ends) check() error {
	n, before := 0, int64(math.MinInt64)
	for _, r := range e {
		alone := r.N == 1 && r.Step == 0
		if !alone && (r.N < 2 || r.N > maxEnds || r.Step <= 0 || int64(r.Step) > (math.MaxInt64-max(r.First, 0))/int64(r.N)) {
			return errors.New("not the ends of intervals")
		}
		if n += r.N; n > maxEnds || r.First <= before {
			return errors.New("ends of intervals are too many, or not in order")
		}
		before = r.last()
	}
	return nil
}
