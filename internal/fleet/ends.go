package fleet

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// ends are the ends of intervals, ascending, each once, packed: how much longer or
// shorter each interval is than the one before, in varints. Equinix' ends are some
// seconds off their grid, so that each but the first mostly takes one byte.
// They begin with the unit of time. In JSON they are base64.
type ends []byte

// maxEnds is more than the intervals of any window: 90 days of 5 minutes are 25,920.
const maxEnds = 60_000

var errEnds = errors.New("not the ends of intervals")

// packed packs what is ascending, in Unix nanoseconds.
func packed(all []int64) ends {
	if len(all) == 0 {
		return nil
	}
	unit := int64(time.Second)
	for _, end := range all {
		if end%unit != 0 {
			unit = 1
		}
	}
	e := binary.AppendUvarint(nil, uint64(unit))
	e = binary.AppendVarint(e, all[0]/unit)
	before, step := all[0]/unit, int64(0)
	for _, end := range all[1:] {
		now := end / unit
		e = binary.AppendVarint(e, now-before-step)
		before, step = now, now-before
	}
	return e
}

// unpack is the reverse of packed. What packed cannot have made is an error.
func (e ends) unpack() ([]int64, error) {
	if len(e) == 0 {
		return nil, nil
	}
	u, e, ok := next(e, binary.Uvarint)
	if !ok || u != 1 && u != uint64(time.Second) {
		return nil, errEnds
	}
	unit := int64(u)
	end, e, ok := next(e, binary.Varint)
	if most := math.MaxInt64 / unit; !ok || end > most || end < -most {
		return nil, errEnds
	}
	all := append(make([]int64, 0, min(1+len(e), maxEnds)), end*unit)
	for step, change := int64(0), int64(0); len(e) > 0; {
		if change, e, ok = next(e, binary.Varint); !ok || len(all) == maxEnds {
			return nil, errEnds
		}
		step += change // wraps around to less than 0
		if step <= 0 || step > math.MaxInt64/unit-max(end, 0) {
			return nil, errEnds
		}
		end += step
		all = append(all, end*unit)
	}
	return all, nil
}

// next reads the number that b begins with.
func next[T int64 | uint64](b []byte, read func([]byte) (T, int)) (n T, rest []byte, ok bool) {
	n, size := read(b)
	if size <= 0 {
		return 0, nil, false
	}
	return n, b[size:], true
}
