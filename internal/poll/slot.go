package poll

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// slot is a place in an interval, from 0 to 1, that a thing keeps for ever.
type slot float64

// slotOf spreads things evenly by a stable hash of their keys.
func slotOf(keys ...string) slot {
	h := fnv.New64a()
	for _, k := range keys {
		_, _ = h.Write([]byte(k))
		_, _ = h.Write([]byte{0})
	}
	// The low bits of FNV differ little between similar keys; a multiplication
	// carries them up.
	const golden = 0x9e3779b97f4a7c15
	return slot(float64((h.Sum64()*golden)>>11) / (1 << 53))
}

// after is the next time after now at which the slot comes round. It leaves out
// one that is less than a quarter of the interval away, and adds a little
// jitter so that two exporters do not call at the same moment for ever.
func (s slot) after(now time.Time, interval time.Duration) time.Time {
	offset := time.Duration(float64(s) * float64(interval))
	since := (time.Duration(now.UnixNano()) - offset) % interval
	wait := interval - since
	if wait < interval/4 {
		wait += interval
	}
	// now carries the monotonic clock, so a step of the wall clock neither
	// delays the poll nor doubles it.
	return now.Add(wait + rand.N(min(interval/20, 10*time.Second))) //nolint:gosec // G404: jitter
}
